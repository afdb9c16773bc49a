"""Requests that were decided: what counts as the same request, and when its entry may be deleted."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.router.deduplication import KEPT_FOR, RecentIndex, compare, entry

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(hours=24)
FAR = NOON + timedelta(days=3000)


class Known:
    """A store of entries and its index, as a task keeps them."""

    def __init__(self) -> None:
        self.store: dict[bytes, bytes] = {}
        self.index = RecentIndex()

    def put(self, key: bytes, at: datetime, now: datetime = FAR) -> None:
        """A request is decided, and its transaction commits."""
        self.store[key] = entry(at, "a", now)
        self.index.changed(key, self.store[key])

    def delete(self, *keys: bytes) -> None:
        """Entries are deleted, and the transaction commits."""
        for key in keys:
            self.store.pop(key, None)
            self.index.changed(key, None)

    def expired(self, limit: int = 10) -> list[bytes]:
        """The keys that may be deleted."""
        return self.index.expired(limit, self.store.get)


def filled(*instants: datetime) -> Known:
    """An index with an entry for each instant, named by its place."""
    known = Known()
    for place, at in enumerate(instants):
        known.put(str(place).encode(), at)
    return known


def test_a_known_id_is_the_same_request_or_a_conflict() -> None:
    """The digest of what was sent decides; no instant does."""
    known = entry(NOON, "a", NOON)
    assert (compare(known, "a"), compare(known, "b"), compare(None, "a")) == ("resubmitted", "conflict", "new")


def test_an_entry_is_small_whatever_the_digest() -> None:
    """There is one for each request of two days, in memory and in the changelog."""
    assert len(entry(NOON, "d" * 10_000, NOON)) == 24


def test_an_entry_outlives_its_id() -> None:
    """An id is usable until the end of the day after its first receipt, which is 48 hours at most."""
    assert 2 * DAY + timedelta(hours=1) == KEPT_FOR


def test_nothing_is_deleted_until_the_log_has_moved_on() -> None:
    """Working off a backlog, the wall clock is far ahead of the requests: it must not empty the store."""
    known = filled(NOON, NOON + KEPT_FOR - TICK)
    assert known.index.next_expiry() is None
    assert known.expired() == []


def test_the_oldest_are_deleted_first_and_only_so_many_at_once() -> None:
    """Work is bounded: a slice must not take longer because a day has passed."""
    known = filled(NOON, NOON + TICK, NOON + 2 * TICK, NOON + KEPT_FOR + TICK)
    assert known.index.next_expiry() == NOON + KEPT_FOR + TICK
    assert known.expired(1) == [b"0"]
    assert known.expired() == [b"0", b"1"]
    known.delete(b"0", b"1")
    assert (known.index.next_expiry(), len(known.index)) == (None, 2)


def test_an_aborted_deletion_is_tried_again() -> None:
    """An index follows the committed store, never what a transaction only tried."""
    known = filled(NOON, NOON + KEPT_FOR)
    assert (known.expired(), known.expired()) == ([b"0"], [b"0"])


def test_an_id_that_comes_again_after_its_deletion_gets_a_new_entry() -> None:
    """A restored changelog may have both: the deletion of the first must not delete the second."""
    known = filled(NOON, NOON + TICK)
    known.delete(b"0")
    known.put(b"0", NOON + DAY)
    known.put(b"9", NOON + KEPT_FOR + TICK)
    assert known.expired() == [b"1"]
    known.delete(b"1")
    known.put(b"10", NOON + DAY + KEPT_FOR)
    assert known.expired() == [b"0"]


def test_a_replaced_entry_does_not_expire_with_the_first() -> None:
    """The store has one entry for each key, and the index goes by the store."""
    known = filled(NOON, NOON + TICK)
    known.put(b"0", NOON + DAY)
    known.put(b"9", NOON + KEPT_FOR + TICK)
    assert known.expired() == [b"1"]


def test_a_clock_that_was_far_ahead_does_not_empty_the_store() -> None:
    """One request stamped in the year 2100 counts as of when it was taken, else all others would look old."""
    known = Known()
    known.put(b"0", NOON, NOON)
    known.put(b"1", NOON.replace(year=2100), NOON + TICK)
    assert known.index.next_expiry() is None


def test_deleting_what_is_not_there_is_legal() -> None:
    """A changelog may hold tombstones of entries that compaction has removed."""
    known = filled(NOON)
    known.delete(b"other")
    assert (len(known.index), known.expired()) == (1, [])
    known.delete(b"0", b"0")
    assert (len(known.index), known.index.next_expiry()) == (0, None)


@given(st.lists(st.tuples(st.integers(0, 200), st.booleans(), st.integers(0, 9)), min_size=1, max_size=60))
def test_what_is_deleted_could_not_be_used_any_more(steps: list[tuple[int, bool, int]]) -> None:
    """For requests at most an hour out of order, with commits, aborts and failures in any order.

    Everything that can no longer be used is named in the end, once.
    """
    known = Known()
    received: dict[bytes, datetime] = {}
    latest = NOON
    for place, (hour, commits, postponed) in enumerate(steps):
        at = max(latest - timedelta(hours=1), NOON + timedelta(hours=hour))
        latest = max(latest, at)
        key = str(place).encode()
        received[key] = at
        known.put(key, at)
        found = known.expired(1000)
        assert (known.index.next_expiry() is None) <= (found == [])
        assert len(set(found)) == len(found)
        for each in found:
            assert received[each] + 2 * DAY <= latest - timedelta(hours=1)
        if postponed < len(found):
            known.index.postpone(found.pop(postponed))
        if commits:
            known.delete(*found)
    known.put(b"last", latest + 2 * KEPT_FOR)
    left = [*known.store]
    assert sorted(known.expired(1000)) == sorted(key for key in left if key != b"last")
    known.delete(*known.expired(1000))
    assert known.expired(1000) == []  # which drops what the store no longer has
    assert (known.index.next_expiry(), len(known.index), known.index.postponed().timers) == (None, 1, 0)


def test_an_entry_that_could_not_be_deleted_is_kept_as_if_it_had_just_come() -> None:
    """The others are deleted meanwhile; to keep one too long changes no answer."""
    known = Known()
    for hours, key in ((0, b"bad"), (0.5, b"good"), (50, b"new")):
        known.put(key, NOON + timedelta(hours=hours))
    assert known.expired() == [b"bad", b"good"]
    known.index.postpone(b"bad")
    assert known.index.postponed() == (1, NOON + timedelta(hours=50))
    assert known.expired() == [b"good"]
    known.delete(b"good")
    assert known.index.next_expiry() is None
    known.put(b"newer", NOON + timedelta(hours=100))
    assert known.expired() == [b"new", b"bad"]
    known.index.postpone(b"bad")
    assert known.index.postponed() == (1, NOON + timedelta(hours=50))
    known.delete(b"new", b"bad")
    assert (known.index.postponed(), known.expired()) == ((0, None), [])


def test_the_next_expiry_costs_the_same_however_many_were_deleted() -> None:
    """It is asked for before each transaction. Deleted entries at the front must not be passed over again and again."""
    count = 50_000
    step = KEPT_FOR / count
    known = Known()
    for number in range(count):
        known.put(b"%d" % number, NOON + number * step)
    few = _cost(known.index, range(200))
    for number in range(count, count + 30_000):
        known.put(b"%d" % number, NOON + number * step)
        known.delete(*known.expired())
    assert len(known.index) == count
    assert _cost(known.index, range(200)) < 20 * few


def _cost(index: RecentIndex, times: Iterable[int]) -> float:
    """Processor seconds of the fastest of several tries."""

    def once() -> float:
        began = time.process_time()
        for _ in times:
            index.next_expiry()
        return time.process_time() - began

    return min(once() for _ in range(20))
