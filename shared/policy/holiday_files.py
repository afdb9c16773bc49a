"""[pure] Holidays from an iCalendar file (RFC 5545, `.ics`): its all-day events, as dates with names.

Recurrences (RRULE), their exceptions (EXDATE), further dates (RDATE) and single dates that were moved or cancelled
(RECURRENCE-ID) are expanded over the years of an edition. An event of several days is a holiday on each of them. An
event with a time of day is refused: it has a zone of its own, and whether it closes the desk would be a guess.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar, Component

from shared.business_time.errors import UnreadableHolidayFile
from shared.business_time.holiday_sets import FIRST_YEAR, LAST_YEAR
from shared.business_time.holiday_sources import DayOff, Holidays
from shared.business_time.recurring import dates_between

_BEGIN = re.compile(r"^BEGIN:VEVENT\s*$", re.IGNORECASE | re.MULTILINE)
_LONGEST = timedelta(days=366)  # of an event; a longer one is taken for a mistake
_FIRST, _LAST = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)


def holidays_of_file(file: str, text: str) -> Holidays:
    """The holidays in the text of `file`. Raises UnreadableHolidayFile; its message names the file and the event."""
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise UnreadableHolidayFile(f"{file} is not an iCalendar file: {error}") from error
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    if len(events) != len(_BEGIN.findall(text)):  # the parser leaves out what has no end
        raise UnreadableHolidayFile(f"{file} is not an iCalendar file: it ends within a component")
    if not events:
        raise UnreadableHolidayFile(f"{file} has no events")
    for event in events:
        for name, why in event.errors:  # the parser leaves such a property out
            raise _wrong(file, event, f"has a {name} that cannot be read: {why}")
    moved = {(_uid(event), _date(file, event, "RECURRENCE-ID")) for event in events if "RECURRENCE-ID" in event}
    found: dict[str, DayOff] = {}
    for event in events:
        for day in _days(file, event, moved if "RECURRENCE-ID" not in event else set()):
            found.setdefault(day.isoformat(), DayOff(name=_name(event)))
    return dict(sorted(found.items()))


def _days(file: str, event: Component, moved: set[tuple[str, date]]) -> Iterator[date]:
    """The dates of an event and of its recurrences, without those that another event moves or cancels."""
    first = _date(file, event, "DTSTART")
    length = _length(file, event, first)
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    for start in sorted(_starts(file, event, first)):
        if (_uid(event), start) in moved:
            continue
        for number in range(length.days):
            if _FIRST <= (day := start + timedelta(days=number)) <= _LAST:
                yield day


def _starts(file: str, event: Component, first: date) -> set[date]:
    starts = {first}
    for rule in _listed(event, "RRULE"):
        text = rule.to_ical().decode()
        try:
            starts |= set(dates_between(text, first, _FIRST - _LONGEST, _LAST))
        except ValueError as error:
            raise _wrong(file, event, f"{text} {error}") from error
    starts |= set(_listed_dates(file, event, "RDATE"))
    return starts - set(_listed_dates(file, event, "EXDATE"))


def _listed_dates(file: str, event: Component, name: str) -> Iterator[date]:
    for dates in _listed(event, name):
        for each in dates.dts:
            yield _whole(file, event, each.dt, name)


def _listed(event: Component, name: str) -> list[Any]:
    """The values of a property that may be given more than once."""
    value = event.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _length(file: str, event: Component, first: date) -> timedelta:
    """DTEND is the date after the last one; without it, and without DURATION, an event is one date."""
    length = timedelta(days=1)
    if "DTEND" in event:
        length = _date(file, event, "DTEND") - first
    elif "DURATION" in event:
        length = event.decoded("DURATION")
    if not timedelta(days=1) <= length <= _LONGEST or length % timedelta(days=1):
        raise _wrong(file, event, f"does not last from 1 to {_LONGEST.days} whole days")
    return length


def _date(file: str, event: Component, name: str) -> date:
    if name not in event:
        raise _wrong(file, event, f"has no {name}")
    try:
        value = event.decoded(name)
    except (ValueError, AttributeError, TypeError) as error:
        raise _wrong(file, event, f"has a {name} that is no date: {error}") from error
    return _whole(file, event, value, name)


def _whole(file: str, event: Component, value: object, name: str) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _wrong(
            file,
            event,
            f"has a time of day ({name}): only all-day events are holidays; write a part of a day in the edition, "
            "as holidays: {DATE: {name: …, hours: [[…, …]]}}",
        )
    return value


def _uid(event: Component) -> str:
    return str(event.get("UID", ""))


def _name(event: Component) -> str | None:
    return " ".join(str(event.get("SUMMARY", "")).split()) or None


def _wrong(file: str, event: Component, problem: str) -> UnreadableHolidayFile:
    return UnreadableHolidayFile(f"{file}: the event {_name(event) or _uid(event) or 'without a name'} {problem}")
