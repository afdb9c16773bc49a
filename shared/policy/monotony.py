"""[pure] A more urgent priority is never due later than a less urgent one; a target that is missing is never due.

Where the hours of two targets allow it, this follows from their lengths. Otherwise both deadlines are computed for
cases that begin at each opening and each closing of a year, also earlier by the length of each target, and one
microsecond before and after: deadlines jump there and nowhere else.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, islice, product
from typing import NamedTuple

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import CalendarError
from shared.business_time.instants import SECOND, Micros, from_micros, to_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import MilestoneTerms
from shared.messages.reason import Reason
from shared.policy.calendar_year import CalendarYear
from shared.policy.condition import Condition, Situation
from shared.policy.deadlines import deadline_of, has_target
from shared.policy.document import Path
from shared.policy.model import Edition
from shared.policy.promises import CaseKind, promised

_MOST_SITUATIONS = 5_000  # that are looked at; more differ only in what few conditions ask


class _Pair(NamedTuple):
    """Two targets of one milestone for the same case, of a more and of a less urgent priority; None = no target."""

    milestone: str
    urgent: MilestoneTerms | None
    other: MilestoneTerms | None


class _Example(NamedTuple):
    """A case whose more urgent deadline is the later one."""

    calendar: str
    opened: Micros
    urgent: Micros
    other: Micros


def not_monotone(edition: Edition) -> Iterator[tuple[Path, Reason]]:
    """Each pair of targets that is due in the wrong order for some case, with an example."""
    since = to_micros(edition.effective_from)
    years = {
        name: CalendarYear(BusinessCalendar.from_config(config), since) for name, config in edition.calendars.items()
    }
    for pair, case in _pairs(edition).items():
        if pair.other is None or _follows(pair):
            continue
        place = case.place
        facts = {
            "milestone": pair.milestone,
            "plans": list(case.plans),
            "urgent": case.urgent,
            "other": case.other,
        }
        if pair.urgent is None:
            yield place, Reason("policy.warning.urgent_without_target", **facts)
            continue
        example = _example(pair.urgent, pair.other, years)
        if example is not None:
            yield (
                place,
                Reason(
                    "policy.warning.urgent_due_later",
                    **facts,
                    calendar=example.calendar,
                    opened=format_instant(from_micros(example.opened)),
                    urgent_due=format_instant(from_micros(example.urgent)),
                    other_due=format_instant(from_micros(example.other)),
                ),
            )


class _Cases(NamedTuple):
    """The cases of a pair: the priorities of the first one, where its less urgent target stands, and all plans."""

    urgent: str
    other: str
    place: Path
    plans: dict[str, None]


def _pairs(edition: Edition) -> dict[_Pair, _Cases]:
    """Every different pair of targets, and the cases that it is for."""
    found: dict[_Pair, _Cases] = {}
    for situation in islice(_situations(edition), _MOST_SITUATIONS):
        given = _priorities_of(edition, situation.plan)
        for tier in (name for name, policy in edition.tiers.items() if policy.no_targets is None):
            terms = {priority: promised(edition, CaseKind(situation, priority, tier)) for priority in given}
            for urgent, other in combinations(given, 2):
                for milestone in edition.milestones:
                    pair = _Pair(milestone, *(_target(terms[each].terms.get(milestone)) for each in (urgent, other)))
                    by = terms[other].by.get(milestone)
                    place: Path = ("targets",)
                    if by is not None and by.target is not None:
                        place = ("targets", edition.targets.index(by.target))
                    cases = found.setdefault(pair, _Cases(urgent, other, place, {}))
                    cases.plans[situation.plan] = None
    return found


def _priorities_of(edition: Edition, plan: str) -> list[str]:
    """The priorities that the rules may give to a case of this plan, from most to least urgent."""
    given: set[str] = set()
    for rule in edition.priority_rules:
        for when in rule.any_of:
            if when.plans is None or plan in when.plans:
                given.add(rule.priority)
                if when.model_copy(update={"plans": None}) == Condition():  # no later rule decides for this plan
                    return [priority for priority in edition.priorities if priority in given]
    return [priority for priority in edition.priorities if priority in given]


def _target(terms: MilestoneTerms | None) -> MilestoneTerms | None:
    return terms if terms is not None and has_target(terms) else None


def _situations(edition: Edition) -> Iterator[Situation]:
    """Cases that differ in what the targets' conditions ask about, one for each combination."""
    asked = edition.targets
    named_languages = {each for target in asked for each in target.languages or ()}
    named_countries = {each for target in asked for each in target.countries or ()}
    fields = {name for target in asked for name in target.fields}
    choices: list[Iterable[object]] = [
        edition.plans,
        _if_asked(edition.account_types, any(target.account_types for target in asked)),
        _if_asked(edition.roles, any(target.roles for target in asked)),
        (True, False) if any(target.licensed is not None for target in asked) else (True,),
        (True, False) if any(target.paid is not None for target in asked) else (True,),
        _if_asked(
            [name for name, channel in edition.channels.items() if channel.staffed],
            any(target.channels for target in asked),
        ),
        [None, *sorted(named_languages)],
        [None, *sorted(named_countries)],
        *(_if_asked(field.values, name in fields) for name, field in edition.fields.items()),
    ]
    for plan, account_type, role, licensed, paid, channel, language, country, *values in product(*choices):
        yield Situation(
            str(plan),
            str(account_type),
            str(role),
            bool(licensed),
            bool(paid),
            str(channel),
            None if language is None else str(language),
            None if country is None else str(country),
            dict(zip(edition.fields, map(str, values), strict=True)),
        )


def _if_asked(words: Iterable[str], asked: bool) -> list[str]:
    """All words if a condition asks for one of them, else any of them."""
    known = list(words)
    return known if asked else known[:1]


def _follows(pair: _Pair) -> bool:
    """Whether the order follows from the lengths of the targets alone."""
    urgent, other = pair.urgent, pair.other
    if urgent is None or other is None or urgent.target_seconds is None:
        return False
    if urgent.hours == "elapsed":  # open time passes no faster than time
        return other.target_seconds is not None and urgent.target_seconds <= other.target_seconds
    if urgent.calendar != other.calendar or other.target_seconds is None:
        return False
    if urgent.hours == other.hours:
        no_shorter = (urgent.open_at_least or 0) <= (other.open_at_least or 0)
        return urgent.target_seconds <= other.target_seconds and no_shorter
    # What is due no earlier than after so much open time is due no earlier than a target of that much.
    return urgent.hours == "business" and urgent.target_seconds <= (other.open_at_least or 0)


def _example(urgent: MilestoneTerms, other: MilestoneTerms, years: Mapping[str, CalendarYear]) -> _Example | None:
    for name, year in years.items():
        if _dates_are_long_enough(urgent, other, year):
            continue
        calendars = [
            year.calendar if each.calendar is None else years[each.calendar].calendar for each in (urgent, other)
        ]
        for opened in _tried(year, _lengths(urgent, other)):
            try:
                first, second = map(deadline_of, (urgent, other), (opened, opened), calendars)
            except CalendarError:  # a calendar that never opens is another check's
                break
            if first > second:
                return _Example(name, opened, first, second)
    return None


def _dates_are_long_enough(urgent: MilestoneTerms, other: MilestoneTerms, year: CalendarYear) -> bool:
    """Whether the order follows from how long dates are open, where one target is in business days."""
    if (urgent.target_business_days or other.target_business_days) is None:
        return False
    if urgent.calendar is not None or other.calendar is not None or other.hours == "elapsed":
        return False
    dates = year.open_dates
    days = urgent.target_business_days
    if days is not None and other.target_business_days is not None:
        ends_later = urgent.until == "end_of_day" and other.until == "same_time"
        return days < other.target_business_days or (days == other.target_business_days and not ends_later)
    if days is not None:
        most = (days + 1) * dates.longest
        return other.hours == "business" and most <= (other.target_seconds or 0) * SECOND
    target = (urgent.target_seconds or 0) * SECOND
    open_time, time = dates.least_until(other)
    return target <= (open_time if urgent.hours == "business" else time if urgent.hours == "elapsed" else 0)


def _lengths(*terms: MilestoneTerms) -> list[Micros]:
    return [each.target_seconds * SECOND for each in terms if each.target_seconds is not None]


def _tried(year: CalendarYear, lengths: list[Micros]) -> Iterator[Micros]:
    """The instants at which cases are tried to begin."""
    for edge in year.edges:
        for earlier in (0, *lengths):
            for aside in (-1, 0, 1):
                yield edge - earlier + aside
