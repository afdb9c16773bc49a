"""A defect of another help desk in watching itself; `tests/unit/mutants/` brings it back."""

import sys
from datetime import timedelta
from types import FrameType

from services.escalation.auditor import Auditor
from services.escalation.topology import EscalationTopology
from shared.business_time.instants import to_micros
from shared.sla import case_state
from shared.sla.packing import pack_id
from shared.streams.overlay import Overlay
from shared.watched_clock import Reading
from tests.harness.processors import fire_due
from tests.topology.escalation.desk import TaskDesk


def steps_of_a_look(waiting: int) -> int:
    """How many calls one look at a task takes, of which one timer is overdue and `waiting` are days away."""
    desk, auditor = TaskDesk(), Auditor(alarm_seconds=10)
    task, now = desk.driver.processor, desk.driver.now
    assert isinstance(task, EscalationTopology)
    for number in range(waiting + 1):
        due = now + timedelta(days=1 + number / 100) if number else now - timedelta(seconds=1)
        task.store_changed(case_state.STORE, pack_id(f"{number:032x}"), case_state.tombstone(to_micros(due)))
    fire_due(task, Overlay(desk.driver.stores, now=now - timedelta(hours=1), partition=0), 1)  # restoring is over
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event.endswith("call")

    sys.setprofile(count)
    auditor.observe(0, task, Reading(now, steady=True, drift=0.0))
    sys.setprofile(None)
    return calls


def test_oncall_defect_the_self_check_costs_the_same_however_many_cases_are_open() -> None:
    """What a look costs does not depend on how many cases are open, so nobody has a reason to switch it off."""
    assert steps_of_a_look(2_000) < 2 * steps_of_a_look(2)
