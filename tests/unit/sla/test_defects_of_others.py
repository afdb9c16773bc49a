"""Defects of other help desks that must never be ours, one test for each; `tests/unit/mutants/` brings each back.

Those in counting business time, and in restarts, are in modules of the same name beside the tests of these.
"""

from datetime import timedelta

import pytest

from shared.business_time.instants import MINUTE
from shared.sla.effects import ClockFulfilled
from tests.harness.desk import CHAIN, ClockDesk, terms
from tests.unit.sla.usual_terms import WAITING


def test_chatwoot_defect_resolved_after_the_deadline_is_a_breach_and_no_hit() -> None:
    """There is no sweep: the verdict is in the instants."""
    desk = ClockDesk({"resolution": terms(60)})
    breached, fulfilled = desk.record_activity(61, "resolved")
    assert (breached.word, breached.at) == ("breached", 60)
    assert isinstance(fulfilled.effect, ClockFulfilled)
    assert not fulfilled.effect.met


def test_chatwoot_defect_a_late_reply_that_no_timer_saw_is_a_breach() -> None:
    """The answer does not hide that it was late: the breach is said, with the deadline that passed."""
    desk = ClockDesk({"first_response": terms(60)})
    desk.record_activity(61, "agent_replied")
    assert [s.short for s in desk.published("breached")] == [("breached", "first_response", 60)]
    assert desk.clock("first_response").breached_at is not None


def test_chatwoot_defect_a_miss_stops_growing_at_the_resolution() -> None:
    """A stopped clock stands still."""
    desk = ClockDesk({"resolution": terms(60)})
    desk.record_activity(75, "resolved")
    clock = desk.clock("resolution")
    assert clock.used(clock.since) == clock.used(clock.since + 10_000 * MINUTE) == 75 * MINUTE


def test_chatwoot_defect_a_breach_counts_business_hours_only() -> None:
    """Closing time is 480 minutes on: the promise is due the next morning."""
    desk = ClockDesk({"first_response": terms(500, "business")})
    assert desk.waits_until(1_440 + 20) == []
    assert [s.at for s in desk.waits_until(1_440 + 21)] == [1_440 + 20]


def test_itop_defect_the_overrun_leaves_pauses_out() -> None:
    """The history is kept, so what is used up is right whenever it is asked."""
    desk = ClockDesk({"resolution": terms(60, paused_by=[WAITING])})
    for start in (10, 30, 50):
        desk.record_activity(start, "status_changed", to=WAITING)
        desk.record_activity(start + 5, "status_changed", to="open")
    desk.record_activity(100, "resolved")
    clock = desk.clock("resolution")
    assert clock.used(clock.since) == (100 - 15) * MINUTE
    assert desk.due("resolution") == 75


def test_itop_defect_a_clock_that_stopped_late_is_breached() -> None:
    """It was late before it stopped, though nobody had asked in between."""
    desk = ClockDesk({"resolution": terms(60)}, levels=CHAIN)
    desk.record_activity(300, "resolved")
    assert [s.at for s in desk.published("breached")] == [60]


def test_zammad_defect_a_pause_counts_to_the_second() -> None:
    """Half a minute of waiting is half a minute."""
    desk = ClockDesk({"resolution": terms(60, paused_by=[WAITING])})
    desk.record_activity(10.25, "status_changed", to=WAITING)
    desk.record_activity(10.75, "status_changed", to="open")
    assert desk.due("resolution") == 60.5


def test_zammad_defect_two_pauses_in_one_minute_both_count() -> None:
    """Each pause is kept, however close they are."""
    desk = ClockDesk({"resolution": terms(60, paused_by=[WAITING])})
    for start in (10.0, 10.5):
        desk.record_activity(start, "status_changed", to=WAITING)
        desk.record_activity(start + 0.25, "status_changed", to="open")
    assert desk.due("resolution") == 60.5


def test_zammad_defect_a_promise_is_notified_once_however_many_midnights_pass() -> None:
    """A week of midnights, and each thing is said once."""
    desk = ClockDesk({"resolution": terms(60)}, levels=CHAIN)
    for day in range(1, 8):
        desk.waits_until(day * 1_440 - 9 * 60 + 0.5)
    assert [s.word for s in desk.log] == ["started", "warned", "breached", "raised", "raised"]


def test_zammad_defect_an_answer_ends_the_update_clock() -> None:
    """An update starts the next period, and the one that it ends is over."""
    desk = ClockDesk({"periodic_update": terms(60)}, levels=CHAIN)
    desk.record_activity(40, "agent_replied")
    assert desk.waits_until(84) == []
    assert [s.short for s in desk.waits_until(86)] == [("warned", "periodic_update", 85)]


def test_zammad_defect_a_promise_that_is_taken_back_notifies_nobody() -> None:
    """A promise that is taken back is over, with all that it had before it."""
    desk = ClockDesk({"resolution": terms(60)}, levels=CHAIN)
    desk.record_activity(10, "policy_migrated", terms={"resolution": terms(None)})
    assert desk.waits_until(10_000) == []
    assert desk.next_due is None


def test_osticket_defect_an_answered_case_is_not_overdue() -> None:
    """Nothing is due for what is done."""
    desk = ClockDesk({"first_response": terms(60)}, levels=CHAIN)
    desk.record_activity(30, "agent_replied")
    assert desk.waits_until(10_000) == []


@pytest.mark.parametrize("status", [WAITING, "on_hold"])
def test_osticket_defect_any_status_can_pause_a_clock(status: str) -> None:
    """Any status may pause, if the milestone names it."""
    desk = ClockDesk({"resolution": terms(60, paused_by=[status])})
    desk.record_activity(10, "status_changed", to=status)
    assert desk.waits_until(10_000) == []


def test_glpi_defect_pending_time_survives_a_change_of_urgency() -> None:
    """Kept, whichever comes first."""
    desk = ClockDesk({"resolution": terms(240, "business", [WAITING])})
    desk.record_activity(60, "status_changed", to=WAITING)
    desk.record_activity(120, "status_changed", to="open")
    desk.record_activity(130, "reprioritised", terms={"resolution": terms(120, "business", [WAITING])})
    assert desk.due("resolution") == 180


def test_glpi_defect_resuming_continues_the_chain() -> None:
    """What was said before the pause is not said again after it."""
    desk = ClockDesk({"resolution": terms(60, paused_by=[WAITING])}, levels=CHAIN)
    desk.waits_until(61)
    desk.record_activity(70, "status_changed", to=WAITING)
    desk.record_activity(170, "status_changed", to="open")
    assert [s.short for s in desk.waits_until(10_000)] == [("raised", "resolution", 190)]


def test_glpi_defect_the_last_level_calls_once() -> None:
    """The last level is reached once."""
    desk = ClockDesk({"resolution": terms(60)}, levels=CHAIN)
    for hour in range(1, 200):
        desk.waits_until(hour * 60)
    assert [s.at for s in desk.published("raised")] == [60, 90]


def test_glpi_defect_a_level_before_the_deadline_comes_in_open_hours() -> None:
    """It comes at its share of the target in open hours: the office is open then."""
    desk = ClockDesk({"resolution": terms(640, "business")}, levels=CHAIN)
    desk.waits_until(100_000)
    [warned] = desk.published("warned")
    assert warned.at == 480  # used up exactly at closing: due at that closing instant
    [breached] = desk.published("breached")
    assert timedelta(minutes=breached.at) == timedelta(days=1, minutes=160)


def test_glpi_defect_nothing_expires_while_a_case_is_pending() -> None:
    """While it is the customer's turn nothing falls due."""
    desk = ClockDesk({"resolution": terms(60, paused_by=[WAITING])}, levels=CHAIN)
    desk.record_activity(10, "status_changed", to=WAITING)
    assert desk.waits_until(10_000) == []
    assert desk.due("resolution") is None


def test_frappe_defect_a_paused_clock_stands_still() -> None:
    """What is used up stands still, and so does what is left."""
    desk = ClockDesk({"resolution": terms(60, paused_by=[WAITING])})
    desk.record_activity(10, "status_changed", to=WAITING)
    clock = desk.clock("resolution")
    assert (clock.stage, clock.used(clock.since + 500 * MINUTE)) == ("paused", 10 * MINUTE)
    desk.record_activity(510, "status_changed", to="open")
    assert desk.due("resolution") == 560


def test_frappe_defect_a_case_may_have_no_promise() -> None:
    """A case without a target has no clock, and nobody is called for it."""
    desk = ClockDesk({"resolution": terms(None)}, levels=CHAIN)
    assert desk.log == []
    assert desk.waits_until(100_000) == []


def test_jira_defect_a_stopped_clock_keeps_the_goal_that_it_was_judged_by() -> None:
    """It was met by what was promised then; a stricter goal that comes later changes nothing of it."""
    desk = ClockDesk({"resolution": terms(240)})
    desk.record_activity(200, "resolved")
    assert desk.record_activity(300, "policy_migrated", terms={"resolution": terms(60)}) == []
    assert (desk.due("resolution"), desk.clock("resolution", at=10_000).breached_at) == (240, None)
