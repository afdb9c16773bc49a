"""Random histories: whatever may happen to a few cases, and to the services, in any order.

Slices, aborted transactions, restarts, lagging services, early and late activity, dead letters, expiry.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from shared.contracts.topics import ACTIVITY, ENTITLEMENTS, REQUESTS, Topic
from shared.policy.digest import policy_sha256
from shared.streams.task_state import TIMERS_PER_SLICE
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.harness.shipped import shipped_library

LIBRARY = shipped_library("guidelines-2021")
NEXT = shipped_library("objectives-2024")
BOTH = shipped_library("guidelines-2021", "objectives-2024")
ACCOUNTS = ("acme", "beta")
EDITIONS: tuple[dict[str, Any], ...] = (
    {"edition": "objectives-2024", "policy_sha256": policy_sha256(NEXT.editions[0])},
    {"edition": "nobody-has-it", "policy_sha256": "ab" * 32},
)
KINDS = (
    *("agent_replied", "customer_replied", "internal_note", "restored", "resolved", "reopened", "closed"),
    *("withdrawn", "escalation_requested"),
)
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
