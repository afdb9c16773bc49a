"""Pauses between retries grow up to a limit, differ between instances, and start small after a success."""

from shared.backoff import Backoff


def test_pauses_double_up_to_the_longest_each_between_half_and_all_of_its_bound() -> None:
    """What fails again and again must not load the machine, and instances must not retry in lockstep."""
    bounds = [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    runs = [[backoff.next() for _ in bounds] for backoff in (Backoff(0.1, 1.0) for _ in range(50))]
    for run in runs:
        assert all(bound / 2 <= pause <= bound for pause, bound in zip(run, bounds, strict=True))
    assert len({tuple(run) for run in runs}) == len(runs)


def test_a_success_starts_small_again() -> None:
    """A failure a day later has nothing to do with those before."""
    backoff = Backoff(0.1, 1.0)
    for _ in range(5):
        backoff.next()
    backoff.reset()
    assert backoff.next() <= 0.1
