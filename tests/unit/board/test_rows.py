"""The rows of the board are those that the whole log gives, however it comes in."""

import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.board.edition_shelf import EditionShelf
from services.board.store.complete import AsOf
from services.board.store.schema import connect
from services.board.store.writer import Writer
from shared.business_time.instants import Micros, from_micros, to_micros
from shared.contracts.topics import EDITIONS
from shared.explain.case_log import CaseLog
from shared.explain.published_editions import PublishedEditions
from shared.explain.standing import standing
from shared.kafka.record import Record
from shared.policy.published_edition import UnusableEdition
from tests.harness.board_log import COMPARED, of_board
from tests.harness.demo_day import ENDS, demo_day
from tests.harness.examples import examples
from tests.harness.histories import Step, histories, lived
from tests.harness.recording import Recording


def interleaved(records: list[Record], chance: random.Random) -> Iterator[list[Record]]:
    """Batches of any size, each partition in its order, whatever the others do."""
    waiting: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for record in records:
        waiting[record.topic, record.partition].append(record)
    batch: list[Record] = []
    while waiting:
        place = chance.choice(sorted(waiting))
        batch.append(waiting[place].pop(0))
        if not waiting[place]:
            del waiting[place]
        if chance.random() < 0.2 or not waiting:
            yield batch
            batch = []


def taken(folder: str, recording: Recording, chance: random.Random) -> sqlite3.Connection:
    """The board after a recording came in, in some order, with restarts, repeated records and time to catch up."""
    file, now = Path(folder) / "board.sqlite", to_micros(recording.now)
    editions = EditionShelf()  # one for all: to read an edition takes longer than all the rest
    writer = Writer(connect(file, writes=True), editions)
    before: list[Record] = []
    for batch in interleaved(of_board(recording), chance):
        if chance.random() < 0.3:
            writer.hold()
        writer.take(batch + (before if chance.random() < 0.2 else []), now)
        before = batch
        if chance.random() < 0.3:
            writer.catch_up(AsOf(now, now), now)
        if chance.random() < 0.1:
            writer = Writer(connect(file, writes=True), editions)
    settle(writer, now)
    return connect(file)


def settle(writer: Writer, now: Micros) -> None:
    """Work out whatever is left."""
    left = 1
    while left:
        _, left = writer.work_out(now, 3)
    while writer.pass_time(now):
        pass


def rows(board: sqlite3.Connection) -> list[dict[str, Any]]:
    """What the board says of each case."""
    return [dict(row) for row in board.execute(f"SELECT {COMPARED} FROM cases ORDER BY case_id")]


def clocks(board: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """What it says of each clock."""
    statement = (
        "SELECT case_id, clocks.*, kinds.* FROM clocks JOIN cases USING (case_no) JOIN kinds USING (kind)"
        " ORDER BY case_id, clocks.milestone, instance"
    )
    numbers = ("case_no", "kind")  # each file has its own
    return [
        tuple((name, row[name]) for name in row.keys() if name not in numbers)  # noqa: SIM118 - a Row iterates values
        for row in board.execute(statement)
    ]


def by_the_log(recording: Recording) -> dict[str, tuple[Any, ...]]:
    """How each decided case stands by its whole log, as `explain` says it."""
    published = PublishedEditions()
    logs: dict[bytes, CaseLog] = defaultdict(lambda: CaseLog(published=published))
    records = of_board(recording)
    for record in records:
        if record.topic == EDITIONS.name:
            published.take(record)
        elif record.key is not None:
            logs[record.key].take(record)
    found: dict[str, tuple[Any, ...]] = {}
    for log in logs.values():
        if log.case is None:
            continue
        try:
            stands = standing(log, log.case, log.editions(), recording.now)
        except UnusableEdition:
            stands = None
        if stands is not None:
            found[log.case.case_id] = (stands.state, stands.priority, stands.milestone, stands.due_at)
    return found


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories, st.integers(1, 2), st.integers(0, 10_000))
def test_however_the_log_comes_in_a_row_says_what_the_whole_log_gives(
    history: list[Step], partitions: int, seed: int
) -> None:
    """Batches of any size, topics in any order, records once more, restarts in between: a list and a case agree."""
    recording = lived(history, partitions)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        chance = random.Random(seed)
        board, again = (taken(folder, recording, chance) for folder in (one, other))
        assert rows(board) == rows(again)
        assert clocks(board) == clocks(again)
        said = {
            row["case_id"]: (
                row["state"],
                row["priority"],
                row["milestone"],
                None if row["due_at"] is None else from_micros(row["due_at"]),
            )
            for row in rows(board)
            if row["stored"] is not None
        }
        by_log = {
            case_id: (*stands[:2], None, None) if stands[0] in ("resolved", "closed") else stands
            for case_id, stands in by_the_log(recording).items()
        }
        assert said == by_log


@pytest.fixture(scope="module")
def day() -> Recording:
    """A day of the demo's requests."""
    return demo_day()


def test_a_whole_day_is_there_with_every_case_once(day: Recording, tmp_path: Path) -> None:
    """And an aborted transaction leaves nothing behind: no row, no record, no offset."""
    writer = Writer(connect(tmp_path / "b", writes=True), EditionShelf())
    records = of_board(day)
    writer.take(records, to_micros(ENDS))
    board = connect(tmp_path / "b")
    assert len({row["case_id"] for row in rows(board)}) == len(rows(board)) == 400
    states = {row["state"] for row in rows(board)}
    assert states == {"open", "resolved"}
    assert board.execute("SELECT count(*) FROM records").fetchone()[0] == sum(r.topic != EDITIONS.name for r in records)


def test_a_batch_that_fails_leaves_nothing(day: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its offsets and its records are undone together, and the next attempt takes all of it."""
    writer = Writer(connect(tmp_path / "b", writes=True), EditionShelf())
    records = of_board(day)
    with monkeypatch.context() as broken:
        broken.setattr(writer._rows, "work_out", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            writer.take(records, to_micros(ENDS))
    assert writer.offsets() == {}
    assert rows(connect(tmp_path / "b")) == []
    writer.take(records, to_micros(ENDS))
    assert len(rows(connect(tmp_path / "b"))) == 400
