"""Isolating a refused record or timer; whatever the broker refuses, the task takes full slices again in the end."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka.record import Record
from shared.streams.errors import OutputTooLarge
from shared.streams.overlay import Overlay
from shared.streams.processor import Timer
from shared.streams.refused_records import RefusedRecordIsolation
from shared.streams.task_state import TIMERS_PER_SLICE, Slice

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _slice(records: list[Record], timers: int, before: dict[str, int]) -> Slice:
    positions = before | {record.topic: record.offset + 1 for record in records}
    fired = [Timer(due, "timers", b"t%d" % due) for due in range(timers)]
    return Slice(Overlay({}, now=NOW, partition=0, positions=positions), fired=fired, records=len(records))


def _record(offset: int, topic: str = "t") -> Record:
    return Record(topic, 0, offset, 0, b"k", b"v")


@given(
    total=st.integers(1, 40),
    bad=st.sets(st.integers(0, 39)),
    worse=st.sets(st.integers(0, 39)),
    full=st.integers(2, 20),
)
def test_exactly_the_refused_records_are_dead_lettered(total: int, bad: set[int], worse: set[int], full: int) -> None:
    """Simulated broker: refuses slices with a bad record, and of the worse ones the whole dead letter too."""
    isolation, position, tries = RefusedRecordIsolation(), 0, 0
    dead_lettered: dict[int, bool] = {}
    while position < total:
        tries += 1
        assert tries < 10 * total + 10, "it does not end"
        timers, limit = isolation.limits(full, timers_due=False, queued=total - position)
        assert timers in (0, TIMERS_PER_SLICE)
        records = [_record(offset) for offset in range(position, min(position + limit, total))]
        disposition = isolation.disposition(records[0]) if len(records) == 1 else None
        done = _slice(records, 0, {"t": position})
        offsets = {record.offset for record in records}
        refused = (
            bool(offsets & bad) if disposition is None else bool(offsets & bad & worse) and not disposition.by_reference
        )
        if refused:
            isolation.refused(done, records, "too large")
            assert isolation.timer is None
            continue
        if disposition is not None:
            dead_lettered[records[0].offset] = disposition.by_reference
        isolation.committed(done, timers_left=False)
        position = records[-1].offset + 1
    assert dead_lettered == {offset: offset in worse for offset in bad if offset < total}
    assert not isolation.active


def test_timers_are_fired_one_by_one_and_the_one_that_is_refused_alone_is_named() -> None:
    """The next slice isolates what it is about; the others fire, and the task takes full slices again."""
    isolation = RefusedRecordIsolation()
    isolation.refused(_slice([], 3, {}), [], "too large")
    assert isolation.limits(100, timers_due=True, queued=5) == (1, 0)
    isolation.committed(_slice([], 1, {}), timers_left=True)
    isolation.refused(_slice([], 1, {}), [], "too large")
    assert isolation.timer == Timer(0, "timers", b"t0")
    assert isolation.limits(100, timers_due=True, queued=5) == (0, 0)
    isolation.committed(_slice([], 0, {}), timers_left=True)
    assert isolation.limits(100, timers_due=True, queued=5) == (1, 0)
    isolation.committed(_slice([], 1, {}), timers_left=False)
    assert not isolation.active
    assert isolation.limits(100, timers_due=False, queued=5) == (TIMERS_PER_SLICE, 100)


def test_a_single_timer_that_is_refused_is_not_tried_again() -> None:
    """It is already known, and stays known until a transaction has isolated what it is about."""
    isolation = RefusedRecordIsolation()
    isolation.refused(_slice([], 1, {}), [], "too large")
    assert isolation.timer == Timer(0, "timers", b"t0")
    isolation.committed(_slice([], 0, {}), timers_left=False)
    assert not isolation.active


def test_timers_that_are_no_longer_due_end_the_isolation() -> None:
    """A refused slice may have had timers that another record has moved since."""
    isolation = RefusedRecordIsolation()
    isolation.refused(_slice([_record(0)], 5, {}), [_record(0)], "too large")
    assert isolation.limits(100, timers_due=False, queued=1) == (0, 1)
    isolation.committed(_slice([_record(0)], 0, {}), timers_left=False)
    assert not isolation.active


def test_a_dead_letter_by_reference_that_is_refused_stops_the_task() -> None:
    """Nothing smaller can be written, and no record is skipped."""
    isolation = RefusedRecordIsolation()
    for _ in range(2):
        isolation.refused(_slice([_record(7)], 0, {}), [_record(7)], "too large")
    with pytest.raises(OutputTooLarge, match="even the dead letter by reference of t offset 7"):
        isolation.refused(_slice([_record(7)], 0, {}), [_record(7)], "too large")
