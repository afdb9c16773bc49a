"""Everything that makes a date a holiday, and for which part of the day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time import errors
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig, HolidaySet
from shared.business_time.holiday_sets import part_days
from shared.business_time.holiday_sources import DayOff, Holidays, resolve_holidays
from tests.harness.examples import examples

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = {day: [["09:00", "18:00"]] for day in DAYS[:5]}
DAILY = {day: [["00:00", "24:00"]] for day in DAYS}


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def utc(**changes: Any) -> dict[str, Any]:
    """Office hours in UTC, with changes."""
    return {"timezone": "UTC", "hours": OFFICE, **changes}


def day_of(config: dict[str, Any], day: str) -> tuple[list[str], str | None]:
    """The open periods of a date as HH:MM-HH:MM, and its holiday; the same of the resolved calendar."""
    answers = []
    for calendar in (config, resolve_holidays(CalendarConfig.model_validate(config))):
        entries = BusinessCalendar.from_config(calendar).ledger(at(day), at(day) + timedelta(days=1))
        opens = [f"{entry.start:%H:%M}-{entry.end:%H:%M}" for entry in entries if entry.counted]
        answers.append((opens, next((entry.holiday for entry in entries if entry.holiday), None)))
    assert answers[0] == answers[1], "resolved to dates, a calendar gives other answers"
    return answers[0]


CHRISTMAS_EVE = {"rule": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "name": "Eve", "hours": [["00:00", "13:00"]]}
ADELAIDE = {"country": "AU", "subdivision": "SA", "categories": ["public", "half_day"], "hours": [["00:00", "12:00"]]}


# 2026-12-24 is a Thursday, 2028-12-24 a Sunday
@pytest.mark.parametrize(
    ("changes", "day", "expected"),
    [
        pytest.param({"holidays": {"2026-12-24": [["09:00", "13:00"]]}}, "2026-12-24",
                     (["09:00-13:00"], "2026-12-24"), id="hours alone"),
        pytest.param({"holidays": {"2026-12-24": {"name": "Eve", "hours": [["09:00", "13:00"]]}}}, "2026-12-24",
                     (["09:00-13:00"], "Eve"), id="name and hours"),
        pytest.param({"holidays": {"2026-12-24": {"name": "Eve"}}}, "2026-12-24", ([], "Eve"), id="no hours: all day"),
        pytest.param({"holidays": {"Eve": "2026-12-24 2027-12-24"}}, "2027-12-24", ([], "Eve"), id="by name"),
        pytest.param({"holidays": {"2026-12-24": [["07:00", "10:00"], ["17:00", "20:00"]]}}, "2026-12-24",
                     (["09:00-10:00", "17:00-18:00"], "2026-12-24"), id="a holiday never opens"),
        pytest.param({"holidays": {"2026-12-26": [["09:00", "13:00"]]}}, "2026-12-26", ([], "2026-12-26"),
                     id="nor does it open a Saturday"),
        pytest.param({"holidays": {"2026-12-24": [["09:00", "13:00"]]},
                      "overrides": {"2026-12-24": [["11:00", "20:00"]]}}, "2026-12-24",
                     (["11:00-13:00"], "2026-12-24"), id="it closes the hours of an override"),
        pytest.param({"recurring": [CHRISTMAS_EVE]}, "2026-12-24", (["09:00-13:00"], "Eve"), id="by a rule"),
        pytest.param({"recurring": [CHRISTMAS_EVE]}, "2028-12-24", ([], "Eve"), id="by a rule, on a Sunday"),
        pytest.param({"recurring": [{"rule": "FREQ=MONTHLY;BYDAY=1MO"}]}, "2026-12-07", ([], "2026-12-07"),
                     id="a rule without a name"),
        pytest.param({"holiday_set": [{"country": "ES"}, {"country": "US"}]}, "2026-11-26", ([], "Thanksgiving Day"),
                     id="several sets"),
        pytest.param({"holiday_set": [{"country": "ES"}, {"country": "US"}]}, "2026-12-25", ([], "Christmas Day"),
                     id="a date of both"),
        pytest.param({"holiday_set": ADELAIDE}, "2026-12-24", (["09:00-12:00"], "Christmas Eve (from 7pm)"),
                     id="a part of the day by a set"),
        pytest.param({"holiday_set": ADELAIDE}, "2026-12-25", ([], "Christmas Day"), id="its other dates are closed"),
        pytest.param({"holiday_set": ADELAIDE | {"hours": []}}, "2026-12-24", ([], "Christmas Eve (from 7pm)"),
                     id="a set may close them all day"),
        pytest.param({"holiday_set": {"country": "SE", "categories": ["optional"], "hours": [["00:00", "14:00"]]}},
                     "2026-01-05", (["09:00-14:00"], "Twelfth Night (from 2pm)"), id="a part of the day by its name"),
        pytest.param({"holiday_set": {"country": "ES"}, "without": ["2026-10-12"]}, "2026-10-12",
                     (["09:00-18:00"], None), id="without a date of a set"),
        pytest.param({"holidays": ["2026-12-24"], "recurring": [CHRISTMAS_EVE], "without": ["2026-12-24"]},
                     "2026-12-24", (["09:00-18:00"], None), id="without a date of all others"),
        pytest.param({"holiday_set": {"country": "ES"}, "holidays": {"2026-12-25": [["09:00", "10:00"]]}},
                     "2026-12-25", (["09:00-10:00"], "Christmas Day"), id="own hours outrank a set, which names them"),
        pytest.param({"holidays": ["2026-12-24"], "recurring": [CHRISTMAS_EVE]}, "2026-12-24", ([], "Eve"),
                     id="a listed date is closed all day, with the name of the rule"),
        pytest.param({"holiday_set": ADELAIDE, "recurring": [{"rule": CHRISTMAS_EVE["rule"], "name": "Eve"}]},
                     "2026-12-24", ([], "Christmas Eve (from 7pm)"), id="a whole day outranks a part"),
    ],
)  # fmt: skip
def test_what_a_holiday_closes_and_how_it_is_named(
    changes: dict[str, Any], day: str, expected: tuple[list[str], str | None]
) -> None:
    """Each source on its own, and which outranks which; always the same whether resolved before or not."""
    assert day_of(utc(**changes), day) == expected


@pytest.mark.parametrize(
    ("hours", "evening", "morning"),
    [
        pytest.param([], 0, 0, id="closed all day"),
        pytest.param([["00:00", "23:00"]], 1, 0, id="its hours end before midnight"),
        pytest.param([["20:00", "03:00"]], 2, 3, id="its hours run past midnight"),
    ],
)
def test_a_part_day_applies_to_the_whole_night_that_starts_on_it(
    hours: list[list[str]], evening: int, morning: int
) -> None:
    """22:00 to 06:00, and a holiday on the date of the evening."""
    night = utc(hours={day: [["22:00", "06:00"]] for day in DAYS}, holidays={"2026-11-23": hours})
    calendar = BusinessCalendar.from_config(night)
    assert calendar.elapsed(at("2026-11-23T12:00"), at("2026-11-24T00:00")) == timedelta(hours=evening)
    assert calendar.elapsed(at("2026-11-24T00:00"), at("2026-11-24T12:00")) == timedelta(hours=morning)


def test_a_part_day_leaves_the_night_before_it_as_its_hours_say() -> None:
    """A holiday from 19:00 does not send the night shift home at midnight."""
    night = utc(hours={day: [["22:00", "06:00"]] for day in DAYS}, holidays={"2026-11-24": [["00:00", "19:00"]]})
    calendar = BusinessCalendar.from_config(night)
    assert calendar.elapsed(at("2026-11-23T20:00"), at("2026-11-25T12:00")) == timedelta(hours=8)


def test_the_ledger_names_a_part_day_where_it_is_closed() -> None:
    """Whoever asks why nothing counted after 13:00 reads the name of the holiday."""
    calendar = BusinessCalendar.from_config(utc(recurring=[CHRISTMAS_EVE]))
    entries = calendar.ledger(at("2026-12-24T10:00"), at("2026-12-25T10:00"))
    assert [(entry.start, entry.reason, entry.holiday) for entry in entries] == [
        (at("2026-12-24T10:00"), "open", None),
        (at("2026-12-24T13:00"), "holiday", "Eve"),
        (at("2026-12-25T00:00"), "closed", None),
        (at("2026-12-25T09:00"), "open", None),
    ]


@pytest.mark.parametrize(
    ("changes", "error", "field", "message"),
    [
        ({"holiday_set": ADELAIDE | {"hours": None}}, errors.PartOfTheDay, "holiday_set.hours", "write the hours"),
        (
            {"holiday_set": [{"country": "ES"}, ADELAIDE | {"hours": None}]},
            errors.PartOfTheDay,
            "holiday_set.1.hours",
            "Christmas Eve (from 7pm)",
        ),
        ({"holiday_set": {"country": "ES", "hours": []}}, errors.UnneededHours, "holiday_set.hours", "leave them out"),
        (
            {"holiday_set": ADELAIDE | {"hours": [["9", "12:00"]]}},
            errors.NotATimeOfDay,
            "holiday_set.hours.0.0",
            "'9' is not a time of day",
        ),
        ({"holiday_set": [{"country": "XX"}]}, errors.UnknownHolidays, "holiday_set.0.country", "no 'XX'"),
        ({"without": ["2026-02-30"]}, errors.NotADate, "without.0", "not a date"),
        ({"holidays": {"2026-12-24": [["9", "12:00"]]}}, errors.NotATimeOfDay, "holidays.2026-12-24.0.0", "'9'"),
        (
            {"holidays": {"2026-12-24": {"hours": [["09:00", "12:00"], ["11:00", "13:00"]]}}},
            errors.OverlappingPeriods,
            "holidays.2026-12-24.hours",
            "overlap",
        ),
        ({"recurring": [CHRISTMAS_EVE | {"hours": [["9", "1"]]}]}, errors.NotATimeOfDay, "recurring.0.hours.0.0", "9"),
        ({"holiday_files": ["local.ics"]}, errors.UnreadableHolidayFile, "holiday_files.0", "only an edition"),
    ],
)  # fmt: skip
def test_an_invalid_source_is_refused_with_what_to_write(
    changes: dict[str, Any], error: type[errors.CalendarError], field: str, message: str
) -> None:
    """A holiday from 19:00 closed the whole date, and `policy check` called that good."""
    for build in (BusinessCalendar.from_config, _resolved):
        with pytest.raises(error) as refused:
            build(utc(**changes))
        assert (type(refused.value), refused.value.field) == (error, field)
        assert message in str(refused.value)


def _resolved(config: dict[str, Any]) -> BusinessCalendar:
    return BusinessCalendar.from_config(resolve_holidays(CalendarConfig.model_validate(config)))


def test_the_first_date_of_a_part_of_the_day_is_found_by_category_or_name() -> None:
    """Sweden's are `optional`, and Colombia has none."""
    assert part_days(HolidaySet(country="SE", categories=("optional",)), 2026, 2026).keys() >= {"2026-01-05"}
    assert part_days(HolidaySet(country="CO"), 2026, 2026) == {}
    found = part_days(HolidaySet(country="AU", subdivision="SA", categories=("half_day",)), 2026, 2026)
    assert list(found) == ["2026-12-24", "2026-12-31"]


def test_a_file_is_one_more_source() -> None:
    """Between sets and rules: what a file calls a date outranks a rule, not the calendar's own name."""
    files: dict[str, Holidays] = {"local.ics": {"2026-12-24": DayOff("Patron"), "2026-12-28": DayOff("Bridge")}}
    config = CalendarConfig.model_validate(
        utc(holiday_files=["local.ics"], recurring=[CHRISTMAS_EVE], holidays={"2026-12-28": "Own"})
    )
    resolved = resolve_holidays(config, 2026, 2026, files.__getitem__)
    assert resolved.dated_holidays == {"2026-12-24": "Patron", "2026-12-28": "Own"}
    assert resolved == CalendarConfig.model_validate_json(resolved.model_dump_json(exclude_defaults=True))
    assert (resolved.holiday_files, resolved.recurring, resolved.without) == ((), (), ())


periods = st.sampled_from([[], [["00:00", "12:00"]], [["08:00", "10:00"], ["22:00", "03:00"]]])
days = st.dates(date(2026, 1, 1), date(2026, 1, 14)).map(str)
configs = st.fixed_dictionaries(
    {
        "timezone": st.just("Europe/Madrid"),
        "hours": st.sampled_from([OFFICE, DAILY, {"mon": [["22:00", "06:00"]], "tue": [["09:00", "09:00"]]}]),
        "holidays": st.dictionaries(days, st.one_of(st.just("Feast"), periods), max_size=4),
        "without": st.lists(days, max_size=2),
        "holiday_set": st.sampled_from([None, {"country": "ES"}, [{"country": "ES"}, ADELAIDE]]),
        "recurring": st.lists(
            st.fixed_dictionaries({"rule": st.sampled_from(["FREQ=WEEKLY;BYDAY=TU,SA", "FREQ=MONTHLY;BYMONTHDAY=-1"]),
                                   "hours": periods}), max_size=2),
    }
)  # fmt: skip
instants = st.integers(0, 60 * 24 * 16).map(lambda minutes: at("2025-12-31") + timedelta(minutes=minutes))


@settings(deadline=None, max_examples=examples(60))
@given(configs, instants, instants)
def test_a_resolved_calendar_gives_the_same_answers(config: dict[str, Any], one: datetime, other: datetime) -> None:
    """A saved edition decides as the one that it was made of, and its ledgers read the same."""
    start, end = min(one, other), max(one, other)
    resolved = resolve_holidays(CalendarConfig.model_validate(config), 2025, 2026)
    saved = CalendarConfig.model_validate_json(resolved.model_dump_json(exclude_defaults=True))
    assert BusinessCalendar.from_config(saved).ledger(start, end) == BusinessCalendar.from_config(config).ledger(
        start, end
    )


@settings(deadline=None, max_examples=examples(60))
@given(configs, instants)
def test_a_holiday_never_opens(config: dict[str, Any], moment: datetime) -> None:
    """Without its holidays a calendar is open at least as long."""
    usual = {"timezone": config["timezone"], "hours": config["hours"]}
    if BusinessCalendar.from_config(config).is_open(moment):
        assert BusinessCalendar.from_config(usual).is_open(moment)
