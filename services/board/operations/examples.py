"""Examples of how the system runs: quiet, with a task that restores its state, and with a dead letter."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.board.freshness import Freshness
from services.board.operations.kafka_watch import Seen
from services.board.operations.state import State, about, answer_of
from services.board.operations.tables import table_of
from services.board.operations.tasks import TaskNow
from services.board.store.timers import Lateness, TimerKind
from shared.contracts.base import format_instant
from shared.contracts.topics import ACTIVITY, CASES, dead_letter
from shared.kafka.dead_letter_index import Listed
from shared.kafka.dead_letter_log import Found, Place
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.group_lag import PartitionLag
from shared.kafka.record import Record
from shared.kafka.task_note import TaskNote
from shared.web.example import Example, Examples

AT = datetime(2026, 11, 23, 10, 12, tzinfo=UTC)
LETTER = f"{ACTIVITY.name}:3:42"
_LATE: Mapping[TimerKind, Lateness] = {
    "warned": Lateness(12, 21_000, 48_000, 51_000),
    "breached": Lateness(2, 18_000, 33_000, 33_000),
}


def answers() -> Mapping[str, Examples]:
    """The examples of answers, by the name of their model."""
    quiet = answer_of(_state(), None, pending=True)
    replayed = {**about(_letter()), "replayed": [{"at": format_instant(AT), "as": f"{ACTIVITY.name}:3:57"}]}
    return {
        "OperationsState": {
            "quiet": Example("All is quiet", quiet),
            "restoring": Example("A task restores its state", answer_of(_restoring(), None, pending=True)),
            "dead_letter": Example("A record could not be processed", answer_of(_state(_letter()), None, pending=True)),
        },
        "DeadLetterAnswer": {"replayed": Example("Its record is in its topic again", replayed)},
    }


def tables() -> Mapping[str, str]:
    """The beginning of a table as CSV, by the name of its call."""
    state = _state()
    table = bytes(table_of("lag", state, pending=True).body).decode()
    return dict.fromkeys(("getOperations", "getOperationsCsv"), table)


def _state(*letters: Listed) -> State:
    lag = {"escalation": [PartitionLag(CASES.name, 0, 118, 118, 0)]}
    note = TaskNote("running", 118, 0, "escalation-1", AT)
    tasks = [TaskNow(0, "running", note)]
    return State(
        now=AT,
        hour=_LATE,
        day=_LATE,
        unfired=0,
        clocks=[],
        age=0.2,
        shown=Freshness(AT, False, False, None),
        remaining=0,
        failed=0,
        kafka=Seen(asked_at=AT, lag=lag, tasks={"escalation": tasks}, letters=letters, unread=False),
    )


def _restoring() -> State:
    note = TaskNote("restoring", 41_000, 79_000, "escalation-1", AT)
    state = _state()
    return replace(state, kafka=replace(state.kafka, tasks={"escalation": [TaskNow(0, "restoring", note)]}))


def _letter() -> Listed:
    at = AT - timedelta(minutes=3)
    record = Record(ACTIVITY.name, 3, 42, round(at.timestamp() * 1000), None, None)
    letter = DeadLetter("unknown_case", "no case with this id was decided within 15 minutes", "escalation", at, record)
    return Listed(Found(Place(dead_letter(ACTIVITY).name, 3, 7), letter), 412)
