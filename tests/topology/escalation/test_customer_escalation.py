"""A customer asks for an escalation, and somebody reviews it: the events that follow, whatever happens in between."""

from datetime import timedelta

import pytest

from shared.policy.editions import EditionLibrary
from tests.topology.escalation.desk import LIBRARY, TaskDesk, at

DAY = timedelta(hours=24)


def test_a_request_and_its_review_are_published_once_each() -> None:
    """With the case, its priority, the request that they are about, and what made them."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus", impact="general")
    desk.passes(DAY)
    assert desk.record_activity("escalation_requested", activity_id="a1") == ["requested"]
    assert desk.record_activity("escalation_requested", activity_id="a1") == []
    assert desk.record_activity("escalation_reviewed", accepted=False) == ["rejected"]
    requested, rejected = [event for _, event in desk.events() if event.TYPE.startswith("frontline.escalation.re")]
    assert (requested.escalation_id, requested.priority, requested.account_id) == ("a1", "P3", "acme")
    assert (requested.caused_by.topic, requested.caused_by.offset) == ("support.activity.v1", 0)
    assert (rejected.escalation_id, rejected.eligible_at) == ("a1", at(48))


def test_a_refusal_says_why_and_until_when() -> None:
    """The edition wants a day after the submission."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    assert desk.record_activity("escalation_requested") == ["refused too_early"]
    [refused] = [event for _, event in desk.events() if event.TYPE == "frontline.escalation.refused.v1"]
    assert refused.eligible_at == at(24)


def test_a_refused_escalation_request_names_its_reason() -> None:
    """The right is the one that was decided when the case was routed."""
    desk = TaskDesk()
    desk.opens("c1", plan="access", account_type="pro")
    desk.opens("c2", plan="premier_plus", request_type="other")
    desk.passes(DAY)
    assert desk.record_activity("escalation_requested", "c1") == ["refused not_entitled"]
    assert desk.record_activity("escalation_requested", "c2") == ["refused request_type"]


def test_what_is_over_is_reopened_before_it_is_escalated() -> None:
    """Whether it was over when the customer asked: by event time, however late we hear of it."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus", impact="information")
    desk.passes(DAY)
    desk.record_activity("resolved")
    assert desk.record_activity("escalation_requested") == ["refused case_not_open"]
    desk.passes(timedelta(hours=2))
    desk.record_activity("closed")
    assert desk.record_activity("escalation_requested") == ["refused case_not_open"]
    desk.record_activity("reopened", at=at(25))
    assert desk.record_activity("escalation_requested", at=at(25.5)) == ["requested"]


def test_it_is_remembered_through_a_restart_and_no_clock_cares() -> None:
    """A restart in between changes nothing; the deadline is where it was."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus", impact="information")
    desk.passes(DAY)
    before = desk.driver.next_due
    desk.record_activity("escalation_requested")
    desk.driver.restart()
    assert desk.driver.next_due == before
    assert desk.record_activity("escalation_reviewed", accepted=True) == ["accepted"]


def test_a_review_of_what_nobody_asked_for_is_dead_lettered() -> None:
    """Whoever reviewed it can see why nothing happened."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    assert desk.record_activity("escalation_reviewed", accepted=True) == []
    assert desk.dead_letter_causes == ["no_escalation_requested"]


def test_a_request_that_comes_before_its_case_waits_for_it() -> None:
    """As any activity does."""
    desk = TaskDesk()
    assert desk.record_activity("escalation_requested") == []
    assert desk.opens(plan="premier_plus")[-1] == "refused too_early"


@pytest.mark.parametrize("to", ["Parked", "Shelved"])
def test_a_case_that_was_over_until_an_instant_is_open_again(to: str) -> None:
    """Its status ended by itself: the customer may ask again, and the case is not deleted as if nobody needed it."""
    statuses = {"Parked": "resolved", "Shelved": "closed"}
    desk = TaskDesk(EditionLibrary.single(LIBRARY.editions[0].model_copy(update={"statuses": statuses})))
    desk.opens(plan="premier_plus", milestones={})
    desk.passes(DAY)
    desk.record_activity("status_changed", to=to, until=at(48))
    assert desk.record_activity("escalation_requested") == ["refused case_not_open"]
    desk.passes(DAY * 2)
    assert desk.record_activity("escalation_requested") == ["requested"]
