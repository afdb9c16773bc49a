"""[pure] A year of a calendar: when it opens and closes, and how long its dates are open."""

from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.instants import DAY, HOUR, Micros, from_micros, to_micros
from shared.contracts.structs import MilestoneTerms

_YEAR = 366 * DAY


class CalendarYear:
    """The year of `calendar` that begins at `since`. What is asked is worked out once."""

    def __init__(self, calendar: BusinessCalendar, since: Micros) -> None:
        self.calendar = calendar
        self._since = since

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
        first = dates.day(self._since)
        lengths, closings = [], []
        for day in range(first, first + _YEAR // DAY):
            if spans := dates.open_spans(day):
                lengths.append(sum(end - start for start, end in spans))
                closings.append(spans[-1][1] - dates.first_instant(day * DAY))
        if not lengths:
            return OpenDates(0, 0, 0, 0)
        return OpenDates(min(lengths), max(lengths), min(closings), max(closings))


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
