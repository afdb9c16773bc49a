"""[pure] A case as its customer reads it: what is owed and when, why, what happened, what was said.

`found` is an explanation (`shared/explain`): its sentences are in the reader's language. What is for the desk alone,
such as notes and who was called, is left out here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.messages.calendar_name import calendar_name
from shared.messages.messages import Messages
from shared.pages.ledger import Picture, draw, intervals_of
from shared.pages.moments import Moments
from shared.policy.base import in_language
from shared.policy.model import Edition

Data = Mapping[str, Any]
# What of a case's history its customer sees, and how it is marked. Of a clock, only how it ended.
_SHOWN = {
    "customer_replied": "me",
    "agent_replied": "ok",
    "bot_replied": "",
    "restored": "ok",
    "resolved": "ok",
    "reopened": "",
    "closed": "",
    "withdrawn": "",
    "status_changed": "",
    "reprioritised": "",
    "entitlement_refreshed": "",
    "escalation.requested": "me",
    "escalation.refused": "warn",
    "escalation.accepted": "ok",
    "escalation.rejected": "warn",
}
_SPOKEN = {"customer_replied": "me", "agent_replied": "agent", "bot_replied": "bot"}


class Said(NamedTuple):
    """A message of the conversation. `by` is me, colleague, agent or bot; `id` the activity's, first the request's."""

    id: str
    by: str
    text: str
    at: str


class Promise(NamedTuple):
    """A clock as its customer reads it. `due_at` is null while it stands still.

    `state` is ok, warn, late or wait: it stands still, or was cancelled.
    """

    name: str
    state: str
    due_at: str | None
    used: float  # share of the target, 0 to 1
    why: str
    picture: Picture
    open: bool


class Happened(NamedTuple):
    """An entry of what happened."""

    at: str
    text: str
    mark: str


def promises(found: Data, now: datetime, messages: Messages, moments: Moments) -> list[Promise]:
    """The clocks that still run or stand still, the one that is due first at the front; then those that have ended."""
    clocks = [_promise(clock, now, messages, moments) for clock in found["clocks"] or ()]
    return sorted(clocks, key=lambda each: (not each.open, each.due_at is None, each.due_at or ""))


def nothing_promised(found: Data, messages: Messages) -> str:
    """Why nothing is promised, where nothing is; else the empty text."""
    reasons = {terms.get("reason") for terms in found["milestones"].values()} - {None}
    for reason in sorted(reasons):
        code = f"no_target.{reason}"
        if messages.knows(code):
            return messages(code, plan=found["entitlement"]["plan"], priority=found["priority"])
    return ""


def said(request: SupportRequestSubmitted, activities: Sequence[ActivityRecorded], reader: str) -> list[Said]:
    """The conversation: the description first. What was taken back is left out, and what is for the desk alone.

    `reader` is the id of whoever reads it: others of the same account are colleagues.
    """
    retracted = {activity.retracts for activity in activities if activity.type == "reply_retracted"}
    first = "agent" if request.opened_by == "agent" else _me(request.requester.requester_id, reader)
    found = [Said(request.request_id, first, request.description, request.received_at.isoformat())]
    for activity in activities:
        by = _SPOKEN.get(activity.type)
        if by is not None and activity.text and activity.activity_id not in retracted:
            by = _me(activity.actor.id, reader) if by == "me" else by
            found.append(Said(activity.activity_id, by, activity.text, activity.at.isoformat()))
    return found


def _me(speaker: str, reader: str) -> str:
    return "me" if speaker == reader else "colleague"


def happened(found: Data, messages: Messages) -> Iterator[Happened]:
    """What happened, in its order."""

    def told(entry: Data) -> Happened | None:
        if entry["type"] not in _SHOWN:
            return None
        status = status_text(entry["to"], messages) if entry.get("to") else ""
        text = messages(f"page.happened.{entry['type']}", status=status)
        return Happened(entry["at"], text, _SHOWN[entry["type"]])

    return history(found, messages, "me", told)


def history(found: Data, messages: Messages, by: str, told: Callable[[Data], Happened | None]) -> Iterator[Happened]:
    """What happened: how it began, which is marked `by` whoever sent it, how clocks ended, and what is `told` else."""
    yield Happened(found["received_at"], messages("page.happened.submitted"), by)
    decision = {
        "channel": found["assigned_channel"],
        "tier": found["assigned_tier"],
        "priority": found["priority_when_routed"],
    }
    yield Happened(found["decided_at"], messages("page.happened.routed", **decision), "")
    for entry in found["history"]:
        if entry["type"] in ("clock.fulfilled", "clock.breached"):
            yield _of_clock(entry, messages)
        elif (shown := told(entry)) is not None:
            yield shown


def _of_clock(entry: Data, messages: Messages) -> Happened:
    """How a clock ended: in time, late, or over while nothing came."""
    milestone = messages.name("milestone", entry["milestone"])
    if entry["type"] == "clock.breached":
        return Happened(entry["at"], messages("page.happened.late", milestone=milestone), "late")
    code, mark = ("page.happened.met", "ok") if entry.get("met") else ("page.happened.answered_late", "late")
    return Happened(entry["at"], messages(code, milestone=milestone), mark)


def _promise(clock: Data, now: datetime, messages: Messages, moments: Moments) -> Promise:
    name = messages.name("milestone", clock["milestone"])
    is_open = clock["stage"] in ("running", "paused")
    target = clock["target_seconds"] or 0
    used = min(1.0, clock["used_seconds"] / target) if target else 0.0
    return Promise(
        name=name if clock["instance"] == 1 else f"{name} {clock['instance']}",
        state=_state(clock, used, now),
        due_at=clock["due_at"] if clock["stage"] != "cancelled" else None,
        used=used,
        why=_why(clock, messages, moments),
        picture=_picture(clock, now, messages, moments),
        open=is_open,
    )


def _state(clock: Data, used: float, now: datetime) -> str:
    if clock["stage"] == "paused" or (clock["stage"] == "cancelled" and not clock["late"]):
        return "wait"
    if clock["late"] or (clock["stage"] == "running" and datetime.fromisoformat(clock["due_at"]) < now):
        return "late"
    return "warn" if clock["stage"] == "running" and used >= 0.75 else "ok"


def _target(clock: Data, messages: Messages) -> str:
    """The length of the promise: so many business days, or a length of time in its hours."""
    if clock["target_business_days"] is not None:
        return messages("page.target.days", count=clock["target_business_days"])
    return messages(f"page.target.{clock['hours'] or 'elapsed'}", span=messages.span(clock["target_seconds"] or 0))


def _why(clock: Data, messages: Messages, moments: Moments) -> str:
    """Why the deadline is when it is: what of the time since the start did not count, at most three parts."""
    skipped = [entry for entry in clock["ledger"] if not entry["counted"]]
    if not skipped:
        return messages("page.why.all_counts", target=_target(clock, messages), start=moments.said(clock["started_at"]))
    longest = sorted(skipped, key=lambda each: each["seconds"], reverse=True)[:3]
    calendar = _calendar(clock, messages)
    parts = [_skipped(each, calendar, messages, moments) for each in sorted(longest, key=lambda each: each["start"])]
    return messages("page.why.skipped", target=_target(clock, messages), parts=parts)


def _skipped(entry: Data, calendar: str, messages: Messages, moments: Moments) -> str:
    start, end = moments.said(entry["start"]), moments.said(entry["end"])
    return messages("page.why.part", start=start, end=end, why=_reason(entry, calendar, messages))


def _calendar(clock: Data, messages: Messages) -> str:
    """The name of the calendar that a clock counts by; "" where its record does not have it."""
    calendar = clock["rules"]["calendar"].get("calendar")
    return calendar_name(calendar, messages) if calendar else ""


def _reason(entry: Data, calendar: str, messages: Messages) -> str:
    """Why an interval counted or not; a pause by the name of its status alone, since the interval says when."""
    if entry["reason"] == "closed" and calendar:
        return messages("page.ledger.closed_by", calendar=calendar)
    if entry["reason"] == "paused" and entry["paused_by"] is not None:
        return messages("page.why.paused", status=status_text(entry["paused_by"]["status"], messages))
    return str(entry["because"])


def status_text(status: str, messages: Messages) -> str:
    """A status in the customer's words; one of the desk's own as the desk calls it."""
    code = f"page.status.{status}"
    return messages(code) if messages.knows(code) else messages.name("status", status)


def _picture(clock: Data, now: datetime, messages: Messages, moments: Moments) -> Picture:
    """The ledger of a clock as a picture: up to now, up to when it stopped, or up to its deadline."""
    calendar = _calendar(clock, messages)
    entries = [{**entry, "because": _reason(entry, calendar, messages)} for entry in clock["ledger"]]
    stopped_at, due_at = clock["stopped_at"], clock["due_at"]
    return draw(
        intervals_of(entries),
        messages,
        moments,
        now=now if stopped_at is None else datetime.fromisoformat(stopped_at),
        due=None if due_at is None else datetime.fromisoformat(due_at),
    )


def priority_text(found: Data, edition: Edition | None, language: str) -> str:
    """How the edition defines the priority of the case, for people; else why it has that one."""
    known = None if edition is None else edition.priorities.get(found["priority"])
    if known is None or known.definition is None:
        return str(found["priority_because"])
    return in_language(known.definition, language)


def is_call(found: Data, edition: Edition | None) -> bool:
    """Whether the customer calls: the edition's phone is where the case is."""
    phone = None if edition is None else edition.phone
    return phone is not None and found["assigned_channel"] == phone.channel


def next_escalation(found: Data, messages: Messages, moments: Moments) -> tuple[bool, str]:
    """Whether the customer may ask for an escalation now, and if not, why not, and when it will be possible."""
    now = found["customer_escalation"]["now"]
    if now is None:
        return False, ""
    if now["possible"]:
        return True, ""
    if now["eligible_at"] is not None:
        return False, messages("page.escalate.later", at=moments.said(now["eligible_at"]))
    if now["reason"] in ("not_entitled", "request_type"):
        return False, found["customer_escalation"].get("because") or messages("page.escalate.never")
    return False, messages(f"page.escalate.{now['reason']}")
