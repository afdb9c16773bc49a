"""A log in which the timer of one case failed for a while is replayed to what was published."""

from datetime import timedelta

import pytest

from shared.contracts.topics import ESCALATIONS
from shared.sla import case_state
from shared.sla.packing import pack_id
from shared.streams.overlay import Overlay
from shared.streams.processor import Timer
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.replay.helpers import LIBRARY, identical, kinds, replay, types

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def damage(recording: Recording, case_id: str) -> bytes:
    """No timer of this case can fire until `mend`: its stored facts name what its edition does not have."""
    task = recording.tasks["escalation", 0]
    kept = task.changelogs["cases"]
    stored = kept[pack_id(case_id)]
    state = case_state.decode(stored)
    state.facts = b"\xff" * 12
    kept[pack_id(case_id)] = case_state.encode(state, case_state.due_of(stored))
    task.restart()
    return stored


def mend(recording: Recording, case_id: str, stored: bytes) -> None:
    """A version that can count the case takes over."""
    task = recording.tasks["escalation", 0]
    task.changelogs["cases"][pack_id(case_id)] = stored
    task.restart()


def with_three_cases() -> tuple[Recording, list[str]]:
    """Asked a minute apart; one partition, so that they share a task."""
    recording = Recording(LIBRARY, partitions=1)
    recording.sets_entitlement(account())
    cases = []
    for number in range(1, 4):
        cases.append(recording.asks(number))
        recording.runs()
        recording.passes(MINUTE)
    return recording, cases


@pytest.mark.parametrize("first", [True, False])
def test_a_case_that_was_postponed_for_a_while(first: bool) -> None:
    """The others fired past it, answers came meanwhile, and what it was due came late."""
    recording, cases = with_three_cases()
    bad, other = (cases[0], cases[1]) if first else (cases[1], cases[0])
    stored = damage(recording, bad)
    recording.passes(50 * MINUTE)
    recording.record_activity("agent_replied", other)
    recording.record_activity("agent_replied", "f" * 32)
    recording.runs()
    recording.passes(90 * MINUTE)
    mend(recording, bad, stored)
    recording.passes(DAY)
    assert types(recording, ESCALATIONS).count("clock.breached") >= 3
    assert identical(replay(recording), recording)


def test_a_case_that_moves_on_while_it_is_postponed() -> None:
    """Its timer never fired: the answer published the breach; the warning, which nobody got, is reported as missing."""
    recording, cases = with_three_cases()
    stored = damage(recording, cases[0])
    recording.passes(50 * MINUTE)
    mend(recording, cases[0], stored)
    task = recording.tasks["escalation", 0]
    (timer,) = [timer for timer in _due(recording) if timer.key == pack_id(cases[0])]
    task.processor.postpone(timer, recording.now + DAY)
    recording.passes(30 * MINUTE)
    recording.record_activity("agent_replied", cases[0])
    recording.runs()
    recording.passes(DAY)
    result = replay(recording)
    assert kinds(result) == [("missing", "clock.warned")]
    assert [each.case_id for each in result.differences] == [cases[0]]


def _due(recording: Recording) -> list[Timer]:
    task = recording.tasks["escalation", 0]
    return list(task.processor.due_timers(Overlay(task.stores, now=recording.now, partition=0)))
