"""Every stage of a clock, every pause and all terms name what brought them about: people are shown it."""

import pytest

from shared.contracts.vocabulary import ActivityType
from shared.sla.clock import Pause, Terms
from shared.sla.effects import ClockCancelled, ClockPaused, ClockResumed
from tests.harness.desk import ClockDesk, minute, terms
from tests.unit.sla.usual_terms import USUAL, WAITING

PROMISED: Terms = {
    "first_response": terms(60),
    "next_response": terms(60),
    "periodic_update": terms(60),
    "restoration": terms(240, paused_by=USUAL),
    "resolution": terms(480, paused_by=USUAL),
}
WAITED_FOR: Terms = {"restoration": terms(240, paused_by=USUAL)}
Deed = tuple[ActivityType, str | None]


@pytest.mark.parametrize(
    ("milestone", "kind", "to", "expected"),
    [
        ("first_response", "agent_replied", None, ("fulfilled", "agent_replied")),
        ("next_response", "agent_replied", None, ("fulfilled", "agent_replied")),
        ("periodic_update", "agent_replied", None, ("fulfilled", "agent_replied")),
        ("restoration", "restored", None, ("fulfilled", "restored")),
        ("restoration", "resolved", None, ("fulfilled", "resolved")),
        ("restoration", "status_changed", "resolved", ("fulfilled", "resolved")),
        ("resolution", "resolved", None, ("fulfilled", "resolved")),
        ("restoration", "status_changed", WAITING, ("paused", WAITING)),
        ("first_response", "closed", None, ("cancelled", "closed")),
        ("restoration", "withdrawn", None, ("cancelled", "withdrawn")),
        ("resolution", "status_changed", "closed", ("cancelled", "closed")),
    ],
)
def test_a_clock_that_stands_says_what_stopped_it_and_which_activity_that_was(
    milestone: str, kind: ActivityType, to: str | None, expected: tuple[str, str]
) -> None:
    """A status that means an act is that act; of the activity its id, so that it can be found."""
    desk = ClockDesk(PROMISED)
    desk.record_activity(10, "customer_replied")
    desk.record_activity(20, kind, to=to, id="it")
    clock = desk.clock(milestone)
    assert (clock.stage, clock.why) == expected
    assert (clock.by, clock.since) == ("it", minute(20))


def test_what_is_said_has_the_reason_as_well() -> None:
    """Who reads the events sees no clocks."""
    desk = ClockDesk({"restoration": terms(240, paused_by=[WAITING])})
    desk.record_activity(10, "status_changed", to=WAITING)
    desk.record_activity(20, "status_changed", to="in_progress")
    desk.record_activity(30, "withdrawn")
    _, paused, resumed, cancelled = (each.effect for each in desk.log)
    assert isinstance(paused, ClockPaused)
    assert isinstance(resumed, ClockResumed)
    assert isinstance(cancelled, ClockCancelled)
    assert (paused.status, resumed.status, cancelled.because) == (WAITING, "in_progress", "withdrawn")


def test_a_case_that_is_reopened_into_no_status_is_open() -> None:
    """Whoever reopens need not say more."""
    desk = ClockDesk({"restoration": terms(240)})
    desk.record_activity(10, "resolved")
    published = desk.record_activity(20, "reopened", id="again")[0]
    assert isinstance(published.effect, ClockResumed)
    assert published.effect.status == desk.clock("restoration").why == "open"
    assert desk.clock("restoration").by == "again"


class TestPauses:
    """Each names the status and the activity that began it."""

    def test_by_a_status(self) -> None:
        """And not the one that ended it."""
        desk = ClockDesk({"restoration": terms(240, paused_by=[WAITING])})
        desk.record_activity(10, "status_changed", to=WAITING, id="asked")
        desk.record_activity(20, "status_changed", to="open", id="answered")
        assert desk.clock("restoration").pauses == [Pause(minute(10), minute(20), WAITING, "asked")]

    def test_by_the_status_of_the_submission(self) -> None:
        """No activity began it."""
        desk = ClockDesk({"restoration": terms(240, paused_by=[WAITING])}, status=WAITING)
        desk.record_activity(20, "status_changed", to="open")
        assert desk.clock("restoration").pauses == [Pause(minute(0), minute(20), WAITING, "")]

    @pytest.mark.parametrize(("milestone", "kind"), [("restoration", "restored"), ("resolution", "resolved")])
    def test_by_what_had_stopped_the_clock(self, milestone: str, kind: ActivityType) -> None:
        """Of a clock that goes on when the case is reopened."""
        desk = ClockDesk({milestone: terms(240)})
        desk.record_activity(10, kind, id="done")
        desk.record_activity(20, "resolved")
        desk.record_activity(30, "reopened")
        assert desk.clock(milestone).pauses == [Pause(minute(10), minute(30), kind, "done")]

    def test_of_one_pausing_status_after_another_it_is_the_first(self) -> None:
        """The second changes nothing for the clock; nor does it where terms that pause come only later."""
        pausing = terms(240, paused_by=[WAITING, "on_hold"])
        for promised, new in ((pausing, None), (terms(None), pausing)):
            desk = ClockDesk({"restoration": promised})
            desk.record_activity(10, "status_changed", to=WAITING, id="asked")
            desk.record_activity(20, "status_changed", to="on_hold", id="held")
            if new is not None:
                desk.record_activity(25, "reprioritised", terms={"restoration": new})
            clock = desk.clock("restoration")
            assert (clock.stage, clock.since, clock.why, clock.by) == ("paused", minute(10), WAITING, "asked")
            desk.record_activity(30, "status_changed", to="open")
            assert desk.clock("restoration").pauses == [Pause(minute(10), minute(30), WAITING, "asked")]

    def test_that_a_milestone_had_before_it_was_promised(self) -> None:
        """They are worked out from the statuses of the case."""
        desk = ClockDesk({})
        desk.record_activity(10, "status_changed", to=WAITING, id="asked")
        desk.record_activity(20, "status_changed", to="open")
        desk.record_activity(30, "reprioritised", terms={"restoration": terms(240, paused_by=[WAITING])})
        assert desk.clock("restoration").pauses == [Pause(minute(10), minute(20), WAITING, "asked")]

    def test_of_no_length_is_none(self) -> None:
        """Nobody is shown a pause from ten to ten."""
        desk = ClockDesk({"restoration": terms(240, paused_by=[WAITING])})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(10, "restored")
        assert desk.clock("restoration").pauses == []

    @pytest.mark.parametrize(
        ("promised", "new", "begins", "ends"),
        [
            pytest.param(WAITED_FOR, None, ("status_changed", WAITING), ("status_changed", "open"), id="a status"),
            pytest.param(WAITED_FOR, None, ("resolved", None), ("reopened", None), id="a resolution"),
            pytest.param(
                {}, WAITED_FOR, ("status_changed", WAITING), ("status_changed", "open"), id="before it counts"
            ),
        ],
    )
    def test_from_before_the_submission_there_are_none(
        self, promised: Terms, new: Terms | None, begins: Deed, ends: Deed
    ) -> None:
        """What a skewed clock puts there lasted no time at all, in whichever way a pause comes about."""
        desk = ClockDesk(promised)
        for minutes, (kind, to) in ((-5, begins), (-4, ends)):
            desk.record_activity(minutes, kind, to=to)
        if new is not None:
            desk.record_activity(10, "reprioritised", terms=new)
        clock = desk.clock("restoration")
        assert (clock.stage, clock.pauses, desk.due("restoration")) == ("running", [], 240)


class TestTerms:
    """A clock names the activity that gave it its terms, and the one that gave it those it was breached under."""

    def test_they_are_the_submissions_until_others_come(self) -> None:
        """The submission has no id."""
        desk = ClockDesk(PROMISED)
        desk.record_activity(10, "reprioritised", terms={"restoration": terms(60)}, id="worse")
        termed_by = {clock.milestone: clock.termed_by for clock in desk.clocks()}
        assert termed_by == {"first_response": "", "periodic_update": "", "restoration": "worse", "resolution": ""}

    def test_later_instances_have_the_terms_that_are_in_force_when_they_start(self) -> None:
        """Also where no clock ran as they came."""
        desk = ClockDesk({"next_response": terms(60)})
        desk.record_activity(10, "customer_replied")
        desk.record_activity(20, "agent_replied")
        desk.record_activity(30, "reprioritised", terms={"next_response": terms(30)}, id="worse")
        desk.record_activity(40, "customer_replied")
        assert [desk.clock("next_response", instance).termed_by for instance in (1, 2)] == ["", "worse"]
        assert desk.due("next_response", 2) == 70

    def test_a_clock_that_goes_on_has_the_submissions_still(self) -> None:
        """Reopening a case gives it no new terms."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.record_activity(10, "restored")
        desk.record_activity(20, "resolved")
        desk.record_activity(30, "reopened")
        assert (desk.clock("restoration").stage, desk.clock("restoration").termed_by) == ("running", "")

    def test_a_breach_stays_with_the_terms_that_were_missed(self) -> None:
        """However kind the later ones are."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.record_activity(10, "reprioritised", terms={"restoration": terms(60)}, id="worse")
        desk.record_activity(100, "reprioritised", terms={"restoration": terms(480)}, id="better")
        clock = desk.clock("restoration")
        assert (clock.breached_at, clock.breached_under, clock.termed_by) == (minute(60), "worse", "better")
