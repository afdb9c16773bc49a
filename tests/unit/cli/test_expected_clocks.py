"""`frontline clocks`, `frontline deadline` and `frontline policy check` answer as people expect of a help desk.

Each rule is one that other products are reported to break; docs/clocks.md has them for people.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from services.cli.clocks import clocks
from services.cli.deadline import deadline
from services.cli.decide import decide
from services.cli.policy.commands import check

Answers = Callable[..., tuple[int, list[dict[str, Any]]]]
INSTANT = {
    "en": "must be an RFC 3339 instant with a zone, such as 2026-11-23T10:00:00Z",
    "es": "tiene que ser un instante RFC 3339 con zona, como 2026-11-23T10:00:00Z",
}
# What is no RFC 3339 text: numbers of every size, numbers as text, dates, times without a zone, other values.
NO_INSTANTS: tuple[Any, ...] = (
    *(1785571200, 1785571200.25, -86400, 0, 1785571200000, 1785571200000000, 1e300),
    *("1785571200", "1785571200.0", "-1", "2026-08-01", "20260801T080000Z", "2026-08-01T08:00:00", "08:00:00Z"),
    *(True, None, [], {}, ""),
)


@pytest.fixture(name="answers")
def _answers(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Answers:
    """Runs a command on lines: its exit code and its answers."""

    def run(command: Callable[..., int], *lines: Mapping[str, Any], **options: Any) -> tuple[int, list[dict[str, Any]]]:
        file = tmp_path / "lines.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        code = command(file, **options)
        return code, [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]

    return run


def at(clock: str) -> str:
    """A time of day of the case's first day."""
    return f"2026-08-03T{clock}:00Z"


def history(*events: tuple[Any, ...], promised: Mapping[str, int], until: str = "18:00", **more: Any) -> dict[str, Any]:
    """A case of 10:00 with targets in minutes. Each event is its time and type, and the status that it sets."""
    return {
        "opened_at": at("10:00"),
        "milestones": {
            name: {"target_seconds": 60 * minutes, "hours": "elapsed"} for name, minutes in promised.items()
        },
        "events": [{"at": at(clock), "type": kind, **({"to": to[0]} if to else {})} for clock, kind, *to in events],
        "at": at(until),
        **more,
    }


RUNS = ("stage", "due_at", "breached_at")
PAUSED = {"stage": "paused", "due_at": None, "breached_at": None}
WAITS = ("status_changed", "waiting_on_customer")

EXPECTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "what was restored and breaks again is owed again": (
        history(("10:15", "restored"), ("14:00", "reopened"), promised={"restoration": 45}, until="14:10"),
        {"stage": "running", "due_at": at("14:30"), "elapsed_seconds": 25 * 60, "stopped_at": None},
    ),
    "a status after a restoration is no relapse": (
        history(("10:15", "restored"), ("14:00", "status_changed", "in_progress"), promised={"restoration": 45}),
        {"stage": "fulfilled", "stopped_at": at("10:15")},
    ),
    "a message after a restoration is no relapse": (
        history(("10:15", "restored"), ("14:00", "customer_replied"), promised={"restoration": 45}),
        {"stage": "fulfilled", "stopped_at": at("10:15")},
    ),
    "after a resolution any open status owes the restoration again": (
        history(
            ("10:15", "resolved"), ("14:00", "status_changed", "open"), promised={"restoration": 45}, until="14:05"
        ),
        {"stage": "running", "due_at": at("14:30")},
    ),
    "after a resolution a message owes the restoration again": (
        history(("10:15", "resolved"), ("14:00", "customer_replied"), promised={"restoration": 45}, until="14:05"),
        {"stage": "running", "due_at": at("14:30")},
    ),
    "a status of the desk that counts as resolved is no return": (
        history(
            ("10:40", "resolved"),
            ("10:41", "status_changed", "to_be_confirmed"),
            promised={"resolution": 50},
            statuses={"to_be_confirmed": "resolved"},
        ),
        {"stage": "fulfilled", "breached_at": None, "stopped_at": at("10:40")},
    ),
    "a status of the desk that the edition does not list counts as open": (
        history(("10:40", "resolved"), ("10:41", "status_changed", "to_be_confirmed"), promised={"resolution": 50}),
        {"stage": "running", "due_at": at("10:51")},
    ),
    "thanks that nobody answered are not owed once the case is resolved": (
        history(
            ("10:05", "agent_replied"),
            ("10:20", "customer_replied"),
            ("10:30", "resolved"),
            promised={"next_response": 45},
        ),
        PAUSED,
    ),
    "a message after the resolution is owed an answer": (
        history(
            ("10:05", "agent_replied"),
            ("10:20", "customer_replied"),
            ("10:30", "resolved"),
            ("12:00", "customer_replied"),
            promised={"next_response": 45},
            until="12:01",
        ),
        {"stage": "running", "due_at": at("12:35")},
    ),
    "a first response that nobody gave is not owed while the case is resolved": (
        history(("10:30", "resolved"), promised={"first_response": 45}),
        PAUSED,
    ),
    "the customer's message ends the wait for it": (
        history(("10:10", *WAITS), ("10:50", "customer_replied"), promised={"restoration": 90}),
        {"stage": "running", "due_at": at("12:10"), "breached_at": at("12:10")},
    ),
    "an update counts as it is written, also before the first response": (
        history(promised={"first_response": 300, "periodic_update": 90}, until="12:00"),
        {"milestone": "periodic_update", "stage": "running", "breached_at": at("11:30")},
    ),
}


@pytest.mark.parametrize("rule", EXPECTED)
def test_the_clocks_of_a_history_are_those_that_people_expect(rule: str, answers: Answers) -> None:
    """One history for each rule, by the edition that ships."""
    line, expected = EXPECTED[rule]
    code, [answer] = answers(clocks, line)
    assert code == 0
    assert {name: answer["clocks"][-1][name] for name in expected} == expected


@pytest.mark.parametrize(
    "line",
    [
        history(
            ("10:05", "agent_replied"),
            ("10:20", "closed"),
            ("10:40", "customer_replied"),
            promised={"next_response": 45},
        ),
        history(("10:20", "withdrawn"), ("10:40", "customer_replied"), promised={"next_response": 45}),
        history(promised={"first_response": 45, "restoration": 90, "periodic_update": 60}, status="closed"),
        history(promised={"first_response": 45, "resolution": 90, "periodic_update": 60}, status="withdrawn"),
        history(promised={"restoration": 45, "resolution": 90, "periodic_update": 60}, status="resolved"),
        history(("10:40", "customer_replied"), promised={"next_response": 45}, status="closed"),
        history(promised={"resolution": 45}, status="Done", statuses={"Done": "closed"}),
        history(("10:30", "agent_replied"), promised={"periodic_update": 45}, status="closed"),
    ],
)
def test_a_closed_case_runs_no_clock(line: dict[str, Any], answers: Answers) -> None:
    """Nobody owes an answer for a message after closing, nor for a case that was closed or resolved when it opened."""
    assert answers(clocks, line) == (0, [{"clocks": [], "next_due": None}])


def test_what_was_opened_as_closed_owes_from_its_reopening(answers: Answers) -> None:
    """An imported case goes on like any closed one; its first response is never owed."""
    promised = {"first_response": 45, "restoration": 90, "periodic_update": 60}
    for status in ("closed", "withdrawn", "resolved"):
        line = history(("12:00", "reopened"), promised=promised, status=status, until="12:10")
        _, [answer] = answers(clocks, line)
        found = [(clock["milestone"], clock["started_at"], clock["due_at"]) for clock in answer["clocks"]]
        assert found == [
            ("periodic_update", at("12:00"), at("13:00")),
            ("restoration", at("12:00"), at("13:30")),
        ], status


def test_a_milestone_that_was_not_owed_when_the_case_opened_is_not_owed_by_new_terms(answers: Answers) -> None:
    """An upgrade of an account does not owe a first response for cases that were resolved long ago."""
    line = history(promised={}, status="resolved")
    line["events"] = [
        {
            "at": at("11:00"),
            "type": "reprioritised",
            "milestones": {"first_response": {"target_seconds": 60}, "restoration": {"target_seconds": 60}},
        }
    ]
    assert answers(clocks, line) == (0, [{"clocks": [], "next_due": None}])


@pytest.mark.parametrize(
    ("field", "events", "more", "known"),
    [
        ("events.1.to", (("10:30", "resolved"), ("10:31", "status_changed", "CLOSED")), {}, "closed"),
        ("events.0.to", (("10:30", "status_changed", "Resolved"),), {}, "resolved"),
        ("events.0.to", (("10:30", "status_changed", "waiting-on-customer"),), {}, "waiting_on_customer"),
        ("events.0.to", (("10:30", "reopened", "Open"),), {}, "open"),
        ("status", (), {"status": "Closed"}, "closed"),
        ("status", (), {"status": "solved"}, "Solved"),
    ],
)
def test_a_known_status_in_other_letters_is_refused_in_both_languages(
    field: str, events: tuple[Any, ...], more: dict[str, Any], known: str, answers: Answers
) -> None:
    """It is the very status, or refused: it never reopens a case, and never leaves a clock to run on."""
    line = history(*events, promised={"resolution": 60}, statuses={"Solved": "resolved"}, **more)
    for language, sentence in (
        ("en", f"differs from the status {known} in case, spaces or hyphens alone"),
        ("es", None),
    ):
        code, [answer] = answers(clocks, line, lang=language)
        assert (code, answer["error"]["field"]) == (2, field)
        assert known in answer["error"]["message"]
        assert sentence is None or answer["error"]["message"] == sentence


CLOSE_HISTORY = history(("10:30", "resolved"), promised={"resolution": 60})
ASKED = {
    "account": {"account_id": "a", "plan": "premier", "account_type": "business", "paid": True},
    "requester": {"requester_id": "r", "role": "admin", "licensed": True},
    "request": {
        "channel": "web_ticket",
        "fields": {"impact": "down", "workaround": "none", "environment": "production", "request_type": "technical"},
    },
    "at": at("10:00"),
}


def _with(line: Mapping[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The line with another value at a dotted place."""
    changed: dict[str, Any] = json.loads(json.dumps(line))
    *path, last = place.split(".")
    inner: Any = changed
    for step in path:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    inner[int(last) if isinstance(inner, list) else last] = value
    return changed


PLACES: dict[str, tuple[Callable[..., int], dict[str, Any]]] = {
    "start": (deadline, {"start": at("10:00"), "target_seconds": 60, "hours": "elapsed"}),
    "pauses.0.0": (
        deadline,
        {"start": at("10:00"), "target_seconds": 60, "hours": "elapsed", "pauses": [[at("10:00"), at("10:10")]]},
    ),
    "opened_at": (clocks, CLOSE_HISTORY),
    "at": (clocks, CLOSE_HISTORY),
    "events.0.at": (clocks, CLOSE_HISTORY),
    "events.0.until": (clocks, _with(CLOSE_HISTORY, "events.0.until", at("12:00"))),
    "events.0.recorded_at": (clocks, _with(CLOSE_HISTORY, "events.0.recorded_at", at("12:00"))),
    "account.valid_from": (decide, ASKED),
    "account.valid_until": (decide, ASKED),
}
MAY_BE_NULL = ("events.0.until", "events.0.recorded_at", "account.valid_from", "account.valid_until")


@pytest.mark.parametrize("language", INSTANT)
@pytest.mark.parametrize("place", [*PLACES, "at of a request"])
def test_only_rfc_3339_text_is_an_instant(place: str, language: str, answers: Answers) -> None:
    """Whether a number counts seconds or milliseconds could only be guessed by its size. The words are ours."""
    command, line = PLACES.get(place, (decide, ASKED))
    field = place.partition(" ")[0]
    wrong = [value for value in NO_INSTANTS if value is not None or field not in MAY_BE_NULL]
    code, found = answers(command, line, *(_with(line, field, value) for value in wrong), lang=language)
    assert code == 2
    assert "error" not in found[0]
    errors = [answer["error"] for answer in found[1:]]
    assert {error["message"] for error in errors} == {INSTANT[language]}
    assert all(field.startswith(error["field"]) for error in errors)


@pytest.mark.parametrize("value", ["1785571200", "-1.5", '"1785571200"', "2026-08-01", "2026-08-01T08:00:00", "true"])
def test_a_policy_file_has_rfc_3339_instants(value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """YAML has numbers and dates of its own: they are no instants either."""
    file = tmp_path / "own.yaml"
    file.write_text(f"edition: own\nextends: guidelines-2021\neffective_from: {value}\nsource: a test\n")
    assert check(str(file)) == 1
    assert f"effective_from: {INSTANT['en']}" in " ".join(capsys.readouterr().out.split())


CHAIN = """escalation_levels:
  - {kind: escalation, level: 1, share: 1.0, called: tier2, repeat: {every_seconds: 45m, times: 3}}
  - {kind: escalation, level: 2, after_deadline_seconds: 45m, called: technical_account_manager}
"""
HALF_DAYS = """calendars:
  australia: {timezone: Australia/Adelaide, holiday_set: {country: AU, subdivision: SA, categories: [public, half_day]}}
"""
ONE_CALENDAR = """calendars:
  all_the_world: {timezone: Etc/UTC, hours: {mon: [["08:00", "20:00"]], tue: [["08:00", "20:00"]]}}
regional_hours: {default: all_the_world, countries: {}, regions: {}}
"""
EARLY_UPDATE = """targets:
  - {milestone: first_response, target_seconds: 5h, hours: business, promise: objective}
  - {milestone: periodic_update, target_seconds: 90m, hours: business, promise: objective}
"""
CHECKED: dict[str, tuple[str, int, tuple[str, str], tuple[str, str]]] = {
    "repetitions that the next level comes before": (
        CHAIN,
        0,
        ("escalation_levels[0].repeat", "is never made: on every target, level 2 comes first"),
        ("escalation_levels[0].repeat", "no llega a ocurrir nunca: en todos los plazos, el nivel 2 llega antes"),
    ),
    "holidays of a part of the day without hours": (
        HALF_DAYS,
        1,
        ("calendars.australia.holiday_set.hours", "are holidays for a part of the day only"),
        ("calendars.australia.holiday_set.hours", "are holidays for a part of the day only"),
    ),
    "mappings that are written out empty": (
        ONE_CALENDAR,
        0,
        ("regional_hours.countries", "these countries have the default calendar now: US, AU,"),
        ("regional_hours.countries", "estos países pasan al calendario por defecto: US, AU,"),
    ),
    "updates that are due before the first response": (
        EARLY_UPDATE,
        0,
        ("targets", "is due before first_response"),
        ("targets", "vence antes que first_response"),
    ),
}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("case", CHECKED)
def test_policy_check_names_what_an_edition_cannot_mean(
    case: str, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A warning or a mistake in the language that is asked for; mistakes are in English."""
    text, exit_code, *wanted = CHECKED[case]
    file = tmp_path / "own.yaml"
    head = 'edition: own\nextends: guidelines-2021\neffective_from: "2025-01-01T00:00:00Z"\nsource: a test\n'
    file.write_text(head + text, encoding="utf-8")
    assert check(str(file), lang=language) == exit_code
    printed = " ".join(capsys.readouterr().out.split())
    for part in wanted[language == "es"]:
        assert part in printed, printed


def test_an_edition_without_countries_counts_by_its_default_calendar(tmp_path: Path, answers: Answers) -> None:
    """What is written out empty empties: no country of the base is left."""
    file = tmp_path / "own.yaml"
    head = 'edition: own\nextends: guidelines-2021\neffective_from: "2025-01-01T00:00:00Z"\nsource: a test\n'
    file.write_text(head + ONE_CALENDAR, encoding="utf-8")
    spanish = _with(ASKED, "account.country", "ES")
    code, [answer] = answers(decide, spanish, policy=str(file))
    assert (code, answer["calendar"]) == (0, "all_the_world")
