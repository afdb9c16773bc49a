"""Shows previews of migrations: a line for each case, and one for each clock that would change."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from services.cli.printable import printable
from shared.messages.messages import Messages
from shared.policy.target_length import target_length

Data = Mapping[str, Any]


def as_data(preview: Data, messages: Messages) -> dict[str, Any]:
    """A preview as `--json` prints it: the problem has its sentence beside its code and facts."""
    problem = preview["problem"]
    if problem is None:
        return dict(preview)
    return {**preview, "problem": problem.as_data() | {"because": messages.reason(problem)}}


def show(previews: Iterable[Data], console: Console, messages: Messages, *, sent: bool) -> None:
    """Print the previews and a summary; `sent` = the migrations were sent."""
    cases = list(previews)
    for case in cases:
        console.print(_head(case, messages))
        for clock in case["clocks"]:
            console.print(_clock(clock, case, messages))
        if case["problem"] is not None:
            console.print(_text(f"  {messages('migrate.not_changed', problem=case['problem'])}", "red"))
    console.print(_text(_summary(cases, messages, sent=sent), "bold"))


def _head(case: Data, messages: Messages) -> Text:
    changes = [
        messages(f"migrate.change.{name}", **case[name])
        for name in ("edition", "plan", "priority")
        if case[name]["before"] != case[name]["after"]
    ]
    account = case["account_id"] or messages("explain.nobodys_account")
    changes = changes or [messages("migrate.no_change")]
    return _text(messages("migrate.case", case=case["case_id"], account=account, changes=changes))


def _clock(clock: Data, case: Data, messages: Messages) -> Text:
    key = (clock["milestone"], clock["instance"])
    code = "migrate.clock" if clock["instance"] == 1 else "migrate.clock.instance"
    states = {"before": _state(clock["before"], messages), "after": _state(clock["after"], messages)}
    line = _text(f"  {messages(code, milestone=clock['milestone'], instance=clock['instance'], **states)}")
    if key in {(breach["milestone"], breach["instance"]) for breach in case["breaches"]}:
        line.append(f"  {messages('migrate.new_breach')}", style="bold red")
    return line


def _state(clock: Data | None, messages: Messages) -> str:
    if clock is None:
        return messages("migrate.not_promised")
    if clock["stage"] in ("fulfilled", "cancelled"):
        return messages.name("stage", clock["stage"])
    facts = {name: clock[name] for name in ("promise", "hours", "due_at")}
    due = "paused" if clock["due_at"] is None else "late" if clock["late"] else "due"
    return messages(f"migrate.state.{due}", target=target_length(clock, messages), **facts)


def _summary(cases: list[Data], messages: Messages, *, sent: bool) -> str:
    if not cases:
        return messages("migrate.none")
    wrong = sum(case["problem"] is not None for case in cases)
    changed = messages("migrate.sent" if sent else "migrate.would_change", cases=len(cases) - wrong)
    breaches = messages("migrate.breaches", breaches=sum(len(case["breaches"]) for case in cases))
    code = "migrate.summary.refused" if wrong else "migrate.summary"
    summary = messages(code, changed=changed, breaches=breaches, refused=messages("migrate.refused_cases", cases=wrong))
    return summary if sent else f"{summary} {messages('migrate.nothing_sent')}"


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
