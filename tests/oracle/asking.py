"""The product and the judge are asked the same question: what each of them answers.

All instants and lengths are compared to the microsecond, ledgers entry by entry with their reasons.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from shared.business_time import hours
from shared.business_time.business_days import Until, business_days_due, business_days_target
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import NeverOpen
from shared.business_time.ledger import LedgerEntry
from tests.oracle.open_dates import OpenDates
from tests.oracle.pieces import SECOND, Piece, at, counted, elapsed_pieces, joined, ten_years_on, used_up
from tests.oracle.questions import Question
from tests.oracle.wall_clock import WallClock

NEVER = "never"  # not within ten years
UNTIL: tuple[Until, ...] = ("same_time", "end_of_day")
UNKNOWN = "unknown"  # the judge has not looked so far ahead

Answer = tuple[str, Any, Any]  # what was asked, what the product says, what is right

_MICROSECOND = timedelta(microseconds=1)


def answers(calendar: BusinessCalendar, judge: WallClock, dates: OpenDates, asked: Question) -> Iterator[Answer]:
    """Everything that can be asked with the values of one question."""
    yield from _about_the_span(calendar, judge, asked)
    yield from _about_the_deadline(calendar, judge, asked)
    if asked.elapsed_target:
        yield from _about_elapsed_hours(judge, asked)
        yield from _about_the_next_opening(calendar, judge, asked)
    yield from _about_business_days(calendar, judge, dates, asked)


def _about_the_span(calendar: BusinessCalendar, judge: WallClock, asked: Question) -> Iterator[Answer]:
    start, end, pauses = _told(asked)
    pieces = judge.ledger(asked.start, asked.end, asked.pauses)
    yield "is_open", calendar.is_open(start), judge.is_open(asked.start)
    yield "elapsed", _said(lambda: calendar.elapsed(start, end, pauses)), counted(pieces)
    yield "ledger", _said(lambda: calendar.ledger(start, end, pauses)), pieces


def _about_the_deadline(calendar: BusinessCalendar, judge: WallClock, asked: Question) -> Iterator[Answer]:
    start, _, pauses = _told(asked)
    due = _in_time(judge, asked.start, judge.add(asked.start, asked.target, asked.pauses))
    yield "add", _said(lambda: calendar.add(start, asked.target * _MICROSECOND, pauses)), due
    opening = _in_time(judge, asked.start, judge.next_open(asked.start, []))
    yield "next_open", _said(lambda: calendar.next_open(start)), opening
    if isinstance(due, int) and due < judge.end:
        yield "is_open at the deadline", calendar.is_open(at(due)), judge.is_open(due)


def _about_elapsed_hours(judge: WallClock, asked: Question) -> Iterator[Answer]:
    start, end, pauses = _told(asked)
    target = asked.elapsed_target * _MICROSECOND
    pieces = joined(elapsed_pieces(asked.start, asked.end, asked.pauses))
    due = used_up(elapsed_pieces(asked.start, judge.end, asked.pauses), asked.elapsed_target)
    yield "elapsed: due", _said(lambda: hours.due(start, target, "elapsed", None, pauses)), due
    yield (
        "elapsed: measured",
        _said(lambda: hours.measured(start, end, target, "elapsed", None, pauses)),
        counted(pieces),
    )
    yield "elapsed: ledger", _said(lambda: hours.ledger(start, end, target, "elapsed", None, pauses)), pieces


def _about_the_next_opening(calendar: BusinessCalendar, judge: WallClock, asked: Question) -> Iterator[Answer]:
    start, end, pauses = _told(asked)
    target = asked.elapsed_target * _MICROSECOND
    used = used_up(elapsed_pieces(asked.start, judge.end, asked.pauses), asked.elapsed_target)
    assert used is not None, "such targets are used up in the time that the judge has looked at"
    due = _in_time(judge, used, judge.next_open(used, asked.pauses))
    if asked.open_at_least:
        due = _later(due, _in_time(judge, asked.start, judge.add(asked.start, asked.open_at_least, asked.pauses)))
    ledger: Any = due
    if isinstance(due, int) or counted(elapsed_pieces(asked.start, asked.end, asked.pauses)) <= asked.elapsed_target:
        opening = due if isinstance(due, int) else asked.end  # nothing has gone by that an opening would have to allow
        ledger = judge.ledger_then_open(asked.start, asked.end, used, opening, asked.pauses)
    measured = counted(ledger) if isinstance(ledger, list) else ledger

    def ask(question: Callable[..., Any], *values: datetime) -> Any:
        least = asked.open_at_least * _MICROSECOND
        return _said(lambda: question(*values, target, "elapsed_then_next_open", calendar, pauses, least))

    yield "then_next_open: due", ask(hours.due, start), due
    yield "then_next_open: measured", ask(hours.measured, start, end), measured
    entries = ask(hours.ledger, start, end)
    # it may be cut at the deadline, which is where one kind of counting ends and the other begins
    yield "then_next_open: ledger", joined(entries) if isinstance(entries, list) else entries, ledger


def _about_business_days(
    calendar: BusinessCalendar, judge: WallClock, dates: OpenDates, asked: Question
) -> Iterator[Answer]:
    if not dates.can_be_asked(asked.start):
        return
    start, days = _told(asked)[0], asked.days
    for until in UNTIL:
        due = _in_time(judge, asked.start, dates.due(asked.start, days, until))
        yield f"{days} days, {until}: due", _said(partial(business_days_due, start, days, until, calendar)), due
        if not isinstance(due, int):
            continue
        # What it comes to in open time; an opening needs a second more than is used up at the closing before it.
        target = judge.elapsed(asked.start, due, [])
        early = target > 0 and judge.add(asked.start, target, []) != due and judge.is_open(due)
        target += SECOND if early or not target else 0
        yield f"{days} days: target", _said(partial(business_days_target, start, days, until, calendar)), target


def _later(one: int | str, other: int | str) -> int | str:
    if isinstance(one, int) and isinstance(other, int):
        return max(one, other)
    return NEVER if NEVER in (one, other) else UNKNOWN


def _told(asked: Question) -> tuple[datetime, datetime, list[tuple[datetime, datetime]]]:
    """The instants of a question as the product takes them: aware datetimes, of whatever zone."""

    def told(micros: int) -> datetime:
        return at(micros).astimezone(asked.told_in)

    return told(asked.start), told(asked.end), [(told(a), told(b)) for a, b in asked.pauses]


def _in_time(judge: WallClock, start: int, found: int | None) -> int | str:
    """A deadline is never later than ten years after what it is promised from."""
    limit = ten_years_on(start)
    if found is None:
        return NEVER if limit < judge.end else UNKNOWN
    return found if found <= limit else NEVER


def _said(ask: Callable[[], datetime | timedelta | list[LedgerEntry]]) -> Any:
    """What the product answers, in the judge's terms."""
    try:
        answer = ask()
    except NeverOpen:
        return NEVER
    if isinstance(answer, timedelta):
        return answer // _MICROSECOND
    if isinstance(answer, datetime):
        return (answer - at(0)) // _MICROSECOND if answer.tzinfo is UTC else f"{answer}, which is not in UTC"
    return [_piece(entry) for entry in answer]


def _piece(entry: LedgerEntry) -> Piece:
    start, end = ((instant - at(0)) // _MICROSECOND for instant in (entry.start, entry.end))
    honest = entry.counted == (entry.reason in ("open", "elapsed"))
    return start, end, (entry.reason if honest else f"{entry.reason}, counted: {entry.counted}", entry.holiday)
