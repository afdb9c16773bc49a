"""Asks the board's file for cases: pages of a list, sums, what changed since, and all records of one case.

A page goes on behind the last row of the one before (a cursor), so that it costs the same wherever it is, and no case
is passed over or shown twice because others were added meanwhile.
"""

import base64
import binascii
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from services.board.fold import ENDED, request_of
from services.board.store.codec import codec_of
from services.board.store.complete import ends_for
from services.board.store.schema import MESSAGES, PREFIX, UNKNOWN
from services.board.store.stored_record import NUMBERS
from shared.business_time.instants import Micros
from shared.contracts.structs import SupportRequestSubmitted
from shared.contracts.topics import REQUESTS
from shared.explain.case_log import CaseLog
from shared.explain.logged_case import LoggedCase
from shared.explain.published_editions import PublishedEditions

Sort = Literal["time_left", "newest", "oldest", "changed"]
_MOST = 2**63  # SQLite has no larger numbers
FOUND_AT_MOST = 10_000  # messages that a search looks at, the newest first
FEW = 200  # cases that are sorted once they are found; more are met soon in the order of the list

# of each sort: the column, and whether it falls
_SORTS: dict[Sort, tuple[str, bool]] = {
    "time_left": ("order_at", False),
    "newest": ("received_at", True),
    "oldest": ("received_at", False),
    "changed": ("change", True),
}


Row = Mapping[str, Any]


class WrongCursor(Exception):
    """This is no cursor of a list in this order."""


@dataclass(frozen=True, slots=True)
class Visible:
    """What a reader may see: everything, the cases of an account, or those that a client submitted."""

    account_id: str | None = None
    client: str | None = None

    def conditions(self) -> tuple[list[str], list[Any]]:
        """The same for a query."""
        found = {name: value for name in ("account_id", "client") if (value := getattr(self, name)) is not None}
        return [f"{name} = ?" for name in found], [*found.values()]


EVERYTHING = Visible()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: all conditions hold together; None and empty ask for nothing. `text` is found in what was written.

    `state` is any of open, waiting, resolved, closed and undecided. `assigned_to` "" = nobody has the case.
    """

    state: Sequence[str] = ()
    account_id: str | None = None
    status: str | None = None
    plan: str | None = None
    priority: str | None = None
    channel: str | None = None
    tier: str | None = None
    milestone: str | None = None
    assigned_to: str | None = None
    asked: str | None = None
    breached: bool | None = None
    paused: bool | None = None
    triage: bool | None = None
    text: str | None = None


_EQUAL = ("account_id", "status", "plan", "priority", "channel", "tier", "milestone", "asked")
_FLAGS = ("breached", "paused", "triage")
_OVER = frozenset(("resolved", "closed"))


class Page(NamedTuple):
    """Rows of `cases` by their columns, and the cursor of the next page; None = this is the last one."""

    rows: list[Row]
    after: str | None


class Sums(NamedTuple):
    """Of the open cases: how many there are, are late, are due within the hour, stand still, or have nobody."""

    open: int
    late: int
    soon: int
    paused: int
    untaken: int


class StoredCase(NamedTuple):
    """A case as the log has it. `request` None = the log has it no more. `row` has the columns of `cases`.

    While the row waits to be worked out, the log is that of the last complete moment.
    """

    row: Row
    request: SupportRequestSubmitted | None
    log: CaseLog

    @property
    def newest(self) -> datetime | None:
        """When the newest of its decision and its activity was recorded; None while there is neither."""
        found = [activity.recorded_at for _, activity in self.log.activity]
        if self.log.case is not None:
            found.append(self.log.case.observed_at)
        return max(found, default=None)

    @property
    def logged(self) -> LoggedCase | None:
        """The same for pages; None without its request."""
        return None if self.request is None else LoggedCase(self.request, self.log)


def check_cursor(sort: Sort, cursor: str) -> None:
    """Raise WrongCursor unless it is a cursor of a list in this order."""
    _read_cursor(sort, cursor)


def page(db: sqlite3.Connection, wanted: Wanted, visible: Visible, sort: Sort, after: str | None, at_most: int) -> Page:
    """So many cases in that order, behind the cursor `after`. Raises WrongCursor."""
    those, values = in_order(db, wanted, visible, sort, after)
    rows: list[Row] = [dict(row) for row in db.execute(f"SELECT * {those} LIMIT ?", (*values, at_most + 1))]
    if len(rows) <= at_most:
        return Page(rows, None)
    last = rows[at_most - 1]
    return Page(rows[:at_most], _cursor(sort, last[_SORTS[sort][0]], last["case_no"]))


def in_order(
    db: sqlite3.Connection, wanted: Wanted, visible: Visible, sort: Sort, after: str | None = None
) -> tuple[str, list[Any]]:
    """The end of a statement that selects these cases in that order, behind the cursor `after`, and its values.

    Raises WrongCursor.
    """
    column, falls = _SORTS[sort]
    conditions, values = _conditions(db, wanted, visible, by_time_left=sort == "time_left")
    if after is not None:
        conditions.append(f"({column}, case_no) {'<' if falls else '>'} (?, ?)")
        values += _read_cursor(sort, after)
    order = f"{column} DESC, case_no DESC" if falls else f"{column}, case_no"
    return f"FROM cases WHERE {' AND '.join(conditions)} ORDER BY {order}", values


def sums(db: sqlite3.Connection, wanted: Wanted, visible: Visible, now: Micros, soon: Micros) -> Sums:
    """How many open cases there are of those, at `now`; `soon` = an hour from then.

    Those that are late or due soon are a piece of the index each: to count it costs less than to ask every open case.
    """
    conditions, values = _conditions(db, wanted, visible)
    those = f"FROM cases WHERE {' AND '.join(conditions)}"
    late, due = f"SELECT count(*) {those} AND order_at < ?", f"SELECT count(*) {those} AND order_at BETWEEN ? AND ?"
    found = db.execute(
        f"SELECT count(*), ({late}), ({due}), coalesce(sum(paused), 0), count(*) - count(assigned_to)"
        f" {those} AND order_at < ?",
        (*values, now, *values, now, soon, *values, ENDED),
    ).fetchone()
    return Sums(*found)


def changed_since(db: sqlite3.Connection, change: int, wanted: Wanted, visible: Visible, at_most: int) -> list[Row]:
    """The cases that have changed since that number of change, in the order of their last change.

    Those that are not wanted are among them: they may have been. `fits` of a row says which it is.
    """
    fits, values = _conditions(db, wanted, visible, by_time_left=False)
    seen, more = visible.conditions()
    found = db.execute(
        f"SELECT *, ({' AND '.join(fits)}) IS TRUE AS fits FROM cases"
        f" WHERE {' AND '.join([*seen, '+order_at < ?'])} AND change > ? ORDER BY change LIMIT ?",
        (*values, *more, UNKNOWN, change, at_most),
    )
    return [dict(row) for row in found]


def last_change(db: sqlite3.Connection) -> int:
    """The number of the last change."""
    return int(db.execute("SELECT coalesce(max(change), 0) FROM cases").fetchone()[0])


def file_word(db: sqlite3.Connection) -> str:
    """The word that this file has and no other: whether a number of change is of this one."""
    return str(db.execute("SELECT value FROM meta WHERE name = 'file'").fetchone()[0])


def load(db: sqlite3.Connection, case_id: str, visible: Visible, published: PublishedEditions) -> StoredCase | None:
    """All of a case; None if there is none, or if it is another's."""
    conditions, values = visible.conditions()
    row = db.execute(
        f"SELECT * FROM cases WHERE {' AND '.join(['case_id = ?', 'order_at < ?', *conditions])}",
        (case_id, UNKNOWN, *values),
    ).fetchone()
    if row is None:
        return None
    log, requests, key, codec = CaseLog(published=published), [], case_id.encode(), codec_of(db)
    ends = ends_for(db, row["case_no"])
    for topic, partition, position, body in db.execute(
        "SELECT topic, partition, position, body FROM records WHERE case_no = ? ORDER BY topic, partition, position",
        (row["case_no"],),
    ):
        if ends is not None and position >= ends.get((topic, partition), 0):
            continue
        if topic == NUMBERS[REQUESTS.name]:
            requests.append(codec.record_of(topic, partition, position, body))
        else:
            log.take(codec.record_of(topic, partition, position, body, key))
    return StoredCase(dict(row), request_of(requests, log.case), log)


def _conditions(
    db: sqlite3.Connection, wanted: Wanted, visible: Visible, *, by_time_left: bool = True
) -> tuple[list[str], list[Any]]:
    """What SQLite has to look for. In another order than by time left, the sign keeps it from that index: it would
    sort all that are open.
    """
    conditions, values = visible.conditions()
    conditions.append("order_at < ?" if by_time_left else "+order_at < ?")
    values.append(ENDED if wanted.state and _OVER.isdisjoint(wanted.state) else UNKNOWN)
    if wanted.state:
        conditions.append(f"state IN ({', '.join('?' * len(wanted.state))})")
        values += wanted.state
    for name in _EQUAL:
        if (value := getattr(wanted, name)) is not None:
            conditions.append(f"{name} = ?")
            values.append(value)
    for name in _FLAGS:
        if (flag := getattr(wanted, name)) is not None:
            conditions.append(f"{name} = ?")
            values.append(int(flag))
    if wanted.assigned_to is not None:
        conditions.append("assigned_to IS ?")
        values.append(wanted.assigned_to or None)
    if wanted.text is not None and (searched := _searched(wanted.text)):
        found = _found(db, searched, visible)
        # The sign keeps SQLite from looking up each of many cases and sorting them: it walks the list, and looks there.
        conditions.append(f"{'+' if len(found) > FEW else ''}case_no IN (SELECT value FROM json_each(?))")
        values.append(msgspec.json.encode(found).decode())
    return conditions, values


def _found(db: sqlite3.Connection, searched: str, visible: Visible) -> list[int]:
    """The numbers of the cases that have a text like this. Customers find nothing that is the desk's own."""
    asked, values = "words MATCH ?", [searched]
    if visible != EVERYTHING:
        conditions, more = visible.conditions()
        own = f"SELECT case_no FROM cases WHERE {' AND '.join(conditions)}"
        asked, values = f"words MATCH ? AND rowid / {MESSAGES} IN ({own})", [f"text : ({searched})", *more]
    rows = db.execute(f"SELECT rowid FROM words WHERE {asked} ORDER BY rowid DESC LIMIT ?", (*values, FOUND_AT_MOST))
    return list(dict.fromkeys(row // MESSAGES for (row,) in rows))


def _searched(text: str) -> str:
    """Every word of it has to be there; the last one may go on, if enough of it is there already.

    Nothing that people write is an operator.
    """
    words = text.replace("\0", " ").split()  # a query ends at a NUL
    quoted = " ".join('"' + word.replace('"', '""') + '"' for word in words)
    return f"{quoted}*" if words and len(words[-1]) >= PREFIX else quoted


def _cursor(sort: Sort, value: int, case_no: int) -> str:
    return base64.urlsafe_b64encode(f"{sort}:{value}:{case_no}".encode()).decode().rstrip("=")


def _read_cursor(sort: Sort, cursor: str) -> tuple[int, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        of, value, case_no = text.split(":")
        if of == sort and abs(int(value)) < _MOST and abs(int(case_no)) < _MOST:
            return int(value), int(case_no)
    except (binascii.Error, UnicodeError, ValueError):
        pass
    raise WrongCursor
