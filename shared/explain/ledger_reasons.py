"""[pure] Why an interval of a ledger counted, or did not, in words."""

import re
from collections.abc import Mapping
from typing import Any

from shared.contracts.vocabulary import ACTIVITY_TYPES, STATUS_KINDS
from shared.messages.messages import Messages

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# A clock that had stopped and goes on was paused by the activity that stopped it, and not by a status of that name.
_STOPPING = frozenset(ACTIVITY_TYPES) - frozenset(STATUS_KINDS)


def because(entry: Mapping[str, Any], messages: Messages, holidays: Mapping[str, str]) -> str:
    """The reason of an interval, as the commands show it; `holidays` translates those that it knows."""
    reason, by = entry["reason"], entry.get("paused_by")
    if reason == "holiday":
        name = entry.get("holiday") or ""
        if _DATE.fullmatch(name):  # a holiday without a name has its date as one, which the interval says already
            return messages("ledger.holiday_without_name")
        return messages("ledger.holiday", holiday=holidays.get(name, name))
    if reason != "paused" or by is None:
        return messages(f"ledger.{reason}")
    if isinstance(by, str):
        return messages("ledger.paused_by_line", place=by)
    code = "ledger.paused"
    if by.get("activity_id", by.get("event")) in (None, "status"):
        code = "ledger.paused_when_submitted"
    elif by["status"] in _STOPPING and by.get("type", by["status"]) == by["status"]:
        code = "ledger.restored" if by["status"] == "restored" else "ledger.stopped"
    return messages(code, status=by["status"], activity=by["status"], at=by["at"])
