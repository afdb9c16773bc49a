"""What the board knows of the timers of escalation: how late they fired, and which deadlines have passed unnoticed.

- `lateness`: how many timers fired so late, by the minute in which their event was made. An event has its own lateness
  (`observed_at` - `at`), so the same log gives the same rows. It is kept in classes that are a thirty-second wide: what
  a quantile says is at most 3 % more than the truth; counts and the latest are exact. Two days are kept.
- `breaches`: the clocks whose breach was published and still counts, so that the board can say which ones lack theirs.

Both are written in the transaction of the record that they follow from.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from shared.business_time.instants import SECOND, Micros, to_micros
from shared.contracts.structs import ClockBreached, ClockRestated, ClockWarned, EscalationRaised
from shared.kafka import serde
from shared.kafka.record import Record

TABLES = """
CREATE TABLE lateness (
  minute INTEGER NOT NULL, kind INTEGER NOT NULL, class INTEGER NOT NULL,
  timers INTEGER NOT NULL, latest INTEGER NOT NULL, PRIMARY KEY (minute, kind, class)
) WITHOUT ROWID;
CREATE TABLE breaches (
  case_no INTEGER NOT NULL, milestone TEXT NOT NULL, instance INTEGER NOT NULL,
  PRIMARY KEY (case_no, milestone, instance)
) WITHOUT ROWID;
CREATE TRIGGER breaches_of_deleted_cases AFTER DELETE ON cases BEGIN
  DELETE FROM breaches WHERE case_no = OLD.case_no;
END;
"""
TimerKind = Literal["warned", "breached", "raised"]
KINDS: tuple[TimerKind, ...] = ("warned", "breached", "raised")  # rows have their numbers
MINUTE = 60 * SECOND
_KEPT = 2 * 24 * 60  # minutes
_PER_OCTAVE = 5  # bits: 32 classes for each doubling
_MILLISECOND = 1000  # microseconds


class Lateness(NamedTuple):
    """How late timers fired: how many there were; half of them, 99 of 100, and all of them within so many microseconds.

    Without any timer all of it is 0.
    """

    timers: int = 0
    half: Micros = 0
    most: Micros = 0
    latest: Micros = 0


class Unfired(NamedTuple):
    """A clock that runs, whose deadline has passed, and whose breach was not published."""

    case_id: str
    milestone: str
    instance: int
    due_at: Micros


class Timers:
    """Takes the events of escalation, within the transaction of their batch."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self._newest: int = database.execute("SELECT coalesce(max(minute), 0) FROM lateness").fetchone()[0]

    def take(self, case_no: int, record: Record) -> None:
        """Note what an event says of a timer. Raises PoisonRecord."""
        _, event = serde.decode(record)
        if isinstance(event, ClockBreached):
            clock = case_no, event.milestone, event.instance
            self._db.execute("INSERT OR IGNORE INTO breaches VALUES (?, ?, ?)", clock)
        elif isinstance(event, ClockRestated) and event.new != "breached":
            clock = case_no, event.milestone, event.instance
            self._db.execute("DELETE FROM breaches WHERE case_no = ? AND milestone = ? AND instance = ?", clock)
        if isinstance(event, ClockWarned | ClockBreached | EscalationRaised) and event.caused_by.timer is not None:
            self._count(_kind_of(event), to_micros(event.at), to_micros(event.observed_at))

    def _count(self, kind: TimerKind, at: Micros, observed_at: Micros) -> None:
        minute, late = observed_at // MINUTE, max(0, observed_at - at)
        if minute > self._newest:
            self._newest = minute
            self._db.execute("DELETE FROM lateness WHERE minute < ?", (minute - _KEPT,))
        if minute >= self._newest - _KEPT:
            self._db.execute(
                "INSERT INTO lateness VALUES (?, ?, ?, 1, ?) ON CONFLICT DO UPDATE SET timers = timers + 1,"
                " latest = max(latest, excluded.latest)",
                (minute, KINDS.index(kind), class_of(late), late),
            )


def _kind_of(event: ClockWarned | ClockBreached | EscalationRaised) -> TimerKind:
    if isinstance(event, ClockBreached):
        return "breached"
    return "warned" if isinstance(event, ClockWarned) else "raised"


def class_of(late: Micros) -> int:
    """The class of a lateness: milliseconds below 64, and above that 32 classes for each doubling."""
    milliseconds = late // _MILLISECOND
    octave = max(0, milliseconds.bit_length() - _PER_OCTAVE - 1)
    return (octave << _PER_OCTAVE) + (milliseconds >> octave)


def end_of(number: int) -> Micros:
    """The end of a class: whatever is in it is earlier."""
    octave = max(0, (number >> _PER_OCTAVE) - 1)
    return ((number - (octave << _PER_OCTAVE) + 1) << octave) * _MILLISECOND


def lateness(db: sqlite3.Connection, since: Micros) -> dict[TimerKind, Lateness]:
    """Of each kind how late the timers were that fired in the minute of `since` or later."""
    found = db.execute(
        "SELECT kind, class, sum(timers), max(latest) FROM lateness WHERE minute >= ?"
        " GROUP BY kind, class ORDER BY kind, class",
        (since // MINUTE,),
    ).fetchall()
    return {kind: _summed([row[1:] for row in found if row[0] == number]) for number, kind in enumerate(KINDS)}


def _summed(classes: Sequence[Any]) -> Lateness:
    """What classes, in their order, say: each with its number, how many timers it has, and the latest of them."""
    timers = sum(row[1] for row in classes)
    if not timers:
        return Lateness()
    latest = max(row[2] for row in classes)
    half, most = (min(latest, _quantile(classes, timers, percent)) for percent in (50, 99))
    return Lateness(timers, half, most, latest)


def _quantile(classes: Sequence[Any], timers: int, percent: int) -> Micros:
    wanted, seen = -(-timers * percent // 100), 0
    for number, count, _ in classes:
        seen += count
        if seen >= wanted:
            return end_of(number)
    raise AssertionError("the classes have fewer timers than their sum")


def unfired(db: sqlite3.Connection, before: Micros, at_most: int) -> tuple[int, list[Unfired]]:
    """How many clocks should have been breached before that instant and were not, and so many of them.

    The oldest come first. Only cases that are open and due are looked at: a live clock never has a deadline before that
    of its case's row.
    """
    found = db.execute(
        "SELECT case_id, clocks.milestone, clocks.instance, clocks.due_at, count(*) OVER ()"
        " FROM cases JOIN clocks USING (case_no) LEFT JOIN breaches ON breaches.case_no = clocks.case_no"
        " AND breaches.milestone = clocks.milestone AND breaches.instance = clocks.instance"
        " WHERE cases.order_at < ? AND clocks.stage = 'running' AND clocks.due_at < ? AND breaches.case_no IS NULL"
        " ORDER BY clocks.due_at, case_id LIMIT ?",
        (before, before, at_most),
    ).fetchall()
    return (found[0][4] if found else 0), [Unfired(*row[:4]) for row in found]
