# Made by `python -m shared.contracts.stub_export` from the models; `make schemas` brings it up to date.
from datetime import datetime
from typing import ClassVar
from msgspec import Struct
from shared.contracts.vocabulary import ActivityType, ActorKind, AuthenticatedBy, CoverageStatus, Hours, Language, OpenedBy, Promise, RefusalReason, ReopenMode, RequesterFrom, Status, Until, Word

class Part(Struct, frozen=True, kw_only=True):
    pass

class CausedBy(Part, frozen=True, kw_only=True):
    partition: int
    topic: str | None = ...
    offset: int | None = ...
    timer: str | None = ...
    generation: int | None = ...
    positions: dict[str, int] | None = ...
    unfired_from: datetime | None = ...

class Event(Part, frozen=True, kw_only=True):
    TYPE: ClassVar[str]

class MilestoneTerms(Part, frozen=True, kw_only=True):
    target_seconds: int | None
    hours: Hours | None = ...
    promise: Promise | None = ...
    reason: Word | None = ...
    paused_by: tuple[Status, ...] = ...
    reopen: ReopenMode = ...
    target_business_days: int | None = ...
    until: Until | None = ...
    open_at_least: int | None = ...
    calendar: Word | None = ...

class Contact(Part, frozen=True, kw_only=True):
    requester_id: str
    role: Word
    licensed: bool
    email: str | None = ...

class Account(Part, frozen=True, kw_only=True):
    account_id: str
    plan: Word
    account_type: Word
    paid: bool
    country: str | None = ...
    contacts: tuple[Contact, ...] = ...
    calendar: str | None = ...
    valid_from: datetime | None = ...
    valid_until: datetime | None = ...

class Requester(Part, frozen=True, kw_only=True):
    requester_id: str
    role: Word
    licensed: bool
    name: str | None = ...
    email: str | None = ...

class PhoneReadiness(Part, frozen=True, kw_only=True):
    meeting_id_given: bool
    host_key_given: bool

class SupportRequestSubmitted(Event, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    request_id: str
    client: str
    authenticated_by: AuthenticatedBy
    account_id: str | None
    requester: Requester
    channel: Word
    subject: str
    description: str
    fields: dict[Word, Word]
    received_at: datetime
    submission_digest: str
    language: Language | None = ...
    country: str | None = ...
    phone: PhoneReadiness | None = ...
    opened_by: OpenedBy = ...

class EntitlementSet(Event, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    account: Account
    set_at: datetime

class EntitlementWithdrawn(Event, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    account_id: str
    withdrawn_at: datetime

class Actor(Part, frozen=True, kw_only=True):
    kind: ActorKind
    id: str

class ActivityRecorded(Event, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    case_id: str
    activity_id: str
    type: ActivityType
    at: datetime
    recorded_at: datetime
    client: str
    actor: Actor
    text: str | None = ...
    to: str | None = ...
    until: datetime | None = ...
    milestone: Word | None = ...
    retracts: str | None = ...
    milestones: dict[Word, MilestoneTerms] | None = ...
    fields: dict[Word, Word] | None = ...
    plan: Word | None = ...
    edition: str | None = ...
    policy_sha256: str | None = ...
    reason: str | None = ...
    accepted: bool | None = ...
    activity_digest: str | None = ...

class Reason(Part, frozen=True, kw_only=True):
    code: str
    facts: dict[str, str | tuple[str, ...]] = ...

class ChannelVerdict(Part, frozen=True, kw_only=True):
    eligible: bool
    tier: Word | None
    rule: str
    reason: str | None = ...
    facts: dict[str, str | int | Reason | tuple[str | Reason, ...]] = ...
    use_instead: Word | None = ...

class DecidedMilestone(Part, frozen=True, kw_only=True):
    target_seconds: int | None
    hours: Hours | None = ...
    promise: Promise | None = ...
    reason: Word | None = ...
    due_at: datetime | None
    target_business_days: int | None = ...
    until: Until | None = ...
    open_at_least: int | None = ...
    calendar: Word | None = ...

class PromisedMilestone(Part, frozen=True, kw_only=True):
    due_at: datetime | None = ...
    reason: Word | None = ...

class EscalationRights(Part, frozen=True, kw_only=True):
    automated: bool
    technical_account_manager: bool
    customer_requested: bool

class MayEscalate(Part, frozen=True, kw_only=True):
    automated: bool
    customer_requested: bool

class PhoneNumber(Part, frozen=True, kw_only=True):
    country: str
    as_printed: str
    dial: str
    e164: str | None
    extension: str | None
    unverified: str | None = ...

class TraceStep(Part, frozen=True, kw_only=True):
    rule: str
    outcome: bool
    reason: str
    facts: dict[str, str | int | Reason | tuple[str | Reason, ...]] = ...

class EntitlementUsed(Part, frozen=True, kw_only=True):
    plan: Word
    account_type: Word
    paid: bool
    country: str | None
    role: Word
    licensed: bool
    standing: CoverageStatus = ...
    requester_from: RequesterFrom = ...
    calendar: str | None = ...
    offset: int | None = ...
    not_in_edition: Word | None = ...

class Decision(Part, frozen=True, kw_only=True):
    assigned_channel: Word
    assigned_tier: Word
    priority: Word
    needs_triage: bool
    channels: dict[Word, ChannelVerdict]
    milestones: dict[Word, DecidedMilestone]
    escalation: EscalationRights
    phone_numbers: tuple[PhoneNumber, ...]
    edition: str
    policy_sha256: str
    trace: tuple[TraceStep, ...]
    priority_rule: str
    entitlement: EntitlementUsed
    calendar: str
    tzdata_version: str
    holidays_version: str
    notes: tuple[Reason, ...] = ...

class CaseRouted(Event, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    case_id: str
    account_id: str | None
    requester_id: str
    client: str
    requested_channel: Word
    fields: dict[Word, Word]
    received_at: datetime
    observed_at: datetime
    assigned_channel: Word
    assigned_tier: Word
    open_channels: tuple[Word, ...]
    priority: Word
    priority_rule: str
    milestones: dict[Word, PromisedMilestone]
    escalation: MayEscalate
    entitlement: EntitlementUsed
    calendar: str
    edition: str
    policy_sha256: str
    caused_by: CausedBy
    needs_triage: bool = ...
    channel_reason: str | None = ...
    language: Language | None = ...
    country: str | None = ...
    ready_to_call: bool = ...
    opened_by: OpenedBy = ...

class EditionPublished(Event, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    edition: str
    effective_from: datetime
    policy_sha256: str
    tzdata_version: str
    holidays_version: str
    document: str

class EscalationEvent(Event, frozen=True, kw_only=True):
    case_id: str
    at: datetime
    account_id: str | None
    priority: Word
    observed_at: datetime
    caused_by: CausedBy

class ClockEvent(EscalationEvent, frozen=True, kw_only=True):
    milestone: Word
    instance: int
    generation: int
    promise: Promise
    due_at: datetime | None
    tzdata_version: str | None = ...

class ClockStarted(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]

class ClockPaused(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    status: str

class ClockResumed(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    status: str

class ClockFulfilled(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    met: bool

class ClockCancelled(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    because: str

class ClockWarned(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    level: int
    called: Word
    share: float
    repetition: int | None = ...

class ClockBreached(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    breached_at: datetime
    cause: str | None = ...

class ClockRestated(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    old: str
    new: str
    cause: str

class EscalationRaised(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    level: int
    called: Word
    repetition: int | None = ...

class EscalationSuppressed(ClockEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    level: int
    reason: str

class CustomerEscalationEvent(EscalationEvent, frozen=True, kw_only=True):
    escalation_id: str

class EscalationRequested(CustomerEscalationEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]

class EscalationRefused(CustomerEscalationEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    reason: RefusalReason
    eligible_at: datetime | None

class EscalationAccepted(CustomerEscalationEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]

class EscalationRejected(CustomerEscalationEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    eligible_at: datetime

class CaseStatusEvent(EscalationEvent, frozen=True, kw_only=True):
    status: str

class CaseClosed(CaseStatusEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]

class CaseReopened(CaseStatusEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]

class MessageOnClosedCase(EscalationEvent, frozen=True, kw_only=True):
    TYPE: ClassVar[str]
    activity_id: str
