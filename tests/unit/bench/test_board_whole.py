"""The end of `make bench-board` sees every case and every record: none may be missing, and none be there twice."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.board.store.schema import connect
from services.board.store.stored_record import NUMBERS
from tests.bench.board_records import Copies, id_of, patterns
from tests.bench.board_whole import missing_or_doubled

CASES = 400  # more than there are patterns
REPLIES = {0: 3, 250: 1}


@pytest.fixture(scope="module")
def copies() -> Copies:
    return Copies(patterns(), 6)


@pytest.fixture
def board(tmp_path: Path, copies: Copies) -> Iterator[sqlite3.Connection]:
    """A file with what was written, all of it."""
    with closing(connect(tmp_path / "board.sqlite", writes=True)) as database:
        for number in range(CASES):
            database.execute("INSERT INTO cases (case_no, case_id) VALUES (?, ?)", (number, id_of(number)))
            replies = [copies.reply(number, serial) for serial in range(REPLIES.get(number, 0))]
            for position, record in enumerate([*copies.case(number), *replies]):
                place = number, NUMBERS[record.topic], 0, position
                database.execute("INSERT INTO records VALUES (?, ?, ?, ?, x'')", place)
        yield database


def test_nothing_is_wrong_of_a_file_that_has_all(board: sqlite3.Connection, copies: Copies) -> None:
    """Replies are counted with what a case began with."""
    assert list(missing_or_doubled(board, CASES, copies, REPLIES)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM records WHERE case_no = 250 AND position = 0", "has {"),
        ("INSERT INTO records VALUES (399, 1, 1, 7, x'')", "has {"),
        ("DELETE FROM records WHERE case_no = 17", "has {}"),
        ("DELETE FROM cases WHERE case_no = 399", "399 cases, not 400"),
        ("INSERT INTO cases (case_id) VALUES ('other')", "401 cases, not 400"),
        ("UPDATE cases SET case_id = 'other' WHERE case_no = 3", "has {}"),
        ("INSERT INTO dirty VALUES (3)", "cases that are not worked out: 1"),
    ],
)
def test_one_record_or_case_too_few_or_too_many_is_told(
    board: sqlite3.Connection, copies: Copies, change: str, said: str
) -> None:
    """Whichever case it is: none is left out of the count."""
    board.execute(change)
    told = list(missing_or_doubled(board, CASES, copies, REPLIES))
    assert any(said in each for each in told), told
