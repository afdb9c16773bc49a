"""Defects of other help desks that must never be ours, one test for each. Those that belong to a rule of the calendar
or of the clocks are beside that rule, and name the product there.
"""

from datetime import timedelta

import pytest

from services.escalation.effects import Fulfilled
from shared.business_time.instants import MINUTE
from tests.harness.desk import CHAIN, Desk, terms

WAITING = "waiting_on_customer"


def test_chatwoot_resolved_after_the_deadline_but_before_the_next_sweep_is_a_hit() -> None:
    """There is no sweep: the verdict is in the instants."""
    desk = Desk({"resolution": terms(60)})
    breached, fulfilled = desk.hears(61, "resolved")
    assert (breached.word, breached.at) == ("breached", 60)
    assert isinstance(fulfilled.effect, Fulfilled)
    assert not fulfilled.effect.met


def test_chatwoot_the_miss_grows_after_the_resolution() -> None:
    """A stopped clock stands still."""
    desk = Desk({"resolution": terms(60)})
    desk.hears(75, "resolved")
    clock = desk.clock("resolution")
    assert clock.used(clock.since) == clock.used(clock.since + 10_000 * MINUTE) == 75 * MINUTE


def test_chatwoot_business_hours_only_is_ignored_in_the_breach() -> None:
    """Closing time is 480 minutes on: the promise is due the next morning."""
    desk = Desk({"first_response": terms(500, "business")})
    assert desk.waits_until(1_440 + 20) == []
    assert [s.at for s in desk.waits_until(1_440 + 21)] == [1_440 + 20]


def test_itop_the_overrun_forgets_the_pauses() -> None:
    """The history is kept, so what is used up is right whenever it is asked."""
    desk = Desk({"resolution": terms(60, paused_by=[WAITING])})
    for start in (10, 30, 50):
        desk.hears(start, "status_changed", to=WAITING)
        desk.hears(start + 5, "status_changed", to="open")
    desk.hears(100, "resolved")
    clock = desk.clock("resolution")
    assert clock.used(clock.since) == (100 - 15) * MINUTE
    assert desk.due("resolution") == 75


def test_itop_a_stopped_clock_is_left_out_of_the_thresholds() -> None:
    """It was late before it stopped, though nobody had asked in between."""
    desk = Desk({"resolution": terms(60)}, levels=CHAIN)
    desk.hears(300, "resolved")
    assert [s.at for s in desk.said("breached")] == [60]


def test_zammad_the_promise_is_notified_again_after_every_midnight() -> None:
    """A week of midnights, one warning and one breach."""
    desk = Desk({"resolution": terms(60)}, levels=CHAIN[:1])
    for day in range(1, 8):
        desk.waits_until(day * 1_440 - 9 * 60 + 0.5)
    assert [s.word for s in desk.said("warned", "breached")] == ["warned", "breached"]


def test_osticket_a_case_is_overdue_although_it_was_answered() -> None:
    """Nothing is due for what is done."""
    desk = Desk({"first_response": terms(60)}, levels=CHAIN)
    desk.hears(30, "agent_replied")
    assert desk.waits_until(10_000) == []


@pytest.mark.parametrize("status", [WAITING, "on_hold"])
def test_osticket_has_no_pause_by_status(status: str) -> None:
    """Any status may pause, if the milestone names it."""
    desk = Desk({"resolution": terms(60, paused_by=[status])})
    desk.hears(10, "status_changed", to=status)
    assert desk.waits_until(10_000) == []


def test_glpi_pending_time_is_lost_when_the_urgency_changes() -> None:
    """Kept, whichever comes first."""
    desk = Desk({"resolution": terms(240, "business", [WAITING])})
    desk.hears(60, "status_changed", to=WAITING)
    desk.hears(120, "status_changed", to="open")
    desk.hears(130, "reprioritised", terms={"resolution": terms(120, "business", [WAITING])})
    assert desk.due("resolution") == 180


def test_glpi_the_level_before_the_deadline_comes_at_midnight() -> None:
    """It comes at its share of the target in open hours: the office is open then."""
    desk = Desk({"resolution": terms(640, "business")}, levels=CHAIN)
    desk.waits_until(100_000)
    [warned] = desk.said("warned")
    assert warned.at == 480  # used up exactly at closing: due at that closing instant
    [breached] = desk.said("breached")
    assert timedelta(minutes=breached.at) == timedelta(days=1, minutes=160)
