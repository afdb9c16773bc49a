"""[pure] The days that a report is about, on the wall clock of one zone, and the steps that it counts them in."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from shared.business_time.instants import Micros, to_micros

Per = Literal["day", "week", "month"]
LONGEST = 400  # days: as long as cases are kept, and the same month of the year before beside this one
_DAY = timedelta(days=1)


class Step(NamedTuple):
    """A day, a week from Monday on or a month, as far as it is in the period: first and last day, and its instants.

    `until` is the first instant that is no more in it.
    """

    first: date
    last: date
    since: Micros
    until: Micros


class Period(NamedTuple):
    """From the beginning of the day `first` to the end of the day `last`, both in `zone`."""

    first: date
    last: date
    zone: ZoneInfo
    per: Per

    @property
    def days(self) -> int:
        """How many days there are in it."""
        return (self.last - self.first).days + 1

    @property
    def since(self) -> Micros:
        """Its first instant."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> Micros:
        """The first instant behind it."""
        return _midnight(self.last + _DAY, self.zone)

    def steps(self) -> Iterator[Step]:
        """Its days, weeks or months in order. A day has 23 or 25 hours where the clock changes."""
        first = self.first
        while first <= self.last:
            last = min(_last_of(first, self.per), self.last)
            yield Step(first, last, _midnight(first, self.zone), _midnight(last + _DAY, self.zone))
            first = last + _DAY


def usual_step(days: int) -> Per:
    """The step that shows so many days well."""
    return "day" if days <= 45 else "week" if days <= 200 else "month"


def _last_of(day: date, per: Per) -> date:
    """The last day of the step that `day` is in."""
    if per == "day":
        return day
    if per == "week":
        return day + (6 - day.weekday()) * _DAY
    return (day.replace(day=28) + 4 * _DAY).replace(day=1) - _DAY


def _midnight(day: date, zone: ZoneInfo) -> Micros:
    """The first instant of a day. Where the clock skips midnight, it is that of the first time that there is."""
    return to_micros(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))
