"""An explanation as people read it: a paragraph for each question, in the time zone of the case's calendar."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from services.cli.explain.deadlines_view import deadlines
from services.cli.explain.history_view import dead_letters, history
from services.cli.explain.rule_view import rule_line
from services.cli.explain.view_line import Line
from services.cli.printable import printable
from shared.messages.messages import Messages
from shared.policy.model import Edition
from shared.routing.rendering import in_words_of

Data = Mapping[str, Any]


def show(found: Data, console: Console, messages: Messages, editions: Sequence[Edition] = ()) -> None:
    """Print an explanation that was made with these `messages`, in the words of the case's `editions`.

    Those are the editions at hand that have counted for it. A word that several have is shown as the first has it.
    """
    messages = messages.in_zone(ZoneInfo(found["timezone"]) if found["timezone"] else UTC)
    for edition in reversed(editions):
        messages = in_words_of(messages, edition)
    console.print(_text(messages("explain.case", case=found["case_id"]), style="bold"))
    _print(_head(found, messages), console)
    for heading, paragraph in _PARAGRAPHS.items():
        lines = list(paragraph(found, messages))
        if lines or heading not in _IF_ANY:
            console.print()
            console.print(Text(messages(f"explain.{heading}"), style="bold cyan"))
            _print(lines, console)


def _print(lines: Iterable[Line], console: Console) -> None:
    for text, style in lines:
        console.print(_text(f"  {text}", style))


def _head(found: Data, messages: Messages) -> Iterator[Line]:
    yield Line(
        messages(
            "explain.outcome",
            priority=found["priority"],
            channel=found["assigned_channel"],
            tier=found["assigned_tier"],
            who=found["account_id"] or messages("explain.nobodys_account"),
        )
    )
    received, decided = (messages.at(found[name]) for name in ("received_at", "decided_at"))
    when = messages("explain.received", received=received, decided=decided)
    yield Line(messages("explain.opened_by_agent", received=when) if found["opened_by"] == "agent" else when)
    yield Line(
        messages(
            "explain.edition", edition=found["edition"], calendar=found["calendar"], zone=found["timezone"] or "UTC"
        )
    )


def _isolation(found: Data, messages: Messages) -> Iterator[Line]:
    isolation = found["isolation"]
    if isolation is None:
        return
    since, retry = messages.at(isolation["since"]), messages.at(isolation["retry_at"])
    yield Line(messages("explain.isolation.since", since=since, error=isolation["error"]), "red")
    overdue = datetime.fromisoformat(isolation["retry_at"]) < datetime.fromisoformat(found["at"])
    yield Line(messages("explain.isolation.overdue" if overdue else "explain.isolation.retry", retry=retry))
    yield Line(messages("explain.isolation.meanwhile"))
    yield Line(messages("explain.isolation.afterwards"))


def _channel(found: Data, messages: Messages) -> Iterator[Line]:
    used, asked = found["entitlement"], found["requested_channel"]
    if used["standing"] == "covered":
        holder = {kind: used[kind] for kind in ("plan", "account_type", "role")}
        yield Line(messages("explain.holder.licensed" if used["licensed"] else "explain.holder.unlicensed", **holder))
    else:
        yield Line(messages("explain.no_entitlement"))
    if asked != found["assigned_channel"] and found["channels"] is not None:
        verdict = found["channels"][asked]
        because = verdict.get("because") or verdict["rule"]
        yield Line(messages("explain.closed", channel=asked, because=because))
    if found["channel_rule"]["rule"] is not None:
        yield rule_line(found["channel_rule"], messages("explain.rule.channel"), messages)
    for step in found["trace"]:
        yield Line(f"{'✓' if step['outcome'] else '✗'} {step['rule']}: {step['because']}", "dim")
    for note in found["notes"]:
        yield Line(messages("explain.note", note=note["text"]))
    if found["needs_triage"]:
        yield Line(messages("explain.triage"))


def _priority(found: Data, messages: Messages) -> Iterator[Line]:
    priority, because = found["priority_when_routed"], found["priority_because"]
    if because:
        yield Line(messages("explain.priority.routed", priority=priority, because=because))
    rules = found["priority_rules"]
    for named in rules:
        if named["by"] is not None and named is rules[-1] and named["priority"] != found["priority_when_routed"]:
            yield Line(messages(f"explain.priority.{named['by']['type']}", priority=named["priority"]))
        yield rule_line(named, messages("explain.rule.priority"), messages)


def _asking(found: Data, messages: Messages) -> Iterator[Line]:
    asking = found["customer_escalation"]
    yield rule_line(asking, messages("explain.asking.may" if asking["may_ask"] else "explain.asking.may_not"), messages)
    waits, now = asking["waits"], asking["now"]
    if waits is not None and asking["may_ask"]:
        first, again = messages.span(waits["after_submission_seconds"]), messages.span(waits["after_rejection_seconds"])
        yield rule_line({**waits, "because": ""}, messages("explain.asking.waits", first=first, again=again), messages)
    for asked in asking["asked"]:
        state = "refused_until" if asked["state"] == "refused" and asked["eligible_at"] else asked["state"]
        reason = asked["reason"] and messages.name("refusal", asked["reason"])
        at, answered, eligible = (messages.at(asked[name]) for name in ("at", "answered_at", "eligible_at"))
        yield Line(messages(f"explain.asking.{state}", at=at, answered=answered, eligible=eligible, reason=reason))
    if now is not None and asking["may_ask"]:
        name = "now" if now["possible"] else "not_now" if now["eligible_at"] is None else "from"
        reason = now["reason"] and messages.name("refusal", now["reason"])
        yield Line(messages(f"explain.asking.{name}", reason=reason, eligible=messages.at(now["eligible_at"])))


_IF_ANY = ("isolation", "dead_letters")  # the paragraphs that most cases do not have
_PARAGRAPHS: dict[str, Callable[[Data, Messages], Iterable[Line]]] = {
    "isolation": _isolation,
    "channel": _channel,
    "priority": _priority,
    "deadlines": deadlines,
    "asking": _asking,
    "happened": history,
    "dead_letters": dead_letters,
}


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
