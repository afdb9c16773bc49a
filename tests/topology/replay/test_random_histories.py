"""Random histories with random slices, aborts and restarts: the replay reproduces what was published."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, Topic, dead_letter
from shared.kafka.record import Record
from shared.policy.digest import policy_sha256
from shared.streams.task_state import TIMERS_PER_SLICE
from tests.harness.asking import account
from tests.harness.examples import examples
from tests.harness.recording import Recording
from tests.topology.replay.helpers import BOTH, LIBRARY, NEXT, Starts, identical, replay

ACCOUNTS = ("acme", "beta")
EDITIONS: tuple[dict[str, Any], ...] = (
    {"edition": "objectives-2024", "policy_sha256": policy_sha256(NEXT.editions[0])},
    {"edition": "nobody-has-it", "policy_sha256": "ab" * 32},
)
KINDS = (
    *("agent_replied", "customer_replied", "internal_note", "restored", "resolved", "reopened", "closed"),
    *("withdrawn", "escalation_requested"),
)
LOSE: tuple[Topic, ...] = (REQUESTS, CASES, ACTIVITY, ESCALATIONS, *map(dead_letter, (REQUESTS, CASES, ACTIVITY)))

Step = tuple[Callable[..., object], dict[str, Any]]


def step(what: Callable[..., object], **drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """Something that happens, with what is drawn for it."""
    return st.tuples(st.just(what), st.fixed_dictionaries(drawn))


def sets_entitlement(recording: Recording, account_id: str, plan: str, ahead: float) -> None:
    """The billing system sets an entitlement, or withdraws it: now, or by a clock that is so many seconds ahead."""
    at = recording.now + timedelta(seconds=ahead)
    if plan:
        recording.sets_entitlement(account(account_id=account_id, plan=plan), at)
    else:
        recording.withdraws(account_id, at)


def asks(recording: Recording, case: int, account_id: str, ago: int, **given: Any) -> None:
    """A request is submitted; with a number that was there before, it is a resubmission or a conflict."""
    received = recording.now - timedelta(minutes=ago)
    recording.asks(case, account_id=account_id, received_at=received, **given)


def record_activity(recording: Recording, case: int, kind: str, ago: int, **given: Any) -> None:
    """Somebody does something to a case, which need not be there yet."""
    recording.record_activity(kind, f"{case:032x}", at=recording.now - timedelta(minutes=ago), **given)


def receives(recording: Recording, case: int, kind: str, ahead: float, **given: Any) -> None:
    """Intake receives an activity by a clock that is wrong."""
    at = recording.now + timedelta(seconds=ahead)
    recording.record_activity(kind, f"{case:032x}", at=at, recorded_at=at, **given)


def repeats(recording: Recording, case: int, kind: str, key: str, digest: str | None) -> None:
    """An activity under a key of few: a retry, or other content under a used key."""
    recording.record_activity(kind, f"{case:032x}", activity_id=key, activity_digest=digest)


def garbage(recording: Recording, topic: Topic, key: bytes | None) -> None:
    """A record that is not an event, on partition 0."""
    recording.write_bytes(topic, key, b"{}", partition=0)


def waits(recording: Recording, seconds: float) -> None:
    """Time passes, and no task runs."""
    recording.waits(timedelta(seconds=seconds))


def passes(recording: Recording, minutes: int) -> None:
    """Timers fire in their time."""
    recording.passes(timedelta(minutes=minutes))


def months(recording: Recording, days: int) -> None:
    """Both services are up to date, and then nothing arrives for a long time."""
    recording.runs()
    recording.runs()
    recording.passes(timedelta(days=days))


def slices(recording: Recording, service: str, partition: int, at_most: int | None, abort: bool, timers: int) -> None:
    """One task processes some of its records, after some of its due timers; after none while its clock has jumped."""
    recording.slice(service, partition % recording.partitions, at_most=at_most, abort=abort, timers=timers)


def refuses(recording: Recording, service: str, partition: int, by_reference: bool) -> None:
    """The broker refuses the output of a record."""
    recording.refuses(service, partition % recording.partitions, by_reference=by_reference)


def runs(recording: Recording) -> None:
    """All tasks process all records."""
    recording.runs()


def restarts(recording: Recording, service: str | None) -> None:
    """kill -9."""
    recording.restarts(service)


cases = st.integers(1, 5)
ago = st.sampled_from([0, 0, 0, 1, 20, 100])
steps = st.one_of(
    step(
        sets_entitlement,
        account_id=st.sampled_from(ACCOUNTS),
        plan=st.sampled_from(["access", "premier", "premier_plus", ""]),
        ahead=st.sampled_from([0, 0, -100_000, -60, -0.0005, 250, 1000]),
    ),
    step(
        asks,
        case=cases,
        account_id=st.sampled_from((*ACCOUNTS, "unknown")),
        ago=ago,
        impact=st.sampled_from(["down", "down", "significant", "general"]),
        submission_digest=st.sampled_from(["d1", "d1", "d1", "d2"]),
    ),
    step(
        record_activity,
        case=cases,
        ago=ago,
        kind=st.sampled_from(KINDS),
    ),
    step(
        repeats,
        case=cases,
        kind=st.sampled_from(KINDS),
        key=st.sampled_from(["k1", "k2"]),
        digest=st.sampled_from(["d1", "d1", "d2", None]),
    ),
    step(
        receives,
        case=cases,
        ahead=st.sampled_from([-100_000, -5, -1, -0.05, 2, 600, 3500, 100_000]),
        kind=st.sampled_from(KINDS),
    ),
    step(
        record_activity,
        case=cases,
        ago=ago,
        kind=st.just("status_changed"),
        to=st.sampled_from(["open", "waiting_on_customer", "resolved"]),
    ),
    step(
        record_activity, case=cases, ago=ago, kind=st.just("reprioritised"), impact=st.sampled_from(["down", "general"])
    ),
    step(
        record_activity,
        case=cases,
        ago=ago,
        kind=st.just("entitlement_refreshed"),
        plan=st.sampled_from(["access", "premier"]),
    ),
    step(record_activity, case=cases, ago=ago, kind=st.just("escalation_reviewed"), accepted=st.booleans()),
    st.sampled_from(EDITIONS).flatmap(
        lambda named: step(
            record_activity,
            case=cases,
            ago=ago,
            kind=st.just("policy_migrated"),
            **{k: st.just(v) for k, v in named.items()},
        )
    ),
    step(
        garbage,
        topic=st.sampled_from([REQUESTS, ENTITLEMENTS, ACTIVITY]),
        key=st.sampled_from([b"acme", b"\xff", None]),
    ),
    step(waits, seconds=st.sampled_from([0, 0.001, 1, 60, 1000, 12_000])),
    step(passes, minutes=st.sampled_from([1, 5, 14, 16, 46, 61, 200, 2000])),
    step(months, days=st.sampled_from([31, 70, 95])),
    *[
        step(
            slices,
            service=st.sampled_from(["router", "escalation", "escalation"]),
            partition=st.integers(0, 1),
            at_most=st.sampled_from([None, 1, 2]),
            abort=st.sampled_from([False, False, True]),
            timers=st.sampled_from([TIMERS_PER_SLICE, TIMERS_PER_SLICE, 0, 1]),
        )
    ]
    * 4,
    step(
        refuses,
        service=st.sampled_from(["router", "escalation"]),
        partition=st.integers(0, 1),
        by_reference=st.booleans(),
    ),
    *[step(runs)] * 2,
    step(restarts, service=st.sampled_from([None, "router", "escalation"])),
)
histories = st.lists(steps, min_size=10, max_size=60)


def lived(history: list[Step], partitions: int) -> Recording:
    """What a history leaves."""
    recording = Recording(BOTH, routed_by=LIBRARY, partitions=partitions)
    for account_id, plan in zip(ACCOUNTS, ("premier_plus", "access"), strict=True):
        recording.sets_entitlement(account(account_id=account_id, plan=plan))
    for what, given_to_it in history:
        what(recording, **given_to_it)
    return recording


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
