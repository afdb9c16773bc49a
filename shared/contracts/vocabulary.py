"""[pure] The words that events, the policy and the edges share.

Code knows the closed sets below: they are `Literal` types, so pydantic, msgspec, JSON Schema and mypy all enforce the
same sets. The words of a company (plans, account types, roles, channels, tiers, fields and their values, priorities,
milestones, addressees) are those of its edition: the contract only says what a `Word` looks like.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field

INTAKE_SOURCE = "/frontline/intake"  # the CloudEvents source of all that intake publishes

WORD_PATTERN = "^[A-Za-z][A-Za-z0-9_.-]{0,39}$"
# A word of an edition. The length is all that readers of events check: a word of another form is in no edition, and a
# regular expression for each of the twenty words of a case would cost more than the rest of reading it.
Word = Annotated[str, Field(min_length=1, max_length=40, json_schema_extra={"pattern": WORD_PATTERN})]
STATUS_LIMIT = 60  # characters
# A help desk's own name of a status, as people write it there.
Status = Annotated[str, Field(min_length=1, max_length=STATUS_LIMIT)]
LANGUAGE_PATTERN = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
Language = Annotated[str, Field(pattern=LANGUAGE_PATTERN)]  # BCP 47, open

Hours = Literal["elapsed", "business", "elapsed_then_next_open"]
Until = Literal["same_time", "end_of_day"]  # when a target in business days ends on its last date
Promise = Literal["objective", "commitment"]
StatusKind = Literal["open", "waiting", "resolved", "closed"]  # what a status counts as
ReopenMode = Literal["resume", "new_cycle"]
Stage = Literal["running", "paused", "fulfilled", "cancelled"]
OpenedBy = Literal["customer", "agent"]
# covered: the account is known, and the edition knows its words. The others are the ways not to be: the edition lacks
# its plan, its type or the role; its entitlement does not count yet, or no more; it was withdrawn; the producer names
# an account that was never set, or none; or nobody vouches for the requester.
CoverageStatus = Literal[
    "covered",
    "plan_not_in_edition",
    "not_yet_valid",
    "expired",
    "withdrawn",
    "unknown_account",
    "no_account",
    "anonymous",
]
RequesterFrom = Literal["contact_list", "producer_claim", "nobody"]
ActorKind = Literal["customer", "agent", "bot", "system"]
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
    "bot_replied",
    "assigned",
    "handed_over",
    "acknowledged",
    "milestone_reached",
    "reply_retracted",
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
    "not_in_edition",
    "unknown_case",
    "case_gone",
    "duplicate_case",
    "unknown_edition",
    "unknown_calendar",
    "unknown_word",
    "no_escalation_requested",
    "bad_activity_time",
    "from_the_future",
    "uncountable_target",
    "too_much_activity",
    "case_too_large",
    "case_isolated",
    "unexpected_error",
    "output_too_large",
    "record_too_large",
    "record_unreadable",
]

ACTIVITY_TYPES: tuple[ActivityType, ...] = get_args(ActivityType)
STATUS_KINDS: tuple[StatusKind, ...] = get_args(StatusKind)
WITHHELD_CAUSES: tuple[WithheldCause, ...] = get_args(WithheldCause)
DEAD_LETTER_CAUSES: tuple[DeadLetterCause, ...] = get_args(DeadLetterCause)
