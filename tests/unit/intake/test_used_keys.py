"""Used Idempotency-Keys: which bodies are accepted, which are refused, and how many keys are stored."""

import gc
import tracemalloc

import pytest

from services.intake.errors import IdempotencyConflict
from services.intake.used_keys import RecentDigests, UsedKeys


def _id(number: int) -> str:
    return f"{number:032x}"


def _digest(number: int) -> str:
    return f"{number:064x}"[::-1]


def _used(limit: int = 10) -> tuple[RecentDigests, UsedKeys]:
    recent = RecentDigests(limit)
    return recent, UsedKeys(recent.is_known, "refusal.key_of_another_activity")


def test_the_first_body_is_new_and_its_retry_is_known() -> None:
    """A retry is answered like the first call."""
    recent, used = _used()
    with used.claim(_id(1), _digest(1)) as known:
        assert not known
        recent.add(_id(1), _digest(1))
    with used.claim(_id(1), _digest(1)) as known:
        assert known


def test_another_body_under_a_used_key_is_refused() -> None:
    """The client learns of its mistake and of the remedy."""
    recent, used = _used()
    recent.add(_id(1), _digest(1))
    with (
        pytest.raises(IdempotencyConflict, match=r"refusal\.key_of_another_activity"),
        used.claim(_id(1), "b" * 64),
    ):
        pass
    with used.claim(_id(2), "b" * 64) as known:
        assert not known


def test_another_body_is_refused_while_the_first_is_being_published() -> None:
    """Ten calls at once with one key and two bodies: both bodies reach one intake before Kafka has answered."""
    _, used = _used()
    with used.claim(_id(1), _digest(1)):
        with used.claim(_id(1), _digest(1)) as known:  # the same call again, on its way as well
            assert not known
        with pytest.raises(IdempotencyConflict), used.claim(_id(1), _digest(2)):
            pass
        with used.claim(_id(2), _digest(2)):
            pass


def test_a_failed_call_releases_its_key() -> None:
    """Nothing was acknowledged; so intake may accept the next body under the key."""
    _, used = _used()
    with pytest.raises(TimeoutError), used.claim(_id(1), _digest(1)), used.claim(_id(1), _digest(1)):
        raise TimeoutError
    with used.claim(_id(1), _digest(2)) as known:
        assert not known
    assert used.in_flight == 0


def test_the_oldest_keys_are_dropped_first() -> None:
    """The number of stored keys is bounded; escalation finds conflicts of dropped keys."""
    recent = RecentDigests(3)
    for number in range(5):
        recent.add(_id(number), _digest(number))
    recent.add(_id(4), _digest(9))  # the first content stays
    assert [recent.is_known(_id(number), _digest(number)) for number in range(5)] == [None, None, True, True, True]
    assert recent.is_known(_id(4), _digest(9)) is False
    assert len(recent) == 3


def test_a_stored_key_takes_less_than_a_quarter_of_a_kilobyte() -> None:
    """200,000 of them are kept in every instance of intake."""
    recent, count = RecentDigests(100_000), 20_000
    gc.collect()
    tracemalloc.start()
    for number in range(count):
        recent.add(_id(number), _digest(number))
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / count < 256
