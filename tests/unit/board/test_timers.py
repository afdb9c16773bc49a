"""What the board says of timers: how late they fired, and which deadlines have passed without a breach."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.board.edition_shelf import EditionShelf
from services.board.store.schema import connect
from services.board.store.timers import Lateness, TimerKind, Unfired, class_of, end_of, lateness, unfired
from services.board.store.writer import Writer
from shared.business_time.instants import SECOND, to_micros
from shared.contracts.structs import ClockBreached, ClockWarned, EscalationRaised
from shared.contracts.topics import ESCALATIONS
from shared.kafka import serde
from shared.kafka.record import Record
from tests.harness.board_log import of_board
from tests.harness.demo_day import ENDS, demo_day
from tests.unit.board.test_rows import settle

NOW = to_micros(ENDS)


@pytest.fixture(scope="module")
def day() -> list[Record]:
    """What the board reads of a day of the demo's requests."""
    return of_board(demo_day())


def taken(folder: Path, records: list[Record], size: int = 500) -> sqlite3.Connection:
    """The board after these."""
    writer = Writer(connect(folder / "b", writes=True), EditionShelf())
    writer.hold()
    for start in range(0, len(records), size):
        writer.take(records[start : start + size], NOW)
    settle(writer, NOW)
    return connect(folder / "b")


def event_of(record: Record) -> Any:
    """The event of escalation in a record; None for one of somebody else."""
    return serde.decode(record)[1] if record.topic == ESCALATIONS.name else None


@given(st.integers(0, 10**15))
def test_a_class_is_a_thirty_second_wide(late: int) -> None:
    """So a quantile is never below the truth, and above it by 3 % or a millisecond at most."""
    end = end_of(class_of(late))
    assert late < end <= late + late / 32 + 1001
    assert class_of(end) == class_of(late) + 1


def test_lateness_counts_each_timer_once(day: list[Record], tmp_path: Path) -> None:
    """By what the events say of themselves: those that a reply or a change of terms caused were no timers."""
    found = lateness(taken(tmp_path, day), 0)
    kinds: dict[TimerKind, Any] = {"warned": ClockWarned, "breached": ClockBreached, "raised": EscalationRaised}
    for kind, event_type in kinds.items():
        fired = sorted(
            to_micros(event.observed_at) - to_micros(event.at)
            for record in day
            if isinstance(event := event_of(record), event_type) and event.caused_by.timer is not None
        )
        assert found[kind].timers == len(fired) > 0
        assert found[kind].latest == fired[-1]


def test_a_batch_that_fails_or_comes_again_is_counted_once(
    day: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts are part of its transaction, as the offsets are: kill -9 at any instant leaves both or neither."""
    writer = Writer(connect(tmp_path / "b", writes=True), EditionShelf())
    with monkeypatch.context() as broken:
        broken.setattr(writer._rows, "work_out", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            writer.take(day, NOW)
    board = connect(tmp_path / "b")
    assert lateness(board, 0)["breached"] == Lateness()
    for _ in range(2):
        writer.take(day, NOW)
    (once := tmp_path / "once").mkdir()
    assert lateness(board, 0) == lateness(taken(once, day), 0)


def test_timers_are_those_of_the_time_that_is_asked_for(day: list[Record], tmp_path: Path) -> None:
    """The last hour is not the whole day, and what comes after the log is nothing."""
    board = taken(tmp_path, day)
    of_hour, of_day = (lateness(board, NOW - hours * 3600 * SECOND) for hours in (1, 24))
    assert of_hour["breached"].timers < of_day["breached"].timers
    assert lateness(board, NOW + 120 * SECOND)["breached"] == Lateness()


def test_nothing_is_unfired_while_every_breach_was_published(day: list[Record], tmp_path: Path) -> None:
    """In whatever order the board took the log: breaches come after the cases, or before them."""
    for number, records in enumerate((day, sorted(day, key=lambda record: record.topic != ESCALATIONS.name))):
        (folder := tmp_path / str(number)).mkdir()
        assert unfired(taken(folder, records), NOW, 10) == (0, [])


def test_a_deadline_that_passed_without_a_breach_is_found(day: list[Record], tmp_path: Path) -> None:
    """An independent check: it follows from the cases alone, whatever escalation believes of itself."""
    breaches = {
        (event.case_id, event.milestone, event.instance): record
        for record in day
        if isinstance(event := event_of(record), ClockBreached)
    }
    lacking = [record for record in day if record not in breaches.values()]
    board = taken(tmp_path, lacking)
    running = {
        tuple(row)
        for row in board.execute(
            "SELECT case_id, milestone, instance FROM (SELECT case_id, case_no, state FROM cases) JOIN clocks"
            " USING (case_no) WHERE stage = 'running' AND due_at < ? AND state = 'open'",
            (NOW,),
        )
    }
    count, found = unfired(board, NOW, 5)
    assert count == len(running) > 5
    assert {(each.case_id, each.milestone, each.instance) for each in found} <= running & breaches.keys()
    assert [each.due_at for each in found] == sorted(each.due_at for each in found)
    assert unfired(board, NOW - 24 * 3600 * SECOND, 5) == (0, [])


def test_each_clock_of_a_case_has_its_own_breach(tmp_path: Path) -> None:
    """Two of one case are late, and one was published: the other one is found, whichever the row of the case names."""
    writing = connect(tmp_path / "b", writes=True)
    writing.execute("INSERT INTO cases (case_no, case_id, order_at, milestone) VALUES (7, 'c7', 10, 'first_response')")
    for milestone in ("first_response", "restoration"):
        writing.execute(
            "INSERT INTO clocks"
            " (case_no, milestone, instance, kind, promise, target, stage, started_at, due_at, outcome)"
            " VALUES (7, ?, 1, 1, 'commitment', 1, 'running', 0, 10, 'running')",
            (milestone,),
        )
    board = connect(tmp_path / "b")
    assert unfired(board, 11, 5)[0] == 2
    writing.execute("INSERT INTO breaches VALUES (7, 'restoration', 1)")
    assert unfired(board, 11, 5) == (1, [Unfired("c7", "first_response", 1, 10)])
    writing.execute("INSERT INTO breaches VALUES (7, 'first_response', 1)")
    assert unfired(board, 11, 5) == (0, [])
    assert unfired(board, 10, 5) == (0, [])


def test_the_breaches_of_a_deleted_case_are_deleted(day: list[Record], tmp_path: Path) -> None:
    """Its number may be that of another case later."""
    board = taken(tmp_path, day)
    board.close()
    writing = connect(tmp_path / "b", writes=True)
    assert writing.execute("SELECT count(*) FROM breaches").fetchone()[0] > 0
    writing.execute("DELETE FROM cases")
    assert writing.execute("SELECT count(*) FROM breaches").fetchone()[0] == 0
