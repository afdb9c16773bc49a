"""[pure] How the system runs, as the OpenAPI document describes it. `state.py` makes the answer."""

from pydantic import ConfigDict, Field

from services.board.operations.tasks import Phase
from shared.contracts.base import Instant
from shared.web.answer_model import AnswerModel


class Late(AnswerModel):
    """How late the timers of a kind fired, in seconds; null without any."""

    count: int
    p50_seconds: float | None
    p99_seconds: float | None
    max_seconds: float | None


class LateTimers(AnswerModel):
    """By kind of timer: `warned`, `breached` and `raised`."""

    last_hour: dict[str, Late]
    last_day: dict[str, Late]


class UnfiredClock(AnswerModel):
    """A clock whose deadline has passed, and whose breach was not published."""

    case_id: str
    milestone: str
    instance: int
    due_at: Instant


class DueButUnfired(AnswerModel):
    """All such clocks are counted, and some are named. `count` is null until the board has caught up."""

    for_more_than_seconds: float
    count: int | None
    clocks: list[UnfiredClock]


class KafkaAsked(AnswerModel):
    """When Kafka answered last, and since when it does not."""

    asked_at: Instant | None
    away_since: Instant | None


class PartitionBehind(AnswerModel):
    """What a service has not taken of a partition. `committed` is null if it has committed nothing of it."""

    topic: str
    partition: int
    committed: int | None
    end: int
    behind: int


class Behind(AnswerModel):
    """What a service has not taken. `standing_still`: it took nothing between two looks, though there was something."""

    behind: int
    standing_still: bool
    partitions: list[PartitionBehind]


class TaskAnswer(AnswerModel):
    """What a task does: it has the partition `task` of its service. `silent`: it has said nothing for 30 seconds.

    `unknown`: it never said anything, or something that this board does not know. While it restores its state after a
    start or a move, `records` of its changelogs were read and `remaining_offsets` are left, else they are null. `at` is
    when it said so; `detail` says why it failed.
    """

    task: int
    phase: Phase
    records: int | None
    remaining_offsets: int | None
    instance: str | None
    at: Instant | None
    detail: str | None


class TopicTrouble(AnswerModel):
    """What is wrong with a topic: a code, with its facts."""

    model_config = ConfigDict(extra="allow")

    code: str


class BoardState(AnswerModel):
    """How far the board is. `age_seconds` is null until it has caught up."""

    age_seconds: float | None
    remaining_offsets: int | None
    cases_failed: int


class ReplayedAt(AnswerModel):
    """A replay: when, and at which place its record is now."""

    at: Instant
    place: str = Field(alias="as")


class DeadLetterAnswer(AnswerModel):
    """A dead letter without its content, as `frontline dead-letters list --json` has it.

    `id` names it; `dead_letter` is its own place. One that cannot be read has a `problem` and nothing of its record.
    """

    id: str
    dead_letter: str
    replayed: list[ReplayedAt]
    problem: str | None = None
    cause: str | None = None
    message: str | None = None
    service: str | None = None
    at: Instant | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    bytes: int | None = None
    by_reference: bool | None = None


class DeadLetterPage(AnswerModel):
    """A page of dead letters. `next` is null on the last one. `complete`: all that there are were read."""

    count: int
    pending: int
    complete: bool
    letters: list[DeadLetterAnswer]
    next: str | None


class OperationsState(AnswerModel):
    """How the system runs. `troubles` are codes, the worst first; empty = all is quiet."""

    at: Instant
    troubles: list[str]
    timers: LateTimers
    due_but_unfired: DueButUnfired
    kafka: KafkaAsked
    lag: dict[str, Behind]
    tasks: dict[str, list[TaskAnswer]]
    topics: list[TopicTrouble]
    board: BoardState
    dead_letters: DeadLetterPage
