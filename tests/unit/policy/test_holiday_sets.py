"""Holiday sets as dates with names."""

import pytest

from shared.business_time.config import CalendarConfig, HolidaySet
from shared.business_time.errors import UnknownHolidays
from shared.business_time.holiday_sets import has_names_in, holiday_dates
from shared.business_time.holiday_sources import resolve_holidays

SPAIN = HolidaySet(country="ES")


def test_dates_come_in_order_with_names_in_the_language_asked_for() -> None:
    """In Spanish where the package has them in Spanish, else in English; never by the locale of the machine."""
    dates = holiday_dates(SPAIN, 2026, 2026)
    assert list(dates) == sorted(dates)
    assert dates["2026-01-01"] == "New Year's Day"
    assert holiday_dates(SPAIN, 2026, 2026, "es")["2026-01-01"] == "Año Nuevo"
    assert holiday_dates(HolidaySet(country="JP"), 2026, 2026, "es") == holiday_dates(
        HolidaySet(country="JP"), 2026, 2026
    )
    assert holiday_dates(HolidaySet(country="NZ"), 2026, 2026)["2026-02-06"] == "Waitangi Day"
    assert [has_names_in(HolidaySet(country=country), "es") for country in ("ES", "MX", "JP", "NZ")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_subdivision_and_categories_add_their_days() -> None:
    """Easter Monday is a holiday in England and not in all of the United Kingdom."""
    assert "2026-04-06" not in holiday_dates(HolidaySet(country="GB"), 2026, 2026)
    assert "2026-04-06" in holiday_dates(HolidaySet(country="GB", subdivision="ENG"), 2026, 2026)
    banks = HolidaySet(country="JP", categories=("public", "bank"))
    assert "2026-12-31" in holiday_dates(banks, 2026, 2026)


def test_a_resolved_calendar_holds_dates_and_its_own_holidays_keep_their_names() -> None:
    """The calendar's own holidays outrank those of the package, and a resolved calendar needs the package no more."""
    config = CalendarConfig(
        timezone="Europe/Madrid", hours={}, holidays={"2026-12-25": "Team party"}, holiday_set=SPAIN
    )
    resolved = resolve_holidays(config, 2026, 2026)
    assert resolved.holiday_set is None
    assert resolved.dated_holidays == {**holiday_dates(SPAIN, 2026, 2026), "2026-12-25": "Team party"}
    listed = resolve_holidays(
        config.model_copy(update={"holidays": ("2026-12-25", "2026-07-14")}), 2026, 2026
    ).dated_holidays
    assert listed["2026-07-14"] == "2026-07-14"
    assert listed["2026-12-25"] == "Christmas Day"


def test_a_calendar_without_a_set_is_left_alone() -> None:
    """Nothing to resolve."""
    config = CalendarConfig(timezone="Europe/Madrid", hours={}, holidays=("2026-12-25",))
    assert resolve_holidays(config) is config


def test_years_that_the_package_does_not_know_are_no_noise(recwarn: pytest.WarningsRecorder) -> None:
    """India's lunar holidays end in 2035 there; a warning on standard error would not help anybody."""
    assert "2036-01-26" in holiday_dates(HolidaySet(country="IN"), 2036, 2036)
    assert list(recwarn) == []


@pytest.mark.parametrize(
    ("wanted", "field", "message"),
    [
        (HolidaySet(country="XX"), "country", "no 'XX'; it has AD, "),
        (HolidaySet(country="ESP"), "country", "no 'ESP'"),
        (HolidaySet(country="ES", subdivision="ENG"), "subdivision", "no 'ENG'; it has AN, "),
        (HolidaySet(country="ES", categories=("public", "bank")), "categories", "no 'bank'; it has public"),
    ],
)
def test_what_the_package_does_not_have_is_named_with_what_it_has(wanted: HolidaySet, field: str, message: str) -> None:
    """Silently no holidays would be deadlines on Christmas Day."""
    with pytest.raises(UnknownHolidays, match=message) as refused:
        holiday_dates(wanted)
    assert refused.value.field == field
