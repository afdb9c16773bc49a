"""What is asked of business time in the benchmark, and what is right, as the judge of tests/oracle confirms."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.business_time.business_days import business_days_due
from shared.business_time.calendar import BusinessCalendar, pause_spans
from shared.business_time.config import CalendarConfig
from shared.business_time.holiday_sources import resolve_holidays
from shared.business_time.instants import length, to_micros
from tests.bench.measure import Question

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
START = datetime(2026, 11, 23, 10, tzinfo=UTC)  # a Monday
PAUSES = [(START + timedelta(hours=n), START + timedelta(hours=n, minutes=30)) for n in (1, 3, 5, 24)]
SHORT, LONG = timedelta(hours=8), timedelta(hours=2000)
SHORT_GOAL, LONG_GOAL = 15.0, 60.0  # microseconds

# As the regional calendars of an edition are: nine hours on working days, without the country's holidays of 17 years.
OFFICE = {
    "timezone": "Europe/Madrid",
    "hours": {day: [["09:00", "18:00"]] for day in DAYS[:5]},
    "holiday_set": {"country": "ES"},
}
# Everything at once: three periods a day, nights, special dates, breaks, and a zone that changes its offset.
INTRICATE = {
    "timezone": "America/New_York",
    "hours": {day: [["08:00", "12:00"], ["13:00", "17:00"], ["22:00", "03:00"]] for day in DAYS},
    "holidays": ["2026-11-26", "2026-12-25", "2027-01-01"],
    "overrides": {"2026-12-24": [["08:00", "12:00"]], "2026-12-31": []},
    "breaks": [["2026-11-24T09:00", "2026-11-24T10:00"], ["2027-02-01T00:00", "2027-02-02T12:00"]],
}
# Follow the sun: three desks with their holidays.
UNION: dict[str, Any] = {
    "union": [
        OFFICE | {"timezone": key, "holiday_set": {"country": country}, "holidays": [], "overrides": {}, "breaks": []}
        for key, country in (("Europe/Madrid", "ES"), ("America/Los_Angeles", "US"), ("Australia/Sydney", "AU"))
    ]
}


@dataclass(frozen=True)
class Promise:
    """A target on a calendar, and when it is due."""

    calendar: str
    config: dict[str, Any]
    target: timedelta
    due: datetime
    goal: float
    pauses: tuple[tuple[datetime, datetime], ...] = ()


PROMISES = (
    Promise("office", OFFICE, SHORT, datetime(2026, 11, 24, 9, tzinfo=UTC), SHORT_GOAL),
    Promise("office", OFFICE, LONG, datetime(2027, 10, 6, 11, tzinfo=UTC), LONG_GOAL),
    Promise("office, 4 pauses", OFFICE, SHORT, datetime(2026, 11, 24, 11, tzinfo=UTC), SHORT_GOAL, tuple(PAUSES)),
    Promise("intricate", INTRICATE, SHORT, datetime(2026, 11, 23, 22, tzinfo=UTC), SHORT_GOAL),
    Promise("intricate", INTRICATE, LONG, datetime(2027, 5, 2, 19, tzinfo=UTC), LONG_GOAL),
    Promise("union", UNION, SHORT, datetime(2026, 11, 23, 18, tzinfo=UTC), SHORT_GOAL),
    Promise("union", UNION, LONG, datetime(2027, 3, 25, 2, tzinfo=UTC), LONG_GOAL),
)


def ready(config: dict[str, Any]) -> BusinessCalendar:
    """The calendar as an edition keeps it: holidays as dates."""
    return BusinessCalendar.from_config(resolve_holidays(CalendarConfig.model_validate(config)))


def questions() -> list[Question]:
    """Each promise with datetimes and in microseconds, and what it costs a calendar to get warm."""
    found = []
    for promise in PROMISES:
        found += _asked(promise, ready(promise.config))
    cold = resolve_holidays(CalendarConfig.model_validate(OFFICE))
    first = PROMISES[0]
    return [
        *found,
        Question("office, 8 h, a new calendar", lambda: BusinessCalendar(cold).add(START, SHORT), first.due),
        *(_in_days(name, ready(config)) for name, config in (("office", OFFICE), ("union", UNION))),
    ]


def _in_days(name: str, calendar: BusinessCalendar) -> Question:
    due = datetime(2026, 11, 25, 10, tzinfo=UTC)
    return Question(f"{name}, 2 business days", lambda: business_days_due(START, 2, "same_time", calendar), due)


def _asked(promise: Promise, calendar: BusinessCalendar) -> list[Question]:
    name = f"{promise.calendar}, {promise.target // timedelta(hours=1):,} h"
    start, target, spans = to_micros(START), length(promise.target), pause_spans(promise.pauses)
    return [
        Question(
            f"{name}, add", lambda: calendar.add(START, promise.target, promise.pauses), promise.due, promise.goal
        ),
        Question(
            f"{name}, add_micros",
            lambda: calendar.add_micros(start, target, spans),
            to_micros(promise.due),
            promise.goal,
        ),
    ]
