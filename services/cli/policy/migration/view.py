"""Shows previews of migrations: a line for each case, and one for each clock that would change."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from shared.policy.durations import format_duration

Data = Mapping[str, Any]


def show(previews: Iterable[Data], console: Console, *, sent: bool) -> None:
    """Print the previews and a summary; `sent` = the migrations were sent."""
    cases = list(previews)
    for case in cases:
        console.print(_head(case))
        for clock in case["clocks"]:
            console.print(_clock(clock, case))
        if case["problem"] is not None:
            console.print(Text(f"  not changed: {case['problem']}", style="red"))
    console.print(Text(_summary(cases, sent=sent), style="bold"))


def _head(case: Data) -> Text:
    changes = [
        f"{name} {case[name]['before']} -> {case[name]['after']}"
        for name in ("edition", "plan", "priority")
        if case[name]["before"] != case[name]["after"]
    ]
    who = case["account_id"] or "nobody's account"
    return Text(f"Case {case['case_id']} ({who}): {', '.join(changes) or 'nothing changes'}")


def _clock(clock: Data, case: Data) -> Text:
    name = clock["milestone"].replace("_", " ")
    key = (clock["milestone"], clock["instance"])
    if clock["instance"] > 1:
        name = f"{name} #{clock['instance']}"
    line = Text(f"  {name}: {_state(clock['before'])} -> {_state(clock['after'])}")
    if key in {(breach["milestone"], breach["instance"]) for breach in case["breaches"]}:
        line.append("  new breach", style="bold red")
    return line


def _state(clock: Data | None) -> str:
    if clock is None:
        return "not promised"
    if clock["stage"] in ("fulfilled", "cancelled"):
        return str(clock["stage"])
    promise = f"{clock['promise']} of {format_duration(clock['target_seconds'])} {clock['hours'].replace('_', ' ')}"
    due = "paused" if clock["due_at"] is None else f"due {clock['due_at']}"
    return f"{promise}, {due}{', late' if clock['late'] else ''}"


def _summary(cases: list[Data], *, sent: bool) -> str:
    wrong = sum(case["problem"] is not None for case in cases)
    breaches = sum(len(case["breaches"]) for case in cases)
    if not cases:
        return "No open case would change."
    changed = f"{len(cases) - wrong} cases {'were sent' if sent else 'would change'}, {breaches} new breaches"
    refused = f"; {wrong} cannot be changed" if wrong else ""
    return f"{changed}{refused}." if sent else f"{changed}{refused}. Nothing was sent; --send sends it."
