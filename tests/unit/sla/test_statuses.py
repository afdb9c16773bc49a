"""What a status counts as, what ends a wait, what reopens a case, and statuses that end by themselves."""

from dataclasses import replace

import pytest

from tests.harness.desk import ClockDesk, terms
from tests.harness.shipped import shipped_rules
from tests.unit.sla.usual_terms import WAITING

OF_A_DESK = replace(
    shipped_rules(),
    statuses={"Waiting for vendor": "waiting", "Solved": "resolved", "Done": "closed", "Triaged": "open"},
)


def test_a_desk_s_own_status_pauses_what_is_paused_by_what_it_counts_as() -> None:
    """`paused_by: [waiting]` names every status that counts as waiting."""
    desk = ClockDesk({"restoration": terms(60, paused_by=["waiting"])}, rules=OF_A_DESK)
    desk.record_activity(10, "status_changed", to="Waiting for vendor")
    desk.record_activity(40, "status_changed", to="Triaged")
    assert desk.due("restoration") == 90


def test_a_status_that_counts_as_resolved_is_the_resolution() -> None:
    """A help desk sends its own word and no activity `resolved`."""
    desk = ClockDesk({"resolution": terms(60)}, rules=OF_A_DESK)
    published = desk.record_activity(10, "status_changed", to="Solved")
    assert [each.word for each in published] == ["fulfilled"]
    assert [each.word for each in desk.record_activity(20, "status_changed", to="Triaged")] == ["resumed", "restated"]


def test_a_status_that_counts_as_closed_cancels() -> None:
    """Nobody waits for anything after that."""
    desk = ClockDesk({"resolution": terms(60)}, rules=OF_A_DESK)
    assert [each.word for each in desk.record_activity(10, "status_changed", to="Done")] == ["cancelled"]


def test_a_status_that_is_not_listed_counts_as_open() -> None:
    """A desk adds a status; the edition need not be edited before it may be used."""
    desk = ClockDesk({"resolution": terms(60)}, rules=OF_A_DESK)
    desk.record_activity(10, "resolved")
    desk.record_activity(20, "status_changed", to="Never heard of")
    assert desk.clock("resolution").stage == "running"


def test_the_customers_message_ends_the_wait_for_it() -> None:
    """zammad/zammad#1322: the customer answers, and the case stays paused for ever."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])})
    desk.record_activity(10, "status_changed", to=WAITING)
    assert [each.short for each in desk.record_activity(40, "customer_replied")] == [("resumed", "restoration", 40)]
    assert desk.due("restoration") == 90


def test_a_note_ends_no_wait() -> None:
    """Only the activity that the edition names does."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])})
    desk.record_activity(10, "status_changed", to=WAITING)
    desk.record_activity(20, "internal_note")
    desk.record_activity(30, "agent_replied")
    assert desk.clock("restoration").stage == "paused"


def test_a_message_reopens_a_resolved_case_and_not_a_closed_one() -> None:
    """`reopened_by`: what was resolved works no longer. A closed case stays closed."""
    for ending, stage in (("resolved", "running"), ("closed", "cancelled")):
        desk = ClockDesk({"resolution": terms(60, paused_by=["resolved"])})
        desk.record_activity(10, ending)  # type: ignore[arg-type]  # both are types of activity
        desk.record_activity(30, "customer_replied")
        assert desk.clock("resolution").stage == stage


def test_nothing_is_owed_on_a_resolved_case_until_it_is_reopened() -> None:
    """A first response that nobody gave stands still from the resolution on; the customer's message reopens it."""
    desk = ClockDesk({"first_response": terms(60, paused_by=["resolved"])})
    desk.record_activity(10, "resolved")
    assert desk.waits_until(1_000) == []
    desk.record_activity(1_000, "customer_replied")
    assert desk.due("first_response") == 1_050


def test_a_status_with_an_end_ends_by_itself() -> None:
    """ "Pending until Thursday": nobody has to send the next status, and a timer says when the count goes on."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])})
    desk.record_activity(10, "status_changed", to=WAITING, until=500)
    assert desk.next_due == 500
    assert desk.waits_until(500) == []
    assert [each.short for each in desk.waits_until(501)] == [("resumed", "restoration", 500)]
    assert desk.due("restoration") == 550
    assert [each.short for each in desk.waits_until(2_000)] == [("breached", "restoration", 550)]


def test_downtime_over_the_end_of_a_status_changes_nothing() -> None:
    """The count goes on from that instant, and what was due since fires in its order."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING]), "first_response": terms(600)})
    desk.record_activity(10, "status_changed", to=WAITING, until=500)
    assert [each.short for each in desk.waits_until(2_000)] == [
        ("resumed", "restoration", 500),
        ("breached", "restoration", 550),
        ("breached", "first_response", 600),
    ]


def test_another_status_before_the_end_takes_its_place() -> None:
    """The end belongs to the status that had it."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])})
    desk.record_activity(10, "status_changed", to=WAITING, until=500)
    desk.record_activity(100, "status_changed", to="open")
    desk.record_activity(120, "status_changed", to=WAITING)
    assert desk.waits_until(1_000) == []
    assert desk.clock("restoration").stage == "paused"


def test_an_activity_after_the_end_finds_the_status_ended() -> None:
    """Whether or not the timer has fired by then."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])})
    desk.record_activity(10, "status_changed", to=WAITING, until=100)
    published = desk.record_activity(110, "agent_replied")
    assert [each.short for each in published] == [("resumed", "restoration", 100)]
    assert desk.due("restoration") == 150


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_order_of_arrival_does_not_matter(order: tuple[int, int]) -> None:
    """A status with an end and a reply after it: either may arrive first."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])})
    happened = (
        lambda: desk.record_activity(10, "status_changed", to=WAITING, until=100, seen=200, id="1"),
        lambda: desk.record_activity(110, "agent_replied", seen=200, id="2"),
    )
    for index in order:
        happened[index]()
    assert desk.due("restoration") == 150


@pytest.mark.parametrize("to", ["Solved", "Done"])
def test_a_case_that_is_over_until_an_instant_is_reopened_then(to: str) -> None:
    """No clock is live until then, and still a timer wakes the case."""
    desk = ClockDesk({"resolution": terms(60, paused_by=["resolved"])}, rules=OF_A_DESK)
    desk.record_activity(10, "status_changed", to=to, until=500)
    assert desk.next_due == 500
    desk.waits_until(501)
    assert desk.clock("resolution").stage == "running"
    assert desk.due("resolution") == 550
    assert [each.short for each in desk.waits_until(2_000)] == [("breached", "resolution", 550)]
