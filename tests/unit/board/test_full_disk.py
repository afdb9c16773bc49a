"""A batch that the disk has no room for: it is undone whole, the error names the file, and it can be taken again."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.board.edition_shelf import EditionShelf
from services.board.store.schema import connect, unusable
from services.board.store.writer import Writer
from shared.business_time.instants import to_micros
from tests.harness.board_log import of_board
from tests.harness.demo_day import ENDS, demo_day

NOW = to_micros(ENDS)
_TABLES = ("offsets", "cases", "clocks", "records", "activity_ids", "dirty")


def everything(file: Path) -> dict[str, list[Any]]:
    """All that follows from the log, the numbers of cases and of changes included."""
    board = connect(file)
    asked = {name: f"SELECT * FROM {name}" for name in _TABLES} | {"words": "SELECT rowid, text, desk FROM words"}
    found = {name: sorted(map(repr, map(tuple, board.execute(query)))) for name, query in asked.items()}
    board.close()
    return found


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """As on a disk that is full, for this process: SQLite learns it when it writes at the end of a transaction."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_batch_that_a_full_file_refused_is_taken_whole_when_there_is_room(tmp_path: Path) -> None:
    """SQLite undoes such a transaction by itself, wherever in it the room ends. What is remembered has to go with it.

    The number of a case that is in no table any more would give its records to nobody.
    """
    records, editions = of_board(demo_day())[:300], EditionShelf()
    refusals: list[sqlite3.Error] = []
    writer = Writer(connect(tmp_path / "roomy.sqlite", writes=True), editions)
    writer.take(records[:100], NOW)
    writer.take(records[100:], NOW)
    database = connect(tmp_path / "full.sqlite", writes=True)
    writer = Writer(database, editions)
    writer.take(records[:100], NOW)
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    taken = False
    while not taken:
        database.execute(f"PRAGMA max_page_count = {pages}")
        try:
            writer.take(records[100:], NOW)
            taken = True
        except sqlite3.Error as error:
            refusals.append(error)
            pages += 5
    assert len(refusals) > 5
    assert all(unusable(tmp_path, error) is not None for error in refusals), refusals
    assert everything(tmp_path / "full.sqlite") == everything(tmp_path / "roomy.sqlite")


def test_a_batch_whose_commit_failed_is_taken_whole_when_there_is_room(tmp_path: Path) -> None:
    """What is written at once is written by the commit: a disk that is full then is not known before."""
    records = of_board(demo_day())[:300]
    writer = Writer(connect(tmp_path / "roomy.sqlite", writes=True), EditionShelf())
    writer.take(records, NOW)
    database = connect(tmp_path / "full.sqlite", writes=True)
    said: list[str] = []
    writer = Writer(database, EditionShelf())
    with no_file_longer_than((tmp_path / "full.sqlite-wal").stat().st_size + 4096):
        database.set_trace_callback(said.append)
        with pytest.raises(sqlite3.Error) as refused:
            writer.take(records, NOW)
    assert "COMMIT" in said
    assert unusable(tmp_path, refused.value) is not None
    writer.take(records, NOW)
    assert everything(tmp_path / "full.sqlite") == everything(tmp_path / "roomy.sqlite")
