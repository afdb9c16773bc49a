"""The errors of calendars: each has a class, a field and a message that names the remedy."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.business_time import errors, hours
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.instants import to_micros

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OFFICE = {"timezone": "UTC", "hours": {"mon": [["09:00", "18:00"]]}}
CALENDAR = BusinessCalendar.from_config(OFFICE)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"timezone": "Europe/Nowhere"}, errors.UnknownZone, "timezone"),
        ({"timezone": ""}, errors.UnknownZone, "timezone"),
        ({"timezone": "../../etc/passwd"}, errors.UnknownZone, "timezone"),
        ({"timezone": "Europe"}, errors.UnknownZone, "timezone"),
        ({"timezone": None}, errors.MalformedCalendar, "timezone"),
        ({"hours": {"mon": [["09:00", "12:00"], ["11:59", "13:00"]]}}, errors.OverlappingPeriods, "hours.mon"),
        ({"hours": {"mon": [["22:00", "06:00"], ["23:00", "23:30"]]}}, errors.OverlappingPeriods, "hours.mon"),
        ({"hours": {"mon": [["09:00", "09:00"], ["12:00", "13:00"]]}}, errors.OverlappingPeriods, "hours.mon"),
        (
            {"overrides": {"2026-12-24": [["09:00", "12:00"], ["09:00", "12:00"]]}},
            errors.OverlappingPeriods,
            "overrides.2026-12-24",
        ),
        ({"hours": {"monday": []}}, errors.MalformedCalendar, "hours.monday"),
        ({"hours": {"mon": [["09:00"]]}}, errors.MalformedCalendar, "hours.mon.0.1"),
        ({"hours": {"mon": [["9:00", "18:00"]]}}, errors.NotATimeOfDay, "hours.mon.0.0"),
        ({"hours": {"mon": [["09:00", "24:01"]]}}, errors.NotATimeOfDay, "hours.mon.0.1"),
        ({"hours": {"mon": [["09:60", "18:00"]]}}, errors.NotATimeOfDay, "hours.mon.0.0"),
        ({"hours": {"mon": [["24:00", "06:00"]]}}, errors.StartsAtEndOfDay, "hours.mon.0.0"),
        ({"holidays": ["2026-02-30"]}, errors.NotADate, "holidays.2026-02-30"),
        ({"holidays": ["20261225"]}, errors.NotADate, "holidays.20261225"),
        ({"overrides": {"tomorrow": []}}, errors.NotADate, "overrides.tomorrow"),
        ({"breaks": [["2026-11-23", "2026-11-24"]]}, errors.NotALocalTime, "breaks.0.0"),
        ({"breaks": [["2026-11-23T12:00", "2026-11-23T13:00Z"]]}, errors.NotATimeOfDay, "breaks.0.1"),
        ({"breaks": [["2026-11-23T12:00", "2026-11-31T13:00"]]}, errors.NotADate, "breaks.0.1"),
        ({"breaks": [["2026-11-23T13:00", "2026-11-23T12:00"]]}, errors.EndBeforeStart, "breaks.0"),
        ({"holiday_set": {"country": "XX"}}, errors.UnknownHolidays, "holiday_set.country"),
        ({"holiday_set": {"country": "ES", "subdivision": "??"}}, errors.UnknownHolidays, "holiday_set.subdivision"),
        ({"openings": {}}, errors.MalformedCalendar, "openings"),
    ],
)
def test_an_invalid_calendar_is_refused_when_it_is_created(
    changes: dict[str, Any], error: type[errors.CalendarError], field: str
) -> None:
    """At the edge, with the field's name: not at the first deadline, and never by a guess."""
    with pytest.raises(error) as refused:
        BusinessCalendar.from_config(OFFICE | changes)
    assert type(refused.value) is error
    assert refused.value.field == field
    assert str(refused.value)


NAIVE = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize(
    ("ask", "error", "field"),
    [
        (lambda: CALENDAR.add(NAIVE, HOUR), errors.NaiveInstant, "start"),
        (lambda: CALENDAR.elapsed(NAIVE, NOON), errors.NaiveInstant, "start"),
        (lambda: CALENDAR.elapsed(NOON, NAIVE), errors.NaiveInstant, "end"),
        (lambda: CALENDAR.ledger(NOON, NAIVE), errors.NaiveInstant, "end"),
        (lambda: CALENDAR.is_open(NAIVE), errors.NaiveInstant, "at"),
        (lambda: CALENDAR.next_open(NAIVE), errors.NaiveInstant, "at"),
        (lambda: CALENDAR.add(NOON, HOUR, [(NOON, NAIVE)]), errors.NaiveInstant, "pauses.0.1"),
        (lambda: CALENDAR.add(NOON, HOUR, [(NAIVE, NOON)]), errors.NaiveInstant, "pauses.0.0"),
        (lambda: CALENDAR.add(NOON, timedelta(0)), errors.InvalidTarget, "target"),
        (lambda: CALENDAR.add(NOON, timedelta(microseconds=-1)), errors.InvalidTarget, "target"),
        (lambda: CALENDAR.elapsed(NOON, NOON - HOUR), errors.EndBeforeStart, "end"),
        (lambda: CALENDAR.ledger(NOON, NOON - HOUR), errors.EndBeforeStart, "end"),
        (lambda: CALENDAR.add(NOON, HOUR, [(NOON, NOON), (NOON, NOON - HOUR)]), errors.EndBeforeStart, "pauses.1"),
        (lambda: CALENDAR.add(datetime(1, 5, 1, tzinfo=UTC), HOUR), errors.OutOfRange, "start"),
        (lambda: CALENDAR.elapsed(NOON, datetime(9999, 5, 1, tzinfo=UTC)), errors.OutOfRange, "end"),
        (lambda: hours.due(NAIVE, HOUR, "elapsed", None), errors.NaiveInstant, "start"),
        (lambda: hours.due(NOON, timedelta(days=3_000_000), "elapsed", None), errors.InvalidTarget, "target"),
        (lambda: hours.due(NOON, HOUR, "business", None), errors.MissingCalendar, "calendar"),
    ],
)
def test_invalid_arguments_are_refused(ask: Any, error: type[errors.CalendarError], field: str) -> None:
    """Guessing a zone for naive datetimes is how others go wrong (APScheduler, Frappe)."""
    with pytest.raises(error) as refused:
        ask()
    assert refused.value.field == field


def made(**changes: Any) -> BusinessCalendar:
    """A calendar of nothing but `changes`."""
    return BusinessCalendar.from_config({"timezone": "UTC", "hours": {}} | changes)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        pytest.param(lambda: CALENDAR.is_open(NAIVE), "2026-11-23T12:00:00 has no zone: write an offset", id="naive"),
        pytest.param(
            lambda: CALENDAR.is_open(datetime(1, 5, 1, tzinfo=UTC)),
            "0001-05-01T00:00:00+00:00 is outside the years 2 to 9998",
            id="out of range",
        ),
        pytest.param(
            lambda: CALENDAR.elapsed(NOON, NOON - HOUR),
            "the end 2026-11-23T11:00:00+00:00 is before the start 2026-11-23T12:00:00+00:00",
            id="end before start",
        ),
        pytest.param(
            lambda: CALENDAR.add(NOON, HOUR, [(NOON, NOON - HOUR)]),
            "the pause ends at 2026-11-23T11:00:00+00:00, before it starts",
            id="pause",
        ),
        pytest.param(lambda: CALENDAR.add(NOON, timedelta(0)), "a target must be positive, not 0:00:00", id="target"),
        pytest.param(
            lambda: hours.due(NOON, timedelta(days=3_000_000), "elapsed", None),
            "the deadline is after year 9998",
            id="target past the end of time",
        ),
        pytest.param(
            lambda: hours.due(NOON, HOUR, "business", None),
            "these hours need a calendar: give one, or count in elapsed hours",
            id="no calendar",
        ),
        pytest.param(
            lambda: made().add(NOON, HOUR),
            "the calendar does not open for long enough within 10 years of 2026-11-23T12:00:00+00:00",
            id="never open",
        ),
        pytest.param(lambda: made(timezone=None), "Input should be a valid string", id="not a calendar"),
        pytest.param(lambda: made(holidays=["2026-13-01"]), "'2026-13-01' is not a date: write YYYY-MM-DD", id="date"),
        pytest.param(
            lambda: made(hours={"mon": [["9:00", "18:00"]]}),
            "'9:00' is not a time of day: write HH:MM or HH:MM:SS, from 00:00 to 24:00",
            id="time of day",
        ),
        pytest.param(
            lambda: made(hours={"mon": [["24:00", "06:00"]]}),
            "24:00 is an end; a period that starts at midnight starts at 00:00",
            id="start at 24:00",
        ),
        pytest.param(
            lambda: made(breaks=[["2026-11-23", "2026-11-24T10:00"]]),
            "'2026-11-23' is not a local date and time: write YYYY-MM-DDTHH:MM (or :SS)",
            id="local time",
        ),
        pytest.param(
            lambda: made(breaks=[["2026-11-23T13:00", "2026-11-23T12:00"]]),
            "the break ends at 2026-11-23T12:00, before it starts at 2026-11-23T13:00",
            id="break",
        ),
        pytest.param(
            lambda: made(holiday_set={"country": "MC", "subdivision": "X"}),
            "the holidays package knows no 'X'; it has none for this country",
            id="subdivision",
        ),
    ],
)
def test_an_error_names_the_value_and_the_remedy(ask: Any, message: str) -> None:
    """Who gets it has to mend it."""
    with pytest.raises(errors.CalendarError) as refused:
        ask()
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"timezone": "UTC", "hours": {}}, id="no hours at all"),
        pytest.param({"timezone": "UTC", "hours": {"mon": []}}, id="no periods"),
        pytest.param(
            {"timezone": "UTC", "hours": {}, "overrides": {"2026-11-01": [["09:00", "18:00"]]}}, id="only in the past"
        ),
        pytest.param(
            {"timezone": "UTC", "hours": {}, "overrides": {"2037-01-01": [["09:00", "18:00"]]}}, id="only in ten years"
        ),
        pytest.param(
            {
                "timezone": "Europe/Madrid",
                "hours": {"sun": [["02:00", "03:00"]]},
                "breaks": [["2026-01-01T00:00", "2099-01-01T00:00"]],
            },
            id="a break for good",
        ),
    ],
)
def test_a_calendar_that_never_opens_is_an_error_and_no_endless_loop(config: dict[str, Any]) -> None:
    """GLPI loops for ever here. Making such a calendar, and measuring on it, are fine."""
    calendar = BusinessCalendar.from_config(config)
    assert calendar.elapsed(NOON, NOON + timedelta(days=365)) == timedelta(0)
    with pytest.raises(errors.NeverOpen):
        calendar.add(NOON, timedelta(seconds=1))
    with pytest.raises(errors.NeverOpen):
        calendar.next_open(NOON)


YEARLY = BusinessCalendar.from_config(
    {"timezone": "UTC", "hours": {}, "overrides": {f"{year}-11-23": [["11:00", "12:00"]] for year in range(2026, 2046)}}
)


def test_ten_years_is_the_limit_and_is_legal_itself() -> None:
    """An hour a year: the tenth is due ten years on to the second, the eleventh never."""
    assert YEARLY.add(NOON, 10 * HOUR) == NOON.replace(year=2036)
    with pytest.raises(errors.NeverOpen):
        YEARLY.add(NOON, 10 * HOUR + timedelta(microseconds=1))
    with pytest.raises(errors.NeverOpen):
        YEARLY.add(NOON - timedelta(seconds=1), 10 * HOUR + timedelta(seconds=1))


def test_a_pause_of_ten_years_does_not_extend_the_limit() -> None:
    """The limit is on the deadline, however it came to be so far away."""
    with pytest.raises(errors.NeverOpen):
        CALENDAR.add(NOON, HOUR, [(NOON, NOON.replace(year=2037))])


def test_from_a_leap_day_the_limit_is_the_first_of_march() -> None:
    """There is no 29 February ten years after one."""
    start = datetime(2024, 2, 29, 12, tzinfo=UTC)
    once = {"timezone": "UTC", "hours": {}, "overrides": {"2034-03-01": [["11:00", "13:00"]]}}
    calendar = BusinessCalendar.from_config(once)
    assert calendar.add(start, HOUR) == datetime(2034, 3, 1, 12, tzinfo=UTC)
    with pytest.raises(errors.NeverOpen):
        calendar.add(start, HOUR + timedelta(microseconds=1))


def test_the_shortest_target_is_a_microsecond() -> None:
    """Zero is refused, the least that can be waited for is not."""
    assert CALENDAR.add(NOON, timedelta(microseconds=1)) == NOON + timedelta(microseconds=1)


def test_the_message_of_an_overlap_names_the_time() -> None:
    """So that it can be found among many periods."""
    overlapping = {"hours": {"mon": [["09:00", "12:00"], ["11:59", "13:00"]]}}
    with pytest.raises(errors.OverlappingPeriods, match="at 11:59"):
        BusinessCalendar.from_config(OFFICE | overlapping)


def test_the_edges_of_time_are_refused_not_miscounted() -> None:
    """Near year 9999 the limit of ten years meets the last datetime."""
    for year in (9980, 9989, 9998):
        late = datetime(year, 12, 30, tzinfo=UTC)
        with pytest.raises(errors.NeverOpen):
            CALENDAR.add(late, timedelta(hours=10_000))
    assert CALENDAR.add(datetime(9989, 1, 1, tzinfo=UTC), timedelta(hours=9 * 515)) < datetime(9999, 1, 1, tzinfo=UTC)
    assert CALENDAR.elapsed(datetime(2, 1, 1, tzinfo=UTC), datetime(2, 1, 15, tzinfo=UTC)) == 18 * HOUR
    with pytest.raises(errors.OutOfRange):
        to_micros(datetime(9999, 1, 1, tzinfo=UTC))


def test_every_error_is_a_calendar_error() -> None:
    """One name to catch them all by, at the edges."""
    named = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    assert all(issubclass(kind, errors.CalendarError) and kind.__doc__ for kind in named)
