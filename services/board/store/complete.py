"""Which moment the board's file has all of, kept in the file itself.

- While the board is up to date it notes the moment again and again (`note`).
- Once it reads on after a start or an outage, records come before the rows that follow from them, and of one topic
  before those of another. Where the former records end is kept (`hold`) until the board is up to date again, so that a
  case whose row still waits is shown with the records of that moment and none of later ones.
"""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from services.board.store.stored_record import NUMBERS
from shared.business_time.instants import Micros

_AS_OF, _ENDS = "as_of", "as_of_ends"

Ends = Mapping[tuple[int, int], int]  # by number of topic and partition: what comes next


class AsOf(NamedTuple):
    """A moment that a file has all of: by the machine's clock, and by that of the service, which a test may advance."""

    true: Micros
    at: Micros


def moment(db: sqlite3.Connection) -> AsOf | None:
    """The moment that the file has all of; None = it was never complete."""
    found = _value(db, _AS_OF)
    return None if found is None else msgspec.json.decode(found, type=AsOf)


def note(db: sqlite3.Connection, as_of: AsOf) -> None:
    """The file has all of that moment, and no row waits to be worked out."""
    _put(db, _AS_OF, as_of)
    db.execute("DELETE FROM meta WHERE name = ?", (_ENDS,))


def hold(db: sqlite3.Connection) -> None:
    """Reading goes on: keep where the records of the last complete moment end, unless that is kept already."""
    if moment(db) is not None and _value(db, _ENDS) is None:
        found = db.execute("SELECT topic, partition, next FROM offsets").fetchall()
        _put(db, _ENDS, [(NUMBERS[topic], number, offset) for topic, number, offset in found])


def ends_for(db: sqlite3.Connection, case_no: int) -> Ends | None:
    """Where the records end that the row of a case follows from; None = it follows from all of them."""
    waits = db.execute("SELECT 1 FROM dirty WHERE case_no = ?", (case_no,)).fetchone()
    found = None if waits is None else _value(db, _ENDS)
    if found is None:
        return None
    places = msgspec.json.decode(found, type=list[tuple[int, int, int]])
    return {(topic, number): offset for topic, number, offset in places}


def _value(db: sqlite3.Connection, name: str) -> bytes | None:
    found = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if found is None else bytes(found[0])


def _put(db: sqlite3.Connection, name: str, value: object) -> None:
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, msgspec.json.encode(value)))
