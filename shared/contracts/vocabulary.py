"""[pure] The closed sets of words that events, the policy and the edges share.

They are `Literal` types, so pydantic, msgspec, JSON Schema and mypy all enforce the same sets; the tuples beside them
are for iterating. The order of a tuple is meaningful where its comment says so.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field

Plan = Literal["access", "premier", "premier_plus"]
AccountType = Literal["free", "pro", "business", "business_plus", "education", "enterprise", "api"]
Role = Literal["owner", "admin", "member"]
Channel = Literal["help_center", "bot", "community", "billing", "social", "chat", "web_ticket", "phone"]
Tier = Literal["self_service", "tier1", "tier2"]
Impact = Literal["down", "severely_degraded", "critical", "significant", "general", "information"]
Workaround = Literal["none", "partial", "full"]
Environment = Literal["production", "development", "alpha", "beta"]
RequestType = Literal["technical", "billing", "other"]
Priority = Literal["P1", "P2", "P3", "P4"]
Milestone = Literal["first_response", "next_response", "periodic_update", "restoration", "resolution"]
Hours = Literal["elapsed", "business", "elapsed_then_next_open"]
Promise = Literal["objective", "commitment"]
NoTargetReason = Literal["no_priority_response", "self_service", "not_promised"]
ReopenMode = Literal["resume", "new_cycle"]
Stage = Literal["running", "paused", "fulfilled", "cancelled"]
Called = Literal["case_tier", "tier1_lead", "tier2", "technical_account_manager"]
Language = Annotated[str, Field(pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]  # BCP 47, open
# covered: the account is known. The others are the ways not to be: the producer names an account that was never set, or
# one whose entitlement was withdrawn; it names none; or nobody vouches for the requester.
CoverageStatus = Literal["covered", "unknown_account", "withdrawn", "no_account", "anonymous"]
RequesterFrom = Literal["contact_list", "producer_claim", "nobody"]
AuthenticatedBy = Literal["api_key", "signed_token", "anonymous"]
ActivityType = Literal[
    "agent_replied",
    "customer_replied",
    "internal_note",
    "status_changed",
    "reprioritised",
    "restored",
    "resolved",
    "reopened",
    "closed",
    "withdrawn",
    "entitlement_refreshed",
    "escalation_requested",
    "escalation_reviewed",
    "policy_migrated",
]
RefusalReason = Literal[
    "not_entitled",
    "request_type",
    "case_not_open",
    "already_requested",
    "already_accepted",
    "too_early",
    "recently_rejected",
]
WithheldCause = Literal["record_too_large", "record_unreadable"]  # the causes of a record whose content is not read
DeadLetterCause = Literal[
    "malformed_event",
    "unknown_type",
    "unexpected_type",
    "wrong_partition",
    "wrong_key",
    "conflict",
    "unknown_case",
    "case_gone",
    "duplicate_case",
    "unknown_edition",
    "unknown_calendar",
    "unknown_word",
    "no_escalation_requested",
    "bad_activity_time",
    "uncountable_target",
    "too_much_activity",
    "unexpected_error",
    "output_too_large",
    "record_too_large",
    "record_unreadable",
]

PLANS: tuple[Plan, ...] = get_args(Plan)  # from least to most
ACCOUNT_TYPES: tuple[AccountType, ...] = get_args(AccountType)
ROLES: tuple[Role, ...] = get_args(Role)
CHANNELS: tuple[Channel, ...] = get_args(Channel)
TIERS: tuple[Tier, ...] = get_args(Tier)  # from least to most
IMPACTS: tuple[Impact, ...] = get_args(Impact)  # from worst to mildest
WORKAROUNDS: tuple[Workaround, ...] = get_args(Workaround)
ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)
REQUEST_TYPES: tuple[RequestType, ...] = get_args(RequestType)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)  # from most to least urgent
MILESTONES: tuple[Milestone, ...] = get_args(Milestone)
LANGUAGES: tuple[Language, ...] = ("es", "en")  # that the texts of an edition must have
ACTIVITY_TYPES: tuple[ActivityType, ...] = get_args(ActivityType)
WITHHELD_CAUSES: tuple[WithheldCause, ...] = get_args(WithheldCause)
DEAD_LETTER_CAUSES: tuple[DeadLetterCause, ...] = get_args(DeadLetterCause)
