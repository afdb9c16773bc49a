"""Seasons: other weekly hours for a part of each year."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.business_time import errors
from shared.business_time.calendar import BusinessCalendar

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = {day: [["09:00", "18:00"]] for day in WORKDAYS}
SUMMER = {day: [["08:00", "15:00"]] for day in WORKDAYS}


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def utc(seasons: list[dict[str, Any]], **changes: Any) -> BusinessCalendar:
    """Office hours in UTC, with seasons."""
    return BusinessCalendar.from_config({"timezone": "UTC", "hours": OFFICE, "seasons": seasons, **changes})


def opens(calendar: BusinessCalendar, day: str) -> list[str]:
    """The open periods of a date, as HH:MM-HH:MM."""
    entries = calendar.ledger(at(day), at(day) + timedelta(days=1))
    return [f"{entry.start:%H:%M}-{entry.end:%H:%M}" for entry in entries if entry.counted]


IN_SUMMER = [{"from": "06-15", "to": "09-15", "hours": SUMMER}]


@pytest.mark.parametrize(
    ("seasons", "day", "expected"),
    [
        pytest.param(IN_SUMMER, "2026-06-12", ["09:00-18:00"], id="the Friday before"),
        pytest.param(IN_SUMMER, "2026-06-15", ["08:00-15:00"], id="the first day"),
        pytest.param(IN_SUMMER, "2026-09-15", ["08:00-15:00"], id="the last day is included"),
        pytest.param(IN_SUMMER, "2026-09-16", ["09:00-18:00"], id="the day after"),
        pytest.param(IN_SUMMER, "2031-07-01", ["08:00-15:00"], id="every year"),
        pytest.param(
            [{"from": "12-21", "to": "01-06", "hours": SUMMER}], "2026-12-31", ["08:00-15:00"], id="wraps, before"
        ),
        pytest.param(
            [{"from": "12-21", "to": "01-06", "hours": SUMMER}], "2027-01-06", ["08:00-15:00"], id="wraps, after"
        ),
        pytest.param(
            [{"from": "12-21", "to": "01-06", "hours": SUMMER}], "2027-01-07", ["09:00-18:00"], id="wraps, outside"
        ),
        pytest.param(
            [{"from": "02-29", "to": "02-29", "hours": SUMMER}], "2028-02-29", ["08:00-15:00"], id="a leap day alone"
        ),
        pytest.param(
            [{"from": "02-29", "to": "03-01", "hours": SUMMER}], "2027-03-01", ["08:00-15:00"], id="no leap day"
        ),
        pytest.param([{"from": "06-15", "to": "09-15", "hours": {}}], "2026-07-01", [], id="closed all season"),
        pytest.param(
            [*IN_SUMMER, {"from": "09-16", "to": "06-14", "hours": {}}], "2026-11-23", [], id="no day in common"
        ),
    ],
)
def test_a_season_replaces_the_week_from_its_first_to_its_last_day(
    seasons: list[dict[str, Any]], day: str, expected: list[str]
) -> None:
    """Spanish summer hours took an override for every date of every summer."""
    assert opens(utc(seasons), day) == expected


def test_a_night_belongs_to_the_season_of_its_evening() -> None:
    """As with holidays and overrides: a period belongs to the date it starts on."""
    nights = {day: [["22:00", "02:00"]] for day in WORKDAYS}
    calendar = utc([{"from": "06-16", "to": "09-15", "hours": {}}], hours=nights)
    assert opens(calendar, "2026-06-16") == ["00:00-02:00"]
    assert opens(calendar, "2026-06-17") == []


def test_an_override_and_a_holiday_outrank_a_season() -> None:
    """One date is more specific than a season."""
    calendar = utc(IN_SUMMER, overrides={"2026-07-01": [["10:00", "11:00"]]}, holidays={"2026-07-02": "Feast"})
    assert opens(calendar, "2026-07-01") == ["10:00-11:00"]
    assert opens(calendar, "2026-07-02") == []


@pytest.mark.parametrize(
    ("seasons", "error", "field"),
    [
        ([{"from": "06-31", "to": "09-15", "hours": {}}], errors.NotADayOfTheYear, "seasons.0.from"),
        ([{"from": "06-15", "to": "2026-09-15", "hours": {}}], errors.NotADayOfTheYear, "seasons.0.to"),
        ([*IN_SUMMER, {"from": "09-15", "to": "10-01", "hours": {}}], errors.OverlappingSeasons, "seasons.1"),
        ([*IN_SUMMER, {"from": "10-01", "to": "06-15", "hours": {}}], errors.OverlappingSeasons, "seasons.1"),
        (
            [{"from": "06-15", "to": "09-15", "hours": {"mon": [["9:00", "10:00"]]}}],
            errors.NotATimeOfDay,
            "seasons.0.hours.mon.0.0",
        ),
        ([{"from": "06-15", "hours": {}}], errors.MalformedCalendar, "seasons.0.to"),
    ],
)
def test_an_invalid_season_is_refused(
    seasons: list[dict[str, Any]], error: type[errors.CalendarError], field: str
) -> None:
    """Which of two seasons counts would be a guess."""
    with pytest.raises(error) as refused:
        utc(seasons)
    assert (type(refused.value), refused.value.field) == (error, field)
