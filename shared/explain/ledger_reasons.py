"""[pure] Why an interval of a ledger counted, or did not, in words."""

from collections.abc import Mapping
from typing import Any

from shared.messages.messages import Messages


def because(entry: Mapping[str, Any], messages: Messages, holidays: Mapping[str, str]) -> str:
    """The reason of an interval, as the commands show it; `holidays` translates those that it knows."""
    reason, by = entry["reason"], entry.get("paused_by")
    if reason == "holiday":
        name = entry.get("holiday") or ""
        return messages("ledger.holiday", holiday=holidays.get(name, name))
    if reason != "paused" or by is None:
        return messages(f"ledger.{reason}")
    if isinstance(by, str):
        return messages("ledger.paused_by_line", place=by)
    code = "ledger.paused"
    if by.get("activity_id", by.get("event")) in (None, "status"):
        code = "ledger.paused_when_submitted"
    elif by["status"] == "restored":
        code = "ledger.restored"
    return messages(code, status=by["status"], at=by["at"])
