"""The rules of the business calendar, each as a table of facts worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = {day: [["09:00", "18:00"]] for day in WORKDAYS}


def madrid(**changes: Any) -> BusinessCalendar:
    """Mon-Fri 09:00-18:00 in Madrid (UTC+1 in winter), with changes."""
    return BusinessCalendar.from_config({"timezone": "Europe/Madrid", "hours": OFFICE, **changes})


def utc(**changes: Any) -> BusinessCalendar:
    """Mon-Fri 09:00-18:00 in UTC, so that the labels are the instants."""
    return BusinessCalendar.from_config({"timezone": "UTC", "hours": OFFICE, **changes})


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(count: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)


# 2026-11-23 is a Monday
@pytest.mark.parametrize(
    ("start", "target", "due"),
    [
        pytest.param("2026-11-23T10:00", 4, "2026-11-23T14:00", id="within a day"),
        pytest.param("2026-11-23T10:00", 8, "2026-11-23T18:00", id="used up exactly at closing is due at closing"),
        pytest.param("2026-11-23T09:00", 9, "2026-11-23T18:00", id="a whole day is due at its closing"),
        pytest.param("2026-11-23T10:00", 8.5, "2026-11-24T09:30", id="over one night"),
        pytest.param("2026-11-23T04:00", 1, "2026-11-23T10:00", id="a start before opening counts from the opening"),
        pytest.param("2026-11-23T18:00", 1, "2026-11-24T10:00", id="a start at closing counts from the next opening"),
        pytest.param("2026-11-27T17:00", 2, "2026-11-30T10:00", id="over a weekend"),
        pytest.param("2026-11-28T12:00", 45, "2026-12-04T18:00", id="a week from a Saturday"),
        pytest.param("2026-11-23T09:00", 45 * 52, "2027-11-19T18:00", id="a year of weeks"),
        pytest.param("2024-02-28T17:00", 2, "2024-02-29T10:00", id="a leap day is a day"),
        pytest.param("2023-02-28T17:00", 2, "2023-03-01T10:00", id="no leap day"),
    ],
)
def test_a_target_is_counted_in_open_hours_only(start: str, target: float, due: str) -> None:
    """The plain arithmetic that every promise rests on."""
    assert utc().add(at(start), hours(target)) == at(due)


def test_the_zone_is_the_calendars_and_the_answer_is_utc() -> None:
    """People promise in their own hours; machines compare instants."""
    due = madrid().add(at("2026-11-23T16:30"), hours(1))
    assert due == at("2026-11-24T08:30")
    assert due.tzinfo is UTC


MONDAY, TUESDAY = ("2026-11-23", "2026-11-24"), ("2026-11-24", "2026-11-25")
THAT_WEEK = ("2026-11-22", "2026-11-29")


@pytest.mark.parametrize(
    ("changes", "window", "open_hours"),
    [
        pytest.param({"hours": {"mon": [["00:00", "24:00"]]}}, MONDAY, 24, id="24:00 is a legal end"),
        pytest.param({"hours": {"mon": [["00:00", "00:00"]]}}, THAT_WEEK, 24, id="midnight to midnight"),
        pytest.param({"hours": {"mon": [["09:00", "09:00"]]}}, THAT_WEEK, 24, id="round the clock once"),
        pytest.param(
            {"hours": {"mon": [["09:00", "12:00"], ["14:00", "17:00"], ["20:00", "21:00"]]}},
            MONDAY,
            7,
            id="several periods a day",
        ),
        pytest.param({"hours": {"mon": [["14:00", "17:00"], ["09:00", "12:00"]]}}, MONDAY, 6, id="in any order"),
        pytest.param(
            {"hours": {"mon": [["09:00", "12:00"], ["12:00", "13:00"]]}}, MONDAY, 4, id="touching is no overlap"
        ),
        pytest.param({"hours": {"mon": [["22:00", "06:00"]]}}, MONDAY, 2, id="past midnight, the evening"),
        pytest.param({"hours": {"mon": [["22:00", "06:00"]]}}, TUESDAY, 6, id="past midnight, the morning"),
        pytest.param({"hours": {"sun": [["22:00", "06:00"]]}}, MONDAY, 6, id="past midnight over the end of a week"),
        pytest.param(
            {"hours": {"mon": [["22:00", "06:00"]], "tue": [["05:00", "08:00"]]}},
            TUESDAY,
            8,
            id="yesterday's night and today's morning count once where they meet",
        ),
        pytest.param({"holidays": ["2026-11-23"]}, MONDAY, 0, id="a holiday closes its date"),
        pytest.param({"overrides": {"2026-11-23": [["09:00", "12:00"]]}}, MONDAY, 3, id="an override replaces"),
        pytest.param({"overrides": {"2026-11-28": [["10:00", "14:00"]]}}, THAT_WEEK, 49, id="an override opens"),
        pytest.param({"overrides": {"2026-11-23": []}}, MONDAY, 0, id="an override closes"),
        pytest.param(
            {"overrides": {"2026-11-23": [["09:00", "12:00"]]}, "holidays": ["2026-11-23"]},
            MONDAY,
            0,
            id="holiday beats override",
        ),
        pytest.param({"breaks": [["2026-11-23T12:00", "2026-11-23T13:00"]]}, MONDAY, 8, id="a break closes a range"),
        pytest.param({"breaks": [["2026-11-23T12:00", "2026-11-25T12:00"]]}, THAT_WEEK, 27, id="over several days"),
        pytest.param(
            {"breaks": [["2026-11-23T12:00", "2026-11-23T14:00"], ["2026-11-23T13:00", "2026-11-23T15:00"]]},
            MONDAY,
            6,
            id="overlapping breaks count once",
        ),
        pytest.param(
            {"breaks": [["2026-11-23T09:30", "2026-11-23T11:00"]], "overrides": {"2026-11-23": [["09:00", "12:00"]]}},
            MONDAY,
            1.5,
            id="break beats override",
        ),
        pytest.param({"breaks": [["2026-11-23T12:00", "2026-11-23T12:00"]]}, MONDAY, 9, id="no time, no break"),
        pytest.param({"breaks": [["2026-11-23T17:00", "2026-11-23T24:00"]]}, MONDAY, 8, id="a break until 24:00"),
        pytest.param({"hours": {}}, ("2026-01-01", "2046-01-01"), 0, id="never open measures nothing"),
        pytest.param({}, ("2026-11-23T12:00", "2026-11-23T12:00"), 0, id="an empty span is legal"),
        pytest.param({}, ("2000-01-01", "2400-01-01"), 20871 * 5 * 9, id="400 years are 20,871 weeks"),
    ],
)
def test_what_is_open(changes: dict[str, Any], window: tuple[str, str], open_hours: float) -> None:
    """Each way to write open hours down, on its own."""
    start, end = map(at, window)
    assert utc(**changes).elapsed(start, end) == hours(open_hours)


NIGHTS = {day: [["22:00", "06:00"]] for day in WORKDAYS}


@pytest.mark.parametrize(
    ("changes", "monday_evening", "tuesday_morning"),
    [
        pytest.param({}, 2, 6, id="as it is"),
        pytest.param({"holidays": ["2026-11-23"]}, 0, 0, id="a holiday governs all of the night that starts on it"),
        pytest.param({"holidays": ["2026-11-24"]}, 2, 0, id="a holiday closes what runs into it from the day before"),
        pytest.param({"overrides": {"2026-11-23": [["20:00", "04:00"]]}}, 4, 4, id="so does an override of its date"),
        pytest.param({"overrides": {"2026-11-24": [["12:00", "13:00"]]}}, 2, 6, id="an override of the next leaves it"),
        pytest.param({"breaks": [["2026-11-23T23:00", "2026-11-24T01:00"]]}, 1, 5, id="a break over midnight"),
    ],
)
def test_a_period_past_midnight_belongs_to_the_date_it_starts_on(
    changes: dict[str, Any], monday_evening: float, tuesday_morning: float
) -> None:
    """Night shifts are staffed from the evening: whether they take place is decided on that date."""
    calendar = utc(hours=NIGHTS, **changes)
    assert calendar.elapsed(at("2026-11-23T12:00"), at("2026-11-24T00:00")) == hours(monday_evening)
    assert calendar.elapsed(at("2026-11-24T00:00"), at("2026-11-24T12:00")) == hours(tuesday_morning)


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        pytest.param([], "2026-11-23T14:00", id="none"),
        pytest.param([("2026-11-23T11:00", "2026-11-23T12:00")], "2026-11-23T15:00", id="one"),
        pytest.param(
            [("2026-11-23T11:00", "2026-11-23T13:00"), ("2026-11-23T12:00", "2026-11-23T13:30")],
            "2026-11-23T16:30", id="overlapping pauses count once",
        ),
        pytest.param(
            [("2026-11-23T13:00", "2026-11-23T13:30"), ("2026-11-23T11:00", "2026-11-23T12:00")],
            "2026-11-23T15:30", id="in any order",
        ),
        pytest.param([("2026-11-23T12:00", "2026-11-23T12:00")], "2026-11-23T14:00", id="no time, no pause"),
        pytest.param([("2026-11-23T05:00", "2026-11-23T10:30")], "2026-11-23T14:30", id="its part after the start"),
        pytest.param([("2026-11-23T20:00", "2026-11-24T08:00")], "2026-11-23T14:00", id="after the deadline"),
        pytest.param([("2026-11-23T14:00", "2026-11-23T17:00")], "2026-11-23T14:00", id="used up as the pause starts"),
        pytest.param([("2026-11-23T17:00", "2026-11-24T10:00")], "2026-11-23T14:00", id="well after it"),
        pytest.param([("2026-11-23T13:00", "2026-11-24T10:00")], "2026-11-24T11:00", id="a pause over night"),
    ],
)  # fmt: skip
def test_paused_time_is_closed_time(pauses: list[tuple[str, str]], due: str) -> None:
    """Only what would have counted is made good: a pause in closed hours moves no deadline (GLPI counts it 24x7)."""
    spans = [(at(a), at(b)) for a, b in pauses]
    assert utc().add(at("2026-11-23T10:00"), hours(4), spans) == at(due)
    assert utc().elapsed(at("2026-11-23T10:00"), at(due), spans) == hours(4)


@pytest.mark.parametrize(
    ("when", "opens"),
    [
        ("2026-11-23T08:59:59.999999", "2026-11-23T09:00"),
        ("2026-11-23T09:00", "2026-11-23T09:00"),
        ("2026-11-23T17:59:59.999999", "2026-11-23T17:59:59.999999"),
        ("2026-11-23T18:00", "2026-11-24T09:00"),
        ("2026-11-28T12:00", "2026-11-30T09:00"),
    ],
)
def test_periods_are_half_open(when: str, opens: str) -> None:
    """At the opening instant it is open, at the closing instant it is not."""
    assert utc().next_open(at(when)) == at(opens)
    assert utc().is_open(at(when)) == (when == opens)


def test_every_opening_is_open_to_the_microsecond() -> None:
    """Two years of Mondays, wherever the calendar's tables begin."""
    calendar = utc()
    for week in range(104):
        opens = at("2026-01-05T09:00") + timedelta(weeks=week)
        assert calendar.is_open(opens)
        assert not calendar.is_open(opens - timedelta(microseconds=1))


def test_microseconds_are_kept() -> None:
    """Zammad kept pauses as HH:MM texts and lost their seconds; here nothing is coarser than what was measured."""
    start = at("2026-11-23T17:59:59.999999")
    assert utc().add(start, timedelta(microseconds=3)) == at("2026-11-24T09:00:00.000002")
    assert utc().elapsed(start, at("2026-11-24T09:00:00.000002")) == timedelta(microseconds=3)
    pause = (at("2026-11-23T17:00:00.000001"), at("2026-11-23T17:00:00.000003"))
    assert utc().elapsed(at("2026-11-23T17:00"), at("2026-11-23T17:01"), [pause]) == timedelta(
        seconds=59, microseconds=999_998
    )


def test_seconds_may_be_given_in_hours_and_breaks() -> None:
    """Some desks open at odd seconds in tests, if nowhere else."""
    calendar = utc(hours={"mon": [["09:00:30", "09:00:45"]]}, breaks=[["2026-11-23T09:00:40", "2026-11-23T09:00:41"]])
    assert calendar.elapsed(at("2026-11-23"), at("2026-11-24")) == timedelta(seconds=14)


def test_round_the_clock_loses_no_minute_at_midnight() -> None:
    """Zammad's 24x7 calendar ended each day at 23:59."""
    always = utc(hours={day: [["00:00", "24:00"]] for day in (*WORKDAYS, "sat", "sun")})
    start = at("2026-11-23T10:00")
    assert always.add(start, hours(24 * 365)) == start + hours(24 * 365)


def test_a_second_period_of_a_day_does_not_replace_the_first() -> None:
    """osTicket keeps one period a day, the last one read."""
    calendar = utc(hours={"mon": [["09:00", "10:00"], ["15:00", "16:00"]]})
    assert calendar.add(at("2026-11-23T08:00"), hours(1.5)) == at("2026-11-23T15:30")


def test_a_model_and_its_dictionary_make_the_same_calendar() -> None:
    """Policies hand over models, the command line dictionaries."""
    config = {"timezone": "Europe/Madrid", "hours": OFFICE, "holidays": ["2026-12-25"]}
    model = CalendarConfig.model_validate(config)
    start = at("2026-12-24T12:00")
    assert BusinessCalendar.from_config(model).add(start, hours(9)) == BusinessCalendar.from_config(config).add(
        start, hours(9)
    )


def test_holidays_by_country_and_subdivision_close_their_dates() -> None:
    """A calendar may name its holidays by the set; years are looked up when they are asked for."""
    spain = {"country": "ES", "subdivision": "MD"}
    calendar = utc(holiday_set=spain)
    assert calendar.elapsed(at("2026-12-25"), at("2026-12-26")) == hours(0)
    assert calendar.elapsed(at("2035-12-25"), at("2035-12-26")) == hours(0)
    regional = at("2025-05-02"), at("2025-05-03")  # the day of the Community of Madrid
    assert calendar.elapsed(*regional) == hours(0)
    assert utc(holiday_set={"country": "ES"}).elapsed(*regional) == hours(9)


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    """Tables are a memory of work done, not of questions; it is bounded, and forgetting changes nothing."""
    calendar, fresh = madrid(), madrid()
    for year in range(1900, 2200, 3):
        calendar.elapsed(at(f"{year}-01-01"), at(f"{year + 2}-01-01"))
    assert len(calendar._tables) <= 92
    start = at("2026-11-23T10:00")
    assert calendar.add(start, hours(2000)) == fresh.add(start, hours(2000))
