"""A judge that finds no difference has to be one that would."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.business_time.calendar import BusinessCalendar
from tests.oracle.judging import judged, judged_seeds


def test_a_microsecond_too_many_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """And told with what is needed to look at it: the seed, what was asked, both answers."""
    elapsed = BusinessCalendar.elapsed

    def off(self: BusinessCalendar, start: datetime, end: datetime, pauses: Any = ()) -> timedelta:
        return elapsed(self, start, end, pauses) + timedelta(microseconds=1)

    monkeypatch.setattr(BusinessCalendar, "elapsed", off)
    tally = judged(7, 5)
    assert tally.differences == tally.cases == 5
    assert all(text.startswith("seed 7: elapsed ") for text in tally.examples)


def test_what_cannot_be_answered_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash in one calendar of thousands is told by its seed, and the others are judged all the same."""

    def broken(*_: object) -> bool:
        raise OverflowError("too far")

    monkeypatch.setattr(BusinessCalendar, "is_open", broken)
    tally = judged_seeds(range(3), 5)
    assert tally.differences == 3
    assert tally.examples == [f"seed {seed}: OverflowError('too far')" for seed in range(3)]


def test_a_seed_means_the_same_cases_every_time() -> None:
    """Otherwise a difference that was found could not be looked at."""
    assert judged(7, 5) == judged(7, 5)


@pytest.mark.parametrize("seed", [5965, 6554])
def test_a_calendar_that_is_drawn_can_be_judged(seed: int) -> None:
    """Drawn as they were at first, one's cells were too large for the second zone of its union, and the other had a
    rule whose only date came before the years in which a rule has to have one.
    """
    tally = judged(seed, 3)
    assert (tally.calendars, tally.cases, tally.differences) == (1, 3, 0)
