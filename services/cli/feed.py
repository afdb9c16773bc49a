"""The events of the log as lines that people read: who asked, what they got and why, what became of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from services.cli.logged_event import LoggedEvent

_PRIORITY_STYLE = {"P1": "bold red", "P2": "yellow", "P3": "cyan", "P4": "dim"}
_CALLED = {
    "case_tier": "the tier that holds the case",
    "tier1_lead": "the tier 1 lead",
    "tier2": "tier 2",
    "technical_account_manager": "the technical account manager",
}


def lines(event: LoggedEvent, account_of: Mapping[str, str]) -> list[Text]:
    """The lines for one event, none for what is not worth a line; `account_of` maps case ids to accounts."""
    data = event.data
    if event.type == "frontline.case.routed.v1":
        return _routed(data)
    said = _clock(event) or _asked(event)
    if said is None:
        return []
    sign, style, what = said
    subject = f"{_milestone(data)} " if "milestone" in data else ""
    line = Text(f"{_clock_time(data['observed_at'])}  ")
    line.append(f"{sign} ", style=style)
    line.append(f"{account_of.get(data['case_id'], data['case_id'])}: {subject}{what}", style=style)
    return [line]


def _routed(case: Mapping[str, Any]) -> list[Text]:
    used = case["entitlement"]
    asked, got = case["requested_channel"], case["assigned_channel"]
    line = Text(f"{_clock_time(case['received_at'])}  ")
    line.append(case["priority"], style=_PRIORITY_STYLE[case["priority"]])
    licence = "licensed" if used["licensed"] else "unlicensed"
    line.append(f"  {case['account_id']}", style="bold")
    line.append(f" ({used['plan']}, {licence} {used['role']}) asked by {asked}: ")
    tier = case["assigned_tier"].replace("tier", "tier ").replace("_", "-")
    line.append(f"{got}, {tier}", style="green" if asked == got else "magenta")
    verdict = case["channels"][asked]
    why = verdict["rule"] if asked == got else f"{asked} is closed: {verdict.get('because', verdict['rule'])}"
    more = Text(f"             why: {why}; {case['priority_because']}", style="dim")
    deadlines = [
        f"{name.replace('_', ' ')} by {_due(terms['due_at'], case['received_at'])} ({terms['promise']})"
        for name, terms in case["milestones"].items()
        if terms["due_at"] is not None
    ]
    if deadlines:
        more.append("; next: " + ", ".join(sorted(deadlines)), style="not dim")
    else:
        reasons = sorted({terms["reason"] for terms in case["milestones"].values() if terms.get("reason")})
        more.append(f"; no deadline: {', '.join(reasons).replace('_', ' ')}")
    return [line, more]


def _clock(event: LoggedEvent) -> tuple[str, str, str] | None:
    """Sign, style and words for an event of a clock; None if it is not worth a line."""
    data = event.data
    match event.type.removeprefix("frontline.").removesuffix(".v1"):
        case "clock.warned":
            return "!", "yellow", f"is at {data['share']:.0%} of its target; warned {_CALLED[data['called']]}"
        case "clock.breached":
            promise = "a commitment is broken" if data["promise"] == "commitment" else "an objective is missed"
            return "✗", "red", f"breached at {_clock_time(data['breached_at'])}: {promise}"
        case "clock.fulfilled":
            return ("✓", "green", "answered in time") if data["met"] else ("✓", "red", "answered too late")
        case "clock.paused":
            return "‖", "blue", f"paused: {data['status'].replace('_', ' ')}"
        case "clock.resumed":
            return "▶", "blue", f"goes on; due by {_due(data['due_at'], data['observed_at'])}"
        case "clock.cancelled":
            return "·", "dim", f"ended: {data['because'].replace('_', ' ')}"
        case "clock.restated":
            return "↻", "magenta", f"restated from {data['old']} to {data['new']}: {data['cause']}"
        case "escalation.raised":
            again = " again" if data.get("repetition") else ""
            return "▲", "bold red", f"escalated to level {data['level']}: called {_CALLED[data['called']]}{again}"
        case "escalation.suppressed":
            return "△", "yellow", "not escalated: the plan has no automated escalation"
        case _:
            return None


def _asked(event: LoggedEvent) -> tuple[str, str, str] | None:
    """The same for what becomes of an escalation that a customer asks for."""
    data = event.data
    match event.type.removeprefix("frontline.").removesuffix(".v1"):
        case "escalation.requested":
            return "△", "yellow", "the customer asks for an escalation"
        case "escalation.refused":
            again = (
                ""
                if data["eligible_at"] is None
                else f", but may from {_due(data['eligible_at'], data['observed_at'])} on"
            )
            return "·", "dim", f"the customer may not ask for an escalation ({data['reason'].replace('_', ' ')}){again}"
        case "escalation.accepted":
            return "▲", "bold red", "the escalation that the customer asked for is accepted"
        case "escalation.rejected":
            again = _due(data["eligible_at"], data["observed_at"])
            return (
                "·",
                "dim",
                f"the escalation that the customer asked for is rejected; it may be asked for again from {again} on",
            )
        case _:
            return None


def _milestone(data: Mapping[str, Any]) -> str:
    name = str(data["milestone"]).replace("_", " ")
    return name if data["instance"] == 1 else f"{name} {data['instance']}"


def _clock_time(text: str) -> str:
    """The local wall clock of the person who looks, since a deadline of today is compared with their watch."""
    return datetime.fromisoformat(text).astimezone().strftime("%H:%M:%S")


def _due(text: str, since: str) -> str:
    """A deadline; one that is on another day than `since` names the day."""
    due, begun = (datetime.fromisoformat(instant).astimezone() for instant in (text, since))
    return due.strftime("%H:%M:%S" if due.date() == begun.date() else "%a %d %b %H:%M")
