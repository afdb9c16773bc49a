"""Renders events of the log as lines for people: requests with their decisions, clocks, escalations."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from rich.text import Text

from services.cli.cause_name import cause_name
from services.cli.logged_event import LoggedEvent
from shared.contracts import escalation
from shared.contracts.structs import CaseRouted, ClockStarted
from shared.messages.messages import Messages
from shared.routing.decision_event import whole_decision
from shared.routing.rendering import because, with_sentences
from shared.routing.rulebook import Rulebook


class FeedLine(NamedTuple):
    """A line about a case: when it happened, as people say it; the id of the case; what happened."""

    at: str
    case_id: str
    text: Text


_WITHOUT_A_LINE = {ClockStarted.TYPE}  # the line of the decision has all deadlines
_URGENCY_STYLES = ("bold red", "yellow", "cyan", "dim")  # from the most urgent priority on


def lines(
    event: LoggedEvent, account_of: Mapping[str, str], messages: Messages, policy: Rulebook | None = None
) -> list[FeedLine]:
    """The lines for one event, if it is a decision or of escalation. `account_of` maps case ids to accounts.

    Times are those of the machine, with their zone. `policy` is the edition that is expected. A case by another one is
    shown without reasons and deadlines.
    """
    data = event.data
    if event.type == CaseRouted.TYPE:
        return _routed(data, messages, policy)
    if event.type not in {model.TYPE for model in escalation.EVENTS} - _WITHOUT_A_LINE:
        return []
    sign, style, what = _customer_escalation(event, messages) or _clock(event, messages)
    subject = f"{_milestone(data, messages)} " if "milestone" in data else ""
    account = account_of.get(data["case_id"], "-")
    text = Text(f"{sign} {messages('feed.line', account=account, what=f'{subject}{what}')}", style=style)
    return [FeedLine(_clock_time(data["observed_at"]), data["case_id"], text)]


def _routed(case: Mapping[str, Any], messages: Messages, policy: Rulebook | None) -> list[FeedLine]:
    used = case["entitlement"]
    asked, got = case["requested_channel"], case["assigned_channel"]
    line = Text(case["priority"], style=_style(case["priority"], policy))
    who = {"code": "who.licensed" if used["licensed"] else "who.unlicensed", "facts": {"role": used["role"]}}
    holder = messages("feed.holder", plan=used["plan"], who=who)
    line = Text.assemble(
        line, "  ", messages("feed.routed", who=case["account_id"] or "-", holder=holder, channel=asked)
    )
    place = messages("feed.place", channel=got, tier=case["assigned_tier"])
    line.append(place, style="green" if asked == got else "magenta")
    at, case_id = _clock_time(case["received_at"]), case["case_id"]
    first = FeedLine(at, case_id, line)
    if policy is None or policy.policy_sha256 != case["policy_sha256"]:
        return [first]
    decision = with_sentences(whole_decision(msgspec.convert(case, CaseRouted), policy), messages)
    why = [_why_this_channel(decision, asked, got, used["plan"], messages), _why_this_priority(decision, messages)]
    more = Text(" ".join(map(_sentence, why)), style="dim")
    deadlines = list(_deadlines(decision["milestones"], case["received_at"], messages))
    if deadlines:
        more = Text.assemble(more, " ", _sentence(messages("feed.next", deadlines=deadlines)))
    else:
        promised = decision["milestones"].items()
        steps = dict.fromkeys(because(decision, f"target.{name}") for name, each in promised if each.get("reason"))
        if reasons := [step.rstrip(".") for step in steps]:
            more.append(" " + _sentence(messages("feed.no_deadline", reasons=reasons)))
    return [first, FeedLine(at, case_id, more)]


def _why_this_channel(decision: Mapping[str, Any], asked: str, got: str, plan: str, messages: Messages) -> str:
    verdict = decision["channels"][asked]
    if asked == got:
        return messages("feed.open", channel=asked, tier=verdict["tier"], plan=plan)
    return str(verdict.get("because") or because(decision, verdict["rule"]))


def _why_this_priority(decision: Mapping[str, Any], messages: Messages) -> str:
    """The claims that decided. Of the last rule, which asks for none, those of the request."""
    step = next((step for step in decision["trace"] if step["rule"] == decision["priority_rule"]), None)
    if step is not None and step["reason"] == "priority.no_earlier":
        return messages("feed.priority", **step["facts"])
    return str(decision["priority_because"])


def _deadlines(milestones: Mapping[str, Any], since: str, messages: Messages) -> Iterator[str]:
    due = ((terms["due_at"], name, terms["promise"]) for name, terms in milestones.items() if terms["due_at"])
    for at, name, promise in sorted(due):
        yield messages("feed.deadline", milestone=name, due=_due(at, since, messages), promise=promise)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _style(priority: str, policy: Rulebook | None) -> str:
    """The colour of a priority by its place in the expected edition; the last colour serves all that follow."""
    known = [] if policy is None else list(policy.edition.priorities)
    return _URGENCY_STYLES[min(known.index(priority), len(_URGENCY_STYLES) - 1)] if priority in known else ""


def _clock(event: LoggedEvent, messages: Messages) -> tuple[str, str, str]:
    """Sign, style and words for an event of a clock or a level. A type without a case here has its plain sentence."""
    data = event.data
    kind = event.type.removeprefix("frontline.").removesuffix(".v1")
    match kind:
        case "clock.warned":
            return "!", "yellow", messages("feed.warned", share=data["share"], called=data["called"])
        case "clock.breached":
            code = f"feed.breached.{data['promise']}"
            return "✗", "red", messages(code, at=_clock_time(data["breached_at"]))
        case "clock.fulfilled":
            met = data["met"]
            return ("✓", "green", messages("feed.in_time")) if met else ("✓", "red", messages("feed.too_late"))
        case "clock.paused":
            return "‖", "blue", messages("feed.paused", status=data["status"])
        case "clock.resumed":
            return "▶", "blue", messages("feed.resumed", due=_due(data["due_at"], data["observed_at"], messages))
        case "clock.cancelled":
            return "·", "dim", messages("feed.cancelled", activity=cause_name(data["because"], messages))
        case "clock.restated":
            changed = {name: messages.name("verdict", data[name]) for name in ("old", "new")}
            return "↻", "magenta", messages("feed.restated", **changed, cause=cause_name(data["cause"], messages))
        case "escalation.raised":
            code = "feed.raised_again" if data.get("repetition") else "feed.raised"
            return "▲", "bold red", messages(code, level=data["level"], called=data["called"])
        case "escalation.suppressed":
            return "△", "yellow", messages("feed.suppressed")
        case _:
            return "·", "", messages(f"event.{kind}")


def _customer_escalation(event: LoggedEvent, messages: Messages) -> tuple[str, str, str] | None:
    """Sign, style and words for an event of an escalation at the customer's request; None for other events."""
    data = event.data
    until = None if data.get("eligible_at") is None else _due(data["eligible_at"], data["observed_at"], messages)
    match event.type.removeprefix("frontline.").removesuffix(".v1"):
        case "escalation.requested":
            return "△", "yellow", messages("feed.requested")
        case "escalation.refused":
            code = "feed.refused" if until is None else "feed.refused_until"
            return "·", "dim", messages(code, refusal=data["reason"], due=until)
        case "escalation.accepted":
            return "▲", "bold red", messages("feed.accepted")
        case "escalation.rejected":
            return "·", "dim", messages("feed.rejected", due=until)
        case _:
            return None


def _milestone(data: Mapping[str, Any], messages: Messages) -> str:
    name = messages.name("milestone", str(data["milestone"]))
    return name if data["instance"] == 1 else f"{name} {data['instance']}"


def _clock_time(text: str) -> str:
    """The instant in the local zone of the machine: people compare it with their own clock."""
    local = datetime.fromisoformat(text).astimezone()
    return f"{local:%H:%M:%S} {_zone(local)}"


def _due(text: str, since: str, messages: Messages) -> str:
    """A deadline as a local time; with the day, if that is another one than the day of `since`."""
    due, start = (datetime.fromisoformat(instant).astimezone() for instant in (text, since))
    return _clock_time(text) if due.date() == start.date() else f"{messages.day(due)} {due:%H:%M} {_zone(due)}"


def _zone(local: datetime) -> str:
    """The short name of the zone, such as CET; UTC+07 where it has none."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" else name
