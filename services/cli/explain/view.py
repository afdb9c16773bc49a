"""An explanation as people read it: a paragraph for each question, in the time zone of the case's calendar."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from services.cli.explain.deadlines_view import deadlines
from services.cli.explain.history_view import history, put_aside
from services.cli.explain.rule_view import rule_line
from services.cli.explain.view_line import Line
from shared.contracts.vocabulary import Language
from shared.explain.speech import Speech

Data = Mapping[str, Any]


def show(found: Data, console: Console, language: Language = "en") -> None:
    """Print an explanation that was made in `language`."""
    speech = Speech(language, ZoneInfo(found["timezone"]) if found["timezone"] else UTC)
    console.print(_text(speech("case", case=found["case_id"], subject=found["subject"]), style="bold"))
    _print(_head(found, speech), console)
    for heading, paragraph in _PARAGRAPHS.items():
        lines = list(paragraph(found, speech))
        if lines or heading != "aside":
            console.print()
            console.print(Text(speech(heading), style="bold cyan"))
            _print(lines, console)


def _print(lines: Iterable[Line], console: Console) -> None:
    for text, style in lines:
        console.print(_text(f"  {text}", style))


def _head(found: Data, speech: Speech) -> Iterator[Line]:
    yield Line(
        speech(
            "outcome",
            priority=found["priority"],
            channel=speech.name("channel", found["assigned_channel"]),
            tier=speech.name("tier", found["assigned_tier"]),
            who=found["account_id"] or speech("nobodys_account"),
        )
    )
    yield Line(speech("received", received=speech.at(found["received_at"]), decided=speech.at(found["decided_at"])))
    yield Line(speech("edition", edition=found["edition"], calendar=found["calendar"], zone=found["timezone"] or "UTC"))


def _channel(found: Data, speech: Speech) -> Iterator[Line]:
    used, asked = found["entitlement"], found["requested_channel"]
    if used["known"]:
        holder = {kind: speech.name(kind, used[kind]) for kind in ("plan", "account_type", "role")}
        yield Line(speech("holder.licensed" if used["licensed"] else "holder.unlicensed", **holder))
    else:
        yield Line(speech("no_entitlement"))
    if found["timezone"] is None and speech.language != "en":
        yield Line(speech("as_published", edition=found["edition"]))
    if asked != found["assigned_channel"]:
        verdict = found["channels"][asked]
        because = verdict.get("because") or verdict["rule"]
        yield Line(speech("closed", channel=speech.name("channel", asked), because=because))
    yield rule_line(found["channel_rule"], speech("rule.channel"), speech)
    for step in found["trace"]:
        yield Line(f"{'✓' if step['outcome'] else '✗'} {step['rule']}: {step['because']}", "dim")
    for note in found["notes"]:
        yield Line(speech("note", note=note))
    if found["needs_triage"]:
        yield Line(speech("triage"))


def _priority(found: Data, speech: Speech) -> Iterator[Line]:
    yield Line(speech("priority.routed", priority=found["priority_when_routed"], because=found["priority_because"]))
    rules = found["priority_rules"]
    for named in rules:
        if named["by"] is not None and named is rules[-1] and named["priority"] != found["priority_when_routed"]:
            yield Line(speech(f"priority.{named['by']['type']}", priority=named["priority"]))
        yield rule_line(named, speech("rule.priority"), speech)


def _asking(found: Data, speech: Speech) -> Iterator[Line]:
    asking = found["customer_escalation"]
    yield rule_line(asking, speech("asking.may" if asking["may_ask"] else "asking.may_not"), speech)
    waits, now = asking["waits"], asking["now"]
    if waits is not None and asking["may_ask"]:
        first, again = speech.span(waits["after_submission_seconds"]), speech.span(waits["after_rejection_seconds"])
        yield rule_line({**waits, "because": ""}, speech("asking.waits", first=first, again=again), speech)
    for asked in asking["asked"]:
        state = "refused_until" if asked["state"] == "refused" and asked["eligible_at"] else asked["state"]
        reason = asked["reason"] and speech.name("refusal", asked["reason"])
        at, answered, eligible = (speech.at(asked[name]) for name in ("at", "answered_at", "eligible_at"))
        yield Line(speech(f"asking.{state}", at=at, answered=answered, eligible=eligible, reason=reason))
    if now is not None and asking["may_ask"]:
        name = "now" if now["possible"] else "not_now" if now["eligible_at"] is None else "from"
        reason = now["reason"] and speech.name("refusal", now["reason"])
        yield Line(speech(f"asking.{name}", reason=reason, eligible=speech.at(now["eligible_at"])))


_PARAGRAPHS: dict[str, Callable[[Data, Speech], Iterable[Line]]] = {
    "channel": _channel,
    "priority": _priority,
    "deadlines": deadlines,
    "asking": _asking,
    "happened": history,
    "aside": put_aside,
}


def _text(text: str, style: str = "") -> Text:
    """What customers write must not steer the terminal of whoever reads it."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text), style=style)
