"""The index of timers finds the earliest one, whatever its history."""

from collections.abc import Iterator
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.escalation.timer_index import DueIndex, Timers
from shared.streams.overlay import Overlay
from tests.harness.examples import examples

MINUTE = 60_000_000

dues = st.integers(min_value=0, max_value=20 * MINUTE)
keys = st.sampled_from([b"a", b"b", b"c", b"d" * 17, b"e" * 300])


def transaction() -> Overlay:
    """Identifies a transaction: each has its own overlay."""
    return Overlay({}, now=datetime(2026, 1, 1, tzinfo=UTC), partition=0)


def drained(index: DueIndex, now: int) -> Iterator[tuple[int, bytes]]:
    """Everything that is due, in the order in which it comes out."""
    while (entry := index.first()) is not None and entry[0] < now:
        yield index.pop()


@given(st.lists(st.one_of(st.tuples(dues, st.binary(min_size=1, max_size=20)), dues), max_size=80))
def test_entries_come_out_in_due_order_whenever_they_were_added(steps: list[tuple[int, bytes] | int]) -> None:
    """The oracle is a sorted list: a timer for the past, for this minute or for a later one has its turn."""
    index, waiting = DueIndex(), list[tuple[int, bytes]]()
    for step in steps:
        if isinstance(step, tuple):
            index.add(*step)
            waiting.append(step)
        else:
            assert index.count_before(step) == sum(due < step for due, _ in waiting)
            assert list(drained(index, step)) == sorted(entry for entry in waiting if entry[0] < step)
            waiting = [entry for entry in waiting if entry[0] >= step]
        assert index.earliest() == min((due for due, _ in waiting), default=None)


def test_a_timer_is_not_due_at_its_very_instant() -> None:
    """A stop at the deadline is in time, so nothing may fire before the clock is past it."""
    timers = Timers()
    timers.changed(b"case", 5 * MINUTE)
    timers.begin(transaction())
    assert timers.pop_before(5 * MINUTE) is None
    assert timers.pop_before(5 * MINUTE + 1) == (5 * MINUTE, b"case")


def test_asking_for_the_earliest_timer_leaves_far_ones_packed() -> None:
    """A heap entry costs five times what a packed one does: a million far timers must not be unpacked by a question."""
    index = DueIndex()
    for number in range(100):
        index.add(number * MINUTE, b"case")
    index.earliest()
    assert not index._near  # memory is the point, and it cannot be seen from outside


class TimersAgainstADict(RuleBasedStateMachine):
    """The oracle is what a store would hold: key -> due. Transactions commit or abort, in any order of events."""

    def __init__(self) -> None:
        super().__init__()
        self.timers = Timers()
        self.committed: dict[bytes, int] = {}

    @rule(now=dues, later=st.dictionaries(keys, st.none() | dues), commits=st.booleans())
    def fire(self, now: int, later: dict[bytes, int | None], commits: bool) -> None:
        """Everything due is taken out in order; each goes on to a later timer, or to none."""
        self.timers.begin(transaction())
        taken: list[tuple[int, bytes]] = []
        while (entry := self.timers.pop_before(now)) is not None:
            taken.append(entry)
        assert taken == sorted((due, key) for key, due in self.committed.items() if due < now)
        changes: dict[bytes, int | None] = {}
        for due, key in taken:
            self.timers.moving(key, due)
            after = later.get(key)
            changes[key] = None if after is None or after <= due else after
        self._end(changes, commits)

    @rule(changes=st.dictionaries(keys, st.none() | dues), commits=st.booleans())
    def process(self, changes: dict[bytes, int | None], commits: bool) -> None:
        """Records move timers, to and fro, or leave them as they are."""
        self.timers.begin(transaction())
        for key in changes:
            self.timers.moving(key, self.committed.get(key))
        self._end(changes, commits)

    @rule()
    def restore(self) -> None:
        """A takeover: made anew from what the store has."""
        self.timers = Timers()
        for key, due in self.committed.items():
            self.timers.changed(key, due)

    @invariant()
    def the_earliest_is_the_store_s_earliest(self) -> None:
        """Neither a timer that has moved nor an aborted transaction may leave a trace."""
        assert self.timers.earliest() == min(self.committed.values(), default=None)

    def _end(self, changes: dict[bytes, int | None], commits: bool) -> None:
        if not commits:
            return
        for key, due in changes.items():
            if due is None:
                self.committed.pop(key, None)
            else:
                self.committed[key] = due
            self.timers.changed(key, due)


TestTimersAgainstADict = TimersAgainstADict.TestCase
TestTimersAgainstADict.settings = settings(max_examples=examples(40), stateful_step_count=30)
