"""Random calendars, over 34 zones and the edges of daylight saving, against a judge that walks the wall clock.

20,000 cases here; the same seeds go on for as long as one likes (`tests/harness/calendar_oracle.py`).
"""

import pytest

from tests.harness.calendar_oracle import differences, make_case

SEEDS_PER_TEST = 10
QUESTIONS = 200


@pytest.mark.parametrize("first", range(0, 100, SEEDS_PER_TEST))
def test_business_time_is_what_walking_the_wall_clock_gives(first: int) -> None:
    """No table, no shortcut and no bisection may change an answer by a microsecond."""
    found = [text for seed in range(first, first + SEEDS_PER_TEST) for text in differences(seed, QUESTIONS)]
    assert found == []


def test_the_judged_calendars_cover_many_zones() -> None:
    """A judge who only ever looks at one zone proves little."""
    assert len({make_case(seed).config["timezone"] for seed in range(100)}) >= 25
