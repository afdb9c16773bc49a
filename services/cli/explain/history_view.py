"""[pure] What happened to a case, and what was dead-lettered, as people read it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.cli.cause_name import cause_name
from services.cli.explain.deadlines_view import numbered
from services.cli.explain.view_line import Line
from shared.messages.messages import Messages

Data = Mapping[str, Any]

_STYLES = {"breached": "red", "raised": "bold red", "warned": "yellow", "suppressed": "yellow", "restated": "magenta"}
_TO_SOMEBODY = ("assigned", "handed_over")  # whose `to` is a person or a team; that of other activities is a status
_STATUSES = ("status", "to_status")  # a status of the desk that has no name is shown as it is written there
_INSTANTS = ("until", "retracts_reply")  # beside those whose name ends with _at
# The facts of an entry whose values are words with a name in each language; other facts are shown as they are.
_KINDS = {
    "milestone": "milestone",
    "plan": "plan",
    "called": "called",
    "reason": "refusal",
    "old": "verdict",
    "new": "verdict",
}


def history(found: Data, messages: Messages) -> Iterator[Line]:
    """What happened and what was published about it, line by line."""
    replies = {entry["activity_id"]: entry["at"] for entry in found["history"] if entry["type"] == "agent_replied"}
    for entry in found["history"]:
        kind, is_event = entry["type"].rpartition(".")[2], "." in entry["type"]
        what = messages(f"event.{entry['type']}") if is_event else messages.name("activity", kind)
        style = _STYLES.get(kind, "") if is_event else "bold"
        if is_event and "milestone" in entry:
            what = messages("explain.event", who=numbered(entry, messages), what=what)
        yield Line(f"{messages.at(entry['at'])}  {what}{_details(entry, replies, messages)}", style)


def dead_letters(found: Data, messages: Messages) -> Iterator[Line]:
    """What does not count, and why."""
    for letter in found["dead_letters"]:
        cause = letter["cause"]
        known = f"name.dead_letter.{cause}"
        # The message of the dead letter is in the fallback language, and says more.
        message = messages(known) if messages.knows(known) and not messages.is_fallback else letter["message"]
        place = f"{letter['topic']}[{letter['partition']}]"
        yield Line(
            messages("explain.dead_letters.line", cause=cause, message=message, place=place, offset=letter["offset"])
        )


def _details(entry: Data, replies: Mapping[str, str], messages: Messages) -> str:
    """The facts of an entry beside its type, in their order; the milestone of an event stands before them."""
    shown_before = "milestone" if "." in entry["type"] else None
    details = [
        _detail(sentence, value, messages)
        for sentence, value in _facts(entry, replies)
        if messages.knows(f"explain.detail.{sentence}") and sentence != shown_before and value != ""
    ]
    return f" ({'; '.join(details)})" if details else ""


def _facts(entry: Data, replies: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """The facts of an entry by the sentence of each: that of its name, unless the name has several meanings."""
    for name, value in entry.items():
        if name == "activity_id" and "." not in entry["type"]:
            continue  # its own id; in an event, it is the activity that the event is about
        if name == "to" and entry["type"] not in _TO_SOMEBODY:
            yield "to_status", value
        elif name == "retracts" and value in replies:
            yield "retracts_reply", replies[value]
        elif name == "met":
            yield "met" if value else "not_met", value
        else:
            yield name, value


def _detail(sentence: str, value: Any, messages: Messages) -> str:
    code = f"explain.detail.{sentence}"
    if sentence in _STATUSES:
        return messages(code, status=value)
    if sentence == "actor":
        return messages(code, kind=messages.name("actor", value["kind"]), id=value["id"])
    if sentence in _RENDERERS:
        value = _RENDERERS[sentence](value, messages)
    elif sentence in _KINDS:
        value = messages.name(_KINDS[sentence], value)
    elif sentence in _INSTANTS or sentence.endswith("_at"):
        value = messages.at(value)
    return messages(code, value=value)


def _fields(values: Mapping[str, str], messages: Messages) -> str:
    return ", ".join(messages("claim.field", field=field, value=value) for field, value in values.items())


_RENDERERS: dict[str, Callable[[Any, Messages], str]] = {
    "milestones": lambda value, messages: ", ".join(messages.name("milestone", name) for name in value),
    "fields": _fields,
    "accepted": lambda value, messages: messages("explain.yes" if value else "explain.no"),
    "share": lambda value, messages: messages.percent(value),
    "because": cause_name,
    "cause": cause_name,
}
