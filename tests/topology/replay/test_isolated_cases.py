"""A log in which the timer of one case failed for a while is replayed to what was published."""

from datetime import timedelta

import pytest

from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, dead_letter
from shared.kafka.dead_letters import parse
from shared.sla import case_state
from shared.sla.packing import pack_id
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.replay.helpers import LIBRARY, identical, replay, tally_of, types

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


def test_a_case_whose_early_activity_could_not_be_read() -> None:
    """Its decision and that activity are dead-lettered, and replayed later; what waited beside it has expired.

    Escalation is compared alone: nobody but the operator has published the decision twice.
    """
    recording, _ = with_three_cases()
    case_id = recording.asks(4)
    for kind in ("agent_replied", "customer_replied"):
        recording.record_activity(kind, case_id)
    recording.runs(service="escalation")
    task = recording.tasks["escalation", 0]
    kept = task.changelogs["early"]
    kept[min(key for key in kept if key[:1] == b"r")] = b"\xc1"
    task.restart()
    recording.runs()
    recording.passes(70 * MINUTE)
    letters = [letter for topic in (CASES, ACTIVITY) for letter in recording.published(dead_letter(topic))]
    causes = [parse(each.key, each.value, each.headers) for each in letters]
    assert [letter.cause for letter in causes] == ["case_isolated", "case_isolated", "unknown_case"]
    originals = {(each.topic, each.offset): each for each in recording.all_records()}
    for letter in causes[:2]:
        original = originals[letter.record.topic, letter.record.offset]
        topic = CASES if letter.record.topic == CASES.name else ACTIVITY
        recording.write_bytes(topic, original.key, original.value, original.headers)
    recording.runs()
    recording.passes(DAY)
    escalation = tally_of(replay(recording), "escalation")
    assert escalation.published == escalation.identical > 0
