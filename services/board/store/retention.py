"""Deletes what the board may keep no longer, and the texts of cases that ended long ago.

SQLite overwrites what is deleted (`secure_delete`), but copies remain until two more things are done: the search index
keeps words of deleted texts until its parts are merged, and the file's log (WAL) has pages as they were.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from services.board.store.codec import RecordCodec
from services.board.store.purge import purged
from services.board.store.schema import UNKNOWN
from services.board.store.stored_record import NUMBERS
from services.board.store.words import delete_words
from shared.business_time.instants import Micros
from shared.contracts.topics import ACTIVITY, REQUESTS, dead_letter

OF_NO_CASE = timedelta(days=30)  # as long as Kafka keeps dead letters: then nothing will say what it was
_SECOND = 1_000_000
_MERGED_PAGES = 200  # of the search index, in one transaction
_TABLES = ("records", "clocks", "activity_ids", "dirty", "cases")
_WITH_TEXT = tuple(NUMBERS[topic.name] for topic in (REQUESTS, ACTIVITY, dead_letter(REQUESTS), dead_letter(ACTIVITY)))
_DUE = {
    "text": "SELECT case_no FROM cases WHERE ended_at < ? AND purged <> 1 LIMIT ?",
    "whole": "SELECT case_no FROM cases WHERE ended_at < ? LIMIT ?",
    "of_no_case": f"SELECT case_no FROM cases WHERE order_at = {UNKNOWN} AND updated_at BETWEEN 1 AND ? LIMIT ?",
}


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long cases are kept after they ended, and how long what people wrote on them."""

    cases: timedelta
    texts: timedelta


class Retention:
    """Within the transaction of the caller."""

    def __init__(self, database: sqlite3.Connection, codec: RecordCodec) -> None:
        self._db, self._codec = database, codec

    def delete(self, keeping: Keeping, now: Micros, at_most: int) -> int:
        """Delete so many cases that ended too long ago, or of which nothing but activity ever came. Returns how many
        there were.
        """
        found = self._due("whole", now, keeping.cases, at_most) or self._due("of_no_case", now, OF_NO_CASE, at_most)
        self._delete_words(found)
        for table in _TABLES:
            self._db.executemany(f"DELETE FROM {table} WHERE case_no = ?", [(case_no,) for case_no in found])
        return len(found)

    def purge(self, keeping: Keeping, now: Micros, at_most: int) -> list[int]:
        """Purge the texts of so many cases that ended too long ago. Returns their numbers."""
        found = self._due("text", now, keeping.texts, at_most)
        self._delete_words(found)
        for case_no in found:
            self._purge_records(case_no)
        self._db.executemany(
            "UPDATE cases SET subject = '', requester = NULL, purged = 1 WHERE case_no = ?",
            [(case_no,) for case_no in found],
        )
        return found

    def merge_words(self, *, first: bool) -> bool:
        """Merge some of the search index, from the first step on to the last. Returns whether there is more to do."""
        before = self._db.total_changes
        pages = -_MERGED_PAGES if first else _MERGED_PAGES
        self._db.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
        return self._db.total_changes - before >= 2

    def _due(self, kind: str, now: Micros, after: timedelta, at_most: int) -> list[int]:
        limit = now - int(after.total_seconds()) * _SECOND
        return [case_no for (case_no,) in self._db.execute(_DUE[kind], (limit, at_most))]

    def _delete_words(self, cases: Iterable[int]) -> None:
        for case_no in cases:
            delete_words(self._db, case_no)

    def _purge_records(self, case_no: int) -> None:
        found = self._db.execute(
            f"SELECT topic, partition, position, body FROM records WHERE case_no = ? AND topic IN {_WITH_TEXT}",
            (case_no,),
        ).fetchall()
        for topic, partition, position, body in found:
            record = purged(self._codec.record_of(topic, partition, position, body))
            self._db.execute(
                "UPDATE records SET body = ? WHERE case_no = ? AND topic = ? AND partition = ? AND position = ?",
                (self._codec.body_of(record), case_no, topic, partition, position),
            )
