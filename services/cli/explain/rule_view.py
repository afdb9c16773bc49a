"""[pure] The rule and the edition behind a number, in a line for people."""

from collections.abc import Mapping
from typing import Any

from services.cli.explain.view_line import Line
from shared.explain.speech import Speech


def rule_line(named: Mapping[str, Any], what: str, speech: Speech, *more: str, indent: str = "") -> Line:
    """What a rule decided: its place, its edition, why it counts, and the edition's own words beside it."""
    said = [text for text in (named["because"], *more) if text]
    said += [speech(f"rule.{word}", **{word: named[word]}) for word in ("source", "note") if named[word]]
    if named["by"] is not None:
        said.append(activity(named["by"], speech))
    return Line(f"{indent}{_place(named, what, speech)}{': ' if said else ''}{'; '.join(said)}")


def activity(by: Mapping[str, Any], speech: Speech) -> str:
    """An activity by its type and its instant."""
    return speech("rule.by", activity=speech.name("activity", by["type"]), at=speech.at(by["at"]))


def _place(named: Mapping[str, Any], what: str, speech: Speech) -> str:
    if named["rule"] is None:
        return what
    name = "rule.no_edition" if named["edition"] is None else "rule"
    return speech(name, what=what, rule=named["rule"], edition=named["edition"])
