"""A change of schedule is a new generation of a clock; a pause keeps what is left of its target."""

import pytest
from msgspec.structs import replace

from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import Hours
from tests.harness.desk import ClockDesk, terms
from tests.unit.sla.usual_terms import USUAL, WAITING, business_days


class TestGenerations:
    """A change of schedule is a new generation; what was said carries the one it belongs to."""

    def test_every_change_of_the_schedule_is_a_new_generation(self) -> None:
        """Start, pause, resume, new terms, stop."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(20, "status_changed", to="open")
        desk.record_activity(30, "reprioritised", terms={"restoration": terms(480, paused_by=USUAL)})
        desk.record_activity(40, "restored")
        assert [s.effect.generation for s in desk.log] == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize(
        "new",
        [
            terms(60, paused_by=USUAL),
            replace(terms(480, "elapsed_then_next_open", USUAL), open_at_least=3600),
            business_days(2),
        ],
    )
    def test_so_is_a_change_while_it_is_paused(self, new: MilestoneTerms) -> None:
        """No deadline shows it then: how long the target is, and how long the desk must be open, are the schedule."""
        before = terms(480, "elapsed_then_next_open", USUAL) if new.open_at_least else business_days(1)
        desk = ClockDesk({"restoration": before})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(20, "reprioritised", terms={"restoration": new})
        desk.record_activity(30, "status_changed", to="open")
        assert [s.effect.generation for s in desk.log] == [1, 2, 4]

    def test_what_changes_nothing_leaves_the_generation(self) -> None:
        """Notes, and the clocks of other milestones."""
        desk = ClockDesk({"first_response": terms(60), "restoration": terms(240)})
        desk.record_activity(10, "internal_note")
        desk.record_activity(20, "agent_replied")
        [published] = desk.waits_until(241)
        assert published.effect.generation == 1

    def test_a_timer_that_a_change_made_stale_finds_nothing_to_do(self) -> None:
        """It fires by what is so now, not by what was when it was set."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(230, "status_changed", to=WAITING)
        assert desk.waits_until(241) == []
        desk.record_activity(250, "status_changed", to="open")
        assert desk.waits_until(260) == []
        assert [s.at for s in desk.waits_until(261)] == [260]


@pytest.mark.parametrize("hours", ["elapsed", "business", "elapsed_then_next_open"])
def test_pausing_and_resuming_keep_what_is_left(hours: Hours) -> None:
    """Resume continues, it does not restart (GLPI restarts the chain)."""
    desk = ClockDesk({"restoration": terms(240, hours, paused_by=[WAITING])})
    desk.record_activity(60, "status_changed", to=WAITING)
    used = desk.clock("restoration").used(0)
    desk.record_activity(120, "status_changed", to="open")
    assert desk.clock("restoration").used(desk.clock("restoration").since) == used
