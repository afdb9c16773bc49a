"""[pure] A year of a calendar: when it opens and closes, and how long its dates and its business days are."""

from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from shared.business_time.business_days import Until, business_days_target_micros
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.instants import DAY, HOUR, Micros, from_micros, to_micros
from shared.contracts.structs import MilestoneTerms
from shared.policy.hours_ahead import HoursAhead

_YEAR = 366 * DAY
_target = attrgetter("target")


class CalendarYear:
    """The year of `calendar` that begins at `since`. What is asked is worked out once."""

    def __init__(self, calendar: BusinessCalendar, since: Micros) -> None:
        self.calendar = calendar
        self._since = since
        first = calendar.dates.day(since)
        self._hours = HoursAhead(calendar.dates, range(first, first + _YEAR // DAY))
        self._business_days: dict[tuple[int, Until], tuple[ResolvedTarget, ...]] = {}

    @cached_property
    def edges(self) -> list[Micros]:
        """Every opening and closing."""
        start = from_micros(self._since)
        entries = self.calendar.ledger(start, start + timedelta(microseconds=_YEAR))
        return [to_micros(after.start) for before, after in pairwise(entries) if before.counted != after.counted]

    @cached_property
    def open_dates(self) -> "OpenDates":
        """How long its open dates are."""
        dates = self.calendar.dates
        lengths, closings = [], []
        for day in self._hours.open_dates:
            spans = dates.open_spans(day)
            lengths.append(sum(end - start for start, end in spans))
            closings.append(spans[-1][1] - dates.first_instant(day * DAY))
        if not lengths:
            return OpenDates(0, 0, 0, 0)
        return OpenDates(min(lengths), max(lengths), min(closings), max(closings))

    def business_days(self, days: int, until: Until) -> tuple["ResolvedTarget", ...]:
        """The shortest and the longest target of so many business days in the year; none if the calendar never opens.

        The open time of the target is a linear function of its start, except where the start or the same time of the
        last date passes an opening or a closing. So it is shortest and longest for cases that begin on some date at
        the time of day of an opening or closing, or one microsecond before. Raises NeverOpen.
        """
        known = self._business_days.get((days, until))
        if known is None:
            found = [
                ResolvedTarget(business_days_target_micros(start, days, until, self.calendar), start)
                for start in self._starts(days)
            ]
            known = self._business_days[days, until] = (
                (min(found, key=_target), max(found, key=_target)) if found else ()
            )
        return known

    def _starts(self, days: int) -> list[Micros]:
        """On each open date, the times of day of all openings and closings, and one microsecond before each.

        Of dates with the same hours ahead, one is enough.
        """
        first_instant, edges = self.calendar.dates.first_instant, self._hours.edges
        at_edges = (first_instant(day * DAY + edge) for day in self._hours.distinct(days) for edge in edges)
        return [at - before for at in at_edges for before in (0, 1)]


class ResolvedTarget(NamedTuple):
    """The open time of a target in business days, for a case that begins at `start`."""

    target: Micros
    start: Micros


class OpenDates(NamedTuple):
    """Of the open dates of a year: the shortest and longest open time, and the first and last closing from midnight."""

    shortest: Micros
    longest: Micros
    first_closing: Micros
    last_closing: Micros

    def least_until(self, terms: MilestoneTerms) -> tuple[Micros, Micros]:
        """The least open time, and the least time, between a start and its deadline in business days.

        The dates between are open, and the last one too until the end of the day. The start is before the end of its
        own date, which may be past midnight, and the deadline at the earliest at the end of the last one, or at the
        same local time.
        """
        days = terms.target_business_days or 0
        open_time = (days - (terms.until != "end_of_day")) * self.shortest
        time = days * DAY - HOUR + self.first_closing - max(DAY, self.last_closing)  # an hour: the clock may change
        return open_time, max(open_time, time)
