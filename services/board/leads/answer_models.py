"""[pure] The reports and lists of promises, as the OpenAPI document describes them. `answers.py` makes them."""

from datetime import date
from typing import Literal

from pydantic import Field

from services.board.period import Per
from shared.contracts.base import Instant
from shared.contracts.vocabulary import Promise
from shared.web.answer_model import AnswerModel


class Counted(AnswerModel):
    """How many promises were met and breached. `near_misses` are among those that were met.

    `met_share` is null where nothing was promised.
    """

    met: int
    breached: int
    near_misses: int
    met_share: float | None


class OfMilestone(Counted):
    """The counts of one milestone."""

    milestone: str | None


class OfPriority(Counted):
    """The counts of one priority."""

    priority: str | None


class OfPlan(Counted):
    """The counts of one plan; null: of cases without one."""

    plan: str | None


class OfCalendar(Counted):
    """The counts of one calendar."""

    calendar: str | None


class CountedBy(AnswerModel):
    """The same counts, divided."""

    milestone: list[OfMilestone]
    priority: list[OfPriority]
    plan: list[OfPlan]
    calendar: list[OfCalendar]


class OfStep(Counted):
    """The counts of a day, a week or a month."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")


class TimeTaken(AnswerModel):
    """How long it took until promises were fulfilled, in their own hours: half of them, and nine of ten, no longer."""

    milestone: str
    hours: str
    fulfilled: int
    median_seconds: float | None
    p90_seconds: float | None


class PromiseReport(Counted):
    """Commitments, or objectives: they are never counted together."""

    promise: Promise
    by: CountedBy
    over_time: list[OfStep]
    times: list[TimeTaken]


class Outcomes(AnswerModel):
    """What became of promises. Days are those of `zone`, `to` included."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    zone: str
    per: Per
    promises: list[PromiseReport]
    as_of: Instant | None


class Breach(AnswerModel):
    """A promise that was broken, or nearly. Lengths are in the hours of its clock.

    `missed_at` is the deadline; `still_owed`: it was not fulfilled so far. `held_by` had the case at that moment.
    """

    case_id: str
    subject: str | None
    account_id: str | None
    milestone: str
    instance: int
    promise: Promise
    plan: str | None
    priority: str
    calendar: str
    hours: str
    outcome: Literal["breached", "met"]
    missed_at: Instant | None
    fulfilled_at: Instant | None
    still_owed: bool
    target_seconds: float | None
    took_seconds: float | None
    late_seconds: float | None
    left_seconds: float | None
    cause: str | None
    held_by: str | None
    tier: str | None
    case_state: str


class Breaches(AnswerModel):
    """A page of such promises. `next_cursor` is null on the last one."""

    breaches: list[Breach]
    next_cursor: str | None
    as_of: Instant | None
