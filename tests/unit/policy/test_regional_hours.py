"""Regional business hours: Monday to Friday, 09:00 to 18:00, by country, with its holidays as dates."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import holidays
import pytest

from shared.business_time.holiday_sets import FIRST_YEAR, LAST_YEAR
from shared.policy.model import Edition, PhoneDirectory


def test_every_country_with_a_number_has_a_calendar_of_its_own(guidelines: Edition, directory: PhoneDirectory) -> None:
    """In a zone of that very country, by the tz database's own table."""
    hours = guidelines.regional_hours
    assert list(hours.countries) == list(directory.countries)
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
        found = guidelines.calendars[name].dated_holidays
        assert {day for day in found if day.startswith("2026")} == {day.isoformat() for day in expected}, country
    assert guidelines.holidays_version == holidays.__version__  # type: ignore[attr-defined]  # untyped
    assert guidelines.holiday_years == (FIRST_YEAR, LAST_YEAR)


@pytest.mark.parametrize("year", [FIRST_YEAR, 2026, LAST_YEAR])
def test_holidays_reach_from_before_the_first_edition_to_ten_years_on(year: int, guidelines: Edition) -> None:
    """Ten years are as far as business time is ever counted."""
    for name in guidelines.regional_hours.countries.values():
        found = guidelines.calendars[name].dated_holidays
        assert date(year, 12, 25).isoformat() in found or name == "japan"


def test_holidays_have_names_and_spanish_ones_where_the_package_has_them(guidelines: Edition) -> None:
    """A deadline that waited for a holiday names it."""
    spain = guidelines.calendars["spain"].dated_holidays
    assert spain["2026-12-25"] == "Christmas Day"
    assert guidelines.holiday_names["spain"]["Christmas Day"] == {"en": "Christmas Day", "es": "Natividad del Señor"}
    in_spanish = {name for name in guidelines.calendars if name == "spain" or name.startswith("mexico")}
    assert set(guidelines.holiday_names) == in_spanish
    for calendar, names in guidelines.holiday_names.items():
        found = guidelines.calendars[calendar].dated_holidays
        assert set(names) == set(found.values())


SEVERAL_ZONES = {
    "united-states": "US",
    "canada": "CA",
    "mexico": "MX",
    "brazil": "BR",
    "australia": "AU",
    "indonesia": "ID",
    "kazakhstan": "KZ",
    "russia": "RU",
}


@pytest.mark.parametrize(("prefix", "country"), SEVERAL_ZONES.items())
def test_every_offset_of_a_country_with_several_zones_has_a_calendar(
    prefix: str, country: str, guidelines: Edition
) -> None:
    """An account in Los Angeles is not served by the hours of New York: its entitlement names its own."""
    own = [calendar for name, calendar in guidelines.calendars.items() if name.startswith(prefix)]
    dates = {day.isoformat() for day in holidays.country_holidays(country, years=2026)}
    assert all({day for day in calendar.dated_holidays if day.startswith("2026")} == dates for calendar in own)
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    zones = [line.split("\t")[2] for line in table if line.startswith(f"{country}\t")]
    assert {calendar.timezone for calendar in own} <= set(zones)
    moments = [datetime(2026, month, 15, 12, tzinfo=UTC) for month in (1, 7)]
    offsets = {tuple(_offset(zone, at) for at in moments) for zone in zones if zone not in FEW_PEOPLE}
    assert offsets <= {tuple(_offset(calendar.timezone, at) for at in moments) for calendar in own}


FEW_PEOPLE = {  # islands and villages with an offset of their own
    "America/Adak", "America/Atikokan", "America/Blanc-Sablon", "America/Noronha", "America/Ojinaga",
    "Antarctica/Macquarie", "Australia/Broken_Hill", "Australia/Eucla", "Australia/Lord_Howe",
}  # fmt: skip


def test_regions_and_the_default_keep_no_one_countrys_holidays(guidelines: Edition) -> None:
    """Portugal does not rest on Spain's national day."""
    for name in {*guidelines.regional_hours.regions.values(), guidelines.regional_hours.default}:
        assert guidelines.calendars[name].holidays == (), name
