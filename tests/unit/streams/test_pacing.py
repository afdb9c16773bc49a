"""When a transaction may start, and how much it takes."""

from shared.streams.pacing import MAX_RECORDS, MIN_RECORDS, Backoff, Pacer


def test_the_first_transaction_after_a_rest_starts_at_once() -> None:
    """Commit on demand: a gap is kept between transactions, not before one."""
    pacer = Pacer(0.025, 0.0, now=100.0)
    pacer.committed(100.0, 100.004)
    assert pacer.wait(200.0, full=False) == 0


def test_the_gap_is_at_least_the_given_one_and_four_times_a_slow_transaction() -> None:
    """From start to start; a slow broker gets fewer and larger transactions."""
    pacer = Pacer(0.025, 0.0, now=0.0)
    pacer.committed(0.0, 0.002)
    assert pacer.wait(0.002, full=False) == 0.025 - 0.002
    for start in range(100):
        pacer.committed(float(start), start + 0.05)
    assert 0.199 < pacer.gap <= 0.2


def test_a_full_slice_does_not_wait() -> None:
    """Waiting collects records; once there are enough, it only adds delay."""
    pacer = Pacer(0.025, 0.0, now=0.0)
    pacer.committed(0.0, 0.004)
    assert pacer.wait(0.004, full=True) == 0


def test_tasks_that_become_ready_together_are_staggered() -> None:
    """Six commits at the same instant would wait for each other."""
    waits = [Pacer(0.024, phase / 6, now=50.0).wait(50.0, full=False) for phase in range(6)]
    assert [round(wait, 6) for wait in waits] == [0, 0.004, 0.008, 0.012, 0.016, 0.02]


def test_a_slice_takes_what_is_processed_in_20_ms() -> None:
    """Longer would hold up heartbeats and the other tasks' timers."""
    pacer = Pacer(0.025, 0.0, now=0.0)
    assert pacer.records == MIN_RECORDS
    pacer.processed(100, 100 * 20e-6)
    assert abs(pacer.records - 1_000) <= 1
    for _ in range(99):
        pacer.processed(100, 100 * 1e-6)
    assert pacer.records == MAX_RECORDS
    for _ in range(99):
        pacer.processed(10, 1.0)
    assert pacer.records == MIN_RECORDS
    pacer.processed(0, 1.0)
    assert pacer.records == MIN_RECORDS


def test_back_off_grows_to_its_bound_and_is_short_again_after_a_reset() -> None:
    """Between half and all of the bound, so that instances do not retry in lockstep."""
    backoff = Backoff(0.1, 1.0)
    pauses = [backoff.next() for _ in range(8)]
    assert all(
        bound / 2 <= pause <= bound
        for pause, bound in zip(pauses, (0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0), strict=True)
    )
    backoff.reset()
    assert backoff.next() <= 0.1
