"""[pure] Why an interval of a ledger counted, or did not, in words."""

from collections.abc import Mapping
from typing import Any

from shared.explain.speech import Speech


def because(entry: Mapping[str, Any], speech: Speech, holidays: Mapping[str, str]) -> str:
    """The reason of an interval, as the commands show it; `holidays` translates those that it knows."""
    reason, by = entry["reason"], entry.get("paused_by")
    if reason == "holiday":
        name = entry.get("holiday") or ""
        return speech("why.holiday", holiday=holidays.get(name, name))
    if reason != "paused" or by is None:
        return speech(f"why.{reason}")
    if isinstance(by, str):
        return speech("why.paused_by_line", place=by)
    name = "why.paused"
    if by.get("activity_id", by.get("event")) in (None, "status"):
        name = "why.paused_when_submitted"
    elif by["status"] == "restored":
        name = "why.restored"
    return speech(name, status=by["status"], at=speech.at(by["at"]))
