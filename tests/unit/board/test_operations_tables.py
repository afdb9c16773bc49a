"""The tables of the page for operators say what `GET /v1/operations` says, each value under its own name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.board.freshness import Freshness
from services.board.operations.kafka_watch import Seen
from services.board.operations.state import State, answer_of
from services.board.operations.tables import Table, table_of
from services.board.operations.tasks import TaskNow
from services.board.store.timers import Lateness, Unfired
from shared.business_time.instants import to_micros
from shared.kafka.dead_letter_index import Listed
from shared.kafka.dead_letter_log import Found, Place
from shared.kafka.dead_letters import DeadLetter, Replayed
from shared.kafka.group_lag import PartitionLag
from shared.kafka.record import Record
from shared.kafka.task_note import TaskNote
from tests.harness.csv_table import rows_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LETTER = DeadLetter(
    "malformed_event", "no JSON", "escalation", NOW, Record("support.activity.v1", 6, 12, 0, b"case-1", b"...")
)
REPLAYS = (
    Replayed(15, NOW - timedelta(hours=2), "support.cases.v1:2:16"),
    Replayed(15, NOW - timedelta(hours=1), "support.cases.v1:2:17"),
)
# No value is there twice, so that none can stand under the name of another.
STATE = State(
    now=NOW,
    hour={"warned": Lateness(3, 10_000, 20_000, 30_500), "breached": Lateness(4, 40_000, 50_000, 60_000)},
    day={"warned": Lateness(70, 80_000, 90_000, 100_000), "raised": Lateness(0, 0, 0, 0)},
    unfired=2,
    clocks=[
        Unfired("case-1", "first_response", 1, to_micros(NOW - timedelta(minutes=5))),
        Unfired("case-2", "update", 7, to_micros(NOW - timedelta(minutes=4))),
    ],
    age=0.1,
    shown=Freshness(NOW, False, False, None),
    remaining=0,
    failed=0,
    kafka=Seen(
        asked_at=NOW,
        lag={
            "router": [
                PartitionLag("support.requests.v1", 0, 5, 9, 4),
                PartitionLag("support.requests.v1", 1, None, 8, 8),
            ],
            "escalation": [PartitionLag("support.cases.v1", 2, 100, 101, 1)],
        },
        standing=frozenset({"router"}),
        tasks={
            "router": [TaskNow(0, "restoring", TaskNote("restoring", 410, 790, "r-1", NOW))],
            "escalation": [
                TaskNow(1, "failed", TaskNote("failed", 3, 2, "e-1", NOW - timedelta(seconds=7), "the disk is full")),
                TaskNow(2, "unknown", None),
            ],
        },
        letters=[
            Listed(
                Found(Place("support.activity.v1-dlt", 0, 11), LETTER, id=Place("support.activity.v1", 6, 12)), 1300
            ),
            Listed(Found(Place("support.cases.v1-dlt", 1, 14), None, "it has no cause"), None),
            Listed(Found(Place("support.cases.v1-dlt", 2, 15), None, "nor has this", REPLAYS), None),
        ],
        unread=False,
    ),
)


def rows(table: Table, *, pending: bool = True) -> list[dict[str, str]]:
    """The rows of a table by the names of its columns."""
    found = table_of(table, STATE, pending=pending)
    return rows_of(httpx.Response(found.status_code, headers=found.headers, content=bytes(found.body)))


def as_cells(**values: Any) -> dict[str, str]:
    """The same values as cells of a table."""
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in values.items()}
    return {name: "" if value is None else str(value) for name, value in texts.items()}


@pytest.fixture
def answer() -> dict[str, Any]:
    """The JSON answer."""
    return answer_of(STATE, None, pending=True)


def test_timers_are_those_of_the_answer(answer: dict[str, Any]) -> None:
    """A row for each period and kind; a length that is not known is empty, and no zero."""
    expected = [
        as_cells(period=period, kind=kind, **late)
        for period, kinds in answer["timers"].items()
        for kind, late in kinds.items()
    ]
    assert len(expected) == 4
    assert rows("timers") == expected


def test_clocks_that_are_due_are_those_of_the_answer(answer: dict[str, Any]) -> None:
    """A row for each."""
    expected = [as_cells(**clock) for clock in answer["due_but_unfired"]["clocks"]]
    assert len(expected) == 2
    assert rows("unfired") == expected


def test_what_is_left_to_read_is_that_of_the_answer(answer: dict[str, Any]) -> None:
    """A row for each partition, and in each whether its service takes nothing."""
    expected = [
        as_cells(service=service, **partition, standing_still=lag["standing_still"])
        for service, lag in answer["lag"].items()
        for partition in lag["partitions"]
    ]
    assert [row["standing_still"] for row in expected] == ["true", "true", "false"]
    assert rows("lag") == expected


def test_tasks_are_those_of_the_answer(answer: dict[str, Any]) -> None:
    """A row for each, also of one that has never said anything."""
    expected = [as_cells(service=service, **task) for service, tasks in answer["tasks"].items() for task in tasks]
    assert [row["phase"] for row in expected] == ["restoring", "failed", "unknown"]
    assert rows("tasks") == expected


@pytest.mark.parametrize("pending", [True, False])
def test_dead_letters_are_those_of_the_answer(pending: bool) -> None:
    """A row for each, with how often it was replayed and when last; of one of another program, its problem."""
    found = rows("letters", pending=pending)
    letters = answer_of(STATE, None, pending=pending)["dead_letters"]["letters"]
    assert len(letters) == (2 if pending else 3)
    for row, letter in zip(found, letters, strict=True):
        replays = letter.pop("replayed")
        last = replays[-1]["at"] if replays else None
        letter.pop("by_reference", None)
        empty = dict.fromkeys(row, "")
        assert row == empty | as_cells(**letter, replays=len(replays), last_replay_at=last)
    assert [row["last_replay_at"] for row in found][2:] == ([] if pending else ["2026-11-23T11:00:00Z"])
