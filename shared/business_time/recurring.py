"""[pure] Dates by the recurrence rules of RFC 5545, such as each first Monday of a month, by the `dateutil` package."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # has no types

from shared.business_time.config import RecurringDate
from shared.business_time.errors import NotARecurrence, RecurrenceNeedsStart
from shared.business_time.written import date_of, day_of

# Of each frequency: the parts that it allows and that name its dates. A rule with none of them takes the date from
# where it starts (RFC 5545, 3.3.10, with its table of what BYxxx parts do at each frequency).
_NAMING: Mapping[str, frozenset[str]] = {
    "YEARLY": frozenset({"BYMONTHDAY", "BYYEARDAY", "BYDAY"}),
    "MONTHLY": frozenset({"BYMONTHDAY", "BYDAY"}),
    "WEEKLY": frozenset({"BYDAY"}),
    "DAILY": frozenset({"BYMONTHDAY", "BYDAY", "FREQ"}),
}
_ALLOWED = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYSETPOS", "WKST"})
_DATE = re.compile(r"\d{8}")
_NTH = re.compile(r"[+-]?\d")


def recurring_dates(wanted: RecurringDate, first_year: int, last_year: int, field: str) -> list[date]:
    """The dates of the rule in these years, in order. Raises NotARecurrence or NotADate with `field`."""
    parts = _parts(wanted.rule, f"{field}.rule")
    if wanted.starts is not None:
        first = date_of(day_of(wanted.starts, f"{field}.starts"))
    elif (missing := _needs_start(parts)) is not None:
        raise RecurrenceNeedsStart(
            f"{wanted.rule!r}: {missing} counts from a first date: give `starts`, such as 2026-01-05",
            f"{field}.starts",
            value=wanted.rule,
        )
    else:  # from a year earlier: the first week of the rule may be cut, and its BYSETPOS with it
        first = date(max(first_year - 1, 1), 1, 1)
    try:
        return dates_between(wanted.rule, first, date(first_year, 1, 1), date(last_year, 12, 31))
    except ValueError as error:
        raise _wrong(str(error), f"{field}.rule", wanted.rule) from error


def dates_between(rule: str, starts: date, first: date, last: date) -> list[date]:
    """The dates from `first` to `last` that a rule gives, counted from `starts`. Raises ValueError."""
    try:
        found = rrulestr(rule, dtstart=_midnight(starts)).between(_midnight(first), _midnight(last), inc=True)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise ValueError(f"is not a recurrence rule of RFC 5545 ({error})") from error
    if any(at != _midnight(at.date()) for at in found):
        raise ValueError("recurs at times of the day, and not on whole dates")
    return [at.date() for at in found]


def _parts(rule: str, field: str) -> dict[str, str]:
    """The parts of a rule by name. Raises NotARecurrence for what RFC 5545 does not allow, or is no whole date."""
    parts: dict[str, str] = {}
    for text in rule.split(";"):
        name, equals, value = text.partition("=")
        if not equals or not value or name in parts:
            raise _wrong(f"{text!r} is not one NAME=VALUE of a rule such as FREQ=MONTHLY;BYDAY=1MO", field, rule)
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in _NAMING:
        raise _wrong(f"FREQ must be {', '.join(_NAMING)}: a holiday is a whole date", field, rule)
    for problem in _problems(frequency, parts):
        raise _wrong(problem, field, rule)
    return parts


def _problems(frequency: str, parts: Mapping[str, str]) -> Iterator[str]:
    allowed = _ALLOWED | _NAMING[frequency] | ({"BYWEEKNO"} if frequency == "YEARLY" else frozenset())
    for name in parts.keys() - allowed:
        yield f"{name} is not allowed with FREQ={frequency}"
    nth_day = _NTH.search(parts.get("BYDAY", ""))
    if nth_day and (frequency in ("WEEKLY", "DAILY") or "BYWEEKNO" in parts):
        yield "BYDAY may count weekdays, as in 1MO, only in a month or a year"
    if "UNTIL" in parts and _DATE.fullmatch(parts["UNTIL"]) is None:
        yield "UNTIL must be a date such as 20301231"
    if "UNTIL" in parts and "COUNT" in parts:
        yield "COUNT and UNTIL exclude each other"
    for name in ("INTERVAL", "COUNT"):
        if name in parts and (not parts[name].isdecimal() or int(parts[name]) == 0):
            yield f"{name} must be a whole number from 1"


def _needs_start(parts: Mapping[str, str]) -> str | None:
    """What the rule needs a first date for; None if it names all of its dates itself."""
    if "COUNT" in parts:
        return "COUNT"
    if int(parts.get("INTERVAL", "1")) > 1:
        return "INTERVAL"
    named = _NAMING[parts["FREQ"]] & parts.keys()
    return None if named else f"FREQ={parts['FREQ']} without {' or '.join(sorted(_NAMING[parts['FREQ']]))}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def _wrong(problem: str, field: str, rule: str) -> NotARecurrence:
    return NotARecurrence(f"{rule!r}: {problem}", field, value=rule)
