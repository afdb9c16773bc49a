"""Documents of editions that their digest names, and that this version cannot use: anybody may publish one."""

import json
from collections.abc import Callable
from typing import Any

from shared.policy.digest import edition_to_json
from tests.harness.shipped import shipped_edition

GUIDELINES = shipped_edition("guidelines-2021")


def _document(change: Callable[[dict[str, Any]], object]) -> bytes:
    found: dict[str, Any] = json.loads(edition_to_json(GUIDELINES))
    change(found)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _move_calendars(document: dict[str, Any]) -> None:
    document["calendars"] = {"elsewhere": next(iter(document["calendars"].values()))}


UNUSABLE = {
    "unknown_zone": _document(lambda found: found["calendars"]["spain"].update(timezone="Mars/Olympus")),
    "no_such_calendar": _document(_move_calendars),
    "nothing_is_open": _document(lambda found: found.update(access=[])),
    "no_priority_applies": _document(lambda found: found.update(priority_rules=found["priority_rules"][:1])),
    "not_an_edition": b"[]",
}
