"""[pure] The three kinds of hours in which a promise may count: when it is due, and how much of it has been used.

- `elapsed`: every second counts.
- `business`: open seconds of the calendar count.
- `elapsed_then_next_open`: every second counts. If the calendar is closed at the deadline, the deadline moves to the
  next open instant; the time until that instant does not count. With `open_at_least`, the deadline is also not before
  the calendar has been open for so long since the start, as a target of that length in business hours would be due:
  time that is used up exactly at a closing is due at that closing. The other kinds of hours do not use it.

In all three kinds, paused time counts as closed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.business_time.calendar import BusinessCalendar, Pauses, pause_spans, positive, span
from shared.business_time.errors import InvalidTarget, MissingCalendar
from shared.business_time.instants import LATEST, Micros, from_micros, length, to_micros
from shared.business_time.ledger import LedgerEntry, elapsed_entries, waiting_entries
from shared.business_time.spans import Span
from shared.contracts.vocabulary import Hours

NOTHING = timedelta(0)


def due(
    start: datetime,
    target: timedelta,
    hours: Hours,
    calendar: BusinessCalendar | None,
    pauses: Pauses = (),
    open_at_least: timedelta = NOTHING,
) -> datetime:
    """The deadline, in UTC, of a promise of `target` made at `start`.

    Raises the errors of `BusinessCalendar.add`, MissingCalendar if the hours need one, and InvalidTarget for a deadline
    after year 9998 or a negative `open_at_least`.
    """
    spans, least = pause_spans(pauses), _not_negative(open_at_least)
    return from_micros(due_micros(to_micros(start, "start"), positive(target), hours, calendar, spans, least))


def measured(
    start: datetime,
    end: datetime,
    target: timedelta,
    hours: Hours,
    calendar: BusinessCalendar | None,
    pauses: Pauses = (),
    open_at_least: timedelta = NOTHING,
) -> timedelta:
    """The time that counts in [start, end). It is more than `target` if and only if the deadline is before `end` and
    time has counted since. Raises as `due`, and EndBeforeStart.
    """
    since, until = span(start, end)
    spans, least = pause_spans(pauses), _not_negative(open_at_least)
    return timedelta(microseconds=measured_micros(since, until, positive(target), hours, calendar, spans, least))


def ledger(
    start: datetime,
    end: datetime,
    target: timedelta,
    hours: Hours,
    calendar: BusinessCalendar | None,
    pauses: Pauses = (),
    open_at_least: timedelta = NOTHING,
) -> list[LedgerEntry]:
    """[start, end) as consecutive intervals, each counted or skipped with its reason. Raises as `measured`."""
    (since, until), spans, wanted = span(start, end), pause_spans(pauses), positive(target)
    least = _not_negative(open_at_least)
    if hours == "business":
        return needed(calendar).ledger(start, end, pauses)
    counted = _unpaused(since, until, spans)
    if hours == "elapsed" or counted < wanted:
        return elapsed_entries(since, until, spans)
    used_up = _elapsed_due(since, wanted, spans)
    # At `counted == wanted` the deadline is not needed yet, so a calendar that never opens is no error.
    passed = counted > wanted
    deadline = min(until, due_micros(since, wanted, hours, calendar, spans, least)) if passed else until
    return [
        *elapsed_entries(since, used_up, spans),
        *waiting_entries(needed(calendar).ledger(from_micros(used_up), from_micros(deadline), pauses)),
        *elapsed_entries(deadline, until, spans),
    ]


# The same functions in microseconds since 1970, with pauses as merged spans.


def due_micros(
    start: Micros,
    target: Micros,
    hours: Hours,
    calendar: BusinessCalendar | None,
    pauses: Sequence[Span] = (),
    open_at_least: Micros = 0,
) -> Micros:
    """As `due`."""
    if hours == "business":
        return needed(calendar).add_micros(start, target, pauses)
    used_up = _elapsed_due(start, target, pauses)
    if hours == "elapsed":
        return used_up
    opening = needed(calendar).next_open_micros(used_up, pauses)
    if not open_at_least:
        return opening
    return max(opening, needed(calendar).add_micros(start, open_at_least, pauses))


def measured_micros(
    start: Micros,
    end: Micros,
    target: Micros,
    hours: Hours,
    calendar: BusinessCalendar | None,
    pauses: Sequence[Span] = (),
    open_at_least: Micros = 0,
) -> Micros:
    """As `measured`."""
    if hours == "business":
        return needed(calendar).elapsed_micros(start, end, pauses)
    counted = _unpaused(start, end, pauses)
    if hours == "elapsed" or counted <= target:
        return counted
    deadline = due_micros(start, target, hours, calendar, pauses, open_at_least)
    return target + (_unpaused(deadline, end, pauses) if end > deadline else 0)


def needed(calendar: BusinessCalendar | None) -> BusinessCalendar:
    """The calendar. Raises MissingCalendar if it is None."""
    if calendar is None:
        raise MissingCalendar("these hours need a calendar: give one, or count in elapsed hours", "calendar")
    return calendar


def _not_negative(open_at_least: timedelta) -> Micros:
    micros = length(open_at_least)
    if micros < 0:
        raise InvalidTarget(f"open_at_least must not be negative, but it is {open_at_least}", "open_at_least")
    return micros


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
