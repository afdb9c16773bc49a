"""[pure] The open time of each local date of a calendar: of the periods that start on it, also past midnight."""

from collections.abc import Sequence

from shared.business_time.instants import DAY, Micros
from shared.business_time.open_hours import OpenHours
from shared.business_time.spans import Span, merged
from shared.business_time.zones import Segment

_KEPT_DATES = 1_000  # some 100 bytes each


class LocalDates:
    """Dates of the zone that gives a calendar its dates: of a union, that of its first member.

    A period belongs to the date that this zone shows when the period starts, in a union also those of other members.
    """

    __slots__ = ("_hours", "_open")

    def __init__(self, hours: OpenHours) -> None:
        self._hours = hours
        self._open: dict[int, Sequence[Span]] = {}

    def label(self, at: Micros) -> int:
        """What the wall clock shows at `at`."""
        return at + self._hours.zone.offset(at)

    def day(self, at: Micros) -> int:
        """The date on the wall clock at `at`."""
        return self.label(at) // DAY

    def first_instant(self, label: int) -> Micros:
        """The first instant at which the wall clock shows `label` or later."""
        return self._hours.zone.first_instant(label)

    def segments(self, start: Micros, end: Micros) -> Sequence[Segment]:
        """[start, end) as consecutive segments in which the wall clock is equally far from UTC."""
        return self._hours.zone.segments(start, end)

    def open_spans(self, day: int) -> Sequence[Span]:
        """The open spans of the periods that start on a date, merged; none if it is not an open date."""
        spans = self._open.get(day)
        if spans is None:
            periods = self._hours.dated_periods(day, self._hours.zone)
            spans = merged(span for date, opens in periods if date == day for span in opens)
            if len(self._open) >= _KEPT_DATES:
                del self._open[next(iter(self._open))]
            self._open[day] = spans
        return spans
