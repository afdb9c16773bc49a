"""[pure] A case as an agent reads it: who has it, who said what, what is for the desk alone, and what happened."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.explain.logged_case import SPOKEN
from shared.messages.messages import Messages
from shared.pages.case.case_page import Data, Happened, history, status_text
from shared.policy.model import Edition

# What of a case's history an agent sees, and how it is marked. Of a clock, how it ended is beside these.
_SHOWN = {
    "customer_replied": "",
    "agent_replied": "ok",
    "bot_replied": "",
    "internal_note": "",
    "assigned": "",
    "handed_over": "",
    "acknowledged": "",
    "restored": "ok",
    "resolved": "ok",
    "reopened": "",
    "closed": "",
    "withdrawn": "",
    "status_changed": "",
    "reprioritised": "",
    "entitlement_refreshed": "",
    "reply_retracted": "",
    "clock.warned": "warn",
    "escalation.raised": "late",
    "escalation.requested": "warn",
    "escalation.refused": "",
    "escalation.accepted": "ok",
    "escalation.rejected": "",
}
_SPOKEN = (*SPOKEN, "internal_note")
# Sentences of the pages of a request that say "you" to the customer, or "we" to them.
_SAID_OTHERWISE = (
    "page.deciding.title",
    "page.decision.title",
    "page.promise.resolved",
    "page.promise.closed",
    "page.happened.submitted",
    "page.happened.customer_replied",
    "page.happened.agent_replied",
    "page.happened.entitlement_refreshed",
    "page.refused.not_found",
    "page.refused.invalid_fields",
)


class SaidAtDesk(NamedTuple):
    """A message as an agent reads it. `by` is me, colleague, customer or bot; `who` names whoever that was.

    `is_note`: it is for the desk alone.
    """

    id: str
    by: str
    who: str
    text: str
    at: str
    is_note: bool = False


def desk_words(messages: Messages, edition: Edition) -> Messages:
    """The sentences of the pages as an agent reads them: what is said to customers is said of them."""
    own = {code: messages.find(f"desk.says.{code}") or code for code in _SAID_OTHERWISE}
    return messages.with_own(own | {f"page.status.{word}": _status(word, messages) for word in edition.statuses})


def _status(word: str, messages: Messages) -> str:
    code = f"desk.status.{word}"
    return messages(code) if messages.knows(code) else messages.name("status", word)


def said(request: SupportRequestSubmitted, activities: Sequence[ActivityRecorded], reader: str) -> list[SaidAtDesk]:
    """The conversation: the description first, with the notes of the desk; without what was taken back.

    `reader` is the id of the agent who reads it.
    """
    retracted = {activity.retracts for activity in activities if activity.type == "reply_retracted"}
    customer = request.requester.name or request.requester.requester_id
    first = "colleague" if request.opened_by == "agent" else "customer"
    found = [SaidAtDesk(request.request_id, first, customer, request.description, request.received_at.isoformat())]
    for each in activities:
        if each.type in _SPOKEN and each.text and each.activity_id not in retracted:
            is_requester = each.actor.id == request.requester.requester_id
            who = customer if each.type == "customer_replied" and is_requester else each.actor.id
            note = each.type == "internal_note"
            found.append(SaidAtDesk(each.activity_id, _by(each, reader), who, each.text, each.at.isoformat(), note))
    return found


def taken_by(activities: Sequence[ActivityRecorded]) -> str | None:
    """Who has taken the case, by the last of `activities` that says so; None = nobody. The list and the page ask it."""
    return next((each.to for each in reversed(activities) if each.type == "assigned"), None)


def _by(activity: ActivityRecorded, reader: str) -> str:
    if activity.type == "customer_replied":
        return "customer"
    if activity.type == "bot_replied" or activity.actor.kind == "bot":
        return "bot"
    return "me" if activity.actor.id == reader else "colleague"


def happened(found: Data, messages: Messages, reader: str) -> Iterator[Happened]:
    """What happened, in its order. `messages` are `desk_words`."""

    def told(entry: Data) -> Happened | None:
        kind = entry["type"]
        if kind == "assigned" and entry.get("to") is None:
            return Happened(entry["at"], messages("page.happened.unassigned"), "")
        if kind not in _SHOWN:
            return None
        text = messages(f"page.happened.{kind}", **_facts(entry, messages, reader))
        return Happened(entry["at"], text, _SHOWN[kind])

    return history(found, messages, "", told)


def _facts(entry: Data, messages: Messages, reader: str) -> Mapping[str, Any]:
    """What a sentence may say of an entry."""
    actor, to = entry.get("actor", {}).get("id", ""), entry.get("to") or ""
    return {
        "who": _name(actor, messages, reader),
        "to": _name(to, messages, reader),
        "status": status_text(to, messages),
        "milestone": messages.name("milestone", entry.get("milestone", "")),
        "called": messages.name("called", entry.get("called", "")),
        "level": entry.get("level", 0),
    }


def _name(agent: str, messages: Messages, reader: str) -> str:
    return messages("desk.you") if agent == reader else agent
