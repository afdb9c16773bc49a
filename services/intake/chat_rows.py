"""[pure] A chat as the list of the desk shows it: what is due when, who has taken it, who waits for whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.explain.case_log import CaseLog
from shared.explain.rebuild_case import RebuiltCase
from shared.explain.standing import standing
from shared.pages.case.agent_case import taken_by
from shared.sla.pinned_edition import PinnedEdition

SOON = 0.25  # of the promise is left
Turn = Literal["ours", "theirs", "on_hold"]


class ChatRow(NamedTuple):
    """An open chat. `turn`: the customer waits for an answer (ours), has one (theirs), or the chat waits (on_hold).

    `due_at` is null where nothing runs; `milestone` is then the promise that stands still, if there is one. `soon_at`
    is when little of the time is left. `changes_at` is when a status ends by itself, which nobody reports.
    """

    case_id: str
    subject: str
    account_id: str | None
    requester: str
    priority: str
    turn: Turn
    taken_by: str | None
    last_at: datetime
    milestone: str | None
    due_at: datetime | None
    soon_at: datetime | None
    changes_at: datetime | None

    @property
    def order(self) -> tuple[bool, datetime, str]:
        """Its place in the list: what is due first, then what is not due, the one that was silent longest first."""
        return self.due_at is None, self.due_at or self.last_at, self.case_id


def row_of(
    request: SupportRequestSubmitted,
    log: CaseLog,
    activities: Sequence[ActivityRecorded],
    editions: Mapping[bytes, PinnedEdition],
    now: datetime,
    rebuilt: RebuiltCase,
) -> ChatRow | None:
    """The row of a case with this activity at `now`; None if it is not open, or its edition is not among `editions`."""
    case = log.case
    found = None if case is None else standing(log, case, editions, now, rebuilt)
    if found is None or found.state not in ("open", "waiting"):
        return None
    spoken = said_last(request, activities)
    turn: Turn = "ours" if spoken.by_customer else "theirs"
    return ChatRow(
        case_id=request.request_id,
        subject=request.subject,
        account_id=request.account_id,
        requester=request.requester.name or request.requester.requester_id,
        priority=found.priority,
        turn="on_hold" if found.state == "waiting" else turn,
        taken_by=taken_by(activities),
        last_at=spoken.at,
        milestone=found.milestone,
        due_at=found.due_at,
        soon_at=_soon(found.started_at, found.due_at),
        changes_at=min((each.until for each in found.activities if each.until and each.until > now), default=None),
    )


class SaidLast(NamedTuple):
    """The last message of a conversation."""

    at: datetime
    by_customer: bool


def said_last(request: SupportRequestSubmitted, activities: Sequence[ActivityRecorded]) -> SaidLast:
    """The last message that both sides see; the request, if there is no other."""
    retracted = {each.retracts for each in activities if each.type == "reply_retracted"}
    for each in reversed(activities):
        if each.type in ("customer_replied", "agent_replied") and each.activity_id not in retracted:
            return SaidLast(each.at, each.type == "customer_replied")
    return SaidLast(request.received_at, request.opened_by == "customer")


def _soon(started_at: datetime | None, due_at: datetime | None) -> datetime | None:
    if started_at is None or due_at is None:
        return None
    return due_at - max(timedelta(), due_at - started_at) * SOON
