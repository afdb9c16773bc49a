"""[pure] The open hours of each local date, on the wall clock alone: no zone, no instant.

A wall-clock label is a number of microseconds since the label 1970-01-01T00:00. A day is the number of dates since
1970-01-01. `calendar.py` converts labels to instants of the zone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Literal

from shared.business_time.config import WEEKDAYS, CalendarConfig, Periods
from shared.business_time.errors import (
    EndBeforeStart,
    NotADate,
    NotALocalTime,
    NotATimeOfDay,
    OverlappingPeriods,
    StartsAtEndOfDay,
)
from shared.business_time.holiday_sets import holiday_dates
from shared.business_time.instants import DAY, HOUR, MINUTE, SECOND
from shared.business_time.spans import Span, clipped, merged, without

Why = Literal["open", "closed", "holiday", "break"]

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?|24:00(?::00)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_KEPT_YEARS = 64  # of a holiday set in the cache
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = date(1970, 1, 1).weekday()


class Schedule:
    """Which labels are open. A holiday closes its date, an override replaces the weekly periods of its date, a break
    closes a range of labels. A holiday outranks an override; a break outranks both.

    A period whose end is not after its start runs past midnight and belongs to the date on which it starts: a holiday
    or override of that date applies to all of it. A holiday on the next date closes the part after midnight as well.
    """

    __slots__ = ("_given", "_holiday_set", "_holidays", "_overrides", "_resolved_years", "_usual", "_weekly", "breaks")

    def __init__(self, config: CalendarConfig) -> None:
        self._weekly = [_periods(config.hours.get(day, ()), f"hours.{day}") for day in WEEKDAYS]
        self._overrides = {
            _day(text, f"overrides.{text}"): _periods(periods, f"overrides.{text}")
            for text, periods in config.overrides.items()
        }
        self.breaks = _breaks(config.breaks)
        self._given = _holidays(config.holidays)
        self._holidays = dict(self._given)
        self._holiday_set = config.holiday_set
        self._resolved_years: set[int] = set()
        self._usual = [_one_date(self._weekly[day - 1], self._weekly[day]) for day in range(7)]
        if self._holiday_set is not None:
            self._resolve(2000)  # so that an unknown country is an error here, not at the first call

    def open_labels(self, start: int, end: int) -> list[Span]:
        """The open spans of labels within [start, end)."""
        spans: list[Span] = []
        for day in range(start // DAY, -(-end // DAY)):
            midnight = day * DAY
            spans += [(midnight + a, midnight + b) for a, b in self._before_breaks(day)]
        return without(clipped(merged(spans), start, end), self.breaks)

    def explained(self, start: int, end: int) -> list[tuple[int, int, Why, str | None]]:
        """[start, end) as consecutive spans of labels, each with its reason and the name of its holiday, if any."""
        parts: list[tuple[int, int, Why, str | None]] = []
        for day in range(start // DAY, -(-end // DAY)):
            midnight = day * DAY
            name = self.holiday(day)
            opens = [(midnight + a, midnight + b) for a, b in self._before_breaks(day)]
            breaks = clipped(self.breaks, midnight, midnight + DAY)
            closed = without(without([(midnight, midnight + DAY)], opens), breaks)
            parts += [(a, b, "open", None) for a, b in without(opens, breaks)]
            parts += [(a, b, "closed" if name is None else "holiday", name) for a, b in closed]
            parts += [(a, b, "break", None) for a, b in breaks]
        return sorted((max(a, start), min(b, end), why, name) for a, b, why, name in parts if a < end and b > start)

    def holiday(self, day: int) -> str | None:
        """The name of the holiday on that date, or None."""
        if self._holiday_set is not None:
            year = date.fromordinal(day + _EPOCH_ORDINAL).year
            if year not in self._resolved_years:
                self._resolve(year)
        return self._holidays.get(day)

    def _before_breaks(self, day: int) -> Sequence[Span]:
        """The open spans of one date as offsets from its midnight, before breaks are applied."""
        if self.holiday(day) is not None:
            return ()
        yesterday_is_special = day - 1 in self._overrides or self.holiday(day - 1) is not None
        if not yesterday_is_special and day not in self._overrides:
            return self._usual[_weekday(day)]
        return _one_date(self._periods_of(day - 1), self._periods_of(day))

    def _periods_of(self, day: int) -> Sequence[Span]:
        """The periods that start on a date; the end of one that runs past midnight is more than a day."""
        if self.holiday(day) is not None:
            return ()
        override = self._overrides.get(day)
        return self._weekly[_weekday(day)] if override is None else override

    def _resolve(self, year: int) -> None:
        assert self._holiday_set is not None  # noqa: S101 - the caller has checked
        if len(self._resolved_years) >= _KEPT_YEARS:
            self._holidays, self._resolved_years = dict(self._given), set()
        for text, name in holiday_dates(self._holiday_set, year, year).items():
            day = _day(text, "holiday_set")
            if self._holidays.get(day, text) == text:  # a name in `holidays` outranks that of the set
                self._holidays[day] = name
        self._resolved_years.add(year)


def label_text(label: int) -> str:
    """A label as "2026-11-03T12:00", for messages."""
    day, time = divmod(label, DAY)
    moment = datetime.combine(date.fromordinal(day + _EPOCH_ORDINAL), datetime.min.time())
    return moment.replace(hour=time // HOUR, minute=time % HOUR // MINUTE).isoformat(timespec="minutes")


def _weekday(day: int) -> int:
    return (day + _EPOCH_WEEKDAY) % 7


def _one_date(yesterday: Iterable[Span], today: Iterable[Span]) -> list[Span]:
    """The open spans of one date: its own periods up to midnight, and those of the day before past midnight."""
    own = [(start, min(end, DAY)) for start, end in today]
    return merged(own + [(0, end - DAY) for _, end in yesterday if end > DAY])


def _periods(periods: Periods, field: str) -> list[Span]:
    """The periods of a day as sorted offsets from its midnight. Raises MalformedCalendar or OverlappingPeriods."""
    spans: list[Span] = []
    for index, (opens, closes) in enumerate(periods):
        start, end = _time(opens, f"{field}.{index}.0"), _time(closes, f"{field}.{index}.1")
        if start == DAY:
            raise StartsAtEndOfDay(
                "24:00 is an end; a period that starts at midnight starts at 00:00", f"{field}.{index}.0"
            )
        spans.append((start, end if end > start else end + DAY))
    spans.sort()
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            at = label_text(start)[11:]
            raise OverlappingPeriods(f"two periods overlap at {at}: merge them", field, at=at)
    return spans


def _breaks(breaks: Periods) -> list[Span]:
    spans: list[Span] = []
    for index, (start_text, end_text) in enumerate(breaks):
        start, end = _label(start_text, f"breaks.{index}.0"), _label(end_text, f"breaks.{index}.1")
        if end < start:
            raise EndBeforeStart(f"the break ends at {end_text}, before it starts at {start_text}", f"breaks.{index}")
        spans.append((start, end))
    return merged(spans)


def _holidays(holidays: Mapping[str, str] | Sequence[str]) -> dict[int, str]:
    named = holidays if isinstance(holidays, Mapping) else {text: text for text in holidays}
    return {_day(text, f"holidays.{text}"): name for text, name in named.items()}


def _time(text: str, field: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        message = f"{text!r} is not a time of day: write HH:MM or HH:MM:SS, from 00:00 to 24:00"
        raise NotATimeOfDay(message, field, value=text)
    if match[1] is None:
        return DAY
    return int(match[1]) * HOUR + int(match[2]) * MINUTE + int(match[3] or 0) * SECOND


def _day(text: str, field: str) -> int:
    try:
        if _DATE.fullmatch(text) is None:
            raise ValueError
        return date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        raise NotADate(f"{text!r} is not a date: write YYYY-MM-DD", field, value=text) from None


def _label(text: str, field: str) -> int:
    day, separator, time = text.partition("T")
    if not separator:
        message = f"{text!r} is not a local date and time: write YYYY-MM-DDTHH:MM (or :SS)"
        raise NotALocalTime(message, field, value=text)
    return _day(day, field) * DAY + _time(time, field)
