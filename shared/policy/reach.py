"""[pure] Checks that everybody has somewhere to go, and that every rule can apply to somebody."""

from collections.abc import Callable

from shared.policy.condition import Condition, Wanted, wanted
from shared.policy.document import Path
from shared.policy.findings import Finding, Findings
from shared.policy.mistakes import one_of
from shared.policy.model import Edition


def asked(draft: Edition, when: Condition) -> Wanted:
    """What `when` asks; a key that allows every word of the edition asks nothing."""
    found = wanted(draft, when)

    def part(words: frozenset[str] | None, section: str) -> frozenset[str] | None:
        every = getattr(draft, section, {}).keys()
        return None if words is not None and every and words >= every else words

    return found._replace(
        plans=part(found.plans, "plans"),
        account_types=part(found.account_types, "account_types"),
        roles=part(found.roles, "roles"),
        channels=part(found.channels, "channels"),
        fields=tuple(
            (name, values)
            for name, values in found.fields
            if name not in draft.fields or not values >= draft.fields[name].values.keys()
        ),
    )


def _self_service(draft: Edition, plan: str) -> set[str]:
    """The channels without people that `plan` opens to everyone."""
    held = draft.plans_held(plan)
    return {
        channel
        for rule in draft.access
        if not set(held).isdisjoint(rule.plans) and Condition() in rule.any_of
        for channel in rule.channels
        if channel in draft.channels
        and not draft.channels[channel].staffed
        and draft.channels[channel].requires == Condition()
    }


def _everyone_has_a_channel(draft: Edition) -> Findings:
    without = [plan for plan in draft.plans if not _self_service(draft, plan)]
    if without:
        yield Finding(("access",), f"opens no self-service channel to everyone under {', '.join(without)}")


def _fallbacks_end_in_open_channels(draft: Edition) -> Findings:
    always = [
        name for name in draft.channels if all(name in _self_service(draft, plan) for plan in draft.plans)
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


def _reachable(draft: Edition, start: str) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        channel = draft.channels.get(pending.pop())
        for following in channel.fallback if channel else ():
            if following not in found:
                found.add(following)
                pending.append(following)
    return found


def _assigned_channels_are_open(draft: Edition) -> Findings:
    """Where a rule sends people, they must be let in: otherwise it would quietly not apply to some of them."""
    for index, rule in enumerate(draft.assignments):
        if rule.channel not in draft.channels:
            continue
        for number, when in enumerate(rule.any_of):
            sent = asked(draft, when)
            closed = [
                plan
                for plan in draft.plans
                if (sent.plans is None or plan in sent.plans)
                and not _lets_in(draft, rule.channel, sent._replace(plans=frozenset((plan,))))
            ]
            at: Path = ("assignments", index, "any_of", number)
            to = f"sends people to {rule.channel}, which no rule of `access` opens to all of them under"
            if closed:
                yield Finding(at, f"{to} {', '.join(closed)}")
            elif (uncovered := _uncovered(draft, sent)) is not None and not _lets_in(draft, rule.channel, uncovered):
                yield Finding(
                    at,
                    f"also sends people without an account to {rule.channel}, which is closed to them",
                    "a rule of `access` with `without_account: true`, or a condition such as `paid: true` here",
                )


def _uncovered(draft: Edition, sent: Wanted) -> Wanted | None:
    """Those of `sent` whom no account covers; None if there are none."""
    least = draft.not_covered
    if (
        sent.paid is True
        or (sent.plans is not None and least.plan not in sent.plans)
        or (sent.account_types is not None and least.account_type not in sent.account_types)
    ):
        return None
    return sent._replace(plans=frozenset((least.plan,)), account_types=frozenset((least.account_type,)), paid=False)


def _lets_in(draft: Edition, channel: str, people: Wanted) -> bool:
    """Whether `channel` is open to all of `people`, who are of one plan."""
    people = people._replace(channels=frozenset((channel,)))
    policy = draft.channels[channel]
    without_account = people.paid is False and people.plans == frozenset((draft.not_covered.plan,))
    held = {each for plan in people.plans or () for each in draft.plans_held(plan)}
    return asked(draft, policy.requires).covers(people) and any(
        asked(draft, when).covers(people)
        for rule in draft.access
        if channel in rule.channels and not held.isdisjoint(rule.plans)
        if rule.without_account or not policy.staffed or not without_account
        for when in rule.any_of
    )


def _the_last_priority_rule_always_holds(draft: Edition) -> Findings:
    last = draft.priority_rules[-1]
    if Condition() not in last.any_of:
        yield Finding(
            ("priority_rules", len(draft.priority_rules) - 1, "any_of"),
            f"must be left out: {last.id!r} is the last rule, and every request needs a priority",
        )


def _first_of(section: str) -> Callable[[Edition], Findings]:
    """The check of a section whose first rule that holds decides."""

    def check(draft: Edition) -> Findings:
        earlier: list[tuple[Wanted, str]] = []
        rules = draft.regional_hours.rules if section == "regional_hours" else getattr(draft, section)
        at: Path = ("regional_hours", "rules") if section == "regional_hours" else (section,)
        for index, rule in enumerate(rules):
            for number, condition in enumerate(rule.any_of if rule.id else ()):
                when = asked(draft, condition)
                covering = next((name for known, name in earlier if known.covers(when)), None)
                if covering is not None:
                    written = ("any_of", number) if "any_of" in rule.model_fields_set else ()
                    yield Finding(
                        (*at, index, *written),
                        f"never decides in {rule.id!r}: {covering!r} comes first and holds wherever it does",
                    )
                earlier.append((when, rule.id))

    return check


def _targets_can_be_reached(draft: Edition) -> Findings:
    earlier: list[tuple[int, Wanted, frozenset[str], str]] = []
    for index, target in enumerate(draft.targets):
        if not target.milestone:
            continue  # it does not fit the model
        when, priorities = asked(draft, target), frozenset(target.priorities or draft.priorities)
        for number, known, known_priorities, milestone in earlier:
            if milestone == target.milestone and priorities <= known_priorities and known.covers(when):
                yield Finding(
                    ("targets", index), f"never counts: targets[{number}] comes first and holds wherever it does"
                )
                break
        earlier.append((index, when, priorities, target.milestone))


def _targets_are_for_staffed_channels(draft: Edition) -> Findings:
    staffed = [name for name, channel in draft.channels.items() if channel.staffed]
    for index, target in enumerate(draft.targets):
        for place, channel in enumerate(target.channels or ()):
            if channel in draft.channels and channel not in staffed:
                yield Finding(
                    ("targets", index, "channels", place),
                    f"promises nothing: nobody answers on {channel}",
                    one_of(staffed, channel),
                )


_PEOPLE = {"plans", "account_types", "roles"}
Check = tuple[set[str], Callable[[Edition], Findings]]
# These read only conditions, so they are among the checks for which a word is enough.
ORDER_CHECKS: tuple[Check, ...] = (
    ({"priority_rules", "fields", *_PEOPLE}, _first_of("priority_rules")),
    ({"assignments", "fields", *_PEOPLE}, _first_of("assignments")),
    ({"regional_hours", "fields", *_PEOPLE}, _first_of("regional_hours")),
    ({"targets", "priorities", "fields", *_PEOPLE}, _targets_can_be_reached),
)
REACH_CHECKS: tuple[Check, ...] = (
    ({"access", "channels", "plans"}, _everyone_has_a_channel),
    ({"access", "channels", "plans"}, _fallbacks_end_in_open_channels),
    ({"assignments", "access", "channels", "fields", "not_covered", *_PEOPLE}, _assigned_channels_are_open),
    ({"priority_rules"}, _the_last_priority_rule_always_holds),
    ({"targets", "channels"}, _targets_are_for_staffed_channels),
)
