"""A log in which the timer of one case failed for a while is replayed to what was published."""

from datetime import timedelta

import pytest

from shared.contracts.topics import ACTIVITY, ESCALATIONS, dead_letter
from shared.kafka.dead_letters import parse
from shared.sla import case_state
from shared.sla.packing import pack_id
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.replay.helpers import LIBRARY, identical, replay, types

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
def test_a_case_that_was_isolated_for_a_while(first: bool) -> None:
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


def test_activity_that_came_while_its_case_was_isolated_and_was_replayed_later() -> None:
    """Which error isolated the case is not in the log: the dead letters that follow from it are taken from there."""
    recording, cases = with_three_cases()
    stored = damage(recording, cases[0])
    recording.passes(50 * MINUTE)
    recording.record_activity("customer_replied", cases[0])
    recording.record_activity("agent_replied", cases[0])
    recording.runs()
    letters = [parse(each.key, each.value, each.headers) for each in recording.published(dead_letter(ACTIVITY))]
    assert [letter.cause for letter in letters] == ["case_isolated"] * 2
    recording.passes(30 * MINUTE)
    mend(recording, cases[0], stored)
    recording.passes(MINUTE)
    for letter in letters:
        recording.write_bytes(ACTIVITY, letter.record.key, letter.record.value, letter.record.headers)
    recording.runs()
    recording.passes(DAY)
    assert "clock.fulfilled" in types(recording, ESCALATIONS)
    assert identical(replay(recording), recording)


def test_a_case_that_activity_has_isolated() -> None:
    """No timer was due: the activity met a state that could not be read."""
    recording, cases = with_three_cases()
    stored = damage(recording, cases[0])
    recording.record_activity("agent_replied", cases[0])
    recording.runs()
    mend(recording, cases[0], stored)
    recording.passes(MINUTE)
    recording.record_activity("restored", cases[0])
    recording.runs()
    recording.passes(DAY)
    assert identical(replay(recording), recording)
