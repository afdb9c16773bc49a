"""[pure] What escalation publishes: the life of each clock, who is called when a promise is at risk, what becomes of an
escalation that a customer asks for, and when a case is closed.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.base import CausedBy, Count, Event, Identifier, Instant
from shared.contracts.vocabulary import Promise, RefusalReason, Word


class EscalationEvent(Event):
    """Something about a case: `at` in event time, `observed_at` when it was noticed."""

    case_id: Identifier
    at: Instant
    account_id: Identifier | None
    priority: Word
    observed_at: Instant
    caused_by: CausedBy


class ClockEvent(EscalationEvent):
    """What happened to one clock."""

    milestone: Word
    instance: Count
    generation: Count
    promise: Promise
    due_at: Instant | None  # null while paused
    tzdata_version: str | None = None  # of the zone data that `due_at` was counted by


# What the rules of the clocks do not know; whoever publishes their events adds it.
ADDED_WHEN_PUBLISHED = frozenset((*EscalationEvent.model_fields, "tzdata_version")) - {"at"}


class ClockStarted(ClockEvent):
    """A promise began to count."""

    TYPE: ClassVar[str] = "frontline.clock.started.v1"


class ClockPaused(ClockEvent):
    """The count stands still because of `status`."""

    TYPE: ClassVar[str] = "frontline.clock.paused.v1"
    status: str


class ClockResumed(ClockEvent):
    """The count goes on; `due_at` has moved by the time paused."""

    TYPE: ClassVar[str] = "frontline.clock.resumed.v1"
    status: str


class ClockFulfilled(ClockEvent):
    """The promise was answered at `at`; `met` says whether in time."""

    TYPE: ClassVar[str] = "frontline.clock.fulfilled.v1"
    met: bool


class ClockCancelled(ClockEvent):
    """The promise no longer applies: `because` names what ended it."""

    TYPE: ClassVar[str] = "frontline.clock.cancelled.v1"
    because: str


class ClockWarned(ClockEvent):
    """Part of the target is used up (`share`, 0..1) and `called` should know."""

    TYPE: ClassVar[str] = "frontline.clock.warned.v1"
    level: Count  # 0: warnings come before level 1
    called: Word
    share: Annotated[float, Field(ge=0, le=1)]
    repetition: Count | None = None  # of a level that calls again; null = its first call


class ClockBreached(ClockEvent):
    """The deadline passed unanswered. `breached_at` is that deadline, not the instant of noticing."""

    TYPE: ClassVar[str] = "frontline.clock.breached.v1"
    breached_at: Instant
    cause: str | None = None  # set where not time alone made it late: a reprioritisation, a late record, …


class ClockRestated(ClockEvent):
    """A verdict already published has changed. `old` and `new` are `met`, `breached` or `running`."""

    TYPE: ClassVar[str] = "frontline.clock.restated.v1"
    old: str
    new: str
    cause: str


class EscalationRaised(ClockEvent):
    """A level of the escalation chain was reached: `called` must act."""

    TYPE: ClassVar[str] = "frontline.escalation.raised.v1"
    level: Count
    called: Word
    repetition: Count | None = None  # of a level that calls again; null = its first call


class EscalationSuppressed(ClockEvent):
    """A level was reached but the account is not entitled to automated escalation.

    Published once for a clock instance.
    """

    TYPE: ClassVar[str] = "frontline.escalation.suppressed.v1"
    level: Count
    reason: str  # not_entitled


class CustomerEscalationEvent(EscalationEvent):
    """What became of an escalation that the customer asked for: `escalation_id` is the activity that asked."""

    escalation_id: Identifier


class EscalationRequested(CustomerEscalationEvent):
    """The customer asked, and may: it waits for a review."""

    TYPE: ClassVar[str] = "frontline.escalation.requested.v1"


class EscalationRefused(CustomerEscalationEvent):
    """The customer asked, and may not, or not yet. `eligible_at` is null where waiting does not help."""

    TYPE: ClassVar[str] = "frontline.escalation.refused.v1"
    reason: RefusalReason
    eligible_at: Instant | None


class EscalationAccepted(CustomerEscalationEvent):
    """Somebody reviewed what the customer asked for, and accepted it."""

    TYPE: ClassVar[str] = "frontline.escalation.accepted.v1"


class EscalationRejected(CustomerEscalationEvent):
    """Somebody reviewed what the customer asked for, and rejected it; `eligible_at` is when asking again is of use."""

    TYPE: ClassVar[str] = "frontline.escalation.rejected.v1"
    eligible_at: Instant


class CaseStatusEvent(EscalationEvent):
    """A case is closed, or open again; `status` is its status since then, as the desk calls it."""

    status: str


class CaseClosed(CaseStatusEvent):
    """The case was closed, or withdrawn: no answer is owed any more."""

    TYPE: ClassVar[str] = "frontline.case.closed.v1"


class CaseReopened(CaseStatusEvent):
    """The case, which was closed or withdrawn, is open again."""

    TYPE: ClassVar[str] = "frontline.case.reopened.v1"


class MessageOnClosedCase(EscalationEvent):
    """The customer wrote on a case that was closed at that instant: nobody owes an answer.

    `activity_id` is the message. Published once for a message.
    """

    TYPE: ClassVar[str] = "frontline.case.message_on_closed.v1"
    activity_id: Identifier


# The events of support.escalations.v1: every class above that has a type.
EVENTS: tuple[type[EscalationEvent], ...] = tuple(
    found
    for found in list(globals().values())
    if isinstance(found, type) and issubclass(found, EscalationEvent) and "TYPE" in vars(found)
)
