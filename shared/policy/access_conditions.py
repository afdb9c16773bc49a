"""[pure] Conditions of access that have no effect, since another rule lets the same people in anyway.

A plan has the rules of the plans that it includes as well. So a condition which only the plan's own rule has keeps
nobody out.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shared.messages.reason import Reason
from shared.policy.condition import Condition, Wanted
from shared.policy.document import Path
from shared.policy.model import AccessRule, Edition
from shared.policy.reach import asked


class _Opening(NamedTuple):
    """What lets people in anyway: a rule of a plan, which may be an included one, at its tier."""

    rule: str
    plan: str
    tier: str


def access_without_effect(edition: Edition) -> Iterator[tuple[Path, Reason]]:
    """Each condition of access without effect for a plan on a channel, and the rule that is the reason.

    A condition that only says again what the other rule says is none: people read the rules plan by plan.
    """
    for index, rule in enumerate(edition.access):
        for number, when in enumerate(rule.any_of):
            path: Path = ("access", index)
            if "any_of" in rule.model_fields_set:
                path = (*path, "any_of", number)
            groups: dict[tuple[_Opening, tuple[str, ...]], list[str]] = {}
            for plan in rule.plans:
                for opening, channels in _openings(edition, rule, when, plan).items():
                    groups.setdefault((opening, tuple(channels)), []).append(plan)
            for (opening, on), plans in groups.items():
                yield path, _reason(opening, on, plans)


def _reason(opening: _Opening, channels: tuple[str, ...], plans: list[str]) -> Reason:
    facts = {"plans": plans, "channels": list(channels), "rule": opening.rule, "tier": opening.tier}
    if opening.plan in plans:
        return Reason("policy.warning.access_without_effect", **facts)
    return Reason("policy.warning.access_of_included_plan", **facts, included=opening.plan)


def _openings(edition: Edition, rule: AccessRule, when: Condition, plan: str) -> Mapping[_Opening, list[str]]:
    """The channels on which `when` of `rule` has no effect for `plan`, by the reason."""
    found: dict[_Opening, list[str]] = {}
    for channel in rule.channels:
        people = _people(edition, when, plan, channel)
        if people is not None and (opening := _opening(edition, rule, people, plan, channel)) is not None:
            found.setdefault(opening, []).append(channel)
    return found


def _people(edition: Edition, when: Condition, plan: str, channel: str) -> Wanted | None:
    """Those of `plan` on `channel` whom `when` lets in, without what the channel requires; None if there are none."""
    people = asked(edition, when)
    if not (plan in (people.plans or (plan,)) and channel in (people.channels or (channel,))):
        return None
    required = asked(edition, edition.channels[channel].requires)
    also = dict(required.fields)
    people = people._replace(
        account_types=_beyond(people.account_types, required.account_types),
        roles=_beyond(people.roles, required.roles),
        licensed=None if people.licensed == required.licensed else people.licensed,
        paid=None if people.paid == required.paid else people.paid,
        languages=_beyond(people.languages, required.languages),
        countries=_beyond(people.countries, required.countries),
        fields=tuple((name, values) for name, values in people.fields if _beyond(values, also.get(name))),
    )
    return people._replace(plans=frozenset((plan,)), channels=frozenset((channel,)))


def _beyond(words: frozenset[str] | None, required: frozenset[str] | None) -> frozenset[str] | None:
    return None if words is None or (required is not None and required <= words) else words


def _opening(edition: Edition, rule: AccessRule, people: Wanted, plan: str, channel: str) -> _Opening | None:
    """What lets `people` in without `rule`: more people at the same tier, or these at a higher one."""
    tiers = list(edition.tiers)
    with_all = rule.without_account and edition.channels[channel].staffed
    for holder in edition.plans_held(plan):
        for other in edition.access:
            if other is rule or holder not in other.plans or channel not in other.channels:
                continue
            higher = tiers.index(other.tier) - tiers.index(rule.tier)
            if higher < 0 or (with_all and not other.without_account):
                continue
            for wider in (_people(edition, each, plan, channel) for each in other.any_of):
                if wider is not None and wider.covers(people) and (higher or not people.covers(wider)):
                    return _Opening(other.id, holder, other.tier)
    return None
