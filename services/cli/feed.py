"""Renders events of the log as lines for people: requests with their decisions, clocks, escalations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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

_WITHOUT_A_LINE = {ClockStarted.TYPE}  # the line of the decision has all deadlines
_URGENCY_STYLES = ("bold red", "yellow", "cyan", "dim")  # from the most urgent priority on


def lines(
    event: LoggedEvent, account_of: Mapping[str, str], messages: Messages, policy: Rulebook | None = None
) -> list[Text]:
    """The lines for one event, if it is a decision or of escalation. `account_of` maps case ids to accounts.

    Each begins with the time and the id of its case: a terminal does not break it there, and `grep` finds the lines of
    a case. `policy` is the edition that is expected. A case by another one is shown without reasons and deadlines.
    """
    data = event.data
    if event.type == CaseRouted.TYPE:
        return _routed(data, messages, policy)
    if event.type not in {model.TYPE for model in escalation.EVENTS} - _WITHOUT_A_LINE:
        return []
    sign, style, what = _customer_escalation(event, messages) or _clock(event, messages)
    subject = f"{_milestone(data, messages)} " if "milestone" in data else ""
    line = _begin(data["observed_at"], data["case_id"])
    line.append(f"{sign} ", style=style)
    account = account_of.get(data["case_id"], "-")
    line.append(messages("feed.line", account=account, what=f"{subject}{what}"), style=style)
    return [line]


def _routed(case: Mapping[str, Any], messages: Messages, policy: Rulebook | None) -> list[Text]:
    used = case["entitlement"]
    asked, got = case["requested_channel"], case["assigned_channel"]
    line = _begin(case["received_at"], case["case_id"])
    line.append(case["priority"], style=_style(case["priority"], policy))
    who = {"code": "who.licensed" if used["licensed"] else "who.unlicensed", "facts": {"role": used["role"]}}
    holder = messages("feed.holder", plan=used["plan"], who=who)
    line.append("  " + messages("feed.routed", who=case["account_id"] or "-", holder=holder, channel=asked))
    place = messages("feed.place", channel=got, tier=case["assigned_tier"])
    line.append(place, style="green" if asked == got else "magenta")
    if policy is None or policy.policy_sha256 != case["policy_sha256"]:
        return [line]
    decision = with_sentences(whole_decision(msgspec.convert(case, CaseRouted), policy), messages)
    verdict = decision["channels"][asked]
    why = verdict["rule"] if verdict["eligible"] else verdict["because"]
    why = messages("feed.why", why=why, because=decision["priority_because"])
    more = _begin(case["received_at"], case["case_id"])
    more.append(f"    {why}", style="dim")
    milestones = decision["milestones"]
    deadlines = [
        messages(
            "feed.deadline",
            milestone=name,
            due=_due(terms["due_at"], case["received_at"], messages),
            promise=terms["promise"],
        )
        for name, terms in milestones.items()
        if terms["due_at"] is not None
    ]
    if deadlines:
        more.append(messages("feed.next", deadlines=sorted(deadlines)))
    else:
        steps = (because(decision, f"target.{name}") for name, terms in milestones.items() if terms.get("reason"))
        more.append(messages("feed.no_deadline", reasons=list(dict.fromkeys(steps))), style="dim")
    return [line, more]


def _style(priority: str, policy: Rulebook | None) -> str:
    """The colour of a priority by its place in the expected edition; the last colour serves all that follow."""
    known = [] if policy is None else list(policy.edition.priorities)
    return _URGENCY_STYLES[min(known.index(priority), len(_URGENCY_STYLES) - 1)] if priority in known else ""


def _begin(at: str, case_id: str) -> Text:
    return Text(f"{_clock_time(at)}  ").append(f"{case_id}  ", style="dim")


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
    return datetime.fromisoformat(text).astimezone().strftime("%H:%M:%S")


def _due(text: str, since: str, messages: Messages) -> str:
    """A deadline as a local time; with the day, if that is another one than the day of `since`."""
    due, start = (datetime.fromisoformat(instant).astimezone() for instant in (text, since))
    return f"{due:%H:%M:%S}" if due.date() == start.date() else f"{messages.day(due)} {due:%H:%M}"
