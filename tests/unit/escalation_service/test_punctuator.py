"""The index of timers finds the earliest one, whatever its history."""

from hypothesis import given
from hypothesis import strategies as st

from services.escalation.punctuator import DueIndex

MINUTE = 60_000_000

dues = st.integers(min_value=0, max_value=200 * MINUTE)
keys = st.binary(min_size=1, max_size=20)


def drain(index: DueIndex, now: int) -> list[tuple[int, bytes]]:
    """Everything that is due, in the order in which it comes out."""
    out = []
    while (entry := index.pop_before(now)) is not None:
        out.append(entry)
    return out


@given(st.lists(st.tuples(dues, keys)), st.lists(dues))
def test_entries_come_out_in_due_order_and_never_early(entries: list[tuple[int, bytes]], instants: list[int]) -> None:
    """The oracle is a sorted list: nothing due later than asked, nothing left behind, whatever the jumps of time."""
    index = DueIndex()
    for due, key in entries:
        index.add(due, key)
    left = sorted(set(entries))
    for now in sorted(instants):
        expected = [entry for entry in left if entry[0] < now]
        # an entry added twice may come out twice: its second copy is out of date by then, and dropped by the caller
        assert sorted(set(drain(index, now))) == expected
        left = left[len(expected) :]
        assert index.earliest() == (left[0][0] if left else None)


@given(st.lists(st.one_of(st.tuples(dues, keys), dues), max_size=80))
def test_adding_while_time_passes_keeps_the_order(steps: list[tuple[int, bytes] | int]) -> None:
    """A timer set for the past, for this minute or for a later one is found when its turn comes."""
    index = DueIndex()
    waiting: set[tuple[int, bytes]] = set()
    for step in steps:
        if isinstance(step, tuple):
            index.add(*step)
            waiting.add(step)
            continue
        fired = drain(index, step)
        assert fired == sorted(fired)
        assert set(fired) == {entry for entry in waiting if entry[0] < step}
        waiting -= set(fired)
        assert index.earliest() == min((due for due, _ in waiting), default=None)


def test_a_timer_is_not_due_at_its_very_instant() -> None:
    """A stop at the deadline is in time, so nothing may fire before the clock is past it."""
    index = DueIndex()
    index.add(5 * MINUTE, b"case")
    assert index.pop_before(5 * MINUTE) is None
    assert index.count_before(5 * MINUTE) == 0
    assert index.count_before(5 * MINUTE + 1) == 1
    assert index.pop_before(5 * MINUTE + 1) == (5 * MINUTE, b"case")


def test_the_same_entry_added_many_times_comes_out_once_from_a_far_bucket() -> None:
    """A case that changes often without moving its deadline must not grow the heap."""
    index = DueIndex()
    for _ in range(1000):
        index.add(90 * MINUTE, b"case")
    assert index.count_before(91 * MINUTE) == 1
