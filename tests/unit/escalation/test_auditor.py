"""Whoever keeps promises by timers has to notice when timers do not fire."""

from datetime import datetime, timedelta

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.escalation.auditor import Auditor
from shared.test_clock import AdvancedReading
from shared.watched_clock import Reading
from tests.topology.escalation.desk import TaskDesk, minutes


def unfired(partition: int) -> float | None:
    """What the gauge says."""
    return REGISTRY.get_sample_value(
        "frontline_timers_due_but_unfired", {"service": "escalation", "task": str(partition)}
    )


def read_at(now: datetime) -> Reading:
    """A steady clock at this instant."""
    return Reading(now, steady=True, drift=0.0)


def test_timers_that_stay_due_are_logged_once_at_the_start_and_once_at_the_end() -> None:
    """An alarm each second is one that is switched off."""
    desk, auditor = TaskDesk(), Auditor(alarm_seconds=10)
    desk.opens()
    due = desk.driver.now + minutes(45)

    def look(late: float) -> list[str]:
        with capture_logs() as logged:
            auditor.observe(4, desk.driver.processor, read_at(due + timedelta(seconds=late)))
        return [line["action"] for line in logged]

    assert (look(-1), unfired(4)) == ([], 0)
    assert (look(5), unfired(4)) == ([], 1)
    assert (look(11), unfired(4)) == (["timers.overdue"], 1)
    assert look(12) == []
    desk.sleeps(minutes(45) + timedelta(seconds=13))
    assert (look(13), unfired(4)) == (["timers.caught_up"], 0)
    assert look(14) == []


def test_a_task_that_is_behind_again_is_an_alarm_again() -> None:
    """Each episode is logged."""
    desk, auditor = TaskDesk(), Auditor(alarm_seconds=10)
    desk.opens()
    for hours in (1, 2):
        with capture_logs() as logged:
            auditor.observe(0, desk.driver.processor, read_at(desk.driver.now + timedelta(hours=hours)))
            desk.sleeps(timedelta(hours=hours))
            auditor.observe(0, desk.driver.processor, read_at(desk.driver.now))
        assert [line["action"] for line in logged] == ["timers.overdue", "timers.caught_up"]


def test_what_is_known_of_a_partition_is_forgotten_when_its_task_ends() -> None:
    """Its next owner measures it; if that is this process again, timers that do not fire are an alarm again."""
    desk, auditor = TaskDesk(), Auditor(alarm_seconds=10)
    desk.opens()
    for _ in range(2):
        with capture_logs() as logged:
            auditor.observe(7, desk.driver.processor, read_at(desk.driver.now + timedelta(hours=1)))
        assert [line["action"] for line in logged] == ["timers.overdue"]
        auditor.forget(7)
        assert unfired(7) is None


def test_timers_that_an_advance_of_a_test_clock_has_passed_over_are_late_only_since_then() -> None:
    """They could not fire before. If they still do not after the usual time, that is an alarm in a test as well."""
    desk, auditor = TaskDesk(), Auditor(alarm_seconds=10)
    desk.opens()
    arrived = desk.driver.now + timedelta(hours=3)

    def look(later: float) -> list[str]:
        now = arrived + timedelta(seconds=later)
        with capture_logs() as logged:
            auditor.observe(9, desk.driver.processor, AdvancedReading(now, True, 0.0, timedelta(hours=3), arrived))
        return [line["action"] for line in logged]

    assert (look(9), unfired(9)) == ([], 1)
    assert look(11) == ["timers.overdue"]
