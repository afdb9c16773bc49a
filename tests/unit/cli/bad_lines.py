"""Lines of `decide`, `deadline` and `clocks` with one mistake each, and the field that the answer must name."""

import io
import json
from functools import partial
from typing import Any

import pytest

from services.cli import clocks, deadline
from services.cli.decide import decider, language_of_request
from services.cli.jsonl import answer_all
from shared.policy.editions import EditionLibrary
from tests.harness.shipped import shipped_edition
from tests.unit.cli import test_decide

OFFICE = {"timezone": "Europe/Madrid", "hours": {"mon": [["09:00", "18:00"]]}}
_DEADLINE = {"calendar": OFFICE, "start": "2026-11-23T10:00:00Z", "target_seconds": 60}
_CLOCKS = {
    "calendar": OFFICE,
    "opened_at": "2026-11-23T09:00:00Z",
    "milestones": {"restoration": {"target_seconds": 60}},
    "at": "2026-11-23T11:00:00Z",
}
_EARLY = "2026-11-22T09:00:00Z"


def _calendar(**changes: Any) -> dict[str, Any]:
    return {"calendar": OFFICE | changes}


def _event(**fields: Any) -> dict[str, Any]:
    return {"events": [{"at": "2026-11-23T10:00:00Z"} | fields]}


_MISTAKES: dict[str, dict[str, Any]] = {
    "decide": {
        "request.channel": {"request__channel": "fax"},
        "request.fields.impact": {"request__fields__impact": ...},
        "request.fields.workaround": {"request__fields__workaround": "some"},
        "request.fields.mood": {"request__fields__mood": "bad"},
        "request.country": {"request__country": "spain"},
        "request.phone.pin": {"request__phone": {"pin": "1"}},
        "requester.licensed": {"requester__licensed": 1},
        "requester.requester_id": {"requester__requester_id": 1},
        "account": {"account": []},
        "at": {"at": "0001-01-01T00:00:00Z"},
    },
    "deadline": {
        "start": {"start": "2026-11-23T10:00:00"},
        "target_seconds": {"target_seconds": "60"},
        "hours": {"hours": "lunar"},
        "pauses": {"pauses": 1},
        "pauses.0.1": {"pauses": [["2026-11-23T10:00:00Z"]]},
        "pauses.0": {"pauses": [["2026-11-23T10:00:00Z", "2026-11-23T09:00:00Z"]]},
        "calendar": {"calendar": None},
        "calendar.timezone": _calendar(timezone="Mars/Base"),
        "calendar.hours": _calendar(hours=1),
        "calendar.hours.moon": _calendar(hours={"moon": []}),
        "calendar.hours.mon": _calendar(hours={"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}),
        "calendar.hours.mon.0.0": _calendar(hours={"mon": [["9", "12:00"]]}),
        "calendar.holidays.xmas": _calendar(holidays=["xmas"]),
        "calendar.breaks.0": _calendar(breaks=[["2026-11-23T12:00", "2026-11-23T11:00"]]),
        "calendar.holiday_set.country": _calendar(holiday_set={"country": "XX"}),
        "pause": {"pause": []},
        "until": {"until": "end_of_day"},
        "open_at_least_seconds": {"open_at_least_seconds": 3600},
        "target_business_days": {"target_business_days": 0},
        "calendar.seasons.0.from": _calendar(seasons=[{"from": "6-15", "to": "09-15", "hours": {}}]),
        "calendar.seasons.0.to": _calendar(seasons=[{"from": "06-15", "hours": {}}]),
        "calendar.recurring.0.rule": _calendar(recurring=[{"rule": "FREQ=HOURLY"}]),
        "calendar.recurring.0.starts": _calendar(recurring=[{"rule": "FREQ=YEARLY"}]),
        "calendar.without.0": _calendar(without=["xmas"]),
        "calendar.union": {"calendar": {"union": OFFICE}},
        "calendar.union.0.timezone": {"calendar": {"union": [OFFICE | {"timezone": "Mars/Base"}]}},
        "calendar.breaks": {"calendar": {"union": [OFFICE], "breaks": [["2026-11-23T12:00", "2026-11-23T13:00"]]}},
        "calendar.holiday_files.0": _calendar(holiday_files=["local.ics"]),
        "calendar.holiday_set.hours": _calendar(holiday_set={"country": "ES", "hours": []}),
        "calendar.holiday_set.1.country": _calendar(holiday_set=[{"country": "ES"}, {"country": "XX"}]),
    },
    "clocks": {
        "at": {"at": _EARLY},
        "milestones.lunch": {"milestones": {"lunch": {"target_seconds": 1}}},
        "milestones.restoration.target_seconds": {"milestones": {"restoration": {"target_seconds": 1.5}}},
        "events.0.at": _event(type="resolved") | {"events": [{"at": _EARLY, "type": "resolved"}]},
        "events.0.to": _event(type="status_changed"),
        "events.0.milestones": _event(type="reprioritised"),
        "events.0.type": _event(type="sung"),
        "calendar": _calendar(hours={}),
        "opened_at": {"opened_at": "soon"},
    },
}
_NO_LINES = {
    "not JSON": b"nonsense",
    "cut off": b'{"a":',
    "no object": b"[]",
    "not UTF-8": b'"\xff"',
    "deep": b"[" * 9000,
}


def _line(command: str, changes: dict[str, Any]) -> bytes:
    if command == "decide":
        return json.dumps(test_decide.line(**changes)).encode()
    return json.dumps((_DEADLINE if command == "deadline" else _CLOCKS) | changes).encode()


LINES = [
    *(
        pytest.param(command, _line(command, changes), field, id=f"{command} {field}")
        for command, mistakes in _MISTAKES.items()
        for field, changes in mistakes.items()
    ),
    pytest.param("deadline", _line("deadline", {"target_seconds": 0}), "target_seconds", id="deadline zero"),
    pytest.param("deadline", _line("deadline", {"target_seconds": 1e300}), "target_seconds", id="deadline too long"),
    pytest.param("deadline", _line("deadline", {"target_seconds": 1e-9}), "target_seconds", id="deadline too short"),
    *(pytest.param("clocks", line, "", id=name) for name, line in _NO_LINES.items()),
]


def answers(command: str, lines: bytes, language: str | None) -> list[dict[str, Any]]:
    """The answers of a command to these lines, as it prints them."""
    out = io.BytesIO()
    if command == "decide":
        answer = decider(EditionLibrary.single(shipped_edition("guidelines-2021")), language)
        answer_all(answer, io.BytesIO(lines), out, language, language_of_request)
    else:
        deadlines = partial(deadline.answer, with_ledger=False, language=language)
        guidelines = EditionLibrary.single(shipped_edition("guidelines-2021"))
        answer = deadlines if command == "deadline" else clocks.answerer(guidelines, language=language)
        answer_all(answer, io.BytesIO(lines), out, language)
    return [json.loads(line) for line in out.getvalue().splitlines()]
