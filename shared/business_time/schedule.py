"""[pure] The open hours of each local date of one zone, on the wall clock alone: no zone, no instant.

`written.py` explains labels and days. `open_hours.py` converts labels to instants of the zone.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from shared.business_time.config import WEEKDAYS, CalendarConfig
from shared.business_time.holiday_sets import FIRST_YEAR, LAST_YEAR
from shared.business_time.holiday_sources import DayOff, all_holidays, derived_holidays
from shared.business_time.instants import DAY
from shared.business_time.seasons import Seasons
from shared.business_time.spans import Span, clipped, common, merged, without
from shared.business_time.written import date_of, day_of, local_ranges, periods_of

Why = Literal["open", "closed", "holiday", "break"]

_KEPT_YEARS = 64  # of holiday sets and rules in the cache
_EPOCH_WEEKDAY = date_of(0).weekday()


class Closed(NamedTuple):
    """A holiday: its name, and the spans from its midnight in which the usual hours apply."""

    name: str
    except_in: Sequence[Span]


class Period(NamedTuple):
    """A period that starts on a date: from its first to its last label, and the labels of it that are open."""

    start: int
    end: int
    open: Sequence[Span]


class Schedule:
    """Which labels are open. A holiday closes its date except in its own hours, an override replaces the hours of its
    date, a season those of a part of the year; a break closes a range of labels. A holiday outranks an override, which
    outranks a season; a break outranks all.

    A period whose end is not after its start runs past midnight and belongs to the date on which it starts: a holiday
    or override of that date applies to all of it. A holiday on the next date closes the part after midnight as well.
    """

    __slots__ = ("_config", "_holidays", "_overrides", "_resolved_years", "_seasons", "_usual", "_weeks", "breaks")

    def __init__(self, config: CalendarConfig) -> None:
        self._config = config
        self._seasons = Seasons(config.seasons)
        weeks = [(config.hours, "hours")]
        weeks += [(season.hours, f"seasons.{number}.hours") for number, season in enumerate(config.seasons)]
        self._weeks = [[periods_of(hours.get(day, ()), f"{field}.{day}") for day in WEEKDAYS] for hours, field in weeks]
        self._usual = [[_one_date(week[day - 1], week[day]) for day in range(7)] for week in self._weeks]
        self._overrides = {
            day_of(text, f"overrides.{text}"): periods_of(periods, f"overrides.{text}")
            for text, periods in config.overrides.items()
        }
        self.breaks = local_ranges(config.breaks, "breaks")
        self._holidays: dict[int, Closed] = {}
        # None if the years need not be resolved one by one: the calendar has only dates.
        self._resolved_years: set[int] | None = set() if config.holiday_set or config.recurring else None
        self._resolve(FIRST_YEAR, LAST_YEAR)

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
            holiday = self.holiday(day)
            opens = [(midnight + a, midnight + b) for a, b in self._before_breaks(day)]
            breaks = clipped(self.breaks, midnight, midnight + DAY)
            closed = without(without([(midnight, midnight + DAY)], opens), breaks)
            parts += [(a, b, "open", None) for a, b in without(opens, breaks)]
            parts += [(a, b, "holiday", holiday.name) if holiday else (a, b, "closed", None) for a, b in closed]
            parts += [(a, b, "break", None) for a, b in breaks]
        return sorted((max(a, start), min(b, end), why, name) for a, b, why, name in parts if a < end and b > start)

    def periods(self, day: int) -> list[Period]:
        """The periods that start on a date, in order. What a holiday or a break closes is in them, but not open."""
        midnight, holiday, next_holiday = day * DAY, self.holiday(day), self.holiday(day + 1)
        found = []
        for start, end in self._planned(day):
            opens = [(start, end)] if holiday is None else common([(start, end)], holiday.except_in)
            if next_holiday is not None:
                allowed = [(0, DAY), *((DAY + a, DAY + b) for a, b in next_holiday.except_in)]
                opens = merged(common(opens, merged(allowed)))
            labels = [(midnight + a, midnight + b) for a, b in opens]
            found.append(Period(midnight + start, midnight + end, without(labels, self.breaks)))
        return found

    def holiday(self, day: int) -> Closed | None:
        """The holiday on that date, or None."""
        if self._resolved_years is not None:
            year = date_of(day).year
            if year not in self._resolved_years:
                self._resolve(year, year)
        return self._holidays.get(day)

    def _before_breaks(self, day: int) -> Sequence[Span]:
        """The open spans of one date as offsets from its midnight, before breaks are applied."""
        holiday = self.holiday(day)
        if holiday is None and day not in self._overrides and self._is_as_usual(day - 1):
            season = self._seasons.of(day)
            if season == self._seasons.of(day - 1):
                return self._usual[season][_weekday(day)]
        opens = _one_date(self._periods_of(day - 1), self._periods_of(day))
        return opens if holiday is None else common(opens, holiday.except_in)

    def _is_as_usual(self, day: int) -> bool:
        return day not in self._overrides and self.holiday(day) is None

    def _periods_of(self, day: int) -> Sequence[Span]:
        """The periods that start on a date, where it is no holiday; one past midnight ends after more than a day."""
        holiday, planned = self.holiday(day), self._planned(day)
        return planned if holiday is None else common(planned, holiday.except_in)

    def _planned(self, day: int) -> Sequence[Span]:
        override = self._overrides.get(day)
        return self._weeks[self._seasons.of(day)][_weekday(day)] if override is None else override

    def _resolve(self, first_year: int, last_year: int) -> None:
        """Look up the holidays of these years; forget those of other years if they have become too many."""
        found = all_holidays(self._config, derived_holidays(self._config, first_year, last_year))
        holidays = {day_of(text, f"holidays.{text}"): _closed(text, holiday) for text, holiday in found.items()}
        if self._resolved_years is None:
            self._holidays = holidays
            return
        if len(self._resolved_years) >= _KEPT_YEARS:
            self._holidays, self._resolved_years = {}, set()
        self._resolved_years.update(range(first_year, last_year + 1))
        self._holidays |= {
            day: holiday for day, holiday in holidays.items() if first_year <= date_of(day).year <= last_year
        }


def _closed(date: str, holiday: DayOff) -> Closed:
    name = date if holiday.name is None else holiday.name
    return Closed(name, merged(periods_of(holiday.hours, f"holidays.{date}")) if holiday.hours else ())


def _weekday(day: int) -> int:
    return (day + _EPOCH_WEEKDAY) % 7


def _one_date(yesterday: Iterable[Span], today: Iterable[Span]) -> list[Span]:
    """The open spans of one date: its own periods up to midnight, and those of the day before past midnight."""
    own = [(start, min(end, DAY)) for start, end in today if start < DAY]
    return merged(own + [(max(start - DAY, 0), end - DAY) for start, end in yesterday if end > DAY])
