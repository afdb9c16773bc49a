"""Cases are kept in few bytes, and come back as they were."""

import tracemalloc
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.edition_store import EditionStore
from services.escalation.topology import EscalationTopology
from shared.contracts import vocabulary
from shared.contracts.trace_context import is_traceparent
from shared.policy.digest import policy_sha256
from shared.sla import case_state
from shared.sla.case import MAX_ACTIVITIES, apply_activity
from shared.sla.case_state import (
    CaseState,
    StoredActivity,
    StoredMark,
    decode,
    due_of,
    encode,
    is_tombstone,
    tombstone,
)
from shared.sla.customer_escalation import EscalationRequestState, Stage
from shared.sla.errors import InputRefused
from shared.sla.packing import pack_digest, pack_id, pack_trace, unpack_id, unpack_trace
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of
from shared.streams.task_state import TaskState
from tests.topology.escalation.desk import CASE, LIBRARY, TRACEPARENT, TaskDesk

hex_ids = st.text("0123456789abcdef", min_size=32, max_size=32)
words = st.none() | st.text(max_size=20)
fired = st.dictionaries(st.integers(0, 9), st.integers(1, 9)).map(lambda levels: tuple(sorted(levels.items())))
states = st.builds(
    CaseState,
    account=st.none() | st.binary(min_size=1, max_size=40),
    edition=st.binary(min_size=5, max_size=5),
    facts=st.binary(max_size=12),
    opened_at=st.integers(0, 2**62),
    trace=st.none() | st.binary(min_size=24, max_size=25),
    seen_for=st.integers(-(2**40), 2**62),
    activities=st.lists(
        st.builds(
            StoredActivity,
            after=st.integers(-(2**40), 2**62),
            kind=st.integers(0, 13),
            id=st.binary(max_size=40),
            digest=st.binary(max_size=6),
            to=st.none() | st.text(),
            fields=st.none() | st.dictionaries(st.text(), st.text(), max_size=3),
            plan=words,
            edition=st.none() | st.binary(min_size=5, max_size=5),
            until=st.none() | st.integers(-(2**40), 2**62),
            milestone=words,
            retracts=st.none() | st.binary(max_size=40),
        )
    ),
    marks=st.lists(
        st.builds(StoredMark, st.integers(0, 200) | st.text(), *(st.integers(0, 200),) * 3, st.booleans(), fired)
    ),
    asked=st.none()
    | st.builds(EscalationRequestState, st.sampled_from(get_args(Stage)), st.text(), st.integers(0, 2**62)),
    language=words,
    country=words,
)


@given(states, st.none() | st.integers(1, 2**62))
def test_a_state_comes_back_as_it_was(state: CaseState, due: int | None) -> None:
    """It is all that is left of a case after a restart."""
    value = encode(state, due)
    assert decode(value) == state
    assert due_of(value) == due
    assert not is_tombstone(value)
    assert is_tombstone(tombstone(due or 1))


@given(st.one_of(hex_ids, st.uuids().map(str), st.text(min_size=1), st.binary(min_size=16, max_size=16).map(repr)))
def test_ids_come_back_as_they_were(text: str) -> None:
    """Short where they are made of digits, and never mistaken for one another."""
    assert unpack_id(pack_id(text)) == text


def test_no_packed_id_can_be_mistaken_for_another() -> None:
    """The same digits as hexadecimal id, as UUID and as text are three ids."""
    digits = "0123456789abcdef0123456789abcdef"
    uuid = "01234567-89ab-cdef-0123-456789abcdef"
    assert len({pack_id(digits), pack_id(uuid), pack_id(digits.upper())}) == 3
    assert len(pack_id(digits)) == len(pack_id(uuid)) == 17


@given(st.none() | st.text(max_size=70), st.none() | st.text(max_size=70))
def test_digests_are_told_apart_in_a_few_bytes(one: str | None, other: str | None) -> None:
    """One is kept with each activity of a million open cases, whatever text it is; none is told from every one."""
    assert (pack_digest(one) == pack_digest(other)) is (one == other)
    assert len(pack_digest(one)) <= 6


def test_a_trace_comes_back_as_one_of_version_00() -> None:
    """What a timer does belongs to the trace of its case, sampled or not."""
    assert unpack_trace(pack_trace(TRACEPARENT)) == TRACEPARENT
    unsampled = TRACEPARENT[:-1] + "0"
    assert unpack_trace(pack_trace(unsampled)) == unsampled
    assert is_traceparent(unpack_trace(pack_trace("01" + TRACEPARENT[2:] + "-more")) or "")
    assert pack_trace("nonsense") is pack_trace(None) is None


def test_the_words_that_are_stored_by_position_keep_their_positions() -> None:
    """Open cases outlive a version: a type of activity may be added at the end of the tuple, and nowhere else."""
    assert vocabulary.ACTIVITY_TYPES[:5] == (
        "agent_replied",
        "customer_replied",
        "internal_note",
        "status_changed",
        "reprioritised",
    )
    assert vocabulary.ACTIVITY_TYPES[5:10] == ("restored", "resolved", "reopened", "closed", "withdrawn")
    assert vocabulary.ACTIVITY_TYPES[10:13] == ("entitlement_refreshed", "escalation_requested", "escalation_reviewed")
    assert vocabulary.ACTIVITY_TYPES[13:17] == ("policy_migrated", "bot_replied", "assigned", "handed_over")
    assert vocabulary.ACTIVITY_TYPES[17:] == ("acknowledged", "milestone_reached", "reply_retracted")
    assert case_state.VERDICTS == ("running", "met", "breached")


def test_a_case_that_runs_wild_is_stopped() -> None:
    """An integration that flips a status for ever must not grow the state for ever."""
    desk = TaskDesk()
    desk.opens()
    (value,) = desk.driver.contents("cases").values()
    state = decode(value)
    state.activities = [StoredActivity(number, 3, b"%d" % number, b"", "open") for number in range(MAX_ACTIVITIES)]
    pinned = PinnedEdition(policy_sha256(LIBRARY.editions[0]), LIBRARY.editions[0])
    with pytest.raises(InputRefused) as caught:
        apply_activity(
            state, KnownEditions({short_of(pinned.sha256): pinned}), desk.activity("agent_replied"), state.opened_at
        )
    assert caught.value.cause == "too_much_activity"
    assert len(state.activities) == MAX_ACTIVITIES


def test_an_open_case_takes_at_most_256_bytes_all_in() -> None:
    """Key, state, and its place in the index of timers: a million open cases fit into a quarter of a gigabyte."""
    desk = TaskDesk()
    desk.opens(CASE, account_id="a" * 32)
    (value,) = desk.driver.contents("cases").values()
    state, due = decode(value), due_of(value)
    assert state.trace is not None
    assert due is not None
    cases, random = 50_000, Random(1)
    processor = EscalationTopology(EditionStore(LIBRARY), partitions=1, trace=lambda _: "")
    task = TaskState("escalation", processor, partition=0)
    tracemalloc.start()
    try:
        for _ in range(cases):
            key, value = pack_id(random.randbytes(16).hex()), encode(state, due + random.randrange(24 * 3600 * 10**6))
            task.restore("cases", ((key, value),))
        del key, value
        restored, _ = tracemalloc.get_traced_memory()
        for _ in task.index():
            pass
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert task.processor.next_due() is not None
    assert used / cases <= 256
    assert (used - restored) / cases <= 50, "of the index of timers; a second dict beside the store's would take 100"
