"""[pure] Targets in business days: "within two business days", "by the end of the next business day".

The deadline is on the Nth open date after day 0, by these rules:

- An *open date* is a local date with open time. A period belongs to the date on which it starts, also past midnight; in
  a union, the zone of the first member gives the dates.
- *Day 0* is the date of the period in which the start falls. If it falls in none, it is its own local date if that has
  open time left, and else the next open date, which begins at its opening.
- `same_time` is the local time of the start; of a start after midnight, in a period of the evening before, it is as
  long after the midnight of day 0. A time that the clock skips is the instant of the change, a time that it shows twice
  the first of both.
- Before the opening of that date, the deadline is its opening. After its last closing, it is that closing; and so is
  `end_of_day`. The last closing is the end of the last period, also past midnight.

The deadline is resolved once, to the open time from the start to it. From then on it is an ordinary target in
`business` hours, so pauses count as everywhere. Hence a deadline in closed time is due as soon as that open time is
used up: at a time of a break, when the break begins. An opening would by that be due at the closing before it, even on
another date, so a deadline at an opening is one second of open time later.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from shared.business_time.calendar import BusinessCalendar, never_open, within_limit
from shared.business_time.errors import InvalidBusinessDays, NeverOpen
from shared.business_time.instants import DAY, SECOND, Micros, from_micros, to_micros

Until = Literal["same_time", "end_of_day"]

_LONGEST_PERIOD = 3  # dates: a period has up to 25 hours, and its zone may differ from that of the dates


class _Begun(NamedTuple):
    """Day 0, and the label at which it begins: the start, or its opening."""

    day: int
    label: int


def business_days_due(start: datetime, days: int, until: Until, calendar: BusinessCalendar) -> datetime:
    """The deadline by the rules, in UTC, `days` business days after `start`.

    Raises NaiveInstant, InvalidBusinessDays (less than 1) or NeverOpen (not within ten years).
    """
    return from_micros(business_days_due_micros(to_micros(start, "start"), days, until, calendar))


def business_days_target(start: datetime, days: int, until: Until, calendar: BusinessCalendar) -> timedelta:
    """The open time to wait for from `start`: `calendar.add` of it is the deadline, in open time. Raises as above."""
    micros = business_days_target_micros(to_micros(start, "start"), days, until, calendar)
    return timedelta(microseconds=micros)


def business_days_due_micros(start: Micros, days: int, until: Until, calendar: BusinessCalendar) -> Micros:
    """As `business_days_due`."""
    if days < 1:
        raise InvalidBusinessDays(f"a target needs 1 business day or more, not {days}", "days")
    begun = _day_zero(start, calendar)
    day = begun.day
    for _ in range(days):
        day = _next_open_date(day + 1, start, calendar)
    spans = calendar.dates.open_spans(day)
    opening, closing = spans[0][0], spans[-1][1]
    due = closing
    if until == "same_time":
        due = min(calendar.dates.first_instant(day * DAY + begun.label - begun.day * DAY), closing)
    return within_limit(start, max(due, opening))


def business_days_target_micros(start: Micros, days: int, until: Until, calendar: BusinessCalendar) -> Micros:
    """As `business_days_target`, in microseconds."""
    due = business_days_due_micros(start, days, until, calendar)
    target = calendar.elapsed_micros(start, due)
    # Whether due is an opening: nothing of its date was open before it.
    if target == 0 or (calendar.add_micros(start, target) < due and calendar.next_open_micros(due) == due):
        target += SECOND
    return target


def _day_zero(start: Micros, calendar: BusinessCalendar) -> _Begun:
    label = calendar.dates.label(start)
    today = label // DAY
    for day in range(today, today - _LONGEST_PERIOD - 1, -1):
        if any(opens <= start < closes for opens, closes in calendar.dates.open_spans(day)):
            return _Begun(day, label)
    day = _next_open_date(today, start, calendar)
    return _Begun(day, label if day == today else calendar.dates.label(calendar.dates.open_spans(day)[0][0]))


def _next_open_date(day: int, start: Micros, calendar: BusinessCalendar) -> int:
    """The first date from `day` on with open time after `start`. Raises NeverOpen."""
    while not _open_after(day, start, calendar):
        try:
            opening = calendar.next_open_micros(max(calendar.dates.first_instant((day + 1) * DAY), start))
        except NeverOpen:
            raise never_open(start) from None
        within_limit(start, opening)
        day = max(day + 1, calendar.dates.day(opening) - _LONGEST_PERIOD)
    return day


def _open_after(day: int, start: Micros, calendar: BusinessCalendar) -> bool:
    spans = calendar.dates.open_spans(day)
    return bool(spans) and spans[-1][1] > start
