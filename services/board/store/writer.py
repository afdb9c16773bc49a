"""Takes the records of the log into the board's file. One thread, one connection.

1. A batch is one transaction: its records, the rows that follow from them, and the offsets behind them.
2. Records below the stored offset of their partition are there already, and are passed over.
3. Cases that the batch touches are marked dirty. They are worked out anew in the same transaction, unless the board is
   catching up (`hold`, until `catch_up`): then once, when all their records are there.
4. Whatever fails, the transaction is undone: no offset is stored without what follows from the records below it.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from aiokafka.structs import TopicPartition

from services.board.edition_shelf import EditionShelf
from services.board.store import complete
from services.board.store.case_rows import CaseRows
from services.board.store.codec import codec_of
from services.board.store.complete import AsOf
from services.board.store.ingest import Ingest
from services.board.store.retention import Keeping, Retention
from services.board.store.stored_record import NUMBERS
from shared.business_time.instants import Micros
from shared.contracts.topics import EDITIONS
from shared.kafka.record import Record


class Writer:
    """The one writer of a board's file."""

    def __init__(self, database: sqlite3.Connection, editions: EditionShelf) -> None:
        self._db = database
        self.holds = False  # rows wait, until the board has caught up
        codec = codec_of(database)
        self._ingest, self._rows = Ingest(database, editions, codec), CaseRows(database, editions, codec)
        self._retention = Retention(database, codec)
        for sha256, body in database.execute("SELECT sha256, body FROM editions"):
            editions.take(sha256, codec.record_of(NUMBERS[EDITIONS.name], 0, 0, body))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # where to read from

    def sources(self) -> dict[str, str]:
        """The id of each topic that this is a view of; empty for a new file."""
        return dict(self._db.execute("SELECT topic, topic_id FROM sources"))

    def follow(self, topic_ids: Mapping[str, str]) -> None:
        """Note which topics this is a view of."""
        with self._transaction():
            self._db.executemany("INSERT OR IGNORE INTO sources VALUES (?, ?)", topic_ids.items())

    def offsets(self) -> dict[TopicPartition, int]:
        """What comes next of each partition that was read."""
        found = self._db.execute("SELECT topic, partition, next FROM offsets")
        return {TopicPartition(topic, number): offset for topic, number, offset in found}

    # which moment it has all of

    def hold(self) -> AsOf | None:
        """Let rows wait from now on. Returns the moment that the file has all of; None = it was never complete."""
        with self._transaction():
            complete.hold(self._db)
            found = complete.moment(self._db)
        self.holds = True
        return found

    def catch_up(self, as_of: AsOf, now: Micros) -> None:
        """Work out every row that waits; none does any more, and the file has all of that moment."""
        with self._transaction():
            self._rows.work_out(self._rows.dirty(), now)
            complete.note(self._db, as_of)
        self.holds = False

    def note(self, as_of: AsOf) -> None:
        """The file has all of that moment; unless rows wait again meanwhile: then it has all of it once none does."""
        if self.holds:
            return
        with self._transaction():
            complete.note(self._db, as_of)

    # what comes from the log

    def take(self, records: Sequence[Record], now: Micros) -> list[str]:
        """Take a batch. Returns the ids of the cases that look different now; none while rows wait."""
        with self._transaction():
            known = self.offsets()
            for record in sorted(records, key=lambda each: NUMBERS[each.topic]):  # stable: partitions keep their order
                place = TopicPartition(record.topic, record.partition)
                if record.offset < known.get(place, 0):
                    continue
                known[place] = record.offset + 1
                self._ingest.take(record)
            self._db.executemany(
                "INSERT OR REPLACE INTO offsets VALUES (?, ?, ?)",
                [(place.topic, place.partition, offset) for place, offset in known.items()],
            )
            return [] if self.holds else self._rows.work_out(self._rows.dirty(), now)

    def work_out(self, now: Micros, at_most: int) -> tuple[list[str], int]:
        """Work out so many of the dirty cases. Returns those that were, and how many are left."""
        with self._transaction():
            done = self._rows.work_out(self._rows.dirty(at_most), now)
            return done, int(self._db.execute("SELECT count(*) FROM dirty").fetchone()[0])

    def pass_time(self, now: Micros, at_most: int = 500) -> list[str]:
        """Work out the cases whose status has ended by itself by `now`."""
        with self._transaction():
            due = self._db.execute("SELECT case_no FROM cases WHERE changes_at <= ? LIMIT ?", (now, at_most)).fetchall()
            return self._rows.work_out([case_no for (case_no,) in due], now)

    # what is kept no longer

    def sweep(self, keeping: Keeping, now: Micros, at_most: int = 200) -> tuple[list[str], bool]:
        """Delete some cases, purge the texts of some. Returns those that look different, and whether there is more."""
        with self._transaction():
            deleted = self._retention.delete(keeping, now, at_most)
            purged = self._retention.purge(keeping, now, at_most)
            changed = self._rows.note_changed(purged, now)
        if deleted:
            self._ingest.forget()
        return changed, bool(deleted or purged)

    def merge_words(self, *, first: bool) -> bool:
        """After a sweep: merge some of the search index, so that it forgets. Returns whether there is more to do."""
        with self._transaction():
            return self._retention.merge_words(first=first)

    def shorten_log(self) -> bool:
        """After a sweep: write the file's log into the file, and empty it. Returns whether readers let it."""
        (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        change = self._rows.change
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._ingest.forget()
            self._rows.change = change
            if self._db.in_transaction:  # an error of the disk has ended it already
                self._db.execute("ROLLBACK")
            raise
