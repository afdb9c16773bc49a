"""Random histories with random slices, aborts and restarts: the replay reproduces what was published."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, Topic, dead_letter
from shared.kafka.record import Record
from tests.harness.asking import account
from tests.harness.examples import examples
from tests.harness.histories import Step, asks, histories, lived, months, record_activity, waits
from tests.harness.recording import Recording
from tests.topology.replay.helpers import BOTH, Starts, identical, replay

LOSE: tuple[Topic, ...] = (REQUESTS, CASES, ACTIVITY, ESCALATIONS, *map(dead_letter, (REQUESTS, CASES, ACTIVITY)))


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories, st.integers(1, 2))
def test_any_history_is_replayed_byte_for_byte_and_twice_alike(history: list[Step], partitions: int) -> None:
    """Slices, aborted transactions, restarts, lagging services, early and late activity, dead letters, expiry."""
    recording = lived(history, partitions)
    first, second = (replay(recording, configured=BOTH) for _ in range(2))
    assert identical(first, recording)
    assert (first.digest, first.tallies) == (second.digest, second.tallies)
    without_offsets = replay(recording, configured=BOTH, consumed=False)
    assert (without_offsets.differences, without_offsets.digest) == ((), first.digest)


def test_a_second_decision_long_before_activity_that_expired_was_dead_lettered_at_its_own_time() -> None:
    """Its dead letter has that time: the activity on the case, by then forgotten, came months later."""
    recording = lived([], 1)
    recording.sets_entitlement(account(account_id="acme", plan="access"))
    asks(recording, 2, "acme", 0, impact="down", submission_digest="d1")
    months(recording, 95)  # the router has forgotten the request
    asks(recording, 2, "acme", 0, impact="down", submission_digest="d1")
    months(recording, 70)  # escalation has forgotten the case
    record_activity(recording, 2, "status_changed", 0, to="open")
    months(recording, 31)
    assert identical(replay(recording, configured=BOTH), recording)


@pytest.mark.parametrize("decided", [None, 1, 5])
@pytest.mark.parametrize("first", [1, 5])
def test_a_slice_left_early_activity_that_was_due_at_the_same_instant(first: int, decided: int | None) -> None:
    """It fired one timer of two: only one activity has a dead letter, and the case of one may come in that slice."""
    recording = lived([], 1)
    asks(recording, 2, "acme", 0, impact="down")
    record_activity(recording, first, "agent_replied", 0)
    record_activity(recording, 2, "closed", 0)  # which has an event, so the two were not stored at one known instant
    record_activity(recording, 6 - first, "agent_replied", 0)
    recording.runs()
    waits(recording, 1000)
    if decided:
        asks(recording, decided, "acme", 0, impact="down")
        recording.runs(service="router")
    recording.slice("escalation", 0, timers=1)
    assert identical(replay(recording, configured=BOTH), recording)
    recording.runs()
    assert identical(replay(recording, configured=BOTH), recording)


@pytest.mark.parametrize("between", [[], [(4, "acme")], [(5, "acme")], [(4, "acme"), (5, "beta"), (5, "beta")]])
def test_requests_of_one_slice_after_a_long_silence(between: list[tuple[int, str]]) -> None:
    """The first of them makes the entry of an old request expire. It is deleted before the next slice, not in this one,
    so that other content under the old id is a conflict; and a decision once it is deleted.
    """
    recording = lived([], 1)
    asks(recording, 3, "acme", 0, impact="down")
    months(recording, 31)
    for number, account_id in [(4, "acme"), *between]:
        asks(recording, number, account_id, 1, impact="down")
    asks(recording, 3, "acme", 0, impact="down", submission_digest="other content")
    recording.runs()
    assert [record.key for record in recording.published(dead_letter(REQUESTS))] == [b"acme"]
    assert identical(replay(recording, configured=BOTH), recording)
    asks(recording, 3, "acme", 0, impact="down", submission_digest="other content")
    recording.runs(service="router")
    assert len(recording.published(CASES)) == 3 + len(set(between) - {(4, "acme")})
    assert identical(replay(recording, configured=BOTH), recording)


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories, st.integers(1, 2), st.data())
def test_whatever_retention_deleted_is_no_difference(history: list[Step], partitions: int, data: st.DataObject) -> None:
    """Retention deletes any beginning of any topic, compaction any entitlement but the last; nothing is guessed."""
    recording = lived(history, partitions)
    starts: Starts = {}
    records = recording.all_records()
    for topic in data.draw(st.lists(st.sampled_from(LOSE), unique_by=lambda topic: topic.name)):
        for partition in range(partitions):
            there = recording.records[topic.name, partition]
            deleted = there[: data.draw(st.integers(0, len(there)))]
            if deleted:
                starts.setdefault(topic.name, {})[partition] = deleted[-1].offset + 1
                records = [record for record in records if record not in deleted]
    records = compacted(records, recording, data)
    result = replay(recording, records, starts=starts, configured=BOTH)
    assert result.differences == ()
    assert result.digest == result.published_digest
    assert sum(tally.identical + tally.not_replayable for tally in result.tallies) >= sum(
        tally.published for tally in result.tallies
    )


def compacted(records: list[Record], recording: Recording, data: st.DataObject) -> list[Record]:
    """The log after compaction has been over the beginning of the entitlements."""
    for partition in range(recording.partitions):
        there = recording.records[ENTITLEMENTS.name, partition]
        cleaned = data.draw(st.integers(0, len(there)))
        last = {record.key: record for record in there[:cleaned]}
        deleted = [record for record in there[:cleaned] if record is not last[record.key]]
        records = [record for record in records if record not in deleted]
    return records
