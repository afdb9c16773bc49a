"""What escalation publishes of a case that is closed, and of the customer's messages on it."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.escalation.publishing import SOURCE
from shared.contracts.structs import CaseClosed, CaseReopened, ClockEvent, ClockStarted, MessageOnClosedCase
from shared.policy.files import load_library
from tests.harness.shipped import shipped_library
from tests.topology.escalation.desk import CASE, TaskDesk, minutes


@pytest.fixture
def desk() -> TaskDesk:
    """A task of escalation on Monday noon."""
    return TaskDesk()


def of_the_case(desk: TaskDesk) -> list[str]:
    """What was published of the case itself, without its clocks."""
    return [
        event.TYPE.removeprefix("frontline.case.").removesuffix(".v1")
        for _, event in desk.events()
        if not isinstance(event, ClockEvent)
    ]


@pytest.mark.parametrize("plan", ["premier_plus", "access"])
@pytest.mark.parametrize("ended", ["closed", "withdrawn"])
def test_a_message_on_a_closed_case_is_taken_and_one_event_says_that_nobody_owes_an_answer(
    desk: TaskDesk, plan: str, ended: str
) -> None:
    """Whatever is promised: the customer who writes has to be seen by somebody."""
    desk.opens(plan=plan)
    desk.passes(minutes(5))
    assert desk.record_activity(ended)[-1] == f"closed {ended}"
    desk.passes(minutes(60))
    message = desk.activity("customer_replied")
    assert desk.takes_activity(message) == ["message_on_closed"]
    assert desk.dead_letter_causes == []
    envelope, event = list(desk.events())[-1]
    assert isinstance(event, MessageOnClosedCase)
    assert (event.activity_id, event.at, event.case_id) == (message.activity_id, message.at, CASE)
    assert desk.passes(timedelta(days=5)) == []
    assert (envelope.source, envelope.type) == (SOURCE, "frontline.case.message_on_closed.v1")


def test_a_message_on_a_closed_case_has_one_event_however_often_it_is_sent(desk: TaskDesk) -> None:
    """A retry of the client, and a transaction that is tried again; another message has an event of its own."""
    desk.opens()
    desk.record_activity("closed")
    desk.passes(minutes(1))
    message = desk.activity("customer_replied")
    desk.aborts = True
    assert desk.takes_activity(message) == ["message_on_closed"]
    assert desk.takes_activity(message) == []
    assert desk.record_activity("customer_replied") == ["message_on_closed"]
    ids = [envelope.id for envelope, event in desk.events() if isinstance(event, MessageOnClosedCase)]
    assert len(set(ids)) == 2


def test_a_message_before_the_closing_that_is_read_late_was_owed_until_then(desk: TaskDesk) -> None:
    """The status at the instant of the message decides, and not the order of arrival."""
    library_desk = TaskDesk(shipped_library("objectives-2024"))
    for each in (desk, library_desk):
        each.opens()
        each.passes(minutes(10))
        before = each.driver.now - minutes(5)
        each.record_activity("closed")
        each.record_activity("customer_replied", at=before, recorded_at=each.driver.now)
        assert "message_on_closed" not in of_the_case(each)


def test_other_activity_on_a_closed_case_is_no_message(desk: TaskDesk) -> None:
    """An agent's note or reply asks for no answer."""
    desk.opens()
    desk.record_activity("closed")
    desk.passes(minutes(1))
    for kind in ("internal_note", "agent_replied", "bot_replied"):
        assert desk.record_activity(kind) == []


def test_a_message_on_a_resolved_case_reopens_it_and_is_no_message_on_a_closed_one(desk: TaskDesk) -> None:
    """Resolved is not closed."""
    desk.opens()
    desk.record_activity("resolved")
    desk.passes(minutes(1))
    assert "restoration resumed open" in desk.record_activity("customer_replied")
    assert of_the_case(desk) == []


def test_a_closed_case_that_is_reopened_is_open_again_and_owes_answers(desk: TaskDesk) -> None:
    """Each change is published once, with its instant; closing what is closed is no change."""
    desk.opens()
    desk.passes(minutes(10))
    desk.record_activity("closed")
    desk.passes(minutes(5))
    assert desk.record_activity("closed") == []
    desk.passes(minutes(5))
    assert desk.record_activity("reopened")[-1] == "reopened open"
    desk.passes(minutes(1))
    assert "message_on_closed" not in desk.record_activity("customer_replied")
    desk.record_activity("withdrawn")
    assert of_the_case(desk) == ["closed", "reopened", "closed"]
    closed, reopened = (
        next(event for _, event in desk.events() if isinstance(event, kind)) for kind in (CaseClosed, CaseReopened)
    )
    assert reopened.at - closed.at == minutes(10)
    assert (closed.account_id, closed.priority) == ("acme", "P1")


def test_a_closing_that_ends_by_itself_is_published_by_a_timer(desk: TaskDesk) -> None:
    """ "Closed until Thursday": nobody sends the next status."""
    desk.opens()
    desk.record_activity("status_changed", to="closed", until=desk.driver.now + minutes(30))
    assert desk.passes(minutes(31))[-1] == "reopened open"
    assert of_the_case(desk) == ["closed", "reopened"]
    assert list(desk.events())[-1][1].caused_by.timer == CASE


def test_an_early_closing_is_published_with_the_case(desk: TaskDesk) -> None:
    """The activity came before its case."""
    assert desk.record_activity("closed", at=desk.driver.now, recorded_at=desk.driver.now) == []
    desk.opens()
    assert of_the_case(desk) == ["closed"]


# the chain on a target whose deadline moves to an opening

FRIDAY_17 = timedelta(days=4, hours=4)  # in Madrid, from the Monday noon of UTC on which a desk starts


def instants(desk: TaskDesk) -> list[tuple[str, str]]:
    """What was published after the start, and at which instant of Madrid's winter."""
    return [
        (event.TYPE.split(".")[2], f"{event.at + timedelta(hours=1):%a %H:%M}")
        for _, event in desk.events()
        if isinstance(event, ClockEvent) and not isinstance(event, ClockStarted)
    ]


def test_nobody_is_called_together_at_an_opening_by_the_edition_that_ships(desk: TaskDesk) -> None:
    """A P3 of a Friday evening: the warning at 75 % of 24 h elapsed, then the distances in open time."""
    desk.passes(FRIDAY_17)
    desk.opens(impact="general")
    desk.passes(timedelta(days=7))
    assert instants(desk) == [
        ("warned", "Sat 11:00"),
        ("breached", "Mon 12:00"),
        ("raised", "Mon 12:00"),
        ("raised", "Tue 15:00"),
    ]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("{kind: escalation, level: 1, after_deadline_seconds: 90m, called: tier2}", ("raised", "Mon 10:30")),
        ("{kind: warning, level: 0, before_deadline_seconds: 3h, called: case_tier}", ("warned", "Sat 14:00")),
        ("{kind: escalation, level: 1, share: 1.25, called: tier2}", ("raised", "Mon 15:00")),
    ],
)
def test_a_level_keeps_its_distance_from_a_deadline_that_moved(
    level: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    """Before it, to the deadline as it was before it moved; after it, in open time."""
    (tmp_path / "own.yaml").write_text(
        'edition: own\nextends: guidelines-2021\neffective_from: "2021-01-01T00:00:00Z"\nsource: a test\n'
        "targets:\n  - {milestone: first_response, target_seconds: 24h, hours: elapsed_then_next_open, "
        f"promise: objective}}\nescalation_levels:\n  - {level}\n",
        encoding="utf-8",
    )
    desk = TaskDesk(load_library([str(tmp_path / "own.yaml")]))
    desk.passes(FRIDAY_17)
    desk.opens(impact="general")
    desk.passes(timedelta(days=7))
    assert sorted(instants(desk), key=lambda found: found[0]) == sorted(
        [("breached", "Mon 09:00"), expected], key=lambda found: found[0]
    )
