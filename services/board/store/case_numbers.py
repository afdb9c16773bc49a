"""A whole list of cases as their numbers, in its order; and the rows of some of them."""

import sqlite3
from array import array
from collections.abc import Sequence

import msgspec

from services.board.store.cases import Row, Sort, Visible, Wanted, in_order


def numbers(db: sqlite3.Connection, wanted: Wanted, visible: Visible, sort: Sort, at_most: int) -> "array[int]":
    """The numbers of so many cases in that order: those of one moment. Each takes eight bytes."""
    those, values = in_order(db, wanted, visible, sort)
    return array("q", (number for (number,) in db.execute(f"SELECT case_no {those} LIMIT ?", (*values, at_most))))


def rows(db: sqlite3.Connection, wanted: Sequence[int], visible: Visible) -> list[Row]:
    """The rows of these cases, in this order; without those that were purged meanwhile.

    A number may be another case's by then, so it is asked again what the reader may see.
    """
    conditions, values = visible.conditions()
    those = " AND ".join(["cases.case_no = wanted.value", *conditions])
    found = db.execute(
        f"SELECT cases.* FROM json_each(?) AS wanted JOIN cases ON {those} ORDER BY wanted.key",
        (msgspec.json.encode(list(wanted)).decode(), *values),
    )
    return [dict(row) for row in found]
