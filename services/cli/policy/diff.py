"""[pure] What differs between two editions: for whom the answers change, and which fields of the document do.

The answers are those of the router itself, asked for every kind of requester and every claim under both editions, so a
rule that was moved without effect is a changed field and nothing else.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from shared.contracts.vocabulary import (
    ACCOUNT_TYPES,
    CHANNELS,
    ENVIRONMENTS,
    IMPACTS,
    MILESTONES,
    PLANS,
    PRIORITIES,
    REQUEST_TYPES,
    ROLES,
    WORKAROUNDS,
)
from shared.policy.durations import format_duration
from shared.policy.model import Edition
from shared.policy.priority import priority_rule
from shared.policy.promises import promised
from shared.routing.access import may_ask_for_escalation, verdicts
from shared.routing.entitlement import Profile

# lists whose items have names
_NAMED_BY = {"access": ("id",), "priority_rules": ("id",), "escalation_levels": ("kind", "level")}


class Change(NamedTuple):
    """One difference. `before` and `after` are null where the one edition has nothing there."""

    section: str  # channels, escalation, priorities, targets: for whom; fields: of the document
    subject: str
    before: Any
    after: Any


def differences(before: Edition, after: Edition) -> list[Change]:
    """Every difference, what changes for whom first."""
    changes = [
        Change(section, subject, old.get(subject), new.get(subject))
        for section, answers in (("targets", _targets), ("priorities", _priorities))
        for old, new in [(answers(before), answers(after))]
        for subject in old
        if old[subject] != new[subject]
    ]
    changes += _for_people(before, after)
    old, new = _fields(before), _fields(after)
    changes += [
        Change("fields", subject, old.get(subject), new.get(subject))
        for subject in dict.fromkeys((*old, *new))
        if old.get(subject) != new.get(subject)
    ]
    return changes


def _targets(edition: Edition) -> dict[str, str]:
    """For each plan, priority and milestone on a staffed channel, what is promised."""
    found: dict[str, str] = {}
    for plan, priority in product(PLANS, PRIORITIES):
        terms = promised(edition, plan, priority, staffed=True)
        for milestone in MILESTONES:
            each = terms.get(milestone)
            if each is None or each.target_seconds is None:
                why = f" ({each.reason})" if each is not None and each.reason is not None else ""
                found[f"{plan} {priority} {milestone}"] = f"no target{why}"
            else:
                paused = f", paused by {' and '.join(each.paused_by)}" if each.paused_by else ""
                target = f"{format_duration(each.target_seconds)} {each.hours}, {each.promise}{paused}"
                found[f"{plan} {priority} {milestone}"] = target
    return found


def _priorities(edition: Edition) -> dict[str, str]:
    return {
        f"impact {impact}, workaround {workaround}, environment {environment}": priority_rule(
            edition, impact, workaround, environment
        ).priority
        for impact, workaround, environment in product(IMPACTS, WORKAROUNDS, ENVIRONMENTS)
    }


def _people() -> Iterator[Profile]:
    for plan, account_type, paid, role, licensed in product(PLANS, ACCOUNT_TYPES, (True, False), ROLES, (True, False)):
        yield Profile("covered", plan, account_type, paid, role, licensed)


def _rights(edition: Edition, person: Profile) -> dict[tuple[str, str], str]:
    """What the person may do: the tier on each channel, and for which requests an escalation may be asked for."""
    found = {("channels", name): verdict.tier or "closed" for name, verdict in verdicts(edition, person).items()}
    asked = [kind for kind in REQUEST_TYPES if may_ask_for_escalation(edition, person, kind)]
    plan = edition.plans[person.plan]
    return {
        **{key: str(tier) for key, tier in found.items()},
        ("escalation", "customer_requested"): ", ".join(asked) or "no",
        ("escalation", "automated"): "yes" if plan.automated_escalation else "no",
        ("escalation", "technical_account_manager"): "yes" if plan.technical_account_manager else "no",
    }


def _for_people(before: Edition, after: Edition) -> Iterator[Change]:
    """Changes of rights, with the people that they are the same for taken together."""
    groups: dict[tuple[str, str, str, str], list[Profile]] = {}
    for person in _people():
        old, new = _rights(before, person), _rights(after, person)
        for (section, right), was in old.items():
            if new[section, right] != was:
                groups.setdefault((section, right, was, new[section, right]), []).append(person)
    order: dict[str, int] = {name: index for index, name in enumerate(CHANNELS)}
    for (section, right, was, now), people in sorted(groups.items(), key=lambda group: order.get(group[0][1], 99)):
        for who in _together(people):
            yield Change(section, f"{right}: {who}", was, now)


def _together(people: list[Profile]) -> list[str]:
    """The fewest descriptions that a greedy merge finds: profiles that differ in one trait become one description."""
    traits: list[tuple[frozenset[Any], ...]] = [tuple(frozenset({value}) for value in person[1:]) for person in people]
    for position in reversed(range(len(traits[0]))):
        merged: dict[tuple[frozenset[Any], ...], frozenset[Any]] = {}
        for each in traits:
            rest = (*each[:position], *each[position + 1 :])
            merged[rest] = merged.get(rest, frozenset()) | each[position]
        traits = [(*rest[:position], values, *rest[position:]) for rest, values in merged.items()]
    return [_described(*each) for each in traits]


def _described(
    plans: frozenset[Any], types: frozenset[Any], paid: frozenset[Any], roles: frozenset[Any], licensed: frozenset[Any]
) -> str:
    said = [" or ".join(plan for plan in PLANS if plan in plans)]
    if len(types) < len(ACCOUNT_TYPES):
        said.append(" or ".join(kind for kind in ACCOUNT_TYPES if kind in types))
    if len(paid) == 1:
        said.append("paid" if True in paid else "not paid")
    if len(licensed) == 1:
        said.append("licensed" if True in licensed else "unlicensed")
    said.append("any role" if len(roles) == len(ROLES) else " or ".join(role for role in ROLES if role in roles))
    return ", ".join(said)


def _fields(edition: Edition) -> dict[str, Any]:
    """Every field of the document by its path; items of lists by their names where they have some.

    Of targets, only what is written beside them: what they promise is said for whom.
    """
    document = edition.model_dump(mode="json", exclude_defaults=True)
    del document["targets"]
    beside = {
        f"targets[{plan} {priority} {target.milestone}].{field}": text
        for target in edition.targets
        for plan, priority in product(target.plans, target.priorities)
        for field, text in (("source", target.source), ("note", target.note))
        if text is not None
    }
    return {**dict(_flat(document, "")), **beside}


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            name = " ".join(str(item[key]) for key in _NAMED_BY.get(path, ()))
            yield from _flat(item, f"{path}[{name or index}]")
    else:
        yield path, value
