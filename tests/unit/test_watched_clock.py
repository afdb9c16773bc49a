"""The watched wall clock: timers are paused when it jumps, and resume when it is stable."""

from datetime import UTC, datetime, timedelta

from shared.watched_clock import WatchedClock

START = datetime(2026, 1, 1, tzinfo=UTC)


class _Hands:
    """Both clocks, moved by hand; `off` is what the wall clock has been stepped by."""

    def __init__(self) -> None:
        self.monotonic = 1_000.0
        self.off = 0.0

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.monotonic - 1_000 + self.off)

    def clock(self) -> WatchedClock:
        return WatchedClock(
            timedelta(seconds=1), timedelta(seconds=30), wall=self.wall, monotonic=lambda: self.monotonic
        )


def test_a_clock_that_keeps_pace_is_steady() -> None:
    """The normal case costs nothing and gives the wall clock."""
    hands = _Hands()
    clock = hands.clock()
    hands.monotonic += 3600
    reading = clock.read()
    assert (reading.now, reading.steady, reading.drift) == (START + timedelta(hours=1), True, 0.0)


def test_a_step_forward_pauses_firing_and_time_continues_at_the_old_rate() -> None:
    """An hour's step by mistake must not fire an hour of timers early; what fires cannot be taken back."""
    hands = _Hands()
    clock = hands.clock()
    hands.off = 3600
    hands.monotonic += 5
    reading = clock.read()
    assert (reading.now, reading.steady, reading.drift) == (START + timedelta(seconds=5), False, 3600.0)


def test_a_clock_that_returns_is_steady_at_once() -> None:
    """The mistake was corrected: no reason to wait, and time has not run backwards meanwhile."""
    hands = _Hands()
    clock = hands.clock()
    hands.off = 3600
    assert not clock.read().steady
    hands.off, hands.monotonic = 0, hands.monotonic + 10
    assert clock.read().steady
    assert clock.read().now == START + timedelta(seconds=10)


def test_a_clock_that_keeps_its_new_offset_is_steady_after_a_while() -> None:
    """A machine that slept, or a clock corrected for good, must not stop timers for ever."""
    for off in (3600.0, -3600.0):
        hands = _Hands()
        clock = hands.clock()
        hands.off = off
        for _ in range(3):
            assert not clock.read().steady
            hands.monotonic += 10
        reading = clock.read()
        assert (reading.now, reading.steady) == (hands.wall(), True)


def test_a_clock_that_keeps_jumping_is_not_steady() -> None:
    """Each jump starts the wait again."""
    hands = _Hands()
    clock = hands.clock()
    for step in range(1, 10):
        hands.off = 100.0 * step
        hands.monotonic += 20
        assert not clock.read().steady


def test_a_small_step_back_does_not_make_time_run_backwards() -> None:
    """Within the tolerance the last reading holds until the clock has caught up."""
    hands = _Hands()
    clock = hands.clock()
    hands.monotonic += 10
    before = clock.read().now
    hands.off = -0.9
    hands.monotonic += 0.5
    assert clock.read().now == before


def test_slow_drift_does_not_add_up_to_an_alarm() -> None:
    """Quartz is off by some seconds a day; that is no jump."""
    hands = _Hands()
    clock = hands.clock()
    for _ in range(100):
        hands.off += 0.05
        hands.monotonic += 120
        assert clock.read().steady
