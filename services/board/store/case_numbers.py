"""A whole list of cases as their numbers, in its order; and the rows of some of them."""

import sqlite3
from collections.abc import Sequence

import msgspec

from services.board.store.cases import Row, Sort, Visible, Wanted, in_order


def numbers(db: sqlite3.Connection, wanted: Wanted, visible: Visible, sort: Sort, at_most: int) -> list[int]:
    """The numbers of so many cases in that order: those of one moment."""
    those, values = in_order(db, wanted, visible, sort)
    return [number for (number,) in db.execute(f"SELECT case_no {those} LIMIT ?", (*values, at_most))]


def rows(db: sqlite3.Connection, wanted: Sequence[int]) -> list[Row]:
    """The rows of these cases, in this order; without those that were purged meanwhile."""
    found = db.execute(
        "SELECT cases.* FROM json_each(?) AS wanted JOIN cases ON cases.case_no = wanted.value ORDER BY wanted.key",
        (msgspec.json.encode(wanted).decode(),),
    )
    return [dict(row) for row in found]
