"""An explanation as people read it: a paragraph for each question, in the time zone of the case's calendar."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

Data = Mapping[str, Any]

_HOURS = {
    "elapsed": "round the clock",
    "business": "in the open hours of its calendar",
    "elapsed_then_next_open": "round the clock, then to the next opening of its calendar",
}
_NO_TARGET = {
    "no_priority_response": "the plan has no priority response",
    "self_service": "nobody is waiting for an answer there",
    "not_promised": "not promised for this priority",
}
_STYLES = {"breached": "red", "raised": "bold red", "warned": "yellow", "suppressed": "yellow", "restated": "magenta"}


def show(found: Data, console: Console) -> None:
    """Print the explanation."""
    zone = ZoneInfo(found["timezone"]) if found["timezone"] else UTC
    view = _View(found, console, zone)
    view.head()
    view.channel()
    view.priority()
    view.deadlines()
    view.history()
    view.put_aside()


class _View:
    def __init__(self, found: Data, console: Console, zone: ZoneInfo | Any) -> None:
        self._found = found
        self._console = console
        self._zone = zone

    def head(self) -> None:
        found = self._found
        who = found["account_id"] or "nobody's account"
        self._console.print(_text(f"Case {found['case_id']}: {found['subject']}", style="bold"))
        self._line(
            f"{found['priority']}, {_words(found['assigned_channel'])} at {_words(found['assigned_tier'])}, {who}"
        )
        self._line(f"received {self._time(found['received_at'])}, decided {self._time(found['decided_at'])}")
        self._line(f"edition {found['edition']}, calendar {found['calendar']}; times are in {self._zone}")

    def channel(self) -> None:
        found = self._found
        asked, got = found["requested_channel"], found["assigned_channel"]
        self._title("Why this channel")
        used = found["entitlement"]
        if used["known"]:
            licence = "licensed" if used["licensed"] else "unlicensed"
            self._line(f"{_words(used['plan'])}, {_words(used['account_type'])} account; a {licence} {used['role']}")
        else:
            self._line("no entitlement is known, so self-service it is")
        if asked != got:
            verdict = found["channels"][asked]
            self._line(f"{_words(asked)} was asked for and is closed: {verdict.get('because') or verdict['rule']}")
        self._trace(found["trace"])
        for note in found["notes"]:
            self._line(f"note: {note}")
        if found["needs_triage"]:
            self._line("somebody has to look at it (needs_triage)")

    def priority(self) -> None:
        found = self._found
        self._title("Why this priority")
        self._line(f"{found['priority_when_routed']}: {found['priority_because']}")
        if found["priority"] != found["priority_when_routed"]:
            self._line(f"{found['priority']} now: it was re-prioritised")

    def deadlines(self) -> None:
        self._title("Deadlines")
        for name, terms in sorted(self._found["milestones"].items()):
            if terms["target_seconds"] is None:
                why = _NO_TARGET.get(terms.get("reason", ""), "no target")
                self._line(f"{_words(name)}: none when it was routed; {why}")
        if self._found["clocks"] is None:
            for name, terms in sorted(self._found["milestones"].items()):
                if terms["target_seconds"] is not None:
                    self._line(f"{_promised(name, terms)}; due {self._time(terms.get('due_at'))} when it was routed")
            return
        for clock in self._found["clocks"]:
            self._clock(clock)

    def history(self) -> None:
        self._title("What happened")
        for entry in self._found["history"]:
            kind = entry["type"].rpartition(".")[2]
            who, style = (f"{_numbered(entry)} ", _STYLES.get(kind, "")) if "milestone" in entry else ("", "bold")
            self._line(f"{self._time(entry['at'])}  {who}{_words(kind)}{_details(entry)}", style=style)

    def put_aside(self) -> None:
        if self._found["put_aside"]:
            self._title("Put aside, so not counted")
        for letter in self._found["put_aside"]:
            place = f"{letter['topic']}[{letter['partition']}] at {letter['offset']}"
            self._line(f"{letter['cause']}: {letter['message']} ({place})")

    def _clock(self, clock: Data) -> None:
        self._line(_promised(_numbered(clock), clock), style="bold")
        due = f"paused with {_duration(clock['used_seconds'])} used up"
        if clock["stage"] != "paused":
            word = "due" if clock["stage"] == "running" and not clock["late"] else "was due"
            due = f"{word} {self._time(clock['due_at'])}"
        self._line(f"  started {self._time(clock['started_at'])}, {due}")
        if clock["stopped_at"] is not None:
            late = "too late" if clock["late"] else "in time"
            how = late if clock["stage"] == "fulfilled" else "no longer applies"
            self._line(f"  {clock['stage']} {self._time(clock['stopped_at'])}: {how}")
        if clock["breached_at"] is not None:
            self._line(f"  breached {self._time(clock['breached_at'])}", style="red")
        for entry in clock["ledger"]:
            why = entry["reason"] if not entry["holiday"] else f"holiday: {entry['holiday']}"
            counted = "counted" if entry["counted"] else f"not counted: {why}"
            span = f"{self._time(entry['start'])} to {self._time(entry['end'])}"
            style = "" if entry["counted"] else "dim"
            self._line(f"    {span}  {_duration(entry['seconds']):>16}  {counted}", style=style)

    def _trace(self, steps: Iterable[Data]) -> None:
        for step in steps:
            self._line(f"{'✓' if step['outcome'] else '✗'} {step['rule']}: {step['because']}", style="dim")

    def _title(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(text, style="bold cyan"))

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(_text(f"  {text}", style))

    def _time(self, text: str | None) -> str:
        if text is None:
            return "at no set time"
        return datetime.fromisoformat(text).astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")


def _text(text: str, style: str = "") -> Text:
    """What customers write must not steer the terminal of whoever reads it."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text), style=style)


def _promised(name: str, terms: Data) -> str:
    kind = "a commitment" if terms["promise"] == "commitment" else "an objective"
    return f"{_words(name)}: {kind} of {_duration(terms['target_seconds'])}, {_HOURS[terms['hours']]}"


def _numbered(clock: Data) -> str:
    name = _words(clock["milestone"])
    return name if clock["instance"] == 1 else f"{name} {clock['instance']}"


def _details(entry: Data) -> str:
    """What an entry says beside its type, in the order in which it says it."""
    known = ("type", "at", "observed_at", "milestone", "instance", "generation", "due_at", "priority", "breached_at")
    said = [_detail(name, value) for name, value in entry.items() if name not in known]
    return f" ({'; '.join(said)})" if said else ""


def _detail(name: str, value: Any) -> str:
    if name == "met":
        return "in time" if value else "too late"
    if isinstance(value, dict):
        return f"{name} {', '.join(map(_words, value))}"
    return f"{name} {_words(str(value))}"


def _duration(seconds: float) -> str:
    """Hours and minutes, and seconds where there are any."""
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{rest:g} s" if rest else ""]
    return " ".join(part for part in parts if part) or "0 s"


def _words(name: str) -> str:
    return name.replace("_", " ")
