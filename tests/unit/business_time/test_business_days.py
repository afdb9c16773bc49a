"""Targets in business days: which date, which time, and what that comes to in open time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time.business_days import Until, business_days_due, business_days_target
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import InvalidBusinessDays, NaiveInstant, NeverOpen

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = {day: [["09:00", "18:00"]] for day in WORKDAYS}
NIGHTS = {day: [["22:00", "06:00"]] for day in WORKDAYS}
ALWAYS = {day: [["00:00", "24:00"]] for day in (*WORKDAYS, "sat", "sun")}
LUNCH = {day: [["09:00", "14:00"], ["15:00", "18:00"]] for day in WORKDAYS}
ROUND_THE_CLOCK = {day: [["09:00", "09:00"]] for day in WORKDAYS}


def made(zone: str = "UTC", hours: Any = OFFICE, **changes: Any) -> BusinessCalendar:
    """A calendar of one zone."""
    return BusinessCalendar.from_config({"timezone": zone, "hours": hours, **changes})


def local(text: str, zone: str = "UTC") -> datetime:
    """An instant by the wall clock of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# 2026-11-23 is a Monday. What the rule says, and what is due by the open time that it comes to, if that differs.
CASES: list[Any] = [
    pytest.param({}, "2026-11-23T10:00", 1, "2026-11-24T10:00", "2026-11-24T18:00", None, id="the same time"),
    pytest.param({}, "2026-11-23T10:00", 5, "2026-11-30T10:00", "2026-11-30T18:00", None, id="five days are a week"),
    pytest.param({}, "2026-11-27T17:30", 1, "2026-11-30T17:30", "2026-11-30T18:00", None, id="over a weekend"),
    pytest.param({}, "2026-11-23T08:00", 1, "2026-11-24T09:00", "2026-11-24T18:00", "2026-11-24T09:00:01",
                 id="before opening: at the opening, which a second of open time makes that date"),
    pytest.param({}, "2026-11-23T18:00", 1, "2026-11-25T09:00", "2026-11-25T18:00", "2026-11-25T09:00:01",
                 id="at closing: day 0 is the next date, from its opening"),
    pytest.param({}, "2026-11-28T12:00", 1, "2026-12-01T09:00", "2026-12-01T18:00", "2026-12-01T09:00:01",
                 id="on a Saturday"),
    pytest.param({"holidays": ["2026-11-24"]}, "2026-11-23T10:00", 1, "2026-11-25T10:00", "2026-11-25T18:00", None,
                 id="a holiday is no open date"),
    pytest.param({"holidays": {"2026-11-24": [["09:00", "13:00"]]}}, "2026-11-23T15:00", 1, "2026-11-24T13:00",
                 "2026-11-24T13:00", None, id="a part day is one, and has an earlier last closing"),
    pytest.param({"holidays": {"2026-11-24": [["12:00", "18:00"]]}}, "2026-11-23T10:00", 1, "2026-11-24T12:00",
                 "2026-11-24T18:00", "2026-11-24T12:00:01", id="a later opening"),
    pytest.param({"overrides": {"2026-11-28": [["10:00", "14:00"]]}}, "2026-11-27T11:00", 1, "2026-11-28T11:00",
                 "2026-11-28T14:00", None, id="an override makes an open date"),
    pytest.param({"seasons": [{"from": "11-24", "to": "11-30", "hours": {"fri": [["08:00", "15:00"]]}}]},
                 "2026-11-23T17:00", 1, "2026-11-27T15:00", "2026-11-27T15:00", None, id="a season with other days"),
    pytest.param({"hours": LUNCH}, "2026-11-23T13:00", 1, "2026-11-24T13:00", "2026-11-24T18:00", None,
                 id="before a gap"),
    pytest.param({"hours": LUNCH}, "2026-11-23T14:30", 1, "2026-11-24T14:30", "2026-11-24T18:00", "2026-11-24T14:00",
                 id="in a gap: due when the gap begins"),
    pytest.param({"breaks": [["2026-11-24T10:00", "2026-11-24T12:00"]]}, "2026-11-23T11:00", 1, "2026-11-24T11:00",
                 "2026-11-24T18:00", "2026-11-24T10:00", id="in a break"),
    pytest.param({"breaks": [["2026-11-24T00:00", "2026-11-25T00:00"]]}, "2026-11-23T11:00", 1, "2026-11-25T11:00",
                 "2026-11-25T18:00", None, id="a break for a whole date"),
    pytest.param({"hours": NIGHTS}, "2026-11-23T23:00", 1, "2026-11-24T23:00", "2026-11-25T06:00", None,
                 id="a night belongs to its evening"),
    pytest.param({"hours": NIGHTS}, "2026-11-24T02:00", 1, "2026-11-25T02:00", "2026-11-25T06:00", None,
                 id="after midnight it is still the evening before"),
    pytest.param({"hours": NIGHTS}, "2026-11-28T02:00", 1, "2026-12-01T02:00", "2026-12-01T06:00", None,
                 id="Friday's night on Saturday: Monday's night on Tuesday"),
    pytest.param({"hours": NIGHTS}, "2026-11-24T12:00", 1, "2026-11-25T22:00", "2026-11-26T06:00",
                 "2026-11-25T22:00:01", id="between two nights it is its own date"),
    pytest.param({"hours": ROUND_THE_CLOCK}, "2026-11-24T03:00", 1, "2026-11-25T03:00", "2026-11-25T09:00", None,
                 id="round the clock from nine to nine"),
    pytest.param({"hours": ALWAYS}, "2026-11-23T10:00", 1, "2026-11-24T10:00", "2026-11-25T00:00", None, id="24x7"),
    pytest.param({"hours": {"mon": [["09:00", "18:00"]]}}, "2026-11-23T10:00", 2, "2026-12-07T10:00",
                 "2026-12-07T18:00", None, id="one open date a week"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "start", "days", "same_time", "end_of_day", "in_open_time"), CASES)
def test_the_deadline_is_on_the_nth_open_date(
    changes: dict[str, Any], start: str, days: int, same_time: str, end_of_day: str, in_open_time: str | None
) -> None:
    """Written as nine open hours, "next business day" was due on the same evening for whoever wrote before opening."""
    calendar = made(**changes)
    assert business_days_due(local(start), days, "same_time", calendar) == local(same_time)
    assert business_days_due(local(start), days, "end_of_day", calendar) == local(end_of_day)
    target = business_days_target(local(start), days, "same_time", calendar)
    assert calendar.add(local(start), target) == local(in_open_time or same_time)
    assert calendar.add(local(start), business_days_target(local(start), days, "end_of_day", calendar)) == local(
        end_of_day
    )


# Madrid's clocks go forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00, both Sundays.
@pytest.mark.parametrize(
    ("start", "due"),
    [
        pytest.param("2026-03-27T10:00+01:00", "2026-03-28T10:00+01:00", id="before the change"),
        pytest.param("2026-03-28T10:00+01:00", "2026-03-29T10:00+02:00", id="over it: 23 hours, the same time"),
        pytest.param("2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", id="a time that is skipped: at the change"),
        pytest.param("2026-10-24T10:00+02:00", "2026-10-25T10:00+01:00", id="over it: 25 hours, the same time"),
        pytest.param("2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", id="a time that is shown twice: the first"),
        pytest.param("2026-10-25T02:30+01:00", "2026-10-26T02:30+01:00", id="from the second time"),
    ],
)
def test_the_same_local_time_through_a_change_of_the_clocks(start: str, due: str) -> None:
    """People promise by the wall clock."""
    calendar = made("Europe/Madrid", ALWAYS)
    begun = datetime.fromisoformat(start)
    assert business_days_due(begun, 1, "same_time", calendar) == datetime.fromisoformat(due)
    assert calendar.add(begun, business_days_target(begun, 1, "same_time", calendar)) == datetime.fromisoformat(due)


MADRID: dict[str, Any] = {"timezone": "Europe/Madrid", "hours": OFFICE}
MEXICO: dict[str, Any] = {"timezone": "America/Mexico_City", "hours": OFFICE}


@pytest.mark.parametrize(
    ("start", "same_time", "end_of_day"),
    [
        pytest.param("2026-11-23T10:00Z", "2026-11-24T10:00Z", "2026-11-25T00:00Z", id="the dates of Madrid"),
        pytest.param("2026-11-23T23:30Z", "2026-11-24T23:30Z", "2026-11-25T00:00Z", id="Mexico's evening is Monday's"),
        pytest.param("2026-11-24T03:00Z", "2026-11-25T08:00Z", "2026-11-26T00:00Z", id="nobody is there"),
        pytest.param("2026-11-27T23:30Z", "2026-11-30T23:30Z", "2026-12-01T00:00Z", id="Friday's, on a Saturday"),
    ],
)
def test_in_a_union_the_first_zone_gives_the_dates(start: str, same_time: str, end_of_day: str) -> None:
    """Mexico City works until 01:00 in Madrid: that hour belongs to the date on which its day there began."""
    calendar = BusinessCalendar.from_config({"union": [MADRID, MEXICO]})
    begun = datetime.fromisoformat(start)
    assert business_days_due(begun, 1, "same_time", calendar) == datetime.fromisoformat(same_time)
    assert business_days_due(begun, 1, "end_of_day", calendar) == datetime.fromisoformat(end_of_day)


def test_pauses_move_what_it_comes_to_as_any_target() -> None:
    """Resolved once, at the start; a pause in open hours moves the deadline by its length."""
    start, calendar = local("2026-11-23T10:00"), made()
    target = business_days_target(start, 1, "same_time", calendar)
    assert target == timedelta(hours=9)
    pause = (local("2026-11-23T12:00"), local("2026-11-23T14:00"))
    assert calendar.add(start, target, [pause]) == local("2026-11-24T12:00")


def test_microseconds_are_kept() -> None:
    """A start has them."""
    start = local("2026-11-23T10:00:00.000001")
    assert business_days_due(start, 1, "same_time", made()) == start + timedelta(days=1)
    assert business_days_target(start, 1, "end_of_day", made()) == timedelta(hours=17, microseconds=-1)


NEVER = made(hours={})


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda: business_days_due(local("2026-11-23T10:00"), 0, "same_time", made()), InvalidBusinessDays),
        (lambda: business_days_target(local("2026-11-23T10:00"), -1, "same_time", made()), InvalidBusinessDays),
        (lambda: business_days_due(local("2026-11-23T10:00"), 1, "same_time", NEVER), NeverOpen),
        (lambda: business_days_target(local("2026-11-23T10:00"), 1, "end_of_day", NEVER), NeverOpen),
        (lambda: business_days_due(local("2026-11-23T10:00"), 3000, "same_time", made()), NeverOpen),
        # A naive instant is what is refused.
        (lambda: business_days_due(datetime(2026, 11, 23), 1, "same_time", made()), NaiveInstant),  # noqa: DTZ001
    ],
)
def test_what_has_no_deadline_is_refused(ask: Any, error: type[Exception]) -> None:
    """By the names of the other targets; and ten years are the limit here too."""
    with pytest.raises(error):
        ask()


def test_a_calendar_that_never_opens_names_the_start() -> None:
    """Not the date at which the search ended."""
    with pytest.raises(NeverOpen, match="within 10 years of 2026-11-23T10:00"):
        business_days_due(local("2026-11-23T10:00"), 1, "same_time", NEVER)


calendars = st.sampled_from(
    [
        made("Europe/Madrid"),
        made("Europe/Madrid", NIGHTS),
        made("America/Santiago", ALWAYS),
        made("Europe/Madrid", LUNCH, holidays={"2026-10-26": [["10:00", "12:00"]], "2026-10-28": "Feast"}),
        made("Australia/Lord_Howe", ROUND_THE_CLOCK, breaks=[["2026-10-27T10:00", "2026-10-28T12:00"]]),
        BusinessCalendar.from_config({"union": [MADRID, MEXICO, {"timezone": "Asia/Tokyo", "hours": NIGHTS}]}),
    ]
)
starts = st.integers(0, 60 * 24 * 14).map(lambda minutes: local("2026-10-19") + timedelta(minutes=minutes))
untils = st.sampled_from(["same_time", "end_of_day"])


@settings(deadline=None)
@given(calendars, starts, st.integers(1, 6), untils)
def test_open_time_comes_to_the_deadline_or_to_where_nothing_more_is_open(
    calendar: BusinessCalendar, start: datetime, days: int, until: Until
) -> None:
    """Due by open time and due by the rule are the same open time, but for the second that an opening takes."""
    due = business_days_due(start, days, until, calendar)
    target = business_days_target(start, days, until, calendar)
    counted = calendar.add(start, target)
    if counted > due:
        assert (counted - due, calendar.is_open(due)) == (timedelta(seconds=1), True)
        assert not calendar.is_open(due - timedelta(microseconds=1))
    else:
        assert calendar.elapsed(counted, due) == timedelta(0)


@settings(deadline=None)
@given(calendars, starts, st.integers(1, 5), st.integers(0, 60 * 24))
def test_a_later_start_and_more_days_are_never_due_earlier(
    calendar: BusinessCalendar, start: datetime, days: int, minutes: int
) -> None:
    """And the end of a day is not before any time of it."""
    ends = business_days_due(start, days, "end_of_day", calendar)
    assert start < business_days_due(start, days, "same_time", calendar) <= ends
    assert ends <= business_days_due(start, days + 1, "end_of_day", calendar)
    assert ends <= business_days_due(start + timedelta(minutes=minutes), days, "end_of_day", calendar)
