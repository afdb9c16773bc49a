"""`frontline explain` agrees with what happened: delayed calls, statuses that end by themselves, and reopening."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from tests.topology.escalation.desk import minutes
from tests.unit.explain.every_word_cases import acknowledged, case_at, migrated, parked, parked_otherwise
from tests.unit.explain.explained_case import ExplainedCase


def test_a_warning_that_an_acknowledgement_delays_beyond_the_deadline_is_not_announced() -> None:
    """It would come a quarter of an hour after the deadline, and is never given."""
    case = acknowledged()
    levels = [call["level"] for call in case.clock("first_response")["calls"]]
    assert levels == [1, 2]
    assert [call["kind"] for call in case.clock("restoration")["calls"]] == ["warning", "escalation", "escalation"]


def test_calls_that_wait_for_an_acknowledgement_say_so_and_until_when() -> None:
    """In the data too, with the rule of the edition; the calls of other milestones do not wait."""
    clock = acknowledged().clock("first_response")
    assert clock["acknowledged"] == [{"start": "2026-11-23T12:40:00Z", "end": "2026-11-23T13:10:00Z"}]
    assert (clock["rules"]["acknowledged"]["rule"], clock["rules"]["acknowledged"]["edition"]) == (
        "acknowledgement",
        "every_word",
    )
    assert [(call["state"], call["at"]) for call in clock["calls"]] == [
        ("delayed", "2026-11-23T13:30:00Z"),
        ("delayed", "2026-11-23T14:00:00Z"),
    ]
    other = acknowledged().clock("restoration")
    assert (other["acknowledged"], other["rules"]["acknowledged"]) == ([], None)
    assert {call["state"] for call in other["calls"]} == {"coming"}


def test_what_is_announced_is_what_happens() -> None:
    """Every call that an explanation announces is made at that instant, and no other."""
    case = acknowledged()
    announced = {(call["level"], call["at"]) for call in case.clock("first_response")["calls"]}
    case.passes(timedelta(hours=3))
    calls = case.clock("first_response")["calls"]
    assert {(call["level"], call["at"]) for call in calls} == announced
    assert {call["state"] for call in calls} == {"made"}


@pytest.mark.parametrize(
    ("case_of", "ended"),
    [(lambda: parked(10), []), (lambda: parked(30), ["2026-11-23T12:40:00Z"]), (parked_otherwise, [])],
    ids=["to come", "ended", "another status came first"],
)
def test_a_status_ends_by_itself_only_if_no_other_came_first(
    case_of: Callable[[], ExplainedCase], ended: Iterable[str]
) -> None:
    """The clocks and the history agree on it, also before any other activity."""
    case = case_of()
    history = case.explained()["history"]
    assert [entry["at"] for entry in history if entry["type"] == "status_ended"] == ended
    published = {entry["type"] for entry in history if entry.get("milestone") == "parking"}
    assert ("clock.paused" in published) == (case.clock("parking")["stage"] == "paused")


def test_the_end_of_a_status_is_no_activity_whatever_their_ids_are() -> None:
    """Producers choose their ids: an end that was marked in its id would be taken for another activity's change."""
    for ids in (("x~",), ("x", "x~")):
        case = case_at()
        for activity_id in ids:
            case.passes(minutes(20))
            case.record_activity("status_changed", to="parked", activity_id=activity_id)
        case.passes(minutes(20))
        case.record_activity("status_changed", to="open", activity_id="y~")
        case.passes(minutes(20))
        history = case.explained()["history"]
        assert [entry["type"] for entry in history if "." not in entry["type"]] == ["status_changed"] * (len(ids) + 1)
        paused = [entry["paused_by"] for entry in case.clock("parking")["ledger"] if entry["paused_by"]]
        assert [(by["activity_id"], by["type"]) for by in paused] == [("y~", "status_changed")]


_REOPENED = "2026-11-23 13:00:00  cambio de estado (por agente ana; a abierto)"


@pytest.mark.parametrize("kind", ["assigned", "handed_over"])
def test_a_team_is_no_status_whatever_it_is_called(kind: str) -> None:
    """A desk may call a team as Frontline calls a status; the status beside it has its name in Spanish."""
    case = case_at()
    case.record_activity(kind, to="open")
    case.record_activity("status_changed", to="open")
    entries = [line.strip() for line in case.shown("es").splitlines() if line.endswith((" a open)", " a abierto)"))]
    name = {"assigned": "asignación", "handed_over": "traspaso"}[kind]
    assert entries == [f"2026-11-23 13:00:00  {name} (por agente ana; a open)", _REOPENED]


def test_a_clock_that_reopening_leaves_as_it_is_does_not_say_that_it_goes_on() -> None:
    """Of a milestone that only the edition has to which the case went over."""
    clocks = {clock["milestone"]: clock["reopened"] for clock in migrated().explained()["clocks"]}
    assert clocks == {
        "first_response": "never",
        "restoration": "resume",
        "resolution": "new_cycle",
        "parking": "never",
        "root_cause_report": "resume",
    }
