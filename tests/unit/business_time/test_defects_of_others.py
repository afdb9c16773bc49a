"""Defects of other help desks in counting business time, one test for each; `tests/unit/mutants/` brings each back."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import NaiveInstant, NeverOpen

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
WEEK = (*WORKDAYS, "sat", "sun")
HOUR = timedelta(hours=1)


def daily(zone: str, opens: str, closes: str, days: tuple[str, ...] = WEEK) -> BusinessCalendar:
    """The same hours on each of `days`."""
    return BusinessCalendar.from_config({"timezone": zone, "hours": {day: [[opens, closes]] for day in days}})


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_zammad_defect_round_the_clock_has_every_minute_of_midnight() -> None:
    """A day that ends at 24:00 ends where the next one begins: a week has all of its 168 hours."""
    always = daily("UTC", "00:00", "24:00")
    assert always.elapsed(at("2026-11-23"), at("2026-11-30")) == 168 * HOUR
    assert always.add(at("2026-11-23T23:00"), 2 * HOUR) == at("2026-11-24T01:00")


@pytest.mark.parametrize("sunday", ["2026-03-29", "2026-10-25"])
def test_glpi_defect_each_date_counts_once_when_the_clocks_change(sunday: str) -> None:
    """Days are dates and not lots of 24 hours: the date on which the clocks change is there, and once."""
    calendar = daily("Europe/Madrid", "09:00", "17:00")
    start = at(sunday) - timedelta(days=1)
    assert calendar.elapsed(start, start + timedelta(days=3)) == 3 * 8 * HOUR
    sundays = daily("Europe/Madrid", "09:00", "17:00", ("sun",))
    assert sundays.elapsed(start, start + timedelta(days=3)) == 8 * HOUR


def test_glpi_defect_pauses_of_a_business_target_count_open_time_only() -> None:
    """Paused over a night of 16 closed hours and one open one: one hour is made good, not seventeen."""
    office = daily("UTC", "09:00", "17:00", WORKDAYS)
    pause = (at("2026-11-23T16:30"), at("2026-11-24T09:30"))
    assert office.add(at("2026-11-23T16:00"), 2 * HOUR, [pause]) == at("2026-11-24T11:00")


def test_glpi_defect_a_calendar_that_never_opens_is_an_error() -> None:
    """The search ends after ten years with an error."""
    never = daily("UTC", "09:00", "17:00", ())
    with pytest.raises(NeverOpen):
        never.add(at("2026-11-23"), HOUR)


def test_osticket_defect_two_periods_on_one_day_both_count() -> None:
    """Mornings and evenings with a long lunch are one day with two periods."""
    calendar = BusinessCalendar.from_config(
        {"timezone": "UTC", "hours": {"mon": [["09:00", "12:00"], ["16:00", "18:00"]]}}
    )
    assert calendar.elapsed(at("2026-11-23"), at("2026-11-24")) == 5 * HOUR
    assert calendar.is_open(at("2026-11-23T09:00"))


def test_frappe_defect_an_instant_without_a_zone_is_refused() -> None:
    """Any assumed zone would be wrong elsewhere, so such an instant is refused."""
    with pytest.raises(NaiveInstant):
        daily("UTC", "09:00", "17:00").add(datetime(2026, 11, 23, 12), HOUR)  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("day", ["2026-01-14", "2026-07-15"])
def test_dbt_zendesk_defect_past_minutes_count_by_the_offset_of_their_date(day: str) -> None:
    """Nine in Madrid is eight in UTC in winter and seven in summer, whatever the season is in which one asks."""
    office = daily("Europe/Madrid", "09:00", "17:00", WORKDAYS)
    opens = at(f"{day}T08:00") if day < "2026-03" else at(f"{day}T07:00")
    assert office.elapsed(opens - HOUR, opens) == timedelta(0)
    assert office.elapsed(opens, opens + HOUR) == HOUR
