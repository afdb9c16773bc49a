"""[pure] The answers about cases, as the OpenAPI document describes them. `answers.py` makes them."""

from typing import Any, Literal

from shared.contracts.base import Instant
from shared.contracts.vocabulary import ActorKind
from shared.web.answer_model import AnswerModel

State = Literal["open", "waiting", "resolved", "closed", "undecided"]


class NextPromise(AnswerModel):
    """The promise that is due first. `due_at` is null while it stands still: `paused`."""

    milestone: str
    started_at: Instant | None
    due_at: Instant | None
    paused: bool


class Case(AnswerModel):
    """A case in a list. `next` is null if nothing that is promised runs or stands still.

    `state` is what its status counts as; undecided = the router has not decided. `change` grows with every change of
    any case. Customers are not told `needs_triage`, `assigned_to` and `turn`, which is whose answer is waited for.
    """

    case_id: str
    account_id: str | None
    requester_id: str | None
    subject: str | None
    received_at: Instant | None
    state: State
    status: str | None
    priority: str | None
    plan: str | None
    account_type: str | None
    channel: str | None
    tier: str | None
    calendar: str | None
    edition: str | None
    policy_sha256: str | None
    needs_triage: bool = False
    next: NextPromise | None
    breached: bool
    escalation_request: str | None
    assigned_to: str | None = None
    turn: Literal["ours", "theirs"] | None = None
    last_message_at: Instant | None
    updated_at: Instant | None
    change: int


class CasePage(AnswerModel):
    """A page of cases. `next_cursor` is null on the last one. The answer is true for the instant `as_of`."""

    cases: list[Case]
    next_cursor: str | None
    as_of: Instant | None


class WhoAsks(AnswerModel):
    """Who submitted the request. Customers are not told the address of mail."""

    requester_id: str
    name: str | None
    email: str | None = None


class WhoActed(AnswerModel):
    """Who acted. Customers are told the ids of customers alone."""

    kind: ActorKind
    id: str | None = None


class Message(AnswerModel):
    """What was said on a case. Notes are for the desk alone."""

    activity_id: str
    type: Literal["customer_replied", "agent_replied", "bot_replied", "internal_note"]
    at: Instant
    actor: WhoActed
    text: str


class WholeCase(Case):
    """A case with its words and what is to be said of it.

    `explanation` is what `frontline explain --json` answers; null without a decision. `description` and `requester` are
    null once the log has the request no more.
    """

    explanation: dict[str, Any] | None
    description: str | None
    requester: WhoAsks | None
    thread: list[Message]
    as_of: Instant | None
