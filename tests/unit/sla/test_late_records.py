"""Records that arrive late, and verdicts that change: what was published stays so until it is restated."""

import pytest

from shared.sla.effects import ClockCancelled, ClockFulfilled, ClockResumed
from tests.harness.desk import CHAIN, ClockDesk, terms
from tests.unit.sla.usual_terms import USUAL, WAITING, restated


class TestVerdicts:
    """What was said of a clock stays so until something makes it otherwise, and then that is said."""

    def test_what_does_not_concern_a_clock_that_is_late_leaves_it_late(self) -> None:
        """Time alone has passed its deadline, which the activity says nothing about."""
        desk = ClockDesk({"restoration": terms(60, paused_by=USUAL)})
        desk.waits_until(61)
        assert desk.record_activity(70, "customer_replied") == []
        assert desk.record_activity(80, "status_changed", to="in_progress") == []
        assert (
            desk.record_activity(90, "reprioritised", terms={"first_response": terms(240)})[0].milestone
            == "first_response"
        )
        assert desk.published("restated") == []

    def test_new_terms_that_are_missed_as_well_are_no_second_breach(self) -> None:
        """It was late before, and is late still; only its deadline is another."""
        desk = ClockDesk({"restoration": terms(60)})
        desk.waits_until(61)
        [published] = desk.record_activity(100, "reprioritised", terms={"restoration": terms(80)})
        assert (published.due, restated(published.effect)) == (80, ("breached", "breached", "reprioritised"))

    def test_a_deadline_that_moves_to_this_very_instant_is_not_missed_yet(self) -> None:
        """As with any other: only past it."""
        for now, new in ((90, "running"), (91, "breached")):
            desk = ClockDesk({"restoration": terms(60, paused_by=USUAL)})
            desk.waits_until(61)
            desk.record_activity(50, "status_changed", to="open", seen=62, id="b")
            desk.record_activity(20, "status_changed", to=WAITING, seen=now, id="a")
            assert desk.due("restoration") == 90
            assert desk.published("restated")[-1].effect == desk.log[-1].effect
            assert restated(desk.log[-1].effect) == ("breached", new, "late_record")

    def test_a_later_deadline_that_is_missed_without_a_timer_is_told_by_the_stop(self) -> None:
        """It is fulfilled, and not met: nothing has to be restated, for nothing else was said since."""
        desk = ClockDesk({"restoration": terms(60)})
        desk.waits_until(61)
        desk.record_activity(70, "reprioritised", terms={"restoration": terms(240)})
        [published] = desk.record_activity(300, "restored")
        assert isinstance(published.effect, ClockFulfilled)
        assert not published.effect.met
        assert desk.record_activity(310, "internal_note") == []

    def test_of_two_activities_in_one_instant_neither_is_late(self) -> None:
        """The second was not overtaken: it is a cause by its own name."""
        desk = ClockDesk({"restoration": terms(60)})
        desk.waits_until(61)
        desk.record_activity(100, "agent_replied")
        [published] = desk.record_activity(100, "reprioritised", terms={"restoration": terms(240)})
        assert restated(published.effect) == ("breached", "running", "reprioritised")


class TestLateRecords:
    """Folded by event time, whenever they arrive; never edited silently."""

    def test_a_reply_in_time_that_arrives_late_is_met_and_the_breach_restated(self) -> None:
        """The mail gateway was slow, the agent was not."""
        desk = ClockDesk({"first_response": terms(60)})
        desk.waits_until(70)
        published = desk.record_activity(50, "agent_replied", seen=80)
        assert [s.word for s in published] == ["fulfilled", "restated"]
        assert restated(published[1].effect) == ("breached", "met", "late_record")
        assert desk.clock("first_response", at=1_000).breached_at is None

    def test_an_earlier_late_reply_corrects_the_stop(self) -> None:
        """The first of two replies arrives second: late becomes in time."""
        desk = ClockDesk({"first_response": terms(60)})
        desk.record_activity(70, "agent_replied")
        [published] = desk.record_activity(50, "agent_replied", seen=80)
        assert restated(published.effect) == ("breached", "met", "late_record")

    def test_a_pause_that_arrives_late_moves_the_deadline_and_takes_back_the_breach(self) -> None:
        """It was waiting for the customer all along."""
        desk = ClockDesk({"restoration": terms(60, paused_by=USUAL)})
        desk.waits_until(61)
        published = desk.record_activity(30, "status_changed", to=WAITING, seen=70)
        assert [s.word for s in published] == ["paused", "restated"]
        assert restated(published[1].effect) == ("breached", "running", "late_record")
        desk.record_activity(80, "status_changed", to="open")
        assert desk.due("restoration") == 110

    def test_a_late_record_that_changes_no_verdict_still_tells_the_new_deadline(self) -> None:
        """A published deadline is never moved silently."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(50, "status_changed", to=WAITING)
        desk.record_activity(100, "status_changed", to="open")
        [published] = desk.record_activity(80, "status_changed", to="open", seen=110)
        assert (published.due, restated(published.effect)) == (270, ("running", "running", "late_record"))

    def test_a_resolution_before_a_breach_that_was_told_takes_it_back(self) -> None:
        """Even days after."""
        desk = ClockDesk({"resolution": terms(60)}, levels=CHAIN)
        desk.waits_until(5_000)
        published = desk.record_activity(59, "resolved", seen=5_001)
        assert [s.word for s in published] == ["fulfilled", "restated"]
        assert len(desk.published("breached")) == 1

    def test_a_closing_that_arrives_late_takes_back_what_came_after(self) -> None:
        """The message was to a closed case: the clock that it started is cancelled, and says why."""
        desk = ClockDesk({"next_response": terms(60)})
        desk.record_activity(10, "customer_replied")
        [published] = desk.record_activity(5, "closed", seen=20)
        assert isinstance(published.effect, ClockCancelled)
        assert (published.at, published.effect.because) == (5, "late_record")
        assert desk.clocks() == []
        assert desk.next_due is None

    def test_an_instance_that_never_was_ends_as_what_it_was_and_may_come_back(self) -> None:
        """Its number is not given to another promise; each time it is a new generation."""
        desk = ClockDesk({"next_response": terms(60, promise="commitment")})
        desk.record_activity(10, "customer_replied")
        desk.record_activity(5, "closed", seen=20)
        desk.record_activity(6, "reopened", seen=30)
        published = [(s.word, s.at, s.due, s.effect.promise, s.effect.instance, s.effect.generation) for s in desk.log]
        assert published == [
            ("started", 10, 70, "commitment", 1, 1),
            ("cancelled", 5, 70, "commitment", 1, 2),
            ("started", 10, 70, "commitment", 1, 3),
        ]

    def test_a_reply_that_arrives_late_may_put_an_instance_in_between(self) -> None:
        """Instances are numbered by their start; what was called for the later one is not called again."""
        desk = ClockDesk({"periodic_update": terms(60)}, levels=CHAIN)
        desk.record_activity(10, "agent_replied")
        desk.record_activity(20, "agent_replied")
        desk.waits_until(81)
        called = [("warned", 65), ("raised", 80)]
        assert [(s.word, s.at) for s in desk.published("warned", "raised")] == called
        desk.record_activity(15, "agent_replied", seen=82)
        assert [(c.instance, c.stage) for c in desk.clocks()] == [
            (1, "fulfilled"),
            (2, "fulfilled"),
            (3, "fulfilled"),
            (4, "running"),
        ]
        desk.waits_until(109)
        assert [(s.word, s.at) for s in desk.published("warned", "raised")] == called
        desk.waits_until(111)
        assert [(s.word, s.at) for s in desk.published("warned", "raised")] == [*called, ("raised", 110)]

    def test_the_same_record_twice_is_one_record(self) -> None:
        """An id is an identity."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(10, "status_changed", to=WAITING, id="a")
        before = desk.case
        assert desk.record_activity(10, "status_changed", to=WAITING, id="a") == []
        assert desk.case == before

    def test_before_the_case_was_opened_nothing_happens(self) -> None:
        """A skewed clock gives the instant of the opening at best."""
        desk = ClockDesk({"first_response": terms(60)})
        [published] = desk.record_activity(-5, "agent_replied")
        assert published.short == ("fulfilled", "first_response", 0)


@pytest.mark.parametrize("status", ["open", "in_progress"])
def test_a_clock_that_runs_again_by_a_retraction_names_the_status_of_the_case(status: str) -> None:
    """It has never paused, so no status made it run; what its reader wants to know is how the case stands."""
    desk = ClockDesk({"first_response": terms(60)})
    desk.record_activity(5, "status_changed", to=status)
    desk.record_activity(10, "agent_replied", id="reply")
    resumed = desk.record_activity(20, "reply_retracted", retracts="reply")[0].effect
    assert isinstance(resumed, ClockResumed)
    assert resumed.status == status
