"""[pure] What the router publishes: the decision for each request, and the editions that it decides by."""

from typing import ClassVar

from shared.contracts.base import CausedBy, Count, CountryCode, Event, Identifier, Instant, Part, Sha256
from shared.contracts.terms import BusinessDays, TargetSeconds
from shared.contracts.vocabulary import CoverageStatus, Hours, Language, OpenedBy, Promise, RequesterFrom, Until, Word


class Reason(Part):
    """Why something is so: a stable `code` and its `facts`, which are words. `shared/messages` has the sentences."""

    code: str
    facts: dict[str, str | tuple[str, ...]] = {}  # noqa: RUF012 - copied for each event


class ChannelVerdict(Part):
    """Whether a channel is open to this requester; a closed one says the first failing condition and the way out."""

    eligible: bool
    tier: Word | None
    rule: str
    reason: str | None = None
    facts: dict[str, str | Count | Reason | tuple[str | Reason, ...]] = {}  # noqa: RUF012 - copied for each event
    use_instead: Word | None = None


class DecidedMilestone(Part):
    """What is promised for one milestone, or the reason why nothing is.

    `target_seconds` counts in `hours`. `due_at` is the deadline of a clock that starts at the submission, else null.
    What pauses a clock is the edition's business, which the case pins. The last fields are as in `MilestoneTerms`.
    """

    target_seconds: TargetSeconds | None
    hours: Hours | None = None
    promise: Promise | None = None
    reason: Word | None = None
    due_at: Instant | None
    target_business_days: BusinessDays | None = None
    until: Until | None = None
    open_at_least: TargetSeconds | None = None
    calendar: Word | None = None


class PromisedMilestone(Part):
    """What a routed case says of one milestone: `due_at` as in `DecidedMilestone`, or why nothing is promised.

    Neither: its clock starts later. The target, its hours and the kind of promise are the edition's.
    """

    due_at: Instant | None = None
    reason: Word | None = None


class EscalationRights(Part):
    """`automated` and `technical_account_manager` follow the plan; `customer_requested` is to ask after the waits."""

    automated: bool
    technical_account_manager: bool
    customer_requested: bool


class MayEscalate(Part):
    """What the plan escalates by itself (`automated`), and whether the customer may ask for it after the waits."""

    automated: bool
    customer_requested: bool


class PhoneNumber(Part):
    """A number to call: `as_printed` by the vendor, `dial` the digits to dial, `e164` null if it has no such form."""

    country: CountryCode
    as_printed: str
    dial: str
    e164: str | None
    extension: str | None
    unverified: str | None = None  # why the numbering plan data does not confirm this number


class TraceStep(Part):
    """One rule that was asked, what it answered and why: a code and its facts, which may be reasons themselves."""

    rule: str
    outcome: bool
    reason: str
    facts: dict[str, str | Count | Reason | tuple[str | Reason, ...]] = {}  # noqa: RUF012 - copied for each event


class EntitlementUsed(Part):
    """What the decision took the account and the requester to be, and from where. Pinned in the case."""

    plan: Word
    account_type: Word
    paid: bool
    country: CountryCode | None
    role: Word
    licensed: bool
    standing: CoverageStatus = "covered"
    requester_from: RequesterFrom = "producer_claim"
    calendar: str | None = None  # that the account names, whether or not the edition has it
    offset: Count | None = None  # of the entitlement in support.entitlements.v1; absent outside Kafka
    not_in_edition: Word | None = None  # the plan, account type or role that the edition does not know


class Decision(Part):
    """The router's whole answer for one request: what `frontline decide` prints. `CaseRouted` publishes its core."""

    assigned_channel: Word
    assigned_tier: Word
    priority: Word
    needs_triage: bool
    channels: dict[Word, ChannelVerdict]
    milestones: dict[Word, DecidedMilestone]
    escalation: EscalationRights
    phone_numbers: tuple[PhoneNumber, ...]
    edition: str
    policy_sha256: Sha256
    trace: tuple[TraceStep, ...]
    priority_rule: str  # the id of the rule; its reason is in the trace
    entitlement: EntitlementUsed
    calendar: str  # of the edition's calendars: the regional business hours of this case
    tzdata_version: str
    holidays_version: str
    notes: tuple[Reason, ...] = ()  # reminders and remarks for people: call tariffs, what to have at hand, …


class CaseRouted(Event):
    """A request became a case. Entitlement and edition are pinned here; later edits do not reach it.

    It carries what the request claims, what the account was taken to be and what was decided. The rest of the decision
    (verdict and reason of each channel, targets, phone numbers, trace, notes) follows from these and from the edition:
    see `shared/routing/decision_event.py`. The customer's text is in support.requests only.
    """

    TYPE: ClassVar[str] = "frontline.case.routed.v1"

    case_id: Identifier  # = request_id
    account_id: Identifier | None
    requester_id: Identifier
    client: Identifier  # the API client that submitted the request
    requested_channel: Word
    fields: dict[Word, Word]  # what the customer claims, with the edition's defaults for what was left out
    received_at: Instant
    observed_at: Instant  # when the router decided
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
    policy_sha256: Sha256
    caused_by: CausedBy
    needs_triage: bool = False
    channel_reason: str | None = None  # the reason code for which the requested channel is closed
    language: Language | None = None
    country: CountryCode | None = None  # that the request claims
    ready_to_call: bool = False  # the caller has given what phone support asks for
    opened_by: OpenedBy = "customer"


class EditionPublished(Event):
    """Cases count by this edition from here on. Every publication of one edition has the same data.

    `document` is the whole resolved edition as JSON text. `policy_sha256` is the SHA-256 of that text in UTF-8, as it
    stands; a reader that serialises the JSON again gets other bytes. The other fields are copies from the document.
    """

    TYPE: ClassVar[str] = "frontline.edition.published.v1"

    edition: str
    effective_from: Instant
    policy_sha256: Sha256
    tzdata_version: str
    holidays_version: str
    document: str
