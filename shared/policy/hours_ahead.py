"""[pure] Which dates of a calendar have the same hours ahead of them: targets in business days are equal there."""

from collections.abc import Hashable, Iterable
from functools import cached_property
from itertools import islice

from shared.business_time.instants import DAY, Micros
from shared.business_time.local_dates import LocalDates

_LONGEST_PERIOD = 3  # dates: a period has up to 25 hours, and its zone may differ from that of the dates
_LOOK_AHEAD = 366  # dates


class HoursAhead:
    """The open dates of `year`, a range of dates, and what follows each of them."""

    def __init__(self, dates: LocalDates, year: range) -> None:
        self._dates = dates
        self._year = year
        self._hours_of_dates: dict[int, Hashable] = {}

    @cached_property
    def open_dates(self) -> list[int]:
        """The open dates of the year."""
        return [day for day in self._year if self._dates.open_spans(day)]

    @cached_property
    def edges(self) -> list[Micros]:
        """The times of day of all openings and closings, from the midnight of the date that each belongs to."""
        dates = self._dates
        return sorted(
            {
                dates.label(edge) - day * DAY
                for day in self.open_dates
                for span in dates.open_spans(day)
                for edge in span
            }
        )

    def distinct(self, days: int) -> list[int]:
        """Of open dates with the same hours ahead, the first one.

        From these dates, starts at the same time of day, at an edge or just before it, have equal targets of `days`
        business days.
        """
        every_date_ends_by_midnight = not self.edges or (self.edges[0] >= 0 and self.edges[-1] < DAY)
        ahead = self._by_date if every_date_ends_by_midnight else self._by_instant
        found: dict[Hashable, int] = {}
        for day in self.open_dates:
            found.setdefault(ahead(day, days), day)
        return list(found.values())

    def _by_date(self, day: int, days: int) -> Hashable:
        """The hours of the date and of the open dates that follow. Closed dates between them change nothing."""
        following = self._following(day, days + 1)  # the first one may be day 0
        if len(following) <= days:
            return day
        for each in (day, *following):
            if each not in self._hours_of_dates:
                self._hours_of_dates[each] = self._hours(each, (each,), range(each, each + 2))
        return tuple(self._hours_of_dates[each] for each in (day, *following))

    def _by_instant(self, day: int, days: int) -> Hashable:
        """All hours that a start on the date may meet, and how long after it: periods may reach later dates."""
        first, last = day - 1 - _LONGEST_PERIOD, day + 1 + self.edges[-1] // DAY  # of the dates of such a start
        following = self._following(last, days + 1)
        if len(following) <= days:
            return day
        around = (*range(first, last + 1), *following)
        return self._hours(day, around, range(first - 1, around[-1] + 1 + _LONGEST_PERIOD))

    def _following(self, day: int, count: int) -> list[int]:
        """The first open dates after a date. There are fewer if the calendar does not open for long."""
        later = range(day + 1, self._year.stop + _LOOK_AHEAD)
        return list(islice((each for each in later if self._dates.open_spans(each)), count))

    def _hours(self, day: int, dates: Iterable[int], clock: range) -> Hashable:
        """The open spans of `dates` and the wall clock of the dates of `clock`, from the midnight of `day` on."""
        midnight = self._dates.first_instant(day * DAY)
        spans = tuple(
            (each - day, opens - midnight, closes - midnight)
            for each in dates
            for opens, closes in self._dates.open_spans(each)
        )
        since, until = midnight + (clock.start - day) * DAY, midnight + (clock.stop - day) * DAY
        shown = tuple(
            (segment.start - midnight, segment.offset + midnight - day * DAY)
            for segment in self._dates.segments(since, until)
        )
        return spans, shown
