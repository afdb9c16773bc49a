"""[pure] What an agent can do on a case beside answering it, and the activity that each button reports."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.messages.messages import Messages
from shared.policy.base import in_language
from shared.policy.model import Edition
from shared.web.errors import FieldError, InvalidFields

NEEDS_TEXT = ("agent_replied", "internal_note")
WITH_TEXT = ("resolved", "reopened", "restored", "closed", "status_changed")  # with the answer that was typed, if any
OTHERS = ("acknowledged", "reprioritised", "escalation_reviewed", "unassigned")
RESTORED = "restored"


class Question(NamedTuple):
    """A field of the edition, its values with their names, and the one that counts now."""

    name: str
    text: str
    values: tuple[tuple[str, str], ...]
    now: str


class DeskActions(NamedTuple):
    """What the page offers. `statuses` are those that a case can be given, with their names; `acknowledge` the promises
    whose chain of calls can be stopped; `can_restore`: some promise waits for it; `to_review`: an escalation was asked.
    """

    statuses: tuple[tuple[str, str], ...]
    acknowledge: tuple[tuple[str, str], ...]
    questions: tuple[Question, ...]
    can_restore: bool
    to_review: bool


def actions_of(
    found: Mapping[str, Any],
    edition: Edition | None,
    fields: Mapping[str, str],
    messages: Messages,
    language: str,
    *,
    asked: bool,
) -> DeskActions:
    """What can be done on a case with that explanation, by its edition; without it, nothing that needs one.

    `fields` are the values that count now. `asked`: an escalation that the customer asked for waits for a review.
    """
    live = [clock for clock in found["clocks"] or () if clock["stage"] in ("running", "paused")]
    if edition is None:
        return DeskActions((), (), (), False, asked)
    statuses = tuple(
        (status, messages.name("status", status))
        for status, counts_as in edition.statuses.items()
        if counts_as in ("open", "waiting")
    )
    return DeskActions(
        statuses=statuses,
        acknowledge=tuple((clock["milestone"], messages.name("milestone", clock["milestone"])) for clock in live),
        questions=tuple(
            Question(
                name=word,
                text=field.name_in(word, language) if field.question is None else in_language(field.question, language),
                values=tuple((value, named.name_in(value, language)) for value, named in field.values.items()),
                now=fields.get(word, field.default or ""),
            )
            for word, field in edition.fields.items()
        ),
        can_restore=any(RESTORED in edition.milestones[clock["milestone"]].fulfilled_by for clock in live),
        to_review=asked,
    )


def reports_of(typed: Mapping[str, str], reader: str) -> list[dict[str, Any]]:
    """What a button reports, in its order. Raises InvalidFields for what is no button of the page, or lacks a text."""
    kind, text = typed.get("type", ""), typed.get("text", "").strip()
    if "take" in typed:
        return [{"type": "assigned", "to": reader}]
    if kind in NEEDS_TEXT:
        if not text:
            raise InvalidFields([FieldError("text", "page.wrong.text")])
        return [{"type": kind, "text": text}]
    if kind in WITH_TEXT:
        answer = [{"type": "agent_replied", "text": text}] if text else []
        body: dict[str, Any] = {"type": kind}
        if kind == "status_changed":
            body["to"] = typed.get("to", "")
        return [body, *answer] if kind == "reopened" else [*answer, body]
    if kind == "acknowledged":
        return [{"type": kind, "milestone": typed.get("milestone", "")}]
    if kind == "unassigned":
        return [{"type": "assigned", "to": None}]
    if kind == "reprioritised":
        names = (name for name in typed if name.startswith("fields."))
        return [{"type": kind, "fields": {name.removeprefix("fields."): typed[name] for name in names if typed[name]}}]
    if kind == "escalation_reviewed":
        return [{"type": kind, "accepted": typed.get("accepted") == "yes"}]
    raise InvalidFields([FieldError("type", "page.wrong.choose")])
