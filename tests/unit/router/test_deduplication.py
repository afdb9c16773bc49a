"""The memory of requests seen lately: what counts as the same request, and when it may be forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.deduplication import KEPT_FOR, RecentIndex, Seen, compare, entry

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("later", "digest", "seen"),
    [
        (timedelta(0), "a", "resubmitted"),
        (TICK, "a", "resubmitted"),
        (DAY - TICK, "a", "resubmitted"),
        (DAY - TICK, "b", "conflict"),
        (DAY, "a", "new"),
        (DAY, "b", "new"),
        (-TICK, "a", "resubmitted"),
        (TICK - DAY, "b", "conflict"),
        (-DAY, "a", "new"),
    ],
)
def test_the_window_is_a_day_to_the_microsecond_in_both_directions(later: timedelta, digest: str, seen: Seen) -> None:
    """Two intakes have two clocks, so the second record may carry the earlier instant."""
    assert compare(entry(NOON, "a", NOON), NOON + later, digest) == seen


def test_what_was_never_seen_is_new() -> None:
    """The usual case."""
    assert compare(None, NOON, "a") == "new"


def test_an_entry_is_small_whatever_the_digest() -> None:
    """There is one for each request of a day, in memory and in the changelog."""
    assert len(entry(NOON, "d" * 10_000, NOON)) == 32


def filled(*instants: datetime) -> RecentIndex:
    """An index with an entry for each instant, named by its place."""
    index = RecentIndex()
    for place, at in enumerate(instants):
        index.changed(str(place).encode(), entry(at, "a", NOON + timedelta(days=30)))
    return index


def test_nothing_is_forgotten_until_the_log_has_moved_on() -> None:
    """Working off a backlog, the wall clock is far ahead of the requests: it must not empty the window."""
    index = filled(NOON, NOON + KEPT_FOR - TICK)
    assert index.next_expiry() is None
    assert index.expired(10) == []


def test_the_oldest_are_forgotten_first_and_only_so_many_at_once() -> None:
    """Work is bounded: a slice must not take longer because a day has passed."""
    index = filled(NOON, NOON + TICK, NOON + 2 * TICK, NOON + KEPT_FOR + TICK)
    assert index.next_expiry() == NOON + KEPT_FOR + TICK
    assert index.expired(1) == [b"0"]
    assert index.expired(10) == [b"0", b"1"]
    index.changed(b"0", None)
    index.changed(b"1", None)
    assert (index.next_expiry(), len(index)) == (None, 2)


def test_a_request_that_is_repeated_after_the_window_gets_a_new_entry() -> None:
    """Its first entry is replaced, so forgetting the first must not forget the second."""
    index = filled(NOON, NOON + TICK)
    index.changed(b"0", entry(NOON + DAY, "a", NOON + timedelta(days=30)))
    index.changed(b"9", entry(NOON + KEPT_FOR + TICK, "a", NOON + timedelta(days=30)))
    assert index.expired(10) == [b"1"]


def test_a_clock_that_was_far_ahead_does_not_empty_the_window() -> None:
    """One request stamped in the year 2100 counts as of when it was taken, else all others would look old."""
    index = RecentIndex()
    index.changed(b"0", entry(NOON, "a", NOON))
    index.changed(b"1", entry(NOON.replace(year=2100), "a", NOON + TICK))
    assert index.next_expiry() is None


def test_deleting_what_is_not_there_is_legal() -> None:
    """A changelog may hold tombstones of entries that compaction has removed."""
    index = RecentIndex()
    index.changed(b"0", None)
    assert (len(index), index.next_expiry()) == (0, None)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=60))
def test_forgetting_never_changes_an_answer(hours: list[int]) -> None:
    """For requests at most an hour out of order: whatever is forgotten could not have matched any longer."""
    index = RecentIndex()
    latest = NOON
    for place, hour in enumerate(hours):
        at = max(latest - timedelta(hours=1), NOON + timedelta(hours=hour))
        latest = max(latest, at)
        index.changed(str(place).encode(), entry(at, "a", NOON + timedelta(days=30)))
        kept = dict(enumerate(hours[: place + 1]))
        for key in index.expired(1000):
            assert NOON + timedelta(hours=kept[int(key)]) + DAY <= latest - timedelta(hours=1)
            index.changed(key, None)


def test_an_entry_that_could_not_be_forgotten_is_kept_as_if_it_had_just_come() -> None:
    """The others are forgotten meanwhile; to keep one too long changes no answer."""
    index = RecentIndex()
    for hours, key in ((0, b"bad"), (0.5, b"good"), (26, b"new")):
        index.changed(key, entry(NOON + timedelta(hours=hours), "d", NOON + timedelta(hours=hours)))
    assert index.expired(10) == [b"bad", b"good"]
    index.postpone(b"bad")
    assert index.postponed() == (1, NOON + timedelta(hours=26))
    assert index.expired(10) == [b"good"]
    index.changed(b"good", None)
    assert index.next_expiry() is None
    index.changed(b"newer", entry(NOON + timedelta(hours=52), "d", NOON + timedelta(hours=52)))
    assert index.expired(10) == [b"new", b"bad"]
    index.changed(b"bad", None)
    assert index.postponed() == (0, None)
