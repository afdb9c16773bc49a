"""How long targets in business days are in a year of a calendar: no case has a shorter or a longer one."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time.business_days import Until, business_days_target_micros
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import NeverOpen
from shared.business_time.instants import DAY, HOUR, MINUTE, SECOND, to_micros
from shared.contracts.base import parse_instant
from shared.policy import calendar_year
from shared.policy.calendar_year import CalendarYear
from tests.harness.examples import examples

SINCE = to_micros(parse_instant("2026-01-01T00:00:00Z"))
WEEK = ("mon", "tue", "wed", "thu", "fri")
NINE_TO_SIX: dict[str, Any] = {"timezone": "Europe/Madrid", "hours": {day: [["09:00", "18:00"]] for day in WEEK}}
HALF_DAY = {**NINE_TO_SIX, "overrides": {"2026-12-24": [["09:00", "14:00"]]}}
SIESTA = {"timezone": "Europe/Madrid", "hours": {day: [["09:00", "14:00"], ["17:00", "19:00"]] for day in WEEK}}
LATE_TUESDAYS = {"timezone": "UTC", "hours": {"mon": [["09:00", "17:00"]], "tue": [["17:00", "18:00"]]}}
NIGHTS = {"timezone": "America/New_York", "hours": {day: [["20:00", "04:00"]] for day in (*WEEK, "sat", "sun")}}
ALWAYS = {"timezone": "Europe/Madrid", "hours": {day: [["00:00", "24:00"]] for day in (*WEEK, "sat", "sun")}}
FOLLOW_THE_SUN = {"timezone": "Europe/Madrid", "union": [NINE_TO_SIX, NIGHTS]}


@pytest.mark.parametrize(
    ("config", "days", "until", "shortest", "longest"),
    [
        pytest.param(NINE_TO_SIX, 1, "same_time", 9 * HOUR, 9 * HOUR + SECOND, id="the same time of the next date"),
        pytest.param(NINE_TO_SIX, 1, "end_of_day", 9 * HOUR + 1, 18 * HOUR, id="the end of the next date"),
        pytest.param(NINE_TO_SIX, 5, "same_time", 45 * HOUR, 45 * HOUR + SECOND, id="five dates on"),
        pytest.param(HALF_DAY, 1, "same_time", 5 * HOUR, 9 * HOUR + SECOND, id="from and to a date that closes early"),
        pytest.param(HALF_DAY, 1, "end_of_day", 5 * HOUR + 1, 18 * HOUR, id="to the end of a date that closes early"),
        pytest.param(LATE_TUESDAYS, 1, "same_time", SECOND + 1, 9 * HOUR, id="to an opening after the closing"),
    ],
)
def test_the_shortest_and_the_longest_target(
    config: dict[str, Any], days: int, until: Until, shortest: int, longest: int
) -> None:
    """Each with a case that has it."""
    calendar = BusinessCalendar.from_config(config)
    least, most = CalendarYear(calendar, SINCE).business_days(days, until)
    assert (least.target, most.target) == (shortest, longest)
    for found in (least, most):
        assert business_days_target_micros(found.start, days, until, calendar) == found.target


YEARS = [
    CalendarYear(BusinessCalendar.from_config(config), SINCE)
    for config in (NINE_TO_SIX, HALF_DAY, SIESTA, LATE_TUESDAYS, NIGHTS, ALWAYS, FOLLOW_THE_SUN)
]


@settings(max_examples=examples(400), deadline=None)
@given(
    st.sampled_from(YEARS),
    st.integers(1, 3),
    st.sampled_from(["same_time", "end_of_day"]),
    st.one_of(st.integers(0, 365 * DAY // MINUTE).map(lambda minute: minute * MINUTE), st.integers(0, 365 * DAY)),
)
def test_no_case_of_the_year_is_outside(year: CalendarYear, days: int, until: Until, after: int) -> None:
    """Also where a break, a change of the clock or another member of a union lies between."""
    least, most = year.business_days(days, until)
    assert least.target <= business_days_target_micros(SINCE + after, days, until, year.calendar) <= most.target


TIMES = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
# One period a date, perhaps past midnight. The zones change their clocks at night, at midnight (Beirut), by half an
# hour (Lord Howe) or never.
HOURS = st.dictionaries(st.sampled_from((*WEEK, "sat", "sun")), st.tuples(TIMES, TIMES).map(lambda times: [times]))
ZONES = st.sampled_from(["Europe/Madrid", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kolkata"])
DATES = st.integers(0, 500).map(lambda day: (date(2025, 12, 25) + timedelta(days=day)).isoformat())
OVERRIDES = st.dictionaries(
    DATES, st.one_of(st.just([]), st.tuples(TIMES, TIMES).map(lambda times: [times])), max_size=9
)
ONE_ZONE = st.fixed_dictionaries({"timezone": ZONES, "hours": HOURS, "overrides": OVERRIDES})
UNION = st.tuples(ONE_ZONE, ONE_ZONE).map(lambda both: {"timezone": both[0]["timezone"], "union": list(both)})


def all_starts(year: CalendarYear) -> list[int]:
    """Every start that may have an extreme: on each open date, the times of day of all edges, and just before each."""
    dates = year.calendar.dates
    first = dates.day(SINCE)
    open_dates = [day for day in range(first, first + 366) if dates.open_spans(day)]
    edges = {dates.label(edge) - day * DAY for day in open_dates for span in dates.open_spans(day) for edge in span}
    return [dates.first_instant(day * DAY + edge) - before for day in open_dates for edge in edges for before in (0, 1)]


@settings(max_examples=examples(25), deadline=None)
@given(st.one_of(ONE_ZONE, UNION), st.integers(1, 3), st.sampled_from(["same_time", "end_of_day"]))
def test_dates_with_the_same_hours_ahead_need_one_try(config: dict[str, Any], days: int, until: Until) -> None:
    """The search over every date has the same extremes."""
    calendar = BusinessCalendar.from_config(config)
    year = CalendarYear(calendar, SINCE)
    try:
        targets = [business_days_target_micros(start, days, until, calendar) for start in all_starts(year)]
    except NeverOpen:
        with pytest.raises(NeverOpen):
            year.business_days(days, until)
        return
    found = tuple(each.target for each in year.business_days(days, until))
    assert found == ((min(targets), max(targets)) if targets else ())


@pytest.mark.parametrize(
    ("config", "most"),
    [
        pytest.param(NINE_TO_SIX, 20, id="five equal dates a week, two changes of the clock"),
        pytest.param(HALF_DAY, 40, id="and one date that closes early"),
        pytest.param(SIESTA, 40, id="a break"),
        pytest.param(NIGHTS, 120, id="past midnight"),
        pytest.param(ALWAYS, 120, id="always"),
    ],
)
def test_a_year_of_equal_dates_takes_few_tries(
    config: dict[str, Any], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each start of a service loads its editions, with a year of each calendar for each target in business days."""
    tried: list[int] = []

    def counted(start: int, *asked: Any) -> int:
        tried.append(start)
        return business_days_target_micros(start, *asked)

    monkeypatch.setattr(calendar_year, "business_days_target_micros", counted)
    year = CalendarYear(BusinessCalendar.from_config(config), SINCE)
    year.business_days(1, "same_time")
    assert 0 < len(tried) <= most
    year.business_days(1, "same_time")
    assert len(tried) <= most  # what is asked again is known


def test_a_calendar_that_never_opens_has_no_business_days() -> None:
    """Another check names it, if a target needs it."""
    never = BusinessCalendar.from_config({"timezone": "UTC", "hours": {}})
    assert CalendarYear(never, SINCE).business_days(1, "same_time") == ()
