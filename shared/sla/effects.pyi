# Made by `python -m shared.contracts.stub_export` from the models; `make schemas` brings it up to date.
from msgspec import Struct
from shared.contracts.vocabulary import Promise, RefusalReason, Word

class EscalationEvent(Struct, frozen=True, kw_only=True):
    at: int

class ClockEvent(EscalationEvent, frozen=True, kw_only=True):
    milestone: Word
    instance: int
    generation: int
    promise: Promise
    due_at: int | None

class ClockStarted(ClockEvent, frozen=True, kw_only=True):
    pass

class ClockPaused(ClockEvent, frozen=True, kw_only=True):
    status: str

class ClockResumed(ClockEvent, frozen=True, kw_only=True):
    status: str

class ClockFulfilled(ClockEvent, frozen=True, kw_only=True):
    met: bool

class ClockCancelled(ClockEvent, frozen=True, kw_only=True):
    because: str

class ClockWarned(ClockEvent, frozen=True, kw_only=True):
    level: int
    called: Word
    share: float
    repetition: int | None = ...

class ClockBreached(ClockEvent, frozen=True, kw_only=True):
    breached_at: int
    cause: str | None = ...

class ClockRestated(ClockEvent, frozen=True, kw_only=True):
    old: str
    new: str
    cause: str

class EscalationRaised(ClockEvent, frozen=True, kw_only=True):
    level: int
    called: Word
    repetition: int | None = ...

class EscalationSuppressed(ClockEvent, frozen=True, kw_only=True):
    level: int
    reason: str

class CustomerEscalationEvent(EscalationEvent, frozen=True, kw_only=True):
    escalation_id: str

class EscalationRequested(CustomerEscalationEvent, frozen=True, kw_only=True):
    pass

class EscalationRefused(CustomerEscalationEvent, frozen=True, kw_only=True):
    reason: RefusalReason
    eligible_at: int | None

class EscalationAccepted(CustomerEscalationEvent, frozen=True, kw_only=True):
    pass

class EscalationRejected(CustomerEscalationEvent, frozen=True, kw_only=True):
    eligible_at: int

class CaseStatusEvent(EscalationEvent, frozen=True, kw_only=True):
    status: str

class CaseClosed(CaseStatusEvent, frozen=True, kw_only=True):
    pass

class CaseReopened(CaseStatusEvent, frozen=True, kw_only=True):
    pass

class MessageOnClosedCase(EscalationEvent, frozen=True, kw_only=True):
    activity_id: str
