"""[pure] Cases as the calls of the board answer them: JSON data, in the language of the caller."""

from collections.abc import Mapping
from typing import Any

from shared.business_time.instants import Micros, from_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import ActivityRecorded
from shared.explain.logged_case import SPOKEN, LoggedCase

Row = Mapping[str, Any]  # the columns of `cases`

# Of a case's history, what its customer sees; the rest is the desk's own.
_PUBLIC = frozenset(
    (
        *("customer_replied", "agent_replied", "bot_replied", "restored", "resolved", "reopened", "closed"),
        *("withdrawn", "status_changed", "status_ended", "reprioritised", "entitlement_refreshed"),
        *("clock.started", "clock.paused", "clock.resumed", "clock.fulfilled", "clock.cancelled", "clock.breached"),
        *("clock.restated", "escalation.requested", "escalation.refused", "escalation.accepted"),
        *("escalation.rejected", "case.closed", "case.reopened"),
    )
)
DESK_FIELDS = frozenset(("needs_triage", "assigned_to", "turn"))  # of a row
_NOT_FOR_CUSTOMERS = ("isolation", "dead_letters", "trace", "notes")  # of an explanation


def row_answer(row: Row, *, for_desk: bool) -> dict[str, Any]:
    """A case in a list. Customers are not told what the desk says to itself.

    `next` is the promise that is due first; null = nothing that is promised runs or stands still. `due_at` is null
    while it stands still. `change` grows with every change of any case.
    """
    found = {
        "case_id": row["case_id"],
        "account_id": row["account_id"],
        "requester_id": row["requester_id"],
        "subject": row["subject"],
        "received_at": _instant(row["received_at"]),
        "state": row["state"],
        "status": row["status"],
        "priority": row["priority"],
        "plan": row["plan"],
        "account_type": row["account_type"],
        "channel": row["channel"],
        "tier": row["tier"],
        "calendar": row["calendar"],
        "edition": row["edition"],
        "policy_sha256": row["policy_sha256"],
        "needs_triage": bool(row["triage"]),
        "next": _next(row),
        "breached": bool(row["breached"]),
        "escalation_request": row["asked"],
        "assigned_to": row["assigned_to"],
        "turn": row["turn"],
        "last_message_at": _instant(row["last_at"]),
        "updated_at": _instant(row["updated_at"]),
        "change": row["change"],
    }
    return found if for_desk else {name: value for name, value in found.items() if name not in DESK_FIELDS}


def case_answer(
    row: Row, case: LoggedCase | None, explained: Mapping[str, Any] | None, *, for_desk: bool
) -> dict[str, Any]:
    """One case: its row, the words and the thread, the decision, the clocks with their ledgers, what happened.

    `explained` is its explanation, null while nothing is decided. `case` null = the log has its request no more.
    """
    found = row_answer(row, for_desk=for_desk)
    if explained is not None:
        found["explanation"] = dict(explained) if for_desk else _for_customer(explained)
    else:
        found["explanation"] = None
    if case is None:
        return {**found, "description": None, "requester": None, "thread": []}
    request = case.request
    requester = {"requester_id": request.requester.requester_id, "name": request.requester.name}
    if for_desk:
        requester["email"] = request.requester.email
    return {
        **found,
        "description": request.description,
        "requester": requester,
        "thread": _thread(case.messages, for_desk=for_desk),
    }


def _for_customer(explained: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in explained.items() if name not in _NOT_FOR_CUSTOMERS}
    found["history"] = [
        entry | {"actor": _for_customers(entry["actor"])} if entry.get("actor") else entry
        for entry in explained["history"]
        if entry["type"] in _PUBLIC
    ]
    found["clocks"] = [
        {name: value for name, value in clock.items() if name not in ("calls", "acknowledged")}
        for clock in explained["clocks"] or ()
    ]
    return found


def _thread(activities: list[ActivityRecorded], *, for_desk: bool) -> list[dict[str, Any]]:
    """What was said, in the order of the log; without what was taken back. Notes are for the desk alone."""
    kinds = (*SPOKEN, "internal_note") if for_desk else SPOKEN
    retracted = {each.retracts for each in activities if each.type == "reply_retracted"}
    return [
        {
            "activity_id": each.activity_id,
            "type": each.type,
            "at": format_instant(each.at),
            "actor": actor if for_desk else _for_customers(actor),
            "text": each.text,
        }
        for each in activities
        if each.type in kinds and each.text and each.activity_id not in retracted
        for actor in ({"kind": each.actor.kind, "id": each.actor.id},)
    ]


def _for_customers(actor: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who acted, as customers read it: their colleagues by their ids, of the desk that it was an agent or a bot."""
    return actor if actor["kind"] == "customer" else {"kind": actor["kind"]}


def _next(row: Row) -> dict[str, Any] | None:
    if row["milestone"] is None:
        return None
    return {
        "milestone": row["milestone"],
        "started_at": _instant(row["started_at"]),
        "due_at": _instant(row["due_at"]),
        "paused": bool(row["paused"]),
    }


def _instant(micros: Micros | None) -> str | None:
    return None if micros is None else format_instant(from_micros(micros))
