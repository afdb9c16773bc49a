"""[pure] Checks that the sections of a policy are complete, unambiguous and consistent with each other.

Each check is a function of the document that yields a finding for each contradiction. A check runs only if the sections
that it needs could be read, so one mistake does not hide the others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise, product
from typing import Any, NamedTuple

from shared.business_time.instants import SECOND
from shared.contracts.vocabulary import (
    ACCOUNT_TYPES,
    CHANNELS,
    ENVIRONMENTS,
    IMPACTS,
    MILESTONES,
    PLANS,
    PRIORITIES,
    ROLES,
    WORKAROUNDS,
    Channel,
    Plan,
)
from shared.policy.chain import amount_of
from shared.policy.countries import COUNTRIES
from shared.policy.document import Path
from shared.policy.durations import format_duration
from shared.policy.mistakes import one_of
from shared.policy.model import Condition, Edition, EscalationLevel
from shared.policy.numbers import number_findings
from shared.policy.own_texts import unknown_facts
from shared.policy.priority import matches

_COUNTRY_CODES = "ISO 3166-1 codes of two capital letters, such as ES"


class Finding(NamedTuple):
    """A contradiction at `path`."""

    path: Path
    message: str
    allowed: str | None = None


Findings = Iterator[Finding]


def find_contradictions(sections: Mapping[str, Any]) -> list[Finding]:
    """Every contradiction between or within the `sections` that could be read."""
    draft = Edition.model_construct(**sections)
    return [finding for needs, check in _CHECKS if needs <= sections.keys() for finding in check(draft)]


def _all_present(draft: Edition, section: str, names: Iterable[str]) -> Findings:
    for name in names:
        if name not in getattr(draft, section):
            yield Finding((section, name), "is missing; every one needs an entry")


def _complete(section: str, names: tuple[str, ...]) -> Callable[[Edition], Findings]:
    return lambda draft: _all_present(draft, section, names)


def _counts_as_itself(draft: Edition) -> Findings:
    for role, counts_as in draft.role_counts_as.items():
        if role not in counts_as:
            yield Finding(("role_counts_as", role), f"must list {role} itself")
    for account_type, also in draft.account_type_counts_as.items():
        if account_type not in also:
            yield Finding(("account_type_counts_as", account_type), f"must list {account_type} itself")


def _plan_inclusion_has_no_cycle(draft: Edition) -> Findings:
    for plan in draft.plans:
        seen: list[Plan] = [plan]
        following = draft.plans[plan].includes
        while following is not None and following in draft.plans and following not in seen:
            seen.append(following)
            following = draft.plans[following].includes
        if following == plan:
            cycle = " -> ".join((*seen, plan))
            yield Finding(("plans", plan, "includes"), f"is a cycle: {cycle}")


def _rule_ids_are_unique(draft: Edition) -> Findings:
    first: dict[str, str] = {}
    names = [("access", index, rule.id) for index, rule in enumerate(draft.access)]
    names += [("priority_rules", index, rule.id) for index, rule in enumerate(draft.priority_rules)]
    for section, index, name in names:
        if name in first:
            yield Finding((section, index, "id"), f"{name!r} is already the id of {first[name]}")
        first.setdefault(name, f"{section}[{index}]")


def _tiers_suit_their_channels(draft: Edition) -> Findings:
    for index, rule in enumerate(draft.access):
        for place, channel in enumerate(rule.channels):
            if channel in draft.channels and draft.channels[channel].staffed == (rule.tier == "self_service"):
                who = "people answer" if draft.channels[channel].staffed else "nobody answers"
                yield Finding(
                    ("access", index, "channels", place), f"{who} on {channel}, so its tier is not {rule.tier}"
                )


def _open_to_everyone(draft: Edition, plan: Plan) -> set[Channel]:
    """The self-service channels that `plan` itself, without included plans, opens to everyone."""
    return {
        channel
        for rule in draft.access
        if plan in rule.plans and Condition() in rule.any_of
        for channel in rule.channels
        if channel in draft.channels
        and not draft.channels[channel].staffed
        and draft.channels[channel].requires == Condition()
    }


def _everyone_has_a_channel(draft: Edition) -> Findings:
    without = [plan for plan in draft.plans if not _open_to_everyone(draft, plan)]
    if without:
        yield Finding(("access",), f"opens no self-service channel to everyone under {', '.join(without)}")


def _fallbacks_end_in_open_channels(draft: Edition) -> Findings:
    always = [
        name for name in draft.channels if all(name in _open_to_everyone(draft, plan) for plan in draft.plans)
    ] or list(draft.channels)  # if there is none, `_everyone_has_a_channel` reports it
    for name, channel in draft.channels.items():
        at: Path = ("channels", name, "fallback")
        if channel.staffed and not channel.fallback:
            yield Finding(at, "is missing; a staffed channel needs one", one_of(always))
        elif channel.fallback and channel.fallback[-1] not in always:
            yield Finding(
                (*at, len(channel.fallback) - 1),
                "must be a self-service channel that is open to everyone, since it is the last resort",
                one_of(always),
            )
        for index, instead in enumerate(channel.fallback):
            if instead in channel.fallback[:index]:
                yield Finding((*at, index), f"names {instead} twice")
            if instead == name or name in _reachable(draft, instead):
                yield Finding((*at, index), f"is a cycle: {name} -> {instead} -> {name}")


def _reachable(draft: Edition, start: Channel) -> set[Channel]:
    found: set[Channel] = set()
    pending = [start]
    while pending:
        channel = draft.channels.get(pending.pop())
        for following in channel.fallback if channel else ():
            if following not in found:
                found.add(following)
                pending.append(following)
    return found


def _references_exist(draft: Edition) -> Findings:
    for name, channel in draft.channels.items():
        if channel.resource is not None and channel.resource not in draft.resources:
            yield Finding(
                ("channels", name, "resource"),
                f"{channel.resource!r} is not among the resources",
                one_of(draft.resources, channel.resource),
            )


def _priority_rules_are_total_and_reachable(draft: Edition) -> Findings:
    open_still = set(product(IMPACTS, WORKAROUNDS, ENVIRONMENTS))
    for index, rule in enumerate(draft.priority_rules):
        for alternative, when in enumerate(rule.any_of):
            decided = {claim for claim in open_still if matches(when, *claim)}
            if not decided:
                yield Finding(
                    ("priority_rules", index, "any_of", alternative),
                    f"never decides in {rule.id!r}: earlier conditions match every claim that it matches",
                )
            open_still -= decided
    if open_still:
        ordered = [claim for claim in product(IMPACTS, WORKAROUNDS, ENVIRONMENTS) if claim in open_still]
        impact, workaround, environment = ordered[0]
        more = f" (and {len(ordered) - 1} more)" if len(ordered) > 1 else ""
        yield Finding(
            ("priority_rules",),
            f"has no rule for impact {impact}, workaround {workaround}, environment {environment}{more}",
        )


def _one_target_for_each_promise(draft: Edition) -> Findings:
    first: dict[tuple[str, str, str], int] = {}
    for index, target in enumerate(draft.targets):
        twice = [
            f"{plan} {priority}"
            for plan in target.plans
            for priority in target.priorities
            if first.setdefault((plan, priority, target.milestone), index) != index
        ]
        if twice:
            others = sorted(
                {
                    f"targets[{first[plan, priority, target.milestone]}]"
                    for plan in target.plans
                    for priority in target.priorities
                }
                - {f"targets[{index}]"}
            )
            message = f"promises {target.milestone} again, after {', '.join(others)}: {', '.join(twice)}"
            yield Finding(("targets", index), message)


def _levels_ascend(draft: Edition) -> Findings:
    for index, level in enumerate(draft.escalation_levels):
        at: Path = ("escalation_levels", index)
        yield from _right_side_of_the_deadline(at, level)
        if index == 0:
            continue
        before = draft.escalation_levels[index - 1]
        if level.level <= before.level:
            yield Finding((*at, "level"), f"must be more than {before.level}, the level of the step before it")
        if level.share is not None and before.share is not None and level.share <= before.share:
            yield Finding((*at, "share"), f"must be more than {before.share:g}, the share of the step before it")


def _right_side_of_the_deadline(at: Path, level: EscalationLevel) -> Findings:
    if level.kind == "warning":
        if level.share is not None and level.share >= 1:
            yield Finding(
                (*at, "share"), "is at the deadline or after it; a warning is before", "more than 0, less than 1"
            )
        if level.after_deadline_seconds is not None:
            yield Finding((*at, "after_deadline_seconds"), "does not belong to a warning, which is before the deadline")
        return
    if level.share is not None and level.share < 1:
        yield Finding((*at, "share"), "is before the deadline; an escalation is not", "1 or more")
    if level.before_deadline_seconds is not None:
        yield Finding(
            (*at, "before_deadline_seconds"), "does not belong to an escalation, which is not before the deadline"
        )


def _levels_ascend_on_every_target(draft: Edition) -> Findings:
    """If not all steps are shares, their order depends on the target."""
    for number, (before, level) in enumerate(pairwise(draft.escalation_levels), 1):
        if level.share is not None and before.share is not None:
            continue
        for index, target in enumerate(draft.targets):
            micros = target.target_seconds * SECOND
            if amount_of(level, micros) <= amount_of(before, micros):
                promised = f"the {format_duration(target.target_seconds)} of targets[{index}]"
                yield Finding(("escalation_levels", number), f"does not come after the step before it on {promised}")
                break


def _countries_have_calendars(draft: Edition) -> Findings:
    hours = draft.regional_hours
    named: list[tuple[Path, str]] = [(("regional_hours", "default"), hours.default)]
    for group, calendars in (("countries", hours.countries), ("regions", hours.regions)):
        for country, calendar in calendars.items():
            at: Path = ("regional_hours", group, country)
            named.append((at, calendar))
            if country not in COUNTRIES:
                yield Finding(at, f"{country!r} is not a country", _COUNTRY_CODES)
            if group == "regions" and country in hours.countries:
                yield Finding(at, f"already has a calendar of its own: {hours.countries[country]}")
    for path, calendar in named:
        if calendar not in draft.calendars:
            yield Finding(path, f"{calendar!r} is not among the calendars", one_of(draft.calendars, calendar))


def _numbers_are_real(draft: Edition) -> Findings:
    for country, directory in draft.phone.countries.items():
        at: Path = ("phone", "countries", country)
        if country not in COUNTRIES:
            yield Finding(at, f"{country!r} is not a country", _COUNTRY_CODES)
            continue
        for index, number in enumerate(directory.numbers):
            for field, message, allowed in number_findings(country, number):
                yield Finding((*at, "numbers", index, field), message, allowed)


def _braces_name_known_facts(draft: Edition) -> Findings:
    return (Finding(*finding) for finding in unknown_facts(draft))


_CHECKS: tuple[tuple[set[str], Callable[[Edition], Findings]], ...] = (
    ({"channels"}, _complete("channels", CHANNELS)),
    ({"plans"}, _complete("plans", PLANS)),
    ({"priorities"}, _complete("priorities", PRIORITIES)),
    ({"milestones"}, _complete("milestones", MILESTONES)),
    ({"role_counts_as"}, _complete("role_counts_as", ROLES)),
    ({"account_type_counts_as"}, _complete("account_type_counts_as", ACCOUNT_TYPES)),
    ({"role_counts_as", "account_type_counts_as"}, _counts_as_itself),
    ({"plans"}, _plan_inclusion_has_no_cycle),
    ({"access", "priority_rules"}, _rule_ids_are_unique),
    ({"access", "channels"}, _tiers_suit_their_channels),
    ({"access", "channels", "plans"}, _everyone_has_a_channel),
    ({"access", "channels", "plans"}, _fallbacks_end_in_open_channels),
    ({"channels", "resources"}, _references_exist),
    ({"priority_rules"}, _priority_rules_are_total_and_reachable),
    ({"targets"}, _one_target_for_each_promise),
    ({"escalation_levels"}, _levels_ascend),
    ({"escalation_levels", "targets"}, _levels_ascend_on_every_target),
    ({"regional_hours", "calendars"}, _countries_have_calendars),
    ({"phone"}, _numbers_are_real),
    ({"phone", "translations"}, _braces_name_known_facts),
)
