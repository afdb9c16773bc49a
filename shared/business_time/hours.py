"""[pure] The three kinds of hours in which a promise may count: when it is due, and how much of it has been used.

- `elapsed`: every second counts.
- `business`: open seconds of the calendar count.
- `elapsed_then_next_open`: every second counts. If the calendar is closed at the deadline, the deadline moves to the
  next open instant; the time until that instant does not count.

In all three kinds, paused time counts as closed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.business_time.calendar import BusinessCalendar, Pauses, pause_spans, positive, span
from shared.business_time.errors import InvalidTarget, MissingCalendar
from shared.business_time.instants import LATEST, Micros, from_micros, to_micros
from shared.business_time.ledger import LedgerEntry, elapsed_entries
from shared.business_time.spans import Span
from shared.contracts.vocabulary import Hours


def due(
    start: datetime, target: timedelta, hours: Hours, calendar: BusinessCalendar | None, pauses: Pauses = ()
) -> datetime:
    """The deadline, in UTC, of a promise of `target` made at `start`.

    Raises the errors of `BusinessCalendar.add`, MissingCalendar if the hours need one, and InvalidTarget for a deadline
    after year 9998.
    """
    spans = pause_spans(pauses)
    return from_micros(due_micros(to_micros(start, "start"), positive(target), hours, calendar, spans))


def measured(
    start: datetime,
    end: datetime,
    target: timedelta,
    hours: Hours,
    calendar: BusinessCalendar | None,
    pauses: Pauses = (),
) -> timedelta:
    """The time that counts in [start, end). It is more than `target` if and only if the deadline is before `end` and
    time has counted since. Raises as `due`, and EndBeforeStart.
    """
    since, until = span(start, end)
    spans = pause_spans(pauses)
    return timedelta(microseconds=measured_micros(since, until, positive(target), hours, calendar, spans))


def ledger(
    start: datetime,
    end: datetime,
    target: timedelta,
    hours: Hours,
    calendar: BusinessCalendar | None,
    pauses: Pauses = (),
) -> list[LedgerEntry]:
    """[start, end) as consecutive intervals, each counted or skipped with its reason. Raises as `measured`."""
    (since, until), spans, wanted = span(start, end), pause_spans(pauses), positive(target)
    if hours == "business":
        return needed(calendar).ledger(start, end, pauses)
    counted = _unpaused(since, until, spans)
    if hours == "elapsed" or counted < wanted:
        return elapsed_entries(since, until, spans)
    used_up = _elapsed_due(since, wanted, spans)
    # At `counted == wanted` the next opening is not needed yet, so a calendar that never opens is no error.
    opening = until if counted == wanted else min(until, needed(calendar).next_open_micros(used_up, spans))
    return [
        *elapsed_entries(since, used_up, spans),
        *needed(calendar).ledger(from_micros(used_up), from_micros(opening), pauses),
        *elapsed_entries(opening, until, spans),
    ]


# The same functions in microseconds since 1970, with pauses as merged spans.


def due_micros(
    start: Micros, target: Micros, hours: Hours, calendar: BusinessCalendar | None, pauses: Sequence[Span] = ()
) -> Micros:
    """As `due`."""
    if hours == "business":
        return needed(calendar).add_micros(start, target, pauses)
    used_up = _elapsed_due(start, target, pauses)
    return used_up if hours == "elapsed" else needed(calendar).next_open_micros(used_up, pauses)


def measured_micros(
    start: Micros,
    end: Micros,
    target: Micros,
    hours: Hours,
    calendar: BusinessCalendar | None,
    pauses: Sequence[Span] = (),
) -> Micros:
    """As `measured`."""
    if hours == "business":
        return needed(calendar).elapsed_micros(start, end, pauses)
    counted = _unpaused(start, end, pauses)
    if hours == "elapsed" or counted <= target:
        return counted
    opening = needed(calendar).next_open_micros(_elapsed_due(start, target, pauses), pauses)
    return target + (_unpaused(opening, end, pauses) if end > opening else 0)


def needed(calendar: BusinessCalendar | None) -> BusinessCalendar:
    """The calendar. Raises MissingCalendar if it is None."""
    if calendar is None:
        raise MissingCalendar("these hours need a calendar: give one, or count in elapsed hours", "calendar")
    return calendar


def _elapsed_due(start: Micros, target: Micros, pauses: Sequence[Span]) -> Micros:
    at, left = start, target
    for pause_start, pause_end in pauses:
        if pause_end <= at:
            continue
        if pause_start > at:
            if pause_start - at >= left:
                break
            left -= pause_start - at
        at = pause_end
    if at + left > LATEST:
        raise InvalidTarget("the deadline is after year 9998", "target")
    return at + left


def _unpaused(start: Micros, end: Micros, pauses: Sequence[Span]) -> Micros:
    return end - start - sum(min(b, end) - max(a, start) for a, b in pauses if a < end and b > start)
