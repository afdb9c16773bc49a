"""[pure] From the records of a case to its row: what lists show and filter by, and its clocks.

A row is worked out by the functions that escalation and `explain` use, so that a list, a page and what was published
never disagree. New activity is applied to what is stored of the case; only where an earlier record turns out otherwise
is a case folded from its beginning. Instants are microseconds since 1970 UTC.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from services.board.clock_rows import ClockRow, clock_rows
from shared.business_time.instants import LATEST, Micros, to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted, SupportRequestSubmitted
from shared.explain.case_log import CaseLog
from shared.explain.rebuild_case import apply, not_refused, opened
from shared.explain.standing import Stand, stand
from shared.kafka import serde
from shared.kafka.record import Record
from shared.sla import case_state
from shared.sla.customer_escalation import NEVER_REQUESTED
from shared.sla.pinned_edition import Editions
from shared.sla.terms_in_force import view_of

OPEN = 1 << 60  # the order of what is not due: behind every deadline
ENDED = 1 << 61  # and of what is over: behind that, the latest first
IS_OVER = ("resolved", "closed")
Turn = Literal["ours", "theirs"]


class Spoken(NamedTuple):
    """Who has the case and who spoke last, as far as it was folded. `turn`: whose answer is waited for."""

    assigned_to: str | None = None
    last_at: Micros | None = None
    turn: Turn | None = None


class Folded(NamedTuple):
    """What is stored of a case. `state` None = its edition is not known, or cannot be used. `to` is the offset of the
    last activity that was looked at.
    """

    state: case_state.CaseState | None
    spoken: Spoken
    to: int


NOTHING = Folded(None, Spoken(), -1)


def of_request(request: SupportRequestSubmitted) -> Spoken:
    """Who spoke when the case was submitted."""
    return Spoken(None, to_micros(request.received_at), "ours" if request.opened_by == "customer" else "theirs")


def request_of(records: Sequence[Record], case: CaseRouted | None) -> SupportRequestSubmitted | None:
    """Of the requests with the id of a case: the one that was decided; while none is known to be, the first."""
    if not records:
        return None
    cause = None if case is None else case.caused_by
    decided = (each for each in records if cause and (each.partition, each.offset) == (cause.partition, cause.offset))
    event = serde.decode(next(decided, records[0]))[1]
    return event if isinstance(event, SupportRequestSubmitted) else None


def columns_of(request: SupportRequestSubmitted) -> dict[str, Any]:
    """The columns of a case that follow from its request alone."""
    received = to_micros(request.received_at)
    return {
        "account_id": request.account_id,
        "client": request.client,
        "requester_id": request.requester.requester_id,
        "requester": request.requester.name,
        "subject": request.subject,
        "received_at": received,
        "anonymous": int(request.authenticated_by == "anonymous"),
        "by_agent": int(request.opened_by == "agent"),
        "last_at": received,
        "order_at": OPEN + received,
    }


def go_on(before: Folded, log: CaseLog, editions: Editions) -> Folded | None:
    """Apply the activity of `log`, which is what came since. None: all of it has to be folded again, for a reply was
    taken back.
    """
    case = log.case
    if before.to >= 0 and any(activity.type == "reply_retracted" for _, activity in log.activity):
        return None
    state = before.state
    if state is None and case is not None:
        state = opened(case, editions)
    spoken, to = before.spoken, max((place[1] for place, _ in log.activity), default=before.to)
    if case is not None:
        for activity in not_refused(log, case):
            if state is None or apply(state, editions, activity):
                spoken = _heard(spoken, activity, log)
    return Folded(state, spoken, max(before.to, to))


def _heard(spoken: Spoken, activity: ActivityRecorded, log: CaseLog) -> Spoken:
    if activity.type == "assigned":
        return spoken._replace(assigned_to=activity.to)
    if activity.type in ("customer_replied", "agent_replied") and not _is_retracted(activity, log):
        turn: Turn = "ours" if activity.type == "customer_replied" else "theirs"
        return spoken._replace(last_at=to_micros(activity.at), turn=turn)
    return spoken


def _is_retracted(reply: ActivityRecorded, log: CaseLog) -> bool:
    return any(each.retracts == reply.activity_id for _, each in log.activity if each.type == "reply_retracted")


class Row(NamedTuple):
    """The columns of a case that follow from its decision and its activity, and the rows of its clocks."""

    case: dict[str, Any]
    clocks: list[ClockRow]


def row_of(case: CaseRouted, folded: Folded, editions: Editions, at: Micros) -> Row:
    """How the case stands at `at`."""
    columns = _decided(case) | folded.spoken._asdict()
    if folded.state is None:
        return Row(columns | {"order_at": OPEN + (folded.spoken.last_at or to_micros(case.received_at))}, [])
    view = view_of(folded.state, editions)
    found = stand(view, at)
    kind, asked = view.kind, folded.state.asked
    columns |= {
        "state": found.state,
        "status": found.status,
        "priority": kind.priority,
        "plan": kind.situation.plan,
        "account_type": kind.situation.account_type,
        "asked": None if asked is None or asked == NEVER_REQUESTED else asked.stage,
        "changes_at": found.changes_at,
        "breached": int(any(clock.breached_at is not None for clock in found.clocks)),
        **_next(found, folded.spoken, case, at),
    }
    return Row(columns, list(clock_rows(found.clocks, folded.state, view, editions)))


def _decided(case: CaseRouted) -> dict[str, Any]:
    used = case.entitlement
    return {
        "account_id": case.account_id,
        "client": case.client,
        "requester_id": case.requester_id,
        "received_at": to_micros(case.received_at),
        "by_agent": int(case.opened_by == "agent"),
        "edition": case.edition,
        "policy_sha256": case.policy_sha256,
        "plan": used.plan,
        "account_type": used.account_type,
        "channel": case.assigned_channel,
        "tier": case.assigned_tier,
        "calendar": case.calendar,
        "triage": int(case.needs_triage),
        "state": "open",
        "status": None,
        "priority": case.priority,
        "asked": None,
        "changes_at": None,
        "ended_at": None,
        "breached": 0,
        **_NOTHING_NEXT,
    }


_NOTHING_NEXT: dict[str, Any] = {"milestone": None, "started_at": None, "due_at": None, "paused": 0}


def _next(found: Stand, spoken: Spoken, case: CaseRouted, at: Micros) -> dict[str, Any]:
    """What is due next, and the place of the case in a list by the time that is left."""
    if found.state in IS_OVER:
        since = found.status_since
        return {**_NOTHING_NEXT, "ended_at": since, "order_at": ENDED + LATEST - since}
    behind = OPEN + (spoken.last_at or to_micros(case.received_at))
    clock = found.next
    if clock is None:
        return {**_NOTHING_NEXT, "ended_at": None, "order_at": behind}
    return {
        "milestone": clock.milestone,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "paused": int(clock.stage == "paused"),
        "ended_at": None,
        "order_at": behind if clock.due_at is None else clock.due_at,
    }
