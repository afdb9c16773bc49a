"""[pure] The situations in which two editions are compared: every combination of words that their rules ask about."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from shared.contracts.vocabulary import CoverageStatus
from shared.policy.condition import Condition, Situation
from shared.policy.model import Edition

ANOTHER = None  # a channel with people, a language or a country that no rule names
_SECTIONS = {"plan": "plans", "account_type": "account_types", "role": "roles"}
_OPEN = {"channel": "channels", "language": "languages", "country": "countries"}
_NAMES = {**_SECTIONS, **_OPEN}
_FIELD = "fields."

Chosen = Mapping[str, Any]
Conditions = Callable[[Edition], Iterable[Condition]]


class Axes(NamedTuple):
    """What the rules of either edition ask about, with the values of each: `fields.impact` -> its values in both."""

    values: Mapping[str, Sequence[Any]]

    @classmethod
    def of(cls, before: Edition, after: Edition, conditions: Conditions, *, always: tuple[str, ...] = ()) -> "Axes":
        """The axes of `conditions`, and those that are `always` compared."""
        asked = [*conditions(before), *conditions(after)]
        values: dict[str, Sequence[Any]] = {}
        for axis, section in _SECTIONS.items():
            if axis in always or any(getattr(when, section) is not None for when in asked):
                values[axis] = list(dict.fromkeys((*getattr(before, section), *getattr(after, section))))
            if axis == "account_type":
                _truths(values, asked, always, "paid")
        _truths(values, asked, always, "licensed")
        for axis, section in _OPEN.items():
            named = dict.fromkeys(word for when in asked for word in getattr(when, section) or ())
            if named:
                values[axis] = [ANOTHER, *named]
        for name in fields_of(asked):
            known = [each.fields[name].values for each in (before, after) if name in each.fields]
            values[_FIELD + name] = list(dict.fromkeys(value for each in known for value in each))
        return cls(values)

    def without(self, *axes: str) -> "Axes":
        """The other axes."""
        return Axes({axis: known for axis, known in self.values.items() if axis not in axes})

    def of_both(self, before: Edition, after: Edition) -> "Axes":
        """Without the fields that one edition alone has."""
        names = {f"{_FIELD}{name}" for name in before.fields.keys() ^ after.fields.keys()}
        return self.without(*names)

    def __iter__(self) -> Iterator[Chosen]:
        """Every combination."""
        for combination in product(*self.values.values()):
            yield dict(zip(self.values, combination, strict=True))

    def merged(self, people: Sequence[Chosen]) -> Iterator[dict[str, Any]]:
        """The fewest groups that a greedy merge finds: combinations that differ in one axis become one group."""
        groups = [tuple(frozenset({value}) for value in chosen.values()) for chosen in people]
        for position in reversed(range(len(self.values))):
            merged: dict[tuple[frozenset[Any], ...], frozenset[Any]] = {}
            for each in groups:
                rest = (*each[:position], *each[position + 1 :])
                merged[rest] = merged.get(rest, frozenset()) | each[position]
            groups = [(*rest[:position], found, *rest[position:]) for rest, found in merged.items()]
        for group in groups:
            yield self._group(dict(zip(self.values, group, strict=True)))

    def _group(self, group: Mapping[str, frozenset[Any]]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for axis, found in group.items():
            known = self.values[axis]
            words = None if len(found) == len(known) else [value for value in known if value in found]
            if axis in ("paid", "licensed"):
                shown[axis] = None if words is None else words[0]
            elif not axis.startswith(_FIELD):
                shown[_NAMES[axis]] = words
            elif words is not None:
                shown.setdefault("fields", {})[axis.removeprefix(_FIELD)] = words
        return shown


def _truths(values: dict[str, Sequence[Any]], asked: list[Condition], always: tuple[str, ...], axis: str) -> None:
    if axis in always or any(getattr(when, axis) is not None for when in asked):
        values[axis] = (True, False)


def fields_of(conditions: Iterable[Condition]) -> list[str]:
    """The fields that conditions ask about."""
    return list(dict.fromkeys(name for when in conditions for name in when.fields))


class Asker(NamedTuple):
    """An edition that is asked about situations which may have words of another one."""

    edition: Edition

    def situation(self, chosen: Chosen) -> Situation | None:
        """The situation of a combination; None where the edition lacks one of its words."""
        edition = self.edition
        for axis, section in _SECTIONS.items():
            if axis in chosen and chosen[axis] not in getattr(edition, section):
                return None
        if chosen.get("channel", ANOTHER) not in (ANOTHER, *edition.channels):
            return None
        for axis, value in chosen.items():
            name = axis.removeprefix(_FIELD)
            if axis.startswith(_FIELD) and name in edition.fields and value not in edition.fields[name].values:
                return None
        return self._made(chosen)

    def standing(self, chosen: Chosen) -> tuple[CoverageStatus, Situation]:
        """Whether the edition covers such a requester, and the situation as the router sees it."""
        edition, least = self.edition, self.edition.not_covered
        known = all(chosen.get(axis, word) in getattr(edition, _SECTIONS[axis]) for axis, word in self._least.items())
        if known:
            return "covered", self._made(chosen)
        role = chosen["role"] if chosen["role"] in edition.roles else least.role
        people = {"plan": least.plan, "account_type": least.account_type, "role": role, "paid": False}
        licensed = chosen["licensed"] and role == chosen["role"]
        return "plan_not_in_edition", self._made({**chosen, **people, "licensed": licensed})

    def tier_of(self, channel: str) -> str:
        """A tier at which the channel is open to somebody."""
        return next(rule.tier for rule in self.edition.access if channel in rule.channels)

    @property
    def _least(self) -> dict[str, str]:
        least = self.edition.not_covered
        return {"plan": least.plan, "account_type": least.account_type, "role": least.role}

    def _made(self, chosen: Chosen) -> Situation:
        edition = self.edition
        fields = {name: next(iter(field.values)) for name, field in edition.fields.items()}
        fields |= {name: field.default for name, field in edition.fields.items() if field.default is not None}
        for axis, value in chosen.items():
            name = axis.removeprefix(_FIELD)
            if axis.startswith(_FIELD) and name in fields and value in edition.fields[name].values:
                fields[name] = value
        people = {**self._least, **{axis: chosen[axis] for axis in self._least if axis in chosen}}
        return Situation(
            people["plan"],
            people["account_type"],
            people["role"],
            bool(chosen.get("licensed", True)),
            bool(chosen.get("paid", True)),
            chosen.get("channel") or self._a_staffed_channel(),
            chosen.get("language"),
            chosen.get("country"),
            fields,
        )

    def _a_staffed_channel(self) -> str:
        """A channel whose people answer with promised times, that no target names; else any staffed one, else any."""
        edition = self.edition
        named = {channel for target in edition.targets for channel in target.channels or ()}
        opened = {channel for rule in edition.access for channel in rule.channels}
        staffed = [name for name, policy in edition.channels.items() if policy.staffed and name in opened]
        timed = [name for name in staffed if edition.tiers[self.tier_of(name)].no_targets is None]
        unnamed = [name for name in timed if name not in named]
        return (unnamed or timed or staffed or list(opened))[0]
