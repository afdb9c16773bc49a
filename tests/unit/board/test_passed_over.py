"""What the board counts as records that it could not read: an operator looks for their cause."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.board.edition_shelf import EditionShelf
from services.board.store.schema import connect
from services.board.store.writer import Writer
from shared.contracts.topics import ACTIVITY, CASES, REQUESTS, Topic, dead_letter
from shared.kafka.dead_letters import Replayed, replayed_to_output
from shared.kafka.record import Record

NOTE = Replayed(7, datetime(2026, 11, 23, 12, tzinfo=UTC), "support.activity.v1:0:9")


def passed_over() -> float:
    """How many there were so far."""
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        if metric.name == "frontline_board_unreadable_records"
        for sample in metric.samples
        if sample.name.endswith("_total")
    )


@pytest.mark.parametrize("topic", [REQUESTS, CASES, ACTIVITY])
def test_the_note_of_a_replay_is_a_known_record(tmp_path: Path, topic: Topic) -> None:
    """Frontline writes it itself; whatever else is no dead letter is counted."""
    writer, before = Writer(connect(tmp_path / "board.sqlite", writes=True), EditionShelf()), passed_over()
    letters = dead_letter(topic).name
    note = replayed_to_output(NOTE, letters, 0)
    writer.take([Record(letters, 0, 0, 0, note.key, note.value, note.headers)], 0)
    assert passed_over() == before
    writer.take([Record(letters, 0, 1, 0, None, None, note.headers[:2])], 0)
    assert passed_over() == before + 1
