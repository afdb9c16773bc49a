"""[pure] What happened to a case, and what was put aside, as people read it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.cli.explain.deadlines_view import numbered
from services.cli.explain.view_line import Line
from shared.contracts.names import name_of
from shared.explain.speech import Speech

Data = Mapping[str, Any]

_STYLES = {"breached": "red", "raised": "bold red", "warned": "yellow", "suppressed": "yellow", "restated": "magenta"}
# What an entry says beside its type, by the kind of words that it says it in; the rest is said as it is.
_KINDS = {
    "impact": "impact",
    "workaround": "workaround",
    "plan": "plan",
    "called": "called",
    "reason": "refusal",
    "old": "verdict",
    "new": "verdict",
}


def history(found: Data, speech: Speech) -> Iterator[Line]:
    """What happened and what was said about it, line by line."""
    for entry in found["history"]:
        kind, is_event = entry["type"].rpartition(".")[2], "." in entry["type"]
        what = speech(f"event.{kind}") if is_event else speech.name("activity", kind)
        style = _STYLES.get(kind, "") if is_event else "bold"
        if "milestone" in entry:
            what = speech("event", who=numbered(entry, speech), what=what)
        yield Line(f"{speech.at(entry['at'])}  {what}{_details(entry, speech)}", style)


def put_aside(found: Data, speech: Speech) -> Iterator[Line]:
    """What does not count, and why."""
    for letter in found["put_aside"]:
        cause = letter["cause"]
        known = name_of(speech.language, "put_aside", cause)
        message = letter["message"] if known == cause else known
        place = f"{letter['topic']}[{letter['partition']}]"
        yield Line(speech("aside.line", cause=cause, message=message, place=place, offset=letter["offset"]))


def _details(entry: Data, speech: Speech) -> str:
    """What an entry says beside its type, in the order in which it says it."""
    said = [
        _detail(name, value, speech) for name, value in entry.items() if name == "met" or speech.knows(f"detail.{name}")
    ]
    return f" ({'; '.join(said)})" if said else ""


def _detail(name: str, value: Any, speech: Speech) -> str:
    if name == "met":
        return speech("met" if value else "not_met")
    if name in _TOLD:
        value = _TOLD[name](value, speech)
    elif name in _KINDS:
        value = speech.name(_KINDS[name], value)
    return speech(f"detail.{name}", value=value)


def _cause(value: str, speech: Speech) -> str:
    """An activity, or what else can change a verdict."""
    as_activity = speech.name("activity", value)
    return speech.name("cause", value) if as_activity == value else as_activity


_TOLD: dict[str, Callable[[Any, Speech], str]] = {
    "milestones": lambda value, speech: ", ".join(speech.name("milestone", name) for name in value),
    "accepted": lambda value, speech: speech("yes" if value else "no"),
    "share": lambda value, speech: speech.share(value),
    "because": _cause,
    "cause": _cause,
    "eligible_at": lambda value, speech: speech.at(value),
}
