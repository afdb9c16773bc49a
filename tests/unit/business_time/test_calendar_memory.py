"""What a calendar remembers is bounded, whatever it is asked: services keep theirs for as long as they run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.business_time.business_days import business_days_due
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import HolidaySet
from shared.business_time.holiday_sets import holiday_dates
from shared.business_time.open_hours import OneZone
from tests.bench.calendars import INTRICATE, OFFICE
from tests.bench.memory import FIRST_YEAR, YEARS, asked_about_many_years, kept


@pytest.mark.parametrize(
    ("config", "kilobytes"), [pytest.param(OFFICE, 256, id="office"), pytest.param(INTRICATE, 1024, id="intricate")]
)
def test_two_hundred_years_leave_no_more_than_twenty_three(config: dict[str, Any], kilobytes: int) -> None:
    """A few kilobytes for each quarter of a year, and no more quarters than any promise can need twice over."""
    calendar = BusinessCalendar.from_config(config)
    asked_about_many_years(calendar)
    tables, size = kept(calendar)
    assert tables == 92
    assert size <= kilobytes * 1024


def test_the_years_of_a_holiday_set_are_bounded_as_well() -> None:
    """They are looked up when asked for; forgotten ones are looked up again, and are what they were."""
    spain = HolidaySet(country="ES")
    calendar = BusinessCalendar.from_config(OFFICE)
    asked_about_many_years(calendar)
    assert isinstance(calendar._hours, OneZone)
    remembered = len(calendar._hours._schedule._holidays)
    assert 0 < remembered <= len(holiday_dates(spain, FIRST_YEAR, FIRST_YEAR + YEARS)) / 2
    for year in (2008, 2026, 2098):
        christmas = datetime(year, 12, 25, tzinfo=UTC)
        entries = calendar.ledger(christmas, christmas + timedelta(hours=12))
        assert [entry.holiday for entry in entries] == ["Christmas Day"]


def test_the_dates_of_business_days_are_bounded_as_well() -> None:
    """Three years of them, which is more than any target needs; forgotten ones are computed again."""
    calendar = BusinessCalendar.from_config(OFFICE)
    for year in range(2000, 2010):
        business_days_due(datetime(year, 1, 5, tzinfo=UTC), 250, "same_time", calendar)
    assert len(calendar.dates._open) <= 1_000
    start = datetime(2000, 1, 5, 10, tzinfo=UTC)
    fresh = BusinessCalendar.from_config(OFFICE)
    assert business_days_due(start, 3, "same_time", calendar) == business_days_due(start, 3, "same_time", fresh)
