"""[pure] What of a base is no longer in the edition that extends it: promises, rules, levels, names, countries.

A list that replaces another one, an empty mapping and `replace` leave out what they do not repeat. What has a name is
compared. A list of values (the hours of a day, the fallbacks of a channel, notes) is one value, which its author
rewrites.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from shared.messages.reason import Reason
from shared.policy.document import Path, Tree

_MOST_NAMES = 20
_COMPARED_OTHERWISE = {
    ("regional_hours", "countries"),
    ("regional_hours", "regions"),
    ("targets",),
    ("escalation_levels",),
}


class _Promise(NamedTuple):
    plan: str
    priority: str
    milestone: str


def vanished(base: Tree, tree: Tree) -> Iterator[tuple[Path, Reason]]:
    """What is missing in `tree`, which extends `base`: each place with its reason. Both may have mistakes."""
    name = str(base.data.get("edition"))
    for path, code, names in (
        *_promises(base.data, tree.data),
        *_levels(base.data.get("escalation_levels"), tree.data.get("escalation_levels")),
        *_countries(base.data.get("regional_hours"), tree.data.get("regional_hours")),
        *_names(base.data, tree.data, ()),
    ):
        yield path, Reason(f"policy.warning.{code}", base=name, names=_listed(names))


_Losses = Iterator[tuple[Path, str, Sequence[str]]]


def _listed(names: Sequence[str]) -> list[str] | Reason:
    if len(names) <= _MOST_NAMES:
        return list(names)
    shown, more = list(names[:_MOST_NAMES]), len(names) - _MOST_NAMES
    return Reason("policy.warning.some_names", some=shown, more=more, names=list(names))  # all, for programs


def _names(base: Any, now: Any, path: Path) -> _Losses:
    """Names of mappings, and ids of lists, at every depth of the mappings."""
    if isinstance(base, dict) and isinstance(now, dict):
        # Some have been compared by what they mean.
        names = [name for name in base if (*path, name) not in _COMPARED_OTHERWISE]
        if lost := [name for name in names if name not in now]:
            yield path, "names_left_out", lost
        for name in (name for name in names if name in now):
            yield from _names(base[name], now[name], (*path, name))
    elif isinstance(base, list) and isinstance(now, list):
        kept = set(_ids(now))
        if lost := [name for name in _ids(base) if name not in kept]:
            yield path, "rules_left_out", lost


def _ids(items: list[Any]) -> Iterator[str]:
    return (item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str))


def _promises(base: dict[str, Any], now: dict[str, Any]) -> _Losses:
    kept = set(_promised(now))
    lost = [promise for promise in dict.fromkeys(_promised(base)) if promise not in kept]
    if lost:
        yield ("targets",), "promises_left_out", list(_in_words(lost))


def _promised(data: dict[str, Any]) -> Iterator[_Promise]:
    targets = data.get("targets")
    for target in targets if isinstance(targets, list) else ():
        if isinstance(target, dict):
            for plan in _texts(target.get("plans", data.get("plans"))):  # a target without plans is for all of them
                for priority in _texts(target.get("priorities", data.get("priorities"))):
                    yield _Promise(plan, priority, str(target.get("milestone")))


def _in_words(lost: Sequence[_Promise]) -> Iterator[str]:
    """Promises of the same plans, and of the same priorities, together: premier/premier_plus P3/P4 first_response."""
    priorities: dict[tuple[str, str], list[str]] = {}
    for promise in lost:
        priorities.setdefault((promise.plan, promise.milestone), []).append(promise.priority)
    plans: dict[tuple[str, str], list[str]] = {}
    for (plan, milestone), each in priorities.items():
        plans.setdefault(("/".join(each), milestone), []).append(plan)
    return (f"{'/'.join(each)} {priority} {milestone}" for (priority, milestone), each in plans.items())


def _texts(value: Any) -> list[str]:
    """The texts of a list, or the names of a mapping."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | dict) else []


def _levels(base: Any, now: Any) -> _Losses:
    kept = set(_steps(now))
    if lost := [step for step in dict.fromkeys(_steps(base)) if step not in kept]:
        yield ("escalation_levels",), "levels_left_out", lost


def _steps(levels: Any) -> Iterator[str]:
    for level in levels if isinstance(levels, list) else ():
        if isinstance(level, dict):
            yield f"{level.get('kind')} {level.get('level')}"


def _countries(base: Any, now: Any) -> _Losses:
    """Countries that had a calendar, of their own or of their region, and have the default now."""
    kept = {country for group in _groups(now).values() for country in group}
    for name, group in _groups(base).items():
        if lost := [country for country in group if country not in kept]:
            yield ("regional_hours", name), "countries_left_out", lost


def _groups(hours: Any) -> dict[str, list[str]]:
    """The countries with a calendar of their own, and those of regions (`regions` by country, as in the model)."""
    groups = {name: hours.get(name) if isinstance(hours, dict) else None for name in ("countries", "regions")}
    return {name: list(group) for name, group in groups.items() if isinstance(group, dict)}
