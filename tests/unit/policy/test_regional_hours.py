"""Regional business hours: Monday to Friday, 09:00 to 18:00, by country, with its holidays as dates."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import holidays
import pytest

from shared.business_time.holiday_sets import FIRST_YEAR, LAST_YEAR
from shared.policy.model import Edition


def test_every_country_with_a_number_has_a_calendar_of_its_own(guidelines: Edition) -> None:
    """In a zone of that very country, by the tz database's own table."""
    hours = guidelines.regional_hours
    assert list(hours.countries) == list(guidelines.phone.countries)
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    zones = {tuple(line.split("\t")[:3:2]) for line in table if not line.startswith("#")}
    for country, name in hours.countries.items():
        assert (country, guidelines.calendars[name].timezone) in zones


def test_every_country_of_the_world_has_hours(guidelines: Edition) -> None:
    """By its own calendar or its region's; uninhabited territories are left to the default."""
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    countries = {line.split("\t")[0] for line in table if not line.startswith("#")}
    hours = guidelines.regional_hours
    assert countries - hours.countries.keys() - hours.regions.keys() == {"AQ", "BV", "HM", "TF"}


def test_a_region_is_within_two_hours_of_its_countries(guidelines: Edition) -> None:
    """Somebody whose country has no calendar still meets people at a decent hour: some zone of theirs is close."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    at = datetime(2026, 1, 15, 12, tzinfo=UTC)
    for country, name in guidelines.regional_hours.regions.items():
        region = _offset(guidelines.calendars[name].timezone, at)
        own = [_offset(line.split("\t")[2], at) for line in table if line.startswith(f"{country}\t")]
        assert min(abs(offset - region) for offset in own) <= timedelta(hours=2), country


def _offset(zone: str, at: datetime) -> timedelta:
    ahead = at.astimezone(ZoneInfo(zone)).utcoffset()
    assert ahead is not None
    return ahead


def test_every_calendar_is_open_from_nine_to_six_on_weekdays(guidelines: Edition) -> None:
    """The guidelines only name 'regional business hours'; a calendar that differs would need a reason."""
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("09:00", "18:00"),))
    for name, calendar in guidelines.calendars.items():
        assert calendar.hours == week, name
        assert calendar.holiday_set is None, name


def test_public_holidays_are_those_of_the_package_as_dates(guidelines: Edition) -> None:
    """A calendar in use holds dates, so a newer package cannot change what was decided."""
    for country, name in guidelines.regional_hours.countries.items():
        expected = holidays.country_holidays(country, years=2026)
        found = guidelines.calendars[name].holidays
        assert isinstance(found, dict)
        assert {day for day in found if day.startswith("2026")} == {day.isoformat() for day in expected}, country
    assert guidelines.holidays_version == holidays.__version__  # type: ignore[attr-defined]  # untyped
    assert guidelines.holiday_years == (FIRST_YEAR, LAST_YEAR)


@pytest.mark.parametrize("year", [FIRST_YEAR, 2026, LAST_YEAR])
def test_holidays_reach_from_before_the_first_edition_to_ten_years_on(year: int, guidelines: Edition) -> None:
    """Ten years are as far as business time is ever counted."""
    for name in guidelines.regional_hours.countries.values():
        found = guidelines.calendars[name].holidays
        assert isinstance(found, dict)
        assert date(year, 12, 25).isoformat() in found or name == "japan"


def test_holidays_have_names_and_spanish_ones_where_the_package_has_them(guidelines: Edition) -> None:
    """A deadline that waited for a holiday names it."""
    spain = guidelines.calendars["spain"].holidays
    assert isinstance(spain, dict)
    assert spain["2026-12-25"] == "Christmas Day"
    assert guidelines.holiday_names["spain"]["Christmas Day"] == {"en": "Christmas Day", "es": "Natividad del Señor"}
    assert set(guidelines.holiday_names) == {"spain", "mexico"}
    for calendar, names in guidelines.holiday_names.items():
        found = guidelines.calendars[calendar].holidays
        assert isinstance(found, dict)
        assert set(names) == set(found.values())


def test_regions_and_the_default_keep_no_one_countrys_holidays(guidelines: Edition) -> None:
    """Portugal does not rest on Spain's national day."""
    for name in {*guidelines.regional_hours.regions.values(), guidelines.regional_hours.default}:
        assert guidelines.calendars[name].holidays == (), name
