"""A case whose timer fails stands aside alone: the clocks of all others run, and it is tried again."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.escalation import early_activity
from services.escalation.auditor import Auditor
from services.escalation.early_activity import list_key
from shared.sla import case_state
from shared.sla.packing import pack_id
from shared.streams.overlay import Overlay
from shared.streams.processor import Postponed, Timer
from tests.topology.escalation.desk import CASE, TaskDesk, minutes

BAD, OTHER = "b" * 32, "c" * 32
WARNED = "first_response warned 0 case_tier"
BREACHED = "first_response breached"
HOUR = timedelta(hours=1)


def damages(desk: TaskDesk, case_id: str = BAD) -> bytes:
    """The stored facts of a case name what its edition does not have; returns what was stored before."""
    stored = desk.driver.changelogs["cases"][pack_id(case_id)]
    state = case_state.decode(stored)
    state.facts = b"\xff" * 12
    desk.driver.changelogs["cases"][pack_id(case_id)] = case_state.encode(state, case_state.due_of(stored))
    desk.driver.restart()
    return stored


def with_a_bad_case() -> tuple[TaskDesk, bytes]:
    """Three cases, a minute apart; the one in the middle cannot be counted."""
    desk = TaskDesk()
    for case_id in (CASE, BAD, OTHER):
        desk.opens(case_id)
        desk.passes(minutes(1))
    return desk, damages(desk)


def test_the_timer_of_one_case_fails_and_those_of_the_others_fire_in_due_order() -> None:
    """Before, one case stopped a sixth of all clocks for good."""
    desk, stored = with_a_bad_case()
    before = len(desk.driver.produced)
    desk.passes(minutes(70))
    logged = [(event.case_id, event.at) for _, event in desk.events(desk.driver.produced[before:])]
    assert {case_id for case_id, _ in logged} == {CASE, OTHER}
    assert [at for _, at in logged] == sorted(at for _, at in logged)
    assert case_state.due_of(desk.driver.stores["cases"].get(pack_id(BAD))) == case_state.due_of(stored)


def test_overdue_cases_fire_in_one_slice_around_the_bad_one() -> None:
    """After downtime everything overdue is in one transaction, and the bad case has its place in the middle of it."""
    desk, _ = with_a_bad_case()
    assert desk.sleeps(minutes(70)).count(BREACHED) == 2


def test_what_failed_is_tried_again_after_an_hour() -> None:
    """By then a record may have mended the case; while nothing has, it is tried once an hour and not more often."""
    desk, _ = with_a_bad_case()
    desk.passes(minutes(45))
    first = desk.driver.processor.postponed()
    assert first == Postponed(1, desk.driver.now - minutes(2))
    late = len(desk.driver.lateness)
    desk.passes(HOUR * 5)
    assert desk.driver.processor.postponed() == first
    due = desk.driver.processor.next_due()
    assert due is not None
    assert timedelta() < due - desk.driver.now <= HOUR
    assert not [each for each in desk.driver.lateness[late:] if each > timedelta(seconds=1)]


def test_what_failed_is_tried_again_at_once_after_a_restart_and_says_everything() -> None:
    """A version that can count the case keeps its promises as soon as it runs: the real instant was never lost."""
    desk, stored = with_a_bad_case()
    desk.passes(minutes(50))
    desk.driver.changelogs["cases"][pack_id(BAD)] = stored
    assert desk.sleeps(timedelta(seconds=1)) == [WARNED]
    assert desk.driver.processor.postponed() == Postponed()
    assert BREACHED in desk.passes(minutes(20))


def test_a_case_that_moves_on_is_no_longer_postponed() -> None:
    """What failed was one instant; an activity gives the case another one, and that one fires in time."""
    desk = TaskDesk()
    desk.opens(BAD)
    (timer,) = _due_timers(desk, minutes(46))
    desk.driver.processor.postpone(timer, desk.driver.now + HOUR * 100)
    assert desk.passes(minutes(50)) == []
    assert desk.record_activity("reprioritised", BAD, impact="significant") != []
    assert desk.driver.processor.postponed() == Postponed()
    assert desk.passes(HOUR * 10) != []


def test_what_a_case_has_done_before_its_timer_failed_stays_done() -> None:
    """Each timer is for itself: the warning was right and is out, the breach is tried again."""
    desk = TaskDesk()
    desk.opens(BAD)
    assert desk.passes(minutes(50)) == [WARNED]
    damages(desk)
    desk.passes(minutes(20))
    assert desk.in_words().count(WARNED) == 1
    assert desk.driver.processor.postponed().timers == 1


def test_early_activity_that_cannot_be_given_up_does_not_stop_the_cases() -> None:
    """Its list is damaged; the timers of cases and of other lists go on."""
    desk = TaskDesk()
    desk.record_activity("agent_replied", BAD)
    desk.record_activity("agent_replied", OTHER)
    kept = desk.driver.changelogs["early"]
    listed = kept[list_key(BAD)]
    kept[list_key(BAD)] = listed[:8] + b"\xc1"
    desk.driver.restart()
    desk.opens(CASE)
    assert desk.passes(minutes(46)) == [WARNED]
    assert desk.dead_letter_causes == ["unknown_case"]
    assert desk.driver.processor.postponed().timers == 1
    assert early_activity.due_of(list_key(BAD), desk.driver.stores["early"].get(list_key(BAD)))


def test_a_postponed_case_counts_as_due_and_unfired_and_is_no_alarm_of_its_own() -> None:
    """The gauge stays honest for a week; the alarm is for a task whose timers stand still."""
    desk, _ = with_a_bad_case()
    desk.passes(minutes(46))
    auditor = Auditor(alarm_seconds=10)
    with capture_logs() as logged:
        auditor.observe(5, desk.driver.processor, desk.driver.now)
    assert [line["action"] for line in logged] == []
    labels = {"service": "escalation", "task": "5"}
    assert REGISTRY.get_sample_value("frontline_timers_due_but_unfired", labels) == 1


def _due_timers(desk: TaskDesk, later: timedelta) -> list[Timer]:
    return list(desk.driver.processor.due_timers(Overlay(desk.driver.stores, now=desk.driver.now + later, partition=0)))


@pytest.mark.parametrize("case_id", [BAD, "caso-ñ"])
def test_a_failed_timer_is_named_by_its_case(case_id: str) -> None:
    """Somebody has to look after that customer by hand."""
    desk = TaskDesk()
    desk.opens(case_id)
    (timer,) = _due_timers(desk, minutes(46))
    assert desk.driver.processor.timer_ids(timer) == {"case_id": case_id}
    desk = TaskDesk()
    desk.record_activity("agent_replied", case_id)
    (timer,) = _due_timers(desk, minutes(16))
    assert desk.driver.processor.timer_ids(timer) == {"case_id": case_id}
