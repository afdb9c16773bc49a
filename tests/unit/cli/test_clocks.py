"""`frontline clocks`: the clocks of a case's history, by the interface that scripts rely on."""

import json
from typing import Any

import pytest

from services.cli.clocks import answerer
from services.cli.jsonl import BadInput
from shared.contracts.vocabulary import Language
from shared.messages.catalogues import messages_in
from shared.policy.editions import EditionLibrary
from tests.harness.command_line import frontline
from tests.harness.desk import ClockDesk, minute, terms
from tests.harness.shipped import shipped_edition

GUIDELINES = EditionLibrary.single(shipped_edition("guidelines-2021"))
OFFICE = {
    "timezone": "UTC",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}
LINE: dict[str, Any] = {
    "calendar": OFFICE,
    "opened_at": "2026-11-23T09:00:00Z",
    "status": "open",
    "milestones": {
        "first_response": {"target_seconds": 7200, "hours": "business", "paused_by": ["waiting_on_customer"]},
        "next_response": {"target_seconds": 3600, "hours": "elapsed"},
        "resolution": {"target_seconds": 28800, "hours": "business"},
    },
    "events": [
        {"at": "2026-11-23T09:30:00Z", "type": "status_changed", "to": "waiting_on_customer"},
        {"at": "2026-11-23T11:00:00Z", "type": "agent_replied"},
        {"at": "2026-11-23T11:30:00Z", "type": "status_changed", "to": "open"},
        {"at": "2026-11-23T12:00:00Z", "type": "customer_replied"},
    ],
    "at": "2026-11-23T12:30:00Z",
}


def answer(line: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The answer to a line by the shipped edition."""
    return answerer(GUIDELINES, **given)(line)


def test_the_clocks_of_a_history() -> None:
    """Fields, order and units, as promised."""
    assert answer(LINE) == {
        "clocks": [
            {
                "milestone": "first_response",
                "instance": 1,
                "stage": "fulfilled",
                "started_at": "2026-11-23T09:00:00Z",
                "due_at": "2026-11-23T12:30:00Z",
                "elapsed_seconds": 1800,
                "remaining_seconds": 5400,
                "breached_at": None,
                "stopped_at": "2026-11-23T11:00:00Z",
            },
            {
                "milestone": "next_response",
                "instance": 1,
                "stage": "running",
                "started_at": "2026-11-23T12:00:00Z",
                "due_at": "2026-11-23T13:00:00Z",
                "elapsed_seconds": 1800,
                "remaining_seconds": 1800,
                "breached_at": None,
                "stopped_at": None,
            },
            {
                "milestone": "resolution",
                "instance": 1,
                "stage": "running",
                "started_at": "2026-11-23T09:00:00Z",
                "due_at": "2026-11-24T11:00:00Z",
                "elapsed_seconds": 5400,
                "remaining_seconds": 23400,
                "breached_at": None,
                "stopped_at": None,
            },
        ],
        "next_due": "2026-11-23T13:00:00Z",
    }


def seen(at: str, **changes: Any) -> dict[str, Any]:
    """The clocks by milestone and instance, and `next_due`."""
    reply = answer(LINE | {"at": at} | changes)
    return {f"{c['milestone']} {c['instance']}": c for c in reply["clocks"]} | {"next_due": reply["next_due"]}


def test_later_events_are_not_seen() -> None:
    """As seen at this instant: at the instant itself an event is seen."""
    assert set(seen("2026-11-23T09:10:00Z")) == {"first_response 1", "resolution 1", "next_due"}
    assert seen("2026-11-23T09:30:00Z")["first_response 1"]["stage"] == "paused"
    assert seen("2026-11-23T09:29:59Z")["first_response 1"]["stage"] == "running"


def test_paused_clocks_have_no_deadline() -> None:
    """Both clocks wait for the customer; what is used up stands still."""
    clocks = seen("2026-11-23T10:30:00Z")
    assert clocks["next_due"] is None
    assert clocks["resolution 1"]["due_at"] is None
    assert clocks["resolution 1"]["elapsed_seconds"] == 1800


def test_a_late_clock_has_negative_time_and_is_not_next_due() -> None:
    """`next_due` is about what can still be kept; the overrun counts on in the clock's own hours."""
    clocks = seen("2026-11-23T13:00:00Z")
    assert (clocks["next_response 1"]["breached_at"], clocks["next_due"]) == (None, "2026-11-23T13:00:00Z")
    clocks = seen("2026-11-23T14:00:00Z")
    assert clocks["next_response 1"]["breached_at"] == "2026-11-23T13:00:00Z"
    assert clocks["next_response 1"]["remaining_seconds"] == -3600
    assert clocks["next_due"] == "2026-11-24T11:00:00Z"


def test_the_order_of_the_events_in_the_line_does_not_matter() -> None:
    """They are folded by their instants."""
    assert answer(LINE | {"events": LINE["events"][::-1]}) == answer(LINE)


def test_statuses_that_pause_have_usual_values() -> None:
    """By default a milestone waits for the customer as the edition says; an empty list means never."""
    waiting = {"status": "waiting_on_customer", "events": []}
    every = {m: {"target_seconds": 3600} for m in ("first_response", "restoration", "resolution", "periodic_update")}
    stages = {c["milestone"]: c["stage"] for c in answer(LINE | waiting | {"milestones": every})["clocks"]}
    assert stages == {
        "first_response": "running",
        "periodic_update": "paused",
        "restoration": "paused",
        "resolution": "paused",
    }
    never = {"resolution": {"target_seconds": 3600, "paused_by": []}}
    assert answer(LINE | waiting | {"milestones": never})["clocks"][0]["stage"] == "running"
    resolved = {"events": [{"at": LINE["opened_at"], "type": "resolved"}]}
    stages = {c["milestone"]: c["stage"] for c in answer(LINE | resolved | {"milestones": every})["clocks"]}
    assert stages["periodic_update"] == "paused"


def test_any_status_name_may_be_used() -> None:
    """Desks have their own."""
    line = LINE | {
        "milestones": {"resolution": {"target_seconds": 3600, "paused_by": ["bei Lieferant"]}},
        "events": [{"at": "2026-11-23T09:10:00Z", "type": "status_changed", "to": "bei Lieferant"}],
    }
    assert answer(line)["clocks"][0]["stage"] == "paused"


def test_a_receipt_by_a_clock_that_is_behind_counts_from_the_opening() -> None:
    """Events of the log can be given as they are: one whose `at` is its `recorded_at` is dated by our own clock, and
    is counted as the live clocks count it, its order among such receipts kept."""
    received = ["2026-11-23T08:59:58Z", "2026-11-23T08:59:59Z"]
    events = [
        {"at": at, "recorded_at": at, "type": "status_changed", "to": to}
        for at, to in zip(received, ("waiting_on_customer", "open"), strict=True)
    ]
    first, _ = answer(LINE | {"events": events})["clocks"]
    assert (first["stage"], first["elapsed_seconds"]) == ("running", 12600)
    paused = answer(LINE | {"events": events[:1]}, with_ledger=True)["clocks"][0]
    assert (paused["stage"], paused["elapsed_seconds"]) == ("paused", 0)
    assert {entry["paused_by"]["at"] for entry in paused["ledger"]} == {LINE["opened_at"]}


def test_a_reprioritisation_keeps_the_fields_that_it_omits() -> None:
    """The target changes; the hours, the pausing statuses and the way of reopening are those known last."""
    event = {
        "at": "2026-11-23T12:00:00Z",
        "type": "reprioritised",
        "milestones": {"resolution": {"target_seconds": 14400}},
    }
    clock = seen("2026-11-23T12:30:00Z", events=[*LINE["events"][:3], event])["resolution 1"]
    assert clock["due_at"] == "2026-11-23T15:00:00Z"
    assert clock["remaining_seconds"] == 14400 - 5400


def test_a_milestone_without_a_target_has_no_clock() -> None:
    """The milestones of `frontline decide` can be given as they are."""
    none = {"target_seconds": None, "reason": "not_promised", "due_at": None}
    given = {"target_seconds": 60, "hours": "elapsed", "promise": "objective", "due_at": "2026-11-23T09:01:00Z"}
    reply = answer(LINE | {"milestones": {"restoration": none, "first_response": given}})
    assert [clock["milestone"] for clock in reply["clocks"]] == ["first_response"]


def test_elapsed_hours_need_no_calendar() -> None:
    """Round the clock is the same everywhere."""
    line = {
        "opened_at": LINE["opened_at"],
        "milestones": {"first_response": {"target_seconds": 60, "hours": "elapsed"}},
        "at": "2026-11-23T09:00:30.500000Z",
    }
    [clock] = answer(line)["clocks"]
    assert (clock["elapsed_seconds"], clock["remaining_seconds"]) == (30.5, 29.5)


def test_the_command_and_the_live_clocks_are_the_same_fold() -> None:
    """What the command shows is what escalation would have published."""
    desk = ClockDesk({"first_response": terms(120, "business", ["waiting_on_customer"])})
    desk.record_activity(30, "status_changed", to="waiting_on_customer")
    desk.record_activity(120, "agent_replied")
    live = desk.clock("first_response")
    shown = seen(LINE["at"])["first_response 1"]
    assert (live.stage, live.due_at) == (shown["stage"], minute(210))
    assert shown["due_at"] == "2026-11-23T12:30:00Z"


def ledgers(at: str, language: Language | None = None, **changes: Any) -> dict[str, list[dict[str, Any]]]:
    """The ledger of each clock, by milestone and instance."""
    reply = answer(LINE | {"at": at} | changes, with_ledger=True, language=language)
    return {f"{c['milestone']} {c['instance']}": c["ledger"] for c in reply["clocks"]}


def test_each_clock_comes_with_its_ledger() -> None:
    """Up to its deadline, with the keys of `frontline deadline --ledger`; without the flag nothing is added."""
    found = ledgers(LINE["at"])
    assert found["first_response 1"] == [
        {
            "start": "2026-11-23T09:00:00Z",
            "end": "2026-11-23T09:30:00Z",
            "seconds": 1800,
            "counted": True,
            "reason": "open",
        },
        {
            "start": "2026-11-23T09:30:00Z",
            "end": "2026-11-23T11:00:00Z",
            "seconds": 5400,
            "counted": False,
            "reason": "paused",
            "paused_by": {"status": "waiting_on_customer", "event": "events.0", "at": "2026-11-23T09:30:00Z"},
        },
        {
            "start": "2026-11-23T11:00:00Z",
            "end": "2026-11-23T12:30:00Z",
            "seconds": 5400,
            "counted": True,
            "reason": "open",
        },
    ]
    with_it = answer(LINE, with_ledger=True)
    for clock in with_it["clocks"]:
        counted = sum(entry["seconds"] for entry in clock.pop("ledger") if entry["counted"])
        assert counted == clock["elapsed_seconds"] + clock["remaining_seconds"]
    assert with_it == answer(LINE)


def test_the_ledger_of_a_paused_clock_ends_at_the_instant() -> None:
    """It has no deadline; what counted is what it has used up."""
    *_, last = ledgers("2026-11-23T10:30:00Z")["resolution 1"]
    assert (last["end"], last["reason"]) == ("2026-11-23T10:30:00Z", "paused")


def test_events_keep_their_place_whatever_their_order() -> None:
    """`events.3` is the fourth of the line, not of the history."""
    paused = [
        entry for entry in ledgers(LINE["at"], events=LINE["events"][::-1])["first_response 1"] if "paused_by" in entry
    ]
    assert [entry["paused_by"]["event"] for entry in paused] == ["events.3"]


def test_the_status_of_the_submission_may_pause() -> None:
    """No event did it: its place in the line is `status`."""
    [entry] = ledgers("2026-11-23T09:10:00Z", "es", status="waiting_on_customer", events=[])["first_response 1"]
    assert entry["paused_by"] == {"status": "waiting_on_customer", "event": "status", "at": "2026-11-23T09:00:00Z"}
    assert entry["because"] == "pausa: el caso ya estaba en waiting_on_customer al enviarse, 2026-11-23T09:00:00Z"


@pytest.mark.parametrize(
    ("language", "because"),
    [
        ("en", "paused: the case had been in waiting_on_customer since 2026-11-23T09:30:00Z"),
        ("es", "pausa: el caso estaba en waiting_on_customer desde 2026-11-23T09:30:00Z"),
    ],
)
def test_a_pause_is_explained_in_the_language_asked_for(language: Language, because: str) -> None:
    """The status is the desk's own name and stays; instants are ISO in UTC, as everywhere in JSON."""
    ledger = ledgers(LINE["at"], language)["first_response 1"]
    assert [entry["because"] for entry in ledger if entry["reason"] == "paused"] == [because]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"opened_at": "2026-11-23T09:00:00"}, "opened_at", id="a naive instant"),
        pytest.param({"at": "2026-11-23"}, "at", id="a date"),
        pytest.param({"at": ...}, "at", id="left out"),
        pytest.param({"at": "2026-11-23T08:59:59Z"}, "at", id="before it was opened"),
        pytest.param({"milestones": {"lunch": {"target_seconds": 60}}}, "milestones.lunch", id="unknown milestone"),
        pytest.param({"milestones": ...}, "milestones", id="no milestones"),
        pytest.param(
            {"milestones": {"first_response": {"target_seconds": -1}}},
            "milestones.first_response.target_seconds",
            id="negative target",
        ),
        pytest.param(
            {"milestones": {"first_response": {"target_seconds": 0}}},
            "milestones.first_response.target_seconds",
            id="nothing to wait for",
        ),
        pytest.param(
            {"milestones": {"first_response": {"target_seconds": 60, "hours": "lunar"}}},
            "milestones.first_response.hours",
            id="unknown hours",
        ),
        pytest.param(
            {"milestones": {"first_response": {"hours": "elapsed"}}},
            "milestones.first_response",
            id="no target",
        ),
        pytest.param(
            {"milestones": {"first_response": {"target_seconds": 60, "pausedby": []}}},
            "milestones.first_response.pausedby",
            id="a misspelt field",
        ),
        pytest.param({"events": [{"at": LINE["at"], "type": "danced"}]}, "events.0.type", id="unknown type"),
        pytest.param({"events": [{"at": "now", "type": "closed"}]}, "events.0.at", id="no instant"),
        pytest.param({"events": [{"type": "closed"}]}, "events.0.at", id="an event without its instant"),
        pytest.param(
            {"events": [{"at": "2026-11-23T08:00:00Z", "type": "closed"}]}, "events.0.at", id="before it was opened"
        ),
        pytest.param(
            {"events": [{"at": "2026-11-23T08:00:00Z", "recorded_at": "2026-11-23T09:00:01Z", "type": "closed"}]},
            "events.0.at",
            id="dated before it was opened by a client",
        ),
        pytest.param({"events": [{"at": LINE["at"], "type": "status_changed"}]}, "events.0.to", id="which status?"),
        pytest.param(
            {"events": [{"at": LINE["at"], "type": "reprioritised"}]}, "events.0.milestones", id="which terms?"
        ),
        pytest.param(
            {"events": [{"at": LINE["at"], "type": "reprioritised", "milestones": {"lunch": {"target_seconds": 1}}}]},
            "events.0.milestones.lunch",
            id="terms of an unknown milestone",
        ),
        pytest.param(
            {"milestones": {"first_response": {"target_business_days": 1, "hours": "elapsed"}}},
            "milestones.first_response",
            id="business days in elapsed hours",
        ),
        pytest.param({"calendar": ...}, "calendar", id="business hours without a calendar"),
        pytest.param({"calendar": OFFICE | {"timezone": "X"}}, "calendar.timezone", id="unknown zone"),
        pytest.param({"calendar": OFFICE | {"hours": {}}}, "calendar", id="never open"),
        pytest.param({"state": "open"}, "state", id="a misspelt field of the line"),
    ],
)
def test_a_bad_line_names_its_field(changes: dict[str, Any], field: str) -> None:
    """One mistake, one path, one sentence."""
    line = {name: value for name, value in (LINE | changes).items() if value is not ...}
    with pytest.raises(BadInput) as refused:
        answer(line)
    assert refused.value.field == field
    assert messages_in().knows(refused.value.reason.code)


def test_the_command_adds_ledgers_when_asked() -> None:
    """As a shell runs it."""
    done = frontline("clocks", "--ledger", "--lang", "es", stdin=json.dumps(LINE).encode())
    [reply] = [json.loads(line) for line in done.stdout.splitlines()]
    assert {entry["because"] for clock in reply["clocks"] for entry in clock["ledger"]} >= {"abierto", "a todas horas"}


def test_the_command_answers_line_by_line() -> None:
    """Run as a shell runs it: a bad line in its place, exit code 2 at the end."""
    given = "\n".join([json.dumps(LINE), "{}", json.dumps(LINE)]).encode()
    done = frontline("clocks", "--json", stdin=given)
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(reply) for reply in replies] == [["clocks", "next_due"], ["error"], ["clocks", "next_due"]]
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("event", "field", "code"),
    [
        ({"type": "status_changed", "to": "Closed"}, "events.0.to", "field.looks_like"),
        ({"type": "status_changed", "to": "waiting on-customer"}, "events.0.to", "field.looks_like"),
        (
            {"type": "status_changed", "to": "on_hold", "until": "2026-11-23T10:00:00Z"},
            "events.0.until",
            "field.not_after",
        ),
        ({"type": "acknowledged", "milestone": "refund"}, "events.0.milestone", "field.one_of"),
        ({"type": "reply_retracted"}, "events.0.retracts", "field.required_for"),
    ],
)
def test_an_event_that_nobody_can_mean_is_refused(event: dict[str, Any], field: str, code: str) -> None:
    """frappe/helpdesk#2476: `Closed` reopened a resolved case, and nobody was told."""
    with pytest.raises(BadInput) as caught:
        answer({**LINE, "events": [{"at": "2026-11-23T10:00:00Z", **event}]})
    assert (caught.value.field, caught.value.reason.code) == (field, code)


def test_a_line_may_say_what_its_statuses_count_as() -> None:
    """A desk's own names, without an edition of its own."""
    line = {
        **LINE,
        "statuses": {"Pending": "waiting", "Solved": "resolved"},
        "milestones": {"resolution": {"target_seconds": 7200, "hours": "elapsed"}},
        "events": [
            {"at": "2026-11-23T09:30:00Z", "type": "status_changed", "to": "Pending"},
            {"at": "2026-11-23T10:30:00Z", "type": "customer_replied"},
            {"at": "2026-11-23T11:30:00Z", "type": "status_changed", "to": "Solved"},
        ],
    }
    [clock] = answer(line)["clocks"]
    assert (clock["stage"], clock["stopped_at"], clock["due_at"]) == (
        "fulfilled",
        "2026-11-23T11:30:00Z",
        "2026-11-23T11:00:00Z",
    )


def test_a_milestone_in_business_days_counts_to_its_date() -> None:
    """Monday 09:00 and one business day: Tuesday's closing."""
    line = {
        **LINE,
        "milestones": {"first_response": {"target_business_days": 1, "until": "end_of_day"}},
        "events": [],
    }
    [clock] = answer(line)["clocks"]
    assert clock["due_at"] == "2026-11-24T17:00:00Z"


def test_business_days_count_in_business_hours_whatever_the_milestone_counted_in_before() -> None:
    """New terms that omit `hours` keep those of the milestone, and business days have their own."""
    line = {
        **LINE,
        "milestones": {"first_response": {"target_seconds": 3600, "hours": "elapsed"}},
        "events": [
            {
                "at": "2026-11-23T09:30:00Z",
                "type": "reprioritised",
                "milestones": {"first_response": {"target_business_days": 1, "until": "end_of_day"}},
            }
        ],
    }
    [clock] = answer(line)["clocks"]
    assert clock["due_at"] == "2026-11-24T17:00:00Z"
