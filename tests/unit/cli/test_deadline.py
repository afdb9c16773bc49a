"""`frontline deadline`: the interface that scripts rely on."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.cli.deadline import answer, deadline
from services.cli.jsonl import BadInput
from shared.contracts.vocabulary import Language
from shared.messages.catalogues import messages_in
from tests.harness.command_line import frontline

OFFICE = {
    "timezone": "Europe/Madrid",
    "hours": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": {"2026-12-25": "Navidad"},
}
LINE: dict[str, Any] = {"calendar": OFFICE, "start": "2026-11-23T10:00:00Z", "target_seconds": 3600}


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        pytest.param({}, "2026-11-23T11:00:00Z", id="business hours by default"),
        pytest.param({"hours": "business", "target_seconds": 9 * 3600}, "2026-11-24T10:00:00Z", id="business"),
        pytest.param({"hours": "elapsed", "target_seconds": 9 * 3600}, "2026-11-23T19:00:00Z", id="elapsed"),
        pytest.param(
            {"hours": "elapsed_then_next_open", "target_seconds": 9 * 3600},
            "2026-11-24T08:00:00Z",
            id="elapsed, then the next opening",
        ),
        pytest.param({"start": "2026-11-23T11:00:00+01:00"}, "2026-11-23T11:00:00Z", id="any offset in, UTC out"),
        pytest.param(
            {"pauses": [["2026-11-23T10:15:00Z", "2026-11-23T10:45:00Z"]]}, "2026-11-23T11:30:00Z", id="less the pauses"
        ),
        pytest.param({"target_seconds": 0.25}, "2026-11-23T10:00:00.250000Z", id="fractions where there are any"),
    ],
)
def test_the_deadline(changes: dict[str, Any], due: str) -> None:
    """The answer is one instant."""
    assert answer(LINE | changes, with_ledger=False) == {"deadline": due}


def test_elapsed_hours_need_no_calendar() -> None:
    """Round the clock is the same everywhere."""
    line = {"start": "2026-11-23T10:00:00Z", "target_seconds": 60, "hours": "elapsed"}
    assert answer(line, with_ledger=False) == {"deadline": "2026-11-23T10:01:00Z"}


def test_the_ledger_explains_each_interval() -> None:
    """From the start to the deadline without a gap; what counted adds up to the target."""
    line = LINE | {
        "start": "2026-12-24T16:00:00Z",
        "target_seconds": 7200,
        "pauses": [["2026-12-24T16:30:00Z", "2026-12-24T16:45:00Z"]],
    }
    reply = answer(line, with_ledger=True)
    assert reply["deadline"] == "2026-12-28T09:15:00Z"
    assert [(e["start"], e["counted"], e["reason"], e.get("holiday")) for e in reply["ledger"]] == [
        ("2026-12-24T16:00:00Z", True, "open", None),
        ("2026-12-24T16:30:00Z", False, "paused", None),
        ("2026-12-24T16:45:00Z", True, "open", None),
        ("2026-12-24T17:00:00Z", False, "closed", None),
        ("2026-12-24T23:00:00Z", False, "holiday", "Navidad"),
        ("2026-12-25T23:00:00Z", False, "closed", None),
        ("2026-12-28T08:00:00Z", True, "open", None),
    ]
    assert sum(e["seconds"] for e in reply["ledger"] if e["counted"]) == 7200


def test_each_pause_is_named_by_its_number() -> None:
    """Pauses are given as pairs: where two overlap, the time is that of the one that began first, and counts once."""
    pauses = [
        ["2026-11-23T10:30:00Z", "2026-11-23T10:45:00Z"],
        ["2026-11-23T10:10:00Z", "2026-11-23T10:15:00Z"],
        ["2026-11-23T10:40:00Z", "2026-11-23T10:50:00Z"],
        ["2026-11-23T10:31:00Z", "2026-11-23T10:32:00Z"],
        ["2026-11-23T10:55:00Z", "2026-11-23T10:55:00Z"],
    ]
    reply = answer(LINE | {"pauses": pauses}, with_ledger=True)
    assert [(e["start"][11:16], e["end"][11:16], e["paused_by"]) for e in reply["ledger"] if not e["counted"]] == [
        ("10:10", "10:15", "pauses.1"),
        ("10:30", "10:45", "pauses.0"),
        ("10:45", "10:50", "pauses.2"),
    ]
    assert all("paused_by" not in entry for entry in reply["ledger"] if entry["reason"] != "paused")
    assert sum(e["seconds"] for e in reply["ledger"] if e["counted"]) == 3600


EVERY_REASON = {
    "calendar": OFFICE | {"breaks": [["2026-12-24T17:00", "2026-12-24T17:15"]]},
    "start": "2026-12-24T15:30:00Z",
    "target_seconds": 7200,
    "pauses": [["2026-12-24T16:30:00Z", "2026-12-24T16:45:00Z"]],
}


@pytest.mark.parametrize(
    ("language", "reasons"),
    [
        ("en", ["open", "break", "open", "paused: pauses.0 of the line", "open", "closed", "holiday: Navidad"]),
        (
            "es",
            ["abierto", "descanso", "abierto", "pausa: pauses.0 de la línea", "abierto", "cerrado", "festivo: Navidad"],
        ),
    ],
)
def test_each_interval_has_its_reason_in_the_language_asked_for(language: Language, reasons: list[str]) -> None:
    """For people; the words for machines are the same in every language, and without one nothing is added."""
    found = answer(EVERY_REASON, with_ledger=True, language=language)
    assert [entry.pop("because") for entry in found["ledger"]][:7] == reasons
    assert found == answer(EVERY_REASON, with_ledger=True)


def test_round_the_clock_has_its_own_word() -> None:
    """Nothing was open there: every hour counts."""
    line = {"start": "2026-11-23T10:00:00Z", "target_seconds": 60, "hours": "elapsed"}
    [entry] = answer(line, with_ledger=True, language="es")["ledger"]
    assert (entry["reason"], entry["because"]) == ("elapsed", "a todas horas")


def test_holidays_of_a_holiday_set_are_named_in_spanish_where_it_can() -> None:
    """The name for machines stays; Finland's holidays have no Spanish names."""
    for country, name, because in (
        ("ES", "Epiphany", "festivo: Epifanía del Señor"),
        ("FI", "Epiphany", "festivo: Epiphany"),
    ):
        calendar = {"timezone": "Europe/Madrid", "hours": OFFICE["hours"], "holiday_set": {"country": country}}
        line = {"calendar": calendar, "start": "2026-01-05T16:00:00Z", "target_seconds": 7200}
        ledger = answer(line, with_ledger=True, language="es")["ledger"]
        [holiday] = [entry for entry in ledger if entry["reason"] == "holiday"]
        assert (holiday["holiday"], holiday["because"]) == (name, because)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"start": "2026-11-23T10:00:00"}, "start", id="a naive instant"),
        pytest.param({"start": "soon"}, "start", id="no instant"),
        pytest.param({"start": ...}, "start", id="left out"),
        pytest.param({"target_seconds": 0}, "target_seconds", id="nothing to wait for"),
        pytest.param({"target_seconds": -1}, "target_seconds", id="negative"),
        pytest.param({"target_seconds": "3600"}, "target_seconds", id="a text"),
        pytest.param({"target_seconds": True}, "target_seconds", id="a truth"),
        pytest.param({"target_seconds": 1e-9}, "target_seconds", id="less than is counted"),
        pytest.param({"target_seconds": 1e300}, "target_seconds", id="more than is counted"),
        pytest.param({"target_seconds": 1e12, "hours": "elapsed"}, "target_seconds", id="past the end of time"),
        pytest.param({"hours": "lunar"}, "hours", id="unknown hours"),
        pytest.param({"calendar": ...}, "calendar", id="business hours without a calendar"),
        pytest.param({"calendar": OFFICE | {"timezone": "Mars/Base"}}, "calendar.timezone", id="unknown zone"),
        pytest.param(
            {"calendar": OFFICE | {"hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}},
            "calendar.hours.mon",
            id="overlapping periods",
        ),
        pytest.param({"calendar": OFFICE | {"hours": {"moon": []}}}, "calendar.hours.moon", id="unknown weekday"),
        pytest.param({"calendar": OFFICE | {"hours": {}}}, "calendar", id="never open"),
        pytest.param({"calendar": []}, "calendar", id="no calendar at all"),
        pytest.param({"pauses": [["2026-11-23T10:00:00Z"]]}, "pauses.0.1", id="half a pause"),
        pytest.param(
            {"pauses": [["2026-11-23T10:00:00Z", "2026-11-23T09:00:00Z"]]}, "pauses.0", id="a pause that ends first"
        ),
        pytest.param({"start": "9999-01-01T00:00:00Z"}, "start", id="the end of time"),
        pytest.param({"pause": []}, "pause", id="a misspelt field"),
    ],
)
def test_a_bad_line_names_its_field(changes: dict[str, Any], field: str) -> None:
    """One mistake, one path, one sentence."""
    line = {name: value for name, value in (LINE | changes).items() if value is not ...}
    with pytest.raises(BadInput) as refused:
        answer(line, with_ledger=False)
    assert refused.value.field == field
    assert messages_in().knows(refused.value.reason.code)


NEXT_DAY: dict[str, Any] = {"calendar": OFFICE, "start": "2026-11-23T09:00:00Z", "target_business_days": 1}


@pytest.mark.parametrize(
    ("changes", "due", "seconds"),
    [
        pytest.param({}, "2026-11-24T09:00:00Z", 32400, id="the same time by default"),
        pytest.param({"until": "same_time"}, "2026-11-24T09:00:00Z", 32400, id="the same time"),
        pytest.param({"until": "end_of_day"}, "2026-11-24T17:00:00Z", 61200, id="the end of the day"),
        pytest.param({"target_business_days": 5}, "2026-11-30T09:00:00Z", 162000, id="a week"),
        pytest.param({"start": "2026-11-21T09:00:00Z"}, "2026-11-24T08:00:01Z", 32401, id="from a Saturday"),
        pytest.param(
            {"pauses": [["2026-11-23T10:00:00Z", "2026-11-23T12:00:00Z"]]}, "2026-11-24T11:00:00Z", 32400, id="a pause"
        ),
        pytest.param(
            {"calendar": {"union": [OFFICE, OFFICE | {"timezone": "America/Mexico_City"}]}, "until": "end_of_day"},
            "2026-11-25T00:00:00Z", 111600, id="a union",
        ),
    ],
)  # fmt: skip
def test_a_target_in_business_days_comes_to_open_time(changes: dict[str, Any], due: str, seconds: float) -> None:
    """The answer has both, so that a script need not count by itself."""
    assert answer(NEXT_DAY | changes, with_ledger=False) == {"deadline": due, "target_seconds": seconds}


def test_the_ledger_of_business_days_adds_up_to_what_they_come_to() -> None:
    """It is the ledger of business hours."""
    found = answer(NEXT_DAY | {"until": "end_of_day"}, with_ledger=True)
    assert sum(entry["seconds"] for entry in found["ledger"] if entry["counted"]) == found["target_seconds"]


@pytest.mark.parametrize(
    ("changes", "field", "english", "spanish"),
    [
        ({"target_seconds": 60}, "target_seconds", "and not both", "y no ambos"),
        ({"target_business_days": ...}, "target_seconds", "needs target_seconds or", "necesita target_seconds o"),
        ({"target_business_days": ..., "target_seconds": 60, "until": "same_time"},
         "until", "only with", "solo va con"),
        ({"hours": "elapsed"}, "hours", "must be business", "debe ser business"),
        ({"until": "noon"}, "until", "same_time", "same_time"),
        ({"target_business_days": 1.5}, "target_business_days", "", ""),
        ({"open_at_least_seconds": 60}, "open_at_least_seconds", "elapsed_then_next_open", "elapsed_then_next_open"),
        ({"open_at_least_seconds": -1}, "open_at_least_seconds", "", ""),
        ({"calendar": ...}, "calendar", "is required for business hours", "es necesario"),
        ({"calendar": OFFICE | {"hours": {}}}, "calendar", "does not open", "no abre"),
        ({"target_business_days": 9999}, "calendar", "within ten years", "en diez años"),
        ({"calendar": OFFICE | {"seasons": [{"from": "6-15", "to": "09-15", "hours": {}}]}},
         "calendar.seasons.0.from", "6-15 is not a day of the year", "6-15 no es un día del año"),
        ({"calendar": OFFICE | {"seasons": 2 * [{"from": "06-15", "to": "09-15", "hours": {}}]}},
         "calendar.seasons.1", "06-15 in common with seasons.0", "06-15 en común con seasons.0"),
        ({"calendar": OFFICE | {"recurring": [{"rule": "FREQ=HOURLY"}]}},
         "calendar.recurring.0.rule", "FREQ=HOURLY is not a rule", "FREQ=HOURLY no es una regla"),
        ({"calendar": OFFICE | {"recurring": [{"rule": "FREQ=YEARLY"}]}},
         "calendar.recurring.0.starts", "is required", "es necesario"),
        ({"calendar": OFFICE | {"holiday_set": {"country": "AU", "subdivision": "SA", "categories": ["half_day"]}}},
         "calendar.holiday_set.hours", "Christmas Eve (from 7pm)", "indique las horas"),
        ({"calendar": OFFICE | {"holiday_set": {"country": "ES", "hours": []}}},
         "calendar.holiday_set.hours", "has no effect", "no tiene efecto"),
        ({"calendar": {"union": [OFFICE], "breaks": [["2026-11-23T12:00", "2026-11-23T13:00"]]}},
         "calendar.breaks", "does not go with union", "no se combina con union"),
        ({"calendar": OFFICE | {"holiday_files": ["local.ics"]}}, "calendar.holiday_files.0", "edition", "edición"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused_in_every_language(
    changes: dict[str, Any], field: str, english: str, spanish: str
) -> None:
    """To ignore one of two fields would change the answer."""
    line = {name: value for name, value in (NEXT_DAY | changes).items() if value is not ...}
    for language, words in (("en", english), ("es", spanish)):
        with pytest.raises(BadInput) as refused:
            answer(line, with_ledger=False, language=language)
        assert refused.value.field == field
        assert words in messages_in(language).reason(refused.value.reason)


FRIDAY = LINE | {"start": "2026-11-27T16:00:00Z", "target_seconds": 86400, "hours": "elapsed_then_next_open"}


@pytest.mark.parametrize(
    ("language", "because"),
    [
        ("en", "open, but the deadline also waits for the least open time since the start"),
        ("es", "abierto, pero el vencimiento espera además el tiempo mínimo abierto desde el inicio"),
    ],
)
def test_a_deadline_may_wait_until_the_desk_has_been_open_so_long(language: Language, because: str) -> None:
    """And the ledger says that it did."""
    found = answer(FRIDAY | {"open_at_least_seconds": 14400}, with_ledger=True, language=language)
    assert found["deadline"] == "2026-11-30T11:00:00Z"
    assert [(e["reason"], e["counted"]) for e in found["ledger"]] == [
        ("elapsed", True),
        ("closed", False),
        ("open_at_least", False),
    ]
    assert found["ledger"][-1]["because"] == because


def test_holidays_of_several_sets_and_of_the_first_member_are_translated() -> None:
    """Each set has its own names."""
    sets = [{"country": "US"}, {"country": "ES"}]
    spain = {"timezone": "Europe/Madrid", "hours": OFFICE["hours"], "holiday_set": sets}
    for calendar in (spain, {"union": [spain, OFFICE | {"hours": {}}]}):
        line = {"calendar": calendar, "start": "2026-01-05T16:00:00Z", "target_seconds": 7200}
        ledger = answer(line, with_ledger=True, language="es")["ledger"]
        assert [e["because"] for e in ledger if e["reason"] == "holiday"] == ["festivo: Epifanía del Señor"]


LINES = [json.dumps(LINE), "nonsense", "", '"text"', json.dumps(LINE | {"target_seconds": 60}), "\udcff"]


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command as a shell runs it."""
    return frontline(*arguments, stdin=given)


def test_a_bad_line_is_answered_in_its_place_and_the_others_go_on() -> None:
    """One line out for each line in, in order; the exit code is 2 at the end. Blank lines are no lines."""
    done = run("deadline", "--json", given="\n".join(LINES).encode("utf-8", "surrogateescape"))
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(reply) for reply in replies] == [["deadline"], ["error"], ["error"], ["deadline"], ["error"]]
    assert all(set(reply["error"]) == {"field", "message"} for reply in replies if "error" in reply)
    assert done.returncode == 2


def test_a_file_is_read_like_standard_input(tmp_path: Path) -> None:
    """And a good one ends in 0."""
    file = tmp_path / "lines.jsonl"
    file.write_text(json.dumps(LINE) + "\n" + json.dumps(LINE) + "\n")
    done = run("deadline", "--ledger", str(file))
    assert done.returncode == 0
    assert [json.loads(line)["deadline"] for line in done.stdout.splitlines()] == ["2026-11-23T11:00:00Z"] * 2


def test_the_command_prints_the_language_asked_for() -> None:
    """As scripts call it, and whatever language the machine has."""
    done = run("deadline", "--ledger", "--lang", "es", given=json.dumps(LINE).encode())
    assert [entry["because"] for entry in json.loads(done.stdout)["ledger"]] == ["abierto"]
    assert run("deadline", "--ledger", "--lang", "fr", given=json.dumps(LINE).encode()).returncode == 2


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said on standard error: standard output is for answers."""
    assert deadline(tmp_path / "nothing") == 2
    assert "cannot read" in capsys.readouterr().err


def test_many_lines_with_one_calendar_are_quick(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """The calendar is laid out once, not for each line."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    lines = [json.dumps(LINE | {"start": (start + timedelta(hours=n)).isoformat()}) for n in range(2_000)]
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(lines))
    assert deadline(file) == 0
    assert len(capfdbinary.readouterr().out.splitlines()) == 2_000


@pytest.mark.parametrize(
    ("changes", "english", "spanish"),
    [
        ({"hours": {"mon": [["25:00", "18:00"]]}}, "25:00 is not a time of day", "25:00 no es una hora del día"),
        ({"hours": {"mon": [["24:00", "06:00"]]}}, "24:00 is an end", "24:00 es un final"),
        ({"holidays": ["2026-13-01"]}, "2026-13-01 is not a date", "2026-13-01 no es una fecha"),
        ({"breaks": [["monday", "2026-11-24T09:00"]]}, "monday is not a local date", "monday no es una fecha con hora"),
        ({"hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "overlap at 11:00", "se solapan a las 11:00"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus is not an IANA", "Mars/Olympus no es una zona"),
    ],
)
def test_a_mistake_in_a_calendar_names_the_value_and_what_to_write(
    changes: dict[str, Any], english: str, spanish: str
) -> None:
    """One sentence for all of them would leave the reader to guess which it is."""
    calendar = {"timezone": "Europe/Madrid", "hours": {"mon": [["09:00", "18:00"]]}} | changes
    line = {"calendar": calendar, "start": "2026-11-23T10:00:00Z", "target_seconds": 60}
    for language, words in (("en", english), ("es", spanish)):
        with pytest.raises(BadInput) as refused:
            answer(line, with_ledger=False, language=language)
        assert words in messages_in(language).reason(refused.value.reason)
