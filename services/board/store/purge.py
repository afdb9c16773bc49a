"""[pure] Records without what people wrote, and without their names and addresses.

What remains is the same event, so that the case can be worked out from it as before. Of a dead letter that cannot be
read, only its place and its cause remain.
"""

from dataclasses import replace
from typing import Any

import msgspec

from shared.contracts.topics import ACTIVITY, REQUESTS, dead_letter
from shared.kafka.record import Record

# by topic: what the events there have of people, with what takes its place; of a part, the same again
_REQUEST: dict[str, Any] = {"subject": "", "description": "", "requester": {"name": None, "email": None}}
_ACTIVITY: dict[str, Any] = {"text": None, "reason": None}
_OF_PEOPLE = {
    REQUESTS.name: _REQUEST,
    ACTIVITY.name: _ACTIVITY,
    dead_letter(REQUESTS).name: _REQUEST,
    dead_letter(ACTIVITY).name: _ACTIVITY,
}
_DATA = "data"  # where an event in structured mode has what an event in binary mode is


def purged(record: Record) -> Record:
    """The record without what people wrote; the same one if it has nothing of that."""
    places = _OF_PEOPLE.get(record.topic)
    if places is None or record.value is None:
        return record
    try:
        found = msgspec.json.decode(record.value)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if not isinstance(found, dict) or "data_base64" in found:
        return replace(record, value=b"{}")
    _clear(found, places)
    if isinstance(data := found.get(_DATA), dict):
        _clear(data, places)
    return replace(record, value=msgspec.json.encode(found))


def _clear(found: dict[str, Any], places: dict[str, Any]) -> None:
    for name, instead in places.items():
        if name not in found:
            continue
        if isinstance(instead, dict):
            part = found[name]
            if isinstance(part, dict):
                _clear(part, instead)
            else:
                found[name] = {}
        else:
            found[name] = instead
