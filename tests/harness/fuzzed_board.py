"""What Schemathesis may send to the board: its document, narrowed to what is right at an instant."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from tests.harness.fuzzing import Fuzzed

Json = Any
_ZONES = ("UTC", "Europe/Madrid", "Asia/Kolkata")
_CURSORS = ("cursor", "after")
_NOBODYS = "nobodys"  # an id of no case, and of no dead letter


def fuzzed_board(url: str, key: str, today: date, cases: Sequence[str], letters: Sequence[str]) -> Fuzzed:
    """The board at that address, which has those cases and dead letters."""
    narrowing = partial(narrow, today=today, cases=cases, letters=letters)
    return Fuzzed(url, key, narrowing, "followCases", by_parameters=True)


def narrow(document: Json, today: date, cases: Iterable[str], letters: Iterable[str]) -> None:
    """Leave of `document` what is right: no schema knows which cursor there is, which zone, or which day is later."""
    known = {
        "case_id": [*cases, _NOBODYS],
        "place": [*letters, _NOBODYS],
        "zone": [*_ZONES],
        "from": [str(today - timedelta(days=days)) for days in (30, 1)],
        "to": [str(today)],
    }
    for call in (call for methods in document["paths"].values() for call in methods.values()):
        call["parameters"] = [each for each in call.get("parameters", ()) if each["name"] not in _CURSORS]
        for parameter in call["parameters"]:
            if parameter["name"] in known:
                parameter["schema"] = {"enum": known[parameter["name"]]}
