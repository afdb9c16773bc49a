"""[pure] The differences of two editions as data: whose answers change, and which fields of the document do.

The router's own functions answer for every kind of requester and every claim under both editions. So a rule that was
moved without effect is a changed field and nothing else.
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
from shared.policy.model import Edition
from shared.policy.priority import priority_rule
from shared.policy.promises import promised
from shared.routing.access import may_ask_for_escalation, verdicts
from shared.routing.entitlement import Profile

# lists whose items have names
_NAMED_BY = {"access": ("id",), "priority_rules": ("id",), "escalation_levels": ("kind", "level")}


class Change(NamedTuple):
    """One difference, as data: what is compared, and what each edition answers.

    | section | subject | before, after |
    | --- | --- | --- |
    | targets | plan, priority, milestone | target_seconds, hours, promise, paused_by; or target_seconds null, reason |
    | priorities | impact, workaround, environment | the priority |
    | channels | channel, people | the tier; null = closed |
    | escalation | right, people | yes or no; of `customer_requested`, the types of request |
    | fields | field: its path in the document | the value; null = the document lacks the field |

    People are plans, account_types, paid, licensed and roles; null = any.
    """

    section: str
    subject: Mapping[str, Any]
    before: Any
    after: Any


def differences(before: Edition, after: Edition) -> list[Change]:
    """Every difference, those of answers before those of fields."""
    changes = [
        Change(section, dict(zip(names, subject, strict=True)), old[subject], new[subject])
        for section, names, answers in (
            ("targets", ("plan", "priority", "milestone"), _targets),
            ("priorities", ("impact", "workaround", "environment"), _priorities),
        )
        for old, new in [(answers(before), answers(after))]
        for subject in old
        if old[subject] != new[subject]
    ]
    changes += _for_people(before, after)
    old, new = _fields(before), _fields(after)
    changes += [
        Change("fields", {"field": path}, old.get(path), new.get(path))
        for path in dict.fromkeys((*old, *new))
        if old.get(path) != new.get(path)
    ]
    return changes


def _targets(edition: Edition) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """The target of each plan, priority and milestone on a staffed channel."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for plan, priority in product(PLANS, PRIORITIES):
        terms = promised(edition, plan, priority, staffed=True)
        for milestone in MILESTONES:
            each = terms.get(milestone)
            if each is None or each.target_seconds is None:
                value: dict[str, Any] = {"target_seconds": None, "reason": None if each is None else each.reason}
            else:
                value = {
                    "target_seconds": each.target_seconds,
                    "hours": each.hours,
                    "promise": each.promise,
                    "paused_by": list(each.paused_by),
                }
            found[plan, priority, milestone] = value
    return found


def _priorities(edition: Edition) -> dict[tuple[str, ...], str]:
    """The priority of each impact, workaround and environment."""
    return {
        (impact, workaround, environment): priority_rule(edition, impact, workaround, environment).priority
        for impact, workaround, environment in product(IMPACTS, WORKAROUNDS, ENVIRONMENTS)
    }


def _people() -> Iterator[Profile]:
    for plan, account_type, paid, role, licensed in product(PLANS, ACCOUNT_TYPES, (True, False), ROLES, (True, False)):
        yield Profile("covered", plan, account_type, paid, role, licensed)


def _rights(edition: Edition, person: Profile) -> dict[tuple[str, str], Any]:
    """What the person may do: the tier on each channel, and which kinds of escalation."""
    plan = edition.plans[person.plan]
    return {
        **{("channels", channel): verdict.tier for channel, verdict in verdicts(edition, person).items()},
        ("escalation", "customer_requested"): tuple(
            kind for kind in REQUEST_TYPES if may_ask_for_escalation(edition, person, kind)
        ),
        ("escalation", "automated"): plan.automated_escalation,
        ("escalation", "technical_account_manager"): plan.technical_account_manager,
    }


def _for_people(before: Edition, after: Edition) -> Iterator[Change]:
    """Changes of rights, one for all people to whom the same happens."""
    groups: dict[tuple[str, str, Any, Any], list[Profile]] = {}
    for person in _people():
        old, new = _rights(before, person), _rights(after, person)
        for (section, right), was in old.items():
            if new[section, right] != was:
                groups.setdefault((section, right, was, new[section, right]), []).append(person)
    order: dict[str, int] = {name: index for index, name in enumerate(CHANNELS)}
    for (section, right, was, now), people in sorted(groups.items(), key=lambda group: order.get(group[0][1], 99)):
        name = "channel" if section == "channels" else "right"
        for group in _merged(people):
            yield Change(section, {name: right, **_described(*group)}, _as_data(was), _as_data(now))


def _as_data(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _merged(people: list[Profile]) -> list[tuple[frozenset[Any], ...]]:
    """The fewest groups that a greedy merge finds: profiles that differ in one trait become one group."""
    traits: list[tuple[frozenset[Any], ...]] = [tuple(frozenset({value}) for value in person[1:]) for person in people]
    for position in reversed(range(len(traits[0]))):
        merged: dict[tuple[frozenset[Any], ...], frozenset[Any]] = {}
        for each in traits:
            rest = (*each[:position], *each[position + 1 :])
            merged[rest] = merged.get(rest, frozenset()) | each[position]
        traits = [(*rest[:position], values, *rest[position:]) for rest, values in merged.items()]
    return traits


def _described(
    plans: frozenset[Any], types: frozenset[Any], paid: frozenset[Any], roles: frozenset[Any], licensed: frozenset[Any]
) -> dict[str, Any]:
    return {
        "plans": [plan for plan in PLANS if plan in plans],
        "account_types": None
        if len(types) == len(ACCOUNT_TYPES)
        else [kind for kind in ACCOUNT_TYPES if kind in types],
        "paid": None if len(paid) > 1 else True in paid,
        "licensed": None if len(licensed) > 1 else True in licensed,
        "roles": None if len(roles) == len(ROLES) else [role for role in ROLES if role in roles],
    }


def _fields(edition: Edition) -> dict[str, Any]:
    """Every field of the document by its path, in which items of lists have their names, if any.

    Of targets, only `source` and `note`: the section `targets` has what they promise to whom.
    """
    document = edition.model_dump(mode="json", exclude_defaults=True)
    del document["targets"]
    remarks = {
        f"targets[{plan} {priority} {target.milestone}].{field}": text
        for target in edition.targets
        for plan, priority in product(target.plans, target.priorities)
        for field, text in (("source", target.source), ("note", target.note))
        if text is not None
    }
    return {**dict(_flat(document, "")), **remarks}


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
