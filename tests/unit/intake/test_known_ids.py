"""Known request ids: which are recognised on which day, how many are kept, and what each takes."""

import gc
import tracemalloc
from datetime import date, timedelta

import pytest

from services.intake.known_ids import KnownIds
from shared.contracts.request_ids import request_id

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
LEAP = date(2028, 2, 29)


def _id(key: object, day: date = TODAY) -> str:
    return request_id(b"s" * 32, client="shop", account_id="acme", key=str(key), day=day)


def _digest(number: int) -> str:
    return f"{number:064x}"[::-1]


@pytest.mark.parametrize("today", [TODAY, LEAP, LEAP + DAY, date(2027, 1, 1), date(2026, 12, 31)])
def test_ids_of_yesterday_today_and_tomorrow_are_known(today: date) -> None:
    """Tomorrow's, since the clock of another instance may be past midnight already. Older ones are dropped whole."""
    known = KnownIds(100)
    for days in range(-3, 4):
        known.accepted(_id("k", today + days * DAY), _digest(1), today)
    found = [days for days in range(-3, 4) if known.first_known([_id("k", today + days * DAY)], today)]
    assert (found, len(known)) == ([-1, 0, 1], 3)
    assert known.first_known([_id("k", today - DAY)], today + DAY) is None
    assert (known.first_known([_id("k", today)], today + DAY), len(known)) == (_id("k", today), 2)


@pytest.mark.parametrize("digest", ["", "sha256:0f", "q83vEjRWeJA=", "d\u00e9j\u00e0 vu", "0" * 64])
def test_a_digest_is_any_text(digest: str) -> None:
    """Another producer may write requests; the contract and the router admit what it calls a digest."""
    known = KnownIds(100)
    known.accepted(_id("k"), digest, TODAY)
    assert known.is_known(_id("k"), digest)
    assert not known.is_known(_id("k"), digest + "x")
    known.accepted("order-7", digest, TODAY)


def test_the_first_of_several_known_ids_is_found() -> None:
    """The order of the candidates decides, whichever was known first; the answer must not change."""
    known = KnownIds(100)
    known.accepted(_id("k", TODAY), _digest(1), TODAY)
    candidates = [_id("k", TODAY - DAY), _id("k", TODAY)]
    assert known.first_known(candidates, TODAY) == candidates[1]
    known.accepted(candidates[0], _digest(1), TODAY)
    assert known.first_known(candidates, TODAY) == candidates[0]


def test_the_first_content_of_an_id_stays() -> None:
    """As it does for the router."""
    known = KnownIds(100)
    known.accepted(_id(1), _digest(1), TODAY)
    known.accepted(_id(1), _digest(2), TODAY)
    assert (known.is_known(_id(1), _digest(1)), known.is_known(_id(1), _digest(2))) == (True, False)
    assert known.is_known(_id(2), _digest(1)) is None


def test_an_id_that_kafka_may_have_is_used_again_and_published_again() -> None:
    """Its call was not acknowledged, and a repeated one after midnight must not become a second request."""
    known = KnownIds(100)
    known.maybe_written(_id(1), TODAY)
    assert known.first_known([_id(1)], TODAY + DAY) == _id(1)
    assert known.is_known(_id(1), _digest(1)) is None
    known.accepted(_id(1), _digest(1), TODAY)
    known.maybe_written(_id(1), TODAY)
    assert (known.is_known(_id(1), _digest(1)), len(known)) == (True, 1)


def test_beyond_the_limit_the_oldest_day_goes_first_and_is_reported() -> None:
    """The number of ids is bounded. Of yesterday's the oldest go first, then of today's."""
    forgotten: list[date] = []
    known = KnownIds(4, forgotten.append)
    for number in range(3):
        known.accepted(_id(number), _digest(number), TODAY)
    for number in range(3):
        known.accepted(_id(number, TODAY - DAY), _digest(number), TODAY)
    assert [known.is_known(_id(number, TODAY - DAY), _digest(number)) for number in range(3)] == [None, None, True]
    known.accepted(_id(3), _digest(3), TODAY)
    known.accepted(_id(4), _digest(4), TODAY)
    assert [known.is_known(_id(number), _digest(number)) for number in range(5)] == [None, True, True, True, True]
    assert (forgotten, len(known)) == ([TODAY - DAY] * 3 + [TODAY], 4)


def test_ids_of_another_shape_are_not_kept() -> None:
    """No Idempotency-Key has such an id."""
    known = KnownIds(4)
    for other in ("r1", "0" * 32, "9" * 8 + "a" * 48):
        known.accepted(other, _digest(1), TODAY)
        assert known.first_known([other], TODAY) is None
    known.clear()
    assert len(known) == 0


def test_a_known_id_takes_less_than_160_bytes() -> None:
    """There is one for each request of two days."""
    known, count = KnownIds(1_000_000), 40_000
    made = [(_id(number), _digest(number)) for number in range(count)]
    gc.collect()
    tracemalloc.start()
    for each, digest in made:
        known.accepted(each, digest, TODAY)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / count < 160
