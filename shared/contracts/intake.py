"""[pure] What intake publishes: requests, entitlements, activity on cases."""

from typing import ClassVar

from shared.contracts.base import CountryCode, Event, Identifier, Instant, Part, Sha256
from shared.contracts.terms import MilestoneTerms
from shared.contracts.vocabulary import ActivityType, ActorKind, AuthenticatedBy, Language, OpenedBy, Word


class Contact(Part):
    """A person that an account names. Where it names the requester, it outranks the producer's claim."""

    requester_id: Identifier
    role: Word
    licensed: bool
    email: str | None = None


class Account(Part):
    """What an account owns, from `valid_from` until before `valid_until`; without these, always.

    `calendar` names a calendar of the policy and outranks the country's.
    """

    account_id: Identifier
    plan: Word
    account_type: Word
    paid: bool
    country: CountryCode | None = None
    contacts: tuple[Contact, ...] = ()
    calendar: str | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None


class Requester(Part):
    """Who asks, as the producer claims it."""

    requester_id: Identifier
    role: Word
    licensed: bool
    name: str | None = None
    email: str | None = None


class PhoneReadiness(Part):
    """Whether the caller has at hand what phone support asks for. The values themselves are never kept."""

    meeting_id_given: bool
    host_key_given: bool


class SupportRequestSubmitted(Event):
    """A support request, accepted by intake. No other event has its `subject` and `description`."""

    TYPE: ClassVar[str] = "frontline.request.submitted.v1"

    request_id: Identifier
    client: Identifier  # the API client that submitted it
    authenticated_by: AuthenticatedBy  # an anonymous requester's claims are not believed
    account_id: Identifier | None
    requester: Requester
    channel: Word
    subject: str
    description: str
    fields: dict[Word, Word]  # what the edition's fields ask; one with a default may be left out
    received_at: Instant
    submission_digest: str  # SHA-256 of the submission as sent; another digest under this request_id is a conflict
    language: Language | None = None
    country: CountryCode | None = None  # where the requester is; else the account's
    phone: PhoneReadiness | None = None
    opened_by: OpenedBy = "customer"


class EntitlementSet(Event):
    """An account's entitlement, whole; replaces what was there."""

    TYPE: ClassVar[str] = "frontline.entitlement.set.v1"

    account: Account
    set_at: Instant


class EntitlementWithdrawn(Event):
    """The account owns nothing any more. A tombstone follows, so that the topic forgets the account."""

    TYPE: ClassVar[str] = "frontline.entitlement.withdrawn.v1"

    account_id: Identifier
    withdrawn_at: Instant


class Actor(Part):
    """Who acted, as the key or token of the call says, never its body. `id` is the name of the key."""

    kind: ActorKind
    id: Identifier


class ActivityRecorded(Event):
    """Something happened on a case. CloudEvents type `frontline.activity.<type>.v1`, one for each activity type.

    `at` is when it happened (the receipt, unless a client with the backfill scope says otherwise), `recorded_at` when
    intake received it. Where they are equal, `at` is a receipt, which counts from the opening of the case at the
    earliest. Which of the optional fields a type needs is intake's rule (`services/intake/activity.py`).
    """

    TYPE: ClassVar[str] = "frontline.activity.{type}.v1"

    case_id: Identifier
    activity_id: Identifier
    type: ActivityType
    at: Instant
    recorded_at: Instant
    client: Identifier
    actor: Actor
    text: str | None = None
    to: Identifier | None = None  # status_changed: the new status; assigned, handed_over: whom or where to
    until: Instant | None = None  # status_changed: when the status ends by itself
    milestone: Word | None = None  # milestone_reached, acknowledged: which one
    retracts: Identifier | None = None  # reply_retracted: the activity_id of the reply
    milestones: dict[Word, MilestoneTerms] | None = None  # reprioritised, entitlement_refreshed: the new terms
    fields: dict[Word, Word] | None = None  # reprioritised: the fields whose values change
    plan: Word | None = None  # entitlement_refreshed: what follows from this plan counts from now on
    edition: str | None = None  # policy_migrated: the edition that counts from now on
    policy_sha256: Sha256 | None = None  # policy_migrated: its digest
    reason: str | None = None
    accepted: bool | None = None  # escalation_reviewed
    activity_digest: str | None = None  # SHA-256 of it as sent; another digest under this activity_id is a conflict
