"""`frontline explain`: the log of a case becomes reasons that people can check."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.policy.editions import EditionLibrary
from tests.topology.escalation.desk import CASE, LIBRARY, TaskDesk, at, minutes
from tests.unit.explain.explained_case import ExplainedCase


def test_a_deadline_comes_with_the_time_that_counted_and_the_time_that_did_not() -> None:
    """P2 in Spain from Monday 13:00, an hour of waiting for the customer, and a night: due on Tuesday at 13:00."""
    case = ExplainedCase(workaround="partial")
    case.passes(timedelta(hours=2))
    case.record_activity("status_changed", to="waiting_on_customer")
    case.passes(timedelta(hours=1))
    case.record_activity("status_changed", to="open")
    found = case.explained()
    restoration = next(clock for clock in found["clocks"] if clock["milestone"] == "restoration")
    assert restoration["due_at"] == "2026-11-24T12:00:00Z"
    assert [(entry["seconds"], entry["reason"]) for entry in restoration["ledger"]] == [
        (2 * 3600, "open"),
        (1 * 3600, "paused"),
        (2 * 3600, "open"),
        (15 * 3600, "closed"),
        (4 * 3600, "open"),
    ]
    assert sum(entry["seconds"] for entry in restoration["ledger"] if entry["counted"]) == restoration["target_seconds"]


def test_a_paused_clock_is_explained_up_to_now() -> None:
    """It has no deadline; what it has used up and since when it stands still can be case."""
    case = ExplainedCase()
    case.passes(minutes(30))
    case.record_activity("status_changed", to="waiting_on_customer")
    case.passes(timedelta(days=2))
    restoration = next(clock for clock in case.explained()["clocks"] if clock["milestone"] == "restoration")
    assert (restoration["stage"], restoration["due_at"], restoration["used_seconds"]) == ("paused", None, 1800)
    assert [(entry["seconds"], entry["reason"]) for entry in restoration["ledger"]] == [
        (1800, "elapsed"),
        (172800, "paused"),
    ]
    assert "paused with 30 min used up" in case.shown()


def test_a_pause_names_the_event_that_began_it() -> None:
    """Its status, the activity and when that was: whoever set the status can be asked."""
    case = ExplainedCase(workaround="partial")
    case.passes(timedelta(hours=1))
    case.record_activity("status_changed", to="waiting_on_customer", activity_id="asked-back")
    case.passes(timedelta(hours=1))
    case.record_activity("customer_replied")
    case.record_activity("status_changed", to="open")
    case.passes(timedelta(hours=1))
    case.record_activity("resolved", activity_id="thought-so")
    case.passes(timedelta(hours=1))
    case.record_activity("reopened")
    paused = [entry for entry in case.clock("restoration")["ledger"] if entry["reason"] == "paused"]
    assert [entry["paused_by"] for entry in paused] == [
        {
            "status": "waiting_on_customer",
            "activity_id": "asked-back",
            "type": "status_changed",
            "at": "2026-11-23T13:00:00Z",
        },
        {"status": "resolved", "activity_id": "thought-so", "type": "resolved", "at": "2026-11-23T15:00:00Z"},
    ]
    assert [entry["seconds"] for entry in paused] == [3600, 3600]
    history = {entry.get("activity_id") for entry in case.explained()["history"]}
    assert {"asked-back", "thought-so"} <= history


@pytest.mark.parametrize(
    ("language", "because"),
    [
        (
            "en",
            {
                "open": "open",
                "closed": "closed",
                "holiday": "holiday: Immaculate Conception",
                "break": "break",
                "paused": "paused: the case had been in waiting_on_customer since 2026-12-07T16:00:00Z",
                "elapsed": "round the clock",
            },
        ),
        (
            "es",
            {
                "open": "abierto",
                "closed": "cerrado",
                "holiday": "festivo: Inmaculada Concepción",
                "break": "descanso",
                "paused": "pausa: el caso estaba en waiting_on_customer desde 2026-12-07T16:00:00Z",
                "elapsed": "a todas horas",
            },
        ),
    ],
)
def test_every_kind_of_interval_says_why_in_the_language_asked_for(language: str, because: dict[str, str]) -> None:
    """Open, closed, a holiday by its name, a break, a pause by its event, and hours that all count."""
    edition = LIBRARY.editions[0]
    spain = edition.calendars["spain"].model_copy(update={"breaks": (("2026-12-09T12:00", "2026-12-09T13:00"),)})
    edition = edition.model_copy(update={"calendars": {**edition.calendars, "spain": spain}})
    desk = TaskDesk(EditionLibrary([edition]))
    desk.driver.now = datetime(2026, 12, 7, 15, tzinfo=UTC)
    case = ExplainedCase(desk, workaround="partial")
    case.passes(timedelta(hours=1))
    case.record_activity("status_changed", to="waiting_on_customer")
    case.passes(timedelta(minutes=30))
    case.record_activity("status_changed", to="open")
    entries = case.clock("restoration", language=language)["ledger"]
    entries += ExplainedCase().clock("restoration", language=language)["ledger"]
    assert {entry["reason"]: entry["because"] for entry in entries} == because
    assert {entry["holiday"] for entry in entries if entry["holiday"]} == {"Immaculate Conception"}


def test_the_clocks_are_those_that_were_published() -> None:
    """The explanation folds the log by itself; it must not tell another story than the events do."""
    case = ExplainedCase()
    case.passes(timedelta(hours=2))
    case.record_activity("agent_replied")
    case.record_activity("resolved")
    found = case.explained()
    published = {
        (entry["milestone"], entry["instance"]): entry["due_at"] for entry in found["history"] if "milestone" in entry
    }
    assert {(clock["milestone"], clock["instance"]): clock["due_at"] for clock in found["clocks"]} == published
    late = {clock["milestone"]: clock["late"] for clock in found["clocks"]}
    assert late == {"first_response": True, "restoration": False}


def test_it_is_all_there_for_people_to_read() -> None:
    """Who, what, why, when, and what became of it, in the time zone of the case's calendar."""
    case = ExplainedCase(plan="premier", channel="phone")
    case.passes(timedelta(hours=2))
    case.record_activity("agent_replied")
    case.record_activity("reprioritised", impact="general")
    text = case.shown()
    for words in (
        f"Case {CASE}",
        "P3, phone",
        "received 2026-11-23 13:00:00",
        "times are in Europe/Madrid",
        "Premier, Enterprise account; a licensed admin",
        "P3 now: it was re-prioritised",
        "first response: an objective of",
        "breached 2026-11-23 14:00:00",
        "first response suppressed (level 1; reason not entitled)",
        "first response fulfilled (too late)",
        "reprioritised (by agent ana; impact general)",
    ):
        assert words in text


def test_what_is_not_promised_says_why() -> None:
    """No deadline is an answer too."""
    text = ExplainedCase(plan="access").shown()
    assert "first response: none when it was routed (plan Access has no priority response)" in text


def test_a_closed_channel_says_why_and_what_was_given_instead() -> None:
    """The question that support hears most."""
    text = ExplainedCase(plan="access", account_type="pro", channel="phone").shown()
    assert "phone was asked for and is closed: " in text


def test_without_its_edition_the_published_facts_are_told() -> None:
    """A ledger needs the calendar; everything else is in the log."""
    case = ExplainedCase()
    case.passes(minutes(50))
    found = case.explained(with_edition=False)
    assert (found["clocks"], found["timezone"]) == (None, None)
    text = case.shown(with_edition=False)
    assert "due 2026-11-23 13:00:00 when it was routed" in text
    assert "first response warned" in text


def test_activity_that_was_dead_lettered_does_not_count_and_says_so() -> None:
    """Why a reply did not stop the clock: it was dated before the case."""
    case = ExplainedCase(received_at=at(0))
    case.record_activity("agent_replied", at=at(-1))
    case.record_activity("customer_replied", activity_id="twice")
    case.record_activity("customer_replied", activity_id="twice")
    found = case.explained()
    assert [letter["cause"] for letter in found["dead_letters"]] == ["bad_activity_time"]
    assert [entry["type"] for entry in found["history"] if "milestone" not in entry] == ["customer_replied"]
    assert "bad_activity_time: at: 2026-11-23T11:00:00Z lies before the case" in case.shown()


@pytest.mark.parametrize("dead_letters_are_gone", [False, True])
def test_other_content_under_a_used_key_does_not_count_and_says_so(dead_letters_are_gone: bool) -> None:
    """The first content stays, also where the log no longer has the dead letter of the second: those are kept for a
    shorter time. A note is not remembered, so that what comes after it under its key counts, here as well as live."""
    case = ExplainedCase()
    case.record_activity("agent_replied", activity_id="t1", activity_digest="a reply")
    case.record_activity("resolved", activity_id="t1", activity_digest="a resolution")
    case.record_activity("internal_note", activity_id="t2", activity_digest="a note")
    case.record_activity("status_changed", to="waiting_on_customer", activity_id="t2", activity_digest="a status")
    if dead_letters_are_gone:
        case.log.dead_letters.clear()
    found = case.explained()
    assert [letter["cause"] for letter in found["dead_letters"]] == ([] if dead_letters_are_gone else ["conflict"])
    assert case.clock("restoration")["stage"] == "paused"
    assert [entry["type"] for entry in found["history"] if "activity_id" in entry] == [
        "agent_replied",
        "internal_note",
        "status_changed",
    ]


def test_a_receipt_by_a_clock_that_is_behind_is_explained_as_it_counted() -> None:
    """It counts from the opening of its case, live and here; the pause that it begins is dated within the case."""
    case = ExplainedCase(workaround="partial")
    received = case.desk.driver.now - timedelta(seconds=2)
    case.record_activity("agent_replied", at=received, recorded_at=received)
    case.record_activity("status_changed", to="waiting_on_customer", at=received, recorded_at=received)
    case.passes(minutes(30))
    found = case.explained()
    assert found["dead_letters"] == []
    assert case.clock("first_response")["stopped_by"]["at"] == found["received_at"]
    assert case.clock("first_response")["breached_at"] is None
    (pause,) = case.clock("restoration")["ledger"]
    assert (pause["start"], pause["paused_by"]["at"]) == (found["received_at"], found["received_at"])
    assert {entry["at"] for entry in found["history"] if "activity_id" in entry} == {found["received_at"]}


@pytest.mark.parametrize("status", ["\x1b[2J\x1b[31mred", "two\nlines", "[bold]markup[/bold]"])
def test_what_people_write_does_not_steer_the_terminal(status: str) -> None:
    """A status is a desk's own text: it is shown, never obeyed."""
    case = ExplainedCase()
    case.record_activity("status_changed", to=status)
    text = case.shown()
    assert "\x1b" not in text
    shown = [line for line in text.splitlines() if "status changed" in line]
    assert len(shown) == 1
    if "[bold]" in status:
        assert status in shown[0]
