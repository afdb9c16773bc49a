"""[pure] The rule and the edition behind a number, in a line for people."""

from collections.abc import Mapping
from typing import Any

from services.cli.explain.view_line import Line
from shared.messages.messages import Messages


def rule_line(named: Mapping[str, Any], what: str, messages: Messages, *more: str, indent: str = "") -> Line:
    """What a rule decided: its place, its edition, why it counts, and the edition's own words beside it."""
    reasons = [text for text in (named["because"], *more) if text]
    reasons += [messages(f"explain.rule.{word}", **{word: named[word]}) for word in ("source", "note") if named[word]]
    if named["by"] is not None:
        reasons.append(activity(named["by"], messages))
    return Line(f"{indent}{_place(named, what, messages)}{': ' if reasons else ''}{'; '.join(reasons)}")


def activity(by: Mapping[str, Any], messages: Messages) -> str:
    """An activity by its type and its instant."""
    return messages("explain.rule.by", activity=messages.name("activity", by["type"]), at=messages.at(by["at"]))


def _place(named: Mapping[str, Any], what: str, messages: Messages) -> str:
    if named["rule"] is None:
        return what
    code = "explain.rule.no_edition" if named["edition"] is None else "explain.rule"
    return messages(code, what=what, rule=named["rule"], edition=named["edition"])
