"""The data of every event, typed. Generated from the JSON Schemas: make schemas."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field
from typing_extensions import TypeAliasType

from frontline_testkit.model import Data

BusinessDays = TypeAliasType("BusinessDays", Annotated[int, Field(gt=0, le=1000)])


Count = TypeAliasType("Count", Annotated[int, Field(ge=0, le=9007199254740991)])


class CausedBy(Data):
    """
    What made a task emit an event, precise enough to replay it.

    Either a source record (`topic`, `partition`, `offset`) or a timer (`timer` = case_id, `generation`). `positions`
    are, for each source topic but that of the cause, the offset of the next record that the task would have consumed
    when it had the cause. `unfired_from` is there if the task had due timers that it had not fired yet when it
    processed the record, since its clock had jumped or they were too many for one slice: those due from then on.
    """

    partition: Count
    topic: str | None = None
    offset: Count | None = None
    timer: str | None = None
    generation: Count | None = None
    positions: dict[str, Count] | None = None
    unfired_from: AwareDatetime | None = None


Country = TypeAliasType("Country", Annotated[str, Field(pattern="^[A-Z]{2}$")])


Identifier = TypeAliasType("Identifier", Annotated[str, Field(max_length=200, min_length=1)])


class Actor(Data):
    """Who acted, as the key or token of the call says, never its body. `id` is the name of the key."""

    kind: Literal["customer", "agent", "bot", "system"]
    id: Identifier


class EntitlementWithdrawn(Data):
    """The account owns nothing any more. A tombstone follows, so that the topic forgets the account."""

    account_id: Identifier
    withdrawn_at: AwareDatetime


Language = TypeAliasType("Language", Annotated[str, Field(pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")])


class MayEscalate(Data):
    """What the plan escalates by itself (`automated`), and whether the customer may ask for it after the waits."""

    automated: bool
    customer_requested: bool


class PhoneReadiness(Data):
    """Whether the caller has at hand what phone support asks for. The values themselves are never kept."""

    meeting_id_given: bool
    host_key_given: bool


Seconds = TypeAliasType("Seconds", Annotated[int, Field(gt=0, le=9007199254740991)])


Sha256 = TypeAliasType("Sha256", Annotated[str, Field(pattern="^[0-9a-f]{64}$")])


class EditionPublished(Data):
    """
    Cases count by this edition from here on. Every publication of one edition has the same data.

    `document` is the whole resolved edition as JSON text. `policy_sha256` is the SHA-256 of that text in UTF-8, as it
    stands; a reader that serialises the JSON again gets other bytes. The other fields are copies from the document.
    """

    edition: str
    effective_from: AwareDatetime
    policy_sha256: Sha256
    tzdata_version: str
    holidays_version: str
    document: str


Status = TypeAliasType("Status", Annotated[str, Field(max_length=60, min_length=1)])


Word = TypeAliasType(
    "Word", Annotated[str, Field(max_length=40, min_length=1, pattern="^[A-Za-z][A-Za-z0-9_.-]{0,39}$")]
)


class CaseClosed(Data):
    """The case was closed, or withdrawn: no answer is owed any more."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    status: str


class CaseMessageOnClosed(Data):
    """
    The customer wrote on a case that was closed at that instant: nobody owes an answer.

    `activity_id` is the message. Published once for a message.
    """

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    activity_id: Identifier


class CaseReopened(Data):
    """The case, which was closed or withdrawn, is open again."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    status: str


class ClockBreached(Data):
    """The deadline passed unanswered. `breached_at` is that deadline, not the instant of noticing."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None
    breached_at: AwareDatetime
    cause: str | None = None


class ClockCancelled(Data):
    """The promise no longer applies: `because` names what ended it."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None
    because: str


class ClockFulfilled(Data):
    """The promise was answered at `at`; `met` says whether in time."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None
    met: bool


class ClockPaused(Data):
    """The count stands still because of `status`."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None
    status: str


class ClockRestated(Data):
    """A verdict already published has changed. `old` and `new` are `met`, `breached` or `running`."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None
    old: str
    new: str
    cause: str


class ClockResumed(Data):
    """The count goes on; `due_at` has moved by the time paused."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None
    status: str


class ClockStarted(Data):
    """A promise began to count."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None


class ClockWarned(Data):
    """Part of the target is used up (`share`, 0..1) and `called` should know."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None
    level: Count
    called: Word
    share: Annotated[float, Field(ge=0.0, le=1.0)]
    repetition: Count | None = None


class Contact(Data):
    """A person that an account names. Where it names the requester, it outranks the producer's claim."""

    requester_id: Identifier
    role: Word
    licensed: bool
    email: str | None = None


class Account(Data):
    """
    What an account owns, from `valid_from` until before `valid_until`; without these, always.

    `calendar` names a calendar of the policy and outranks the country's.
    """

    account_id: Identifier
    plan: Word
    account_type: Word
    paid: bool
    country: Country | None = None
    contacts: Annotated[list[Contact], Field(validate_default=True)] = []
    calendar: str | None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class EntitlementSet(Data):
    """An account's entitlement, whole; replaces what was there."""

    account: Account
    set_at: AwareDatetime


class EntitlementUsed(Data):
    """What the decision took the account and the requester to be, and from where. Pinned in the case."""

    plan: Word
    account_type: Word
    paid: bool
    country: Country | None
    role: Word
    licensed: bool
    standing: Literal[
        "covered",
        "plan_not_in_edition",
        "not_yet_valid",
        "expired",
        "withdrawn",
        "unknown_account",
        "no_account",
        "anonymous",
    ] = "covered"
    requester_from: Literal["contact_list", "producer_claim", "nobody"] = "producer_claim"
    calendar: str | None = None
    offset: Count | None = None
    not_in_edition: Word | None = None


class EscalationAccepted(Data):
    """Somebody reviewed what the customer asked for, and accepted it."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    escalation_id: Identifier


class EscalationRaised(Data):
    """A level of the escalation chain was reached: `called` must act."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None
    level: Count
    called: Word
    repetition: Count | None = None


class EscalationRefused(Data):
    """The customer asked, and may not, or not yet. `eligible_at` is null where waiting does not help."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    escalation_id: Identifier
    reason: Literal[
        "not_entitled",
        "request_type",
        "case_not_open",
        "already_requested",
        "already_accepted",
        "too_early",
        "recently_rejected",
    ]
    eligible_at: AwareDatetime | None


class EscalationRejected(Data):
    """Somebody reviewed what the customer asked for, and rejected it; `eligible_at` is when asking again is of use."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    escalation_id: Identifier
    eligible_at: AwareDatetime


class EscalationRequested(Data):
    """The customer asked, and may: it waits for a review."""

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    escalation_id: Identifier


class EscalationSuppressed(Data):
    """
    A level was reached but the account is not entitled to automated escalation.

    Published once for a clock instance.
    """

    case_id: Identifier
    at: AwareDatetime
    account_id: Identifier | None
    priority: Word
    observed_at: AwareDatetime
    caused_by: CausedBy
    milestone: Word
    instance: Count
    generation: Count
    promise: Literal["objective", "commitment"]
    due_at: AwareDatetime | None
    tzdata_version: str | None = None
    level: Count
    reason: str


class MilestoneTerms(Data):
    """
    How long a milestone may take, in which hours, with what kind of promise; or why it has no target.

    `target_seconds` counts in `hours`: elapsed seconds, open seconds of the calendar, or elapsed seconds and then the
    next open instant, but not before the calendar has been open for `open_at_least` seconds. `target_business_days`,
    with `until`, stands in its place. `calendar` names another calendar of the edition than the case's. `paused_by`
    names the statuses that stop the count, or what they count as. Without a target, `reason` says why, and the rest is
    absent.
    """

    target_seconds: Seconds | None
    hours: Literal["elapsed", "business", "elapsed_then_next_open"] | None = None
    promise: Literal["objective", "commitment"] | None = None
    reason: Word | None = None
    paused_by: list[Status] = []
    reopen: Literal["resume", "new_cycle"] = "resume"
    target_business_days: BusinessDays | None = None
    until: Literal["same_time", "end_of_day"] | None = None
    open_at_least: Seconds | None = None
    calendar: Word | None = None


class Activity(Data):
    """
    Something happened on a case. CloudEvents type `frontline.activity.<type>.v1`, one for each activity type.

    `at` is when it happened (the receipt, unless a client with the backfill scope says otherwise), `recorded_at` when
    intake received it. Where they are equal, `at` is a receipt, which counts from the opening of the case at the
    earliest. Which of the optional fields a type needs is intake's rule (`services/intake/activity.py`).
    """

    case_id: Identifier
    activity_id: Identifier
    type: Literal[
        "acknowledged",
        "agent_replied",
        "assigned",
        "bot_replied",
        "closed",
        "customer_replied",
        "entitlement_refreshed",
        "escalation_requested",
        "escalation_reviewed",
        "handed_over",
        "internal_note",
        "milestone_reached",
        "policy_migrated",
        "reopened",
        "reply_retracted",
        "reprioritised",
        "resolved",
        "restored",
        "status_changed",
        "withdrawn",
    ]
    at: AwareDatetime
    recorded_at: AwareDatetime
    client: Identifier
    actor: Actor
    text: str | None = None
    to: Identifier | None = None
    until: AwareDatetime | None = None
    milestone: Word | None = None
    retracts: Identifier | None = None
    milestones: dict[str, MilestoneTerms] | None = None
    fields: dict[str, Word] | None = None
    plan: Word | None = None
    edition: str | None = None
    policy_sha256: Sha256 | None = None
    reason: str | None = None
    accepted: bool | None = None
    activity_digest: str | None = None


class ActivityAcknowledged(Activity):
    """An activity of type `acknowledged`."""

    type: Literal["acknowledged"]


class ActivityAgentReplied(Activity):
    """An activity of type `agent_replied`."""

    type: Literal["agent_replied"]


class ActivityAssigned(Activity):
    """An activity of type `assigned`."""

    type: Literal["assigned"]


class ActivityBotReplied(Activity):
    """An activity of type `bot_replied`."""

    type: Literal["bot_replied"]


class ActivityClosed(Activity):
    """An activity of type `closed`."""

    type: Literal["closed"]


class ActivityCustomerReplied(Activity):
    """An activity of type `customer_replied`."""

    type: Literal["customer_replied"]


class ActivityEntitlementRefreshed(Activity):
    """An activity of type `entitlement_refreshed`."""

    type: Literal["entitlement_refreshed"]


class ActivityEscalationRequested(Activity):
    """An activity of type `escalation_requested`."""

    type: Literal["escalation_requested"]


class ActivityEscalationReviewed(Activity):
    """An activity of type `escalation_reviewed`."""

    type: Literal["escalation_reviewed"]


class ActivityHandedOver(Activity):
    """An activity of type `handed_over`."""

    type: Literal["handed_over"]


class ActivityInternalNote(Activity):
    """An activity of type `internal_note`."""

    type: Literal["internal_note"]


class ActivityMilestoneReached(Activity):
    """An activity of type `milestone_reached`."""

    type: Literal["milestone_reached"]


class ActivityPolicyMigrated(Activity):
    """An activity of type `policy_migrated`."""

    type: Literal["policy_migrated"]


class ActivityReopened(Activity):
    """An activity of type `reopened`."""

    type: Literal["reopened"]


class ActivityReplyRetracted(Activity):
    """An activity of type `reply_retracted`."""

    type: Literal["reply_retracted"]


class ActivityReprioritised(Activity):
    """An activity of type `reprioritised`."""

    type: Literal["reprioritised"]


class ActivityResolved(Activity):
    """An activity of type `resolved`."""

    type: Literal["resolved"]


class ActivityRestored(Activity):
    """An activity of type `restored`."""

    type: Literal["restored"]


class ActivityStatusChanged(Activity):
    """An activity of type `status_changed`."""

    type: Literal["status_changed"]


class ActivityWithdrawn(Activity):
    """An activity of type `withdrawn`."""

    type: Literal["withdrawn"]


class PromisedMilestone(Data):
    """
    What a routed case says of one milestone: `due_at` as in `DecidedMilestone`, or why nothing is promised.

    Neither: its clock starts later. The target, its hours and the kind of promise are the edition's.
    """

    due_at: AwareDatetime | None = None
    reason: Word | None = None


class CaseRouted(Data):
    """
    A request became a case. Entitlement and edition are pinned here; later edits do not reach it.

    It carries what the request claims, what the account was taken to be and what was decided. The rest of the decision
    (verdict and reason of each channel, targets, phone numbers, trace, notes) follows from these and from the edition:
    see `shared/routing/decision_event.py`. The customer's text is in support.requests only.
    """

    case_id: Identifier
    account_id: Identifier | None
    requester_id: Identifier
    client: Identifier
    requested_channel: Word
    fields: dict[str, Word]
    received_at: AwareDatetime
    observed_at: AwareDatetime
    assigned_channel: Word
    assigned_tier: Word
    open_channels: list[Word]
    priority: Word
    priority_rule: str
    milestones: dict[str, PromisedMilestone]
    escalation: MayEscalate
    entitlement: EntitlementUsed
    calendar: str
    edition: str
    policy_sha256: Sha256
    caused_by: CausedBy
    needs_triage: bool = False
    channel_reason: str | None = None
    language: Language | None = None
    country: Country | None = None
    ready_to_call: bool = False
    opened_by: Literal["customer", "agent"] = "customer"


class Requester(Data):
    """Who asks, as the producer claims it."""

    requester_id: Identifier
    role: Word
    licensed: bool
    name: str | None = None
    email: str | None = None


class RequestSubmitted(Data):
    """A support request, accepted by intake. No other event has its `subject` and `description`."""

    request_id: Identifier
    client: Identifier
    authenticated_by: Literal["api_key", "signed_token", "anonymous"]
    account_id: Identifier | None
    requester: Requester
    channel: Word
    subject: str
    description: str
    fields: dict[str, Word]
    received_at: AwareDatetime
    submission_digest: str
    language: Language | None = None
    country: Country | None = None
    phone: PhoneReadiness | None = None
    opened_by: Literal["customer", "agent"] = "customer"


# The class of each CloudEvents type.
TYPES: dict[str, type[Data]] = {
    "frontline.activity.acknowledged.v1": ActivityAcknowledged,
    "frontline.activity.agent_replied.v1": ActivityAgentReplied,
    "frontline.activity.assigned.v1": ActivityAssigned,
    "frontline.activity.bot_replied.v1": ActivityBotReplied,
    "frontline.activity.closed.v1": ActivityClosed,
    "frontline.activity.customer_replied.v1": ActivityCustomerReplied,
    "frontline.activity.entitlement_refreshed.v1": ActivityEntitlementRefreshed,
    "frontline.activity.escalation_requested.v1": ActivityEscalationRequested,
    "frontline.activity.escalation_reviewed.v1": ActivityEscalationReviewed,
    "frontline.activity.handed_over.v1": ActivityHandedOver,
    "frontline.activity.internal_note.v1": ActivityInternalNote,
    "frontline.activity.milestone_reached.v1": ActivityMilestoneReached,
    "frontline.activity.policy_migrated.v1": ActivityPolicyMigrated,
    "frontline.activity.reopened.v1": ActivityReopened,
    "frontline.activity.reply_retracted.v1": ActivityReplyRetracted,
    "frontline.activity.reprioritised.v1": ActivityReprioritised,
    "frontline.activity.resolved.v1": ActivityResolved,
    "frontline.activity.restored.v1": ActivityRestored,
    "frontline.activity.status_changed.v1": ActivityStatusChanged,
    "frontline.activity.withdrawn.v1": ActivityWithdrawn,
    "frontline.case.closed.v1": CaseClosed,
    "frontline.case.message_on_closed.v1": CaseMessageOnClosed,
    "frontline.case.reopened.v1": CaseReopened,
    "frontline.case.routed.v1": CaseRouted,
    "frontline.clock.breached.v1": ClockBreached,
    "frontline.clock.cancelled.v1": ClockCancelled,
    "frontline.clock.fulfilled.v1": ClockFulfilled,
    "frontline.clock.paused.v1": ClockPaused,
    "frontline.clock.restated.v1": ClockRestated,
    "frontline.clock.resumed.v1": ClockResumed,
    "frontline.clock.started.v1": ClockStarted,
    "frontline.clock.warned.v1": ClockWarned,
    "frontline.edition.published.v1": EditionPublished,
    "frontline.entitlement.set.v1": EntitlementSet,
    "frontline.entitlement.withdrawn.v1": EntitlementWithdrawn,
    "frontline.escalation.accepted.v1": EscalationAccepted,
    "frontline.escalation.raised.v1": EscalationRaised,
    "frontline.escalation.refused.v1": EscalationRefused,
    "frontline.escalation.rejected.v1": EscalationRejected,
    "frontline.escalation.requested.v1": EscalationRequested,
    "frontline.escalation.suppressed.v1": EscalationSuppressed,
    "frontline.request.submitted.v1": RequestSubmitted,
}
