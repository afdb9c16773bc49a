"""The ledger: why a deadline is where it is, interval by interval."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig, HolidaySet
from shared.business_time.holiday_sources import resolve_holidays
from shared.business_time.ledger import by_pause

CALENDAR = BusinessCalendar.from_config(
    {
        "timezone": "Europe/Madrid",
        "hours": {day: [["09:00", "14:00"], ["15:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "holidays": {"2026-12-25": "Navidad"},
        "overrides": {"2026-12-24": [["09:00", "13:00"]]},
        "breaks": [["2026-12-23T12:00", "2026-12-23T13:00"]],
    }
)


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_each_interval_says_whether_it_counted_and_why_not() -> None:
    """Closed, a break, paused, a holiday by its name: what a customer may ask about a deadline."""
    entries = CALENDAR.ledger(
        at("2026-12-23T10:00"), at("2026-12-28T09:00"), [(at("2026-12-23T15:00"), at("2026-12-24T09:00"))]
    )
    assert [(e.start, e.counted, e.reason, e.holiday) for e in entries] == [
        (at("2026-12-23T10:00"), True, "open", None),
        (at("2026-12-23T11:00"), False, "break", None),
        (at("2026-12-23T12:00"), True, "open", None),
        (at("2026-12-23T13:00"), False, "closed", None),
        (at("2026-12-23T14:00"), True, "open", None),
        (at("2026-12-23T15:00"), False, "paused", None),
        (at("2026-12-23T17:00"), False, "closed", None),  # paused as well, but closed would not have counted anyway
        (at("2026-12-24T08:00"), False, "paused", None),
        (at("2026-12-24T09:00"), True, "open", None),
        (at("2026-12-24T12:00"), False, "closed", None),
        (at("2026-12-24T23:00"), False, "holiday", "Navidad"),
        (at("2026-12-25T23:00"), False, "closed", None),
        (at("2026-12-28T08:00"), True, "open", None),
    ]
    assert entries[-1].end == at("2026-12-28T09:00")


CHRISTMAS = "2026-12-25"


@pytest.mark.parametrize(
    ("dates", "name"),
    [
        pytest.param([CHRISTMAS], "Christmas Day", id="a date without a name has the set's"),
        pytest.param({CHRISTMAS: "Company day"}, "Company day", id="a name given with its date is kept"),
        pytest.param(["2026-12-28"], "Christmas Day", id="from the set"),
    ],
)
@pytest.mark.parametrize("ready", [False, True], ids=["looked up when asked", "turned into dates before"])
def test_a_holiday_has_one_name_however_its_set_is_kept(dates: Any, name: str, ready: bool) -> None:
    """`frontline deadline` asks the set, an edition has its dates: both explain a deadline in the same words."""
    config = CalendarConfig(timezone="UTC", hours={}, holidays=dates, holiday_set=HolidaySet(country="ES"))
    calendar = BusinessCalendar.from_config(resolve_holidays(config) if ready else config)
    assert [entry.holiday for entry in calendar.ledger(at(CHRISTMAS), at("2026-12-26"))] == [name]


def test_an_empty_span_has_an_empty_ledger() -> None:
    """There is nothing to explain."""
    assert CALENDAR.ledger(at("2026-12-23T10:00"), at("2026-12-23T10:00")) == []


minutes = st.integers(min_value=0, max_value=60 * 24 * 30).map(lambda n: at("2026-12-01") + timedelta(minutes=n))
pauses = st.lists(st.tuples(minutes, minutes).map(lambda pair: (min(pair), max(pair))), max_size=4)


@settings(deadline=None)
@given(minutes, minutes, pauses)
def test_the_ledger_covers_the_span_without_gap_and_adds_up(
    a: datetime, b: datetime, pauses: list[tuple[datetime, datetime]]
) -> None:
    """An explanation that does not add up to the number explains nothing."""
    start, end = min(a, b), max(a, b)
    entries = CALENDAR.ledger(start, end, pauses)
    counted = sum(((e.end - e.start) for e in entries if e.counted), timedelta(0))
    assert counted == CALENDAR.elapsed(start, end, pauses)
    edges = [start, *(e.end for e in entries)]
    assert edges[-1] == end
    assert [e.start for e in entries] == edges[:-1]
    assert all((x.reason, x.holiday) != (y.reason, y.holiday) for x, y in pairwise(entries))


@settings(deadline=None)
@given(minutes, minutes, pauses)
def test_cut_by_pause_the_ledger_covers_the_same_time(
    a: datetime, b: datetime, pauses: list[tuple[datetime, datetime]]
) -> None:
    """Each paused interval is within its pause, the one that began first; nothing else is touched."""
    entries = CALENDAR.ledger(min(a, b), max(a, b), pauses)
    cut = list(by_pause(entries, pauses))
    assert [entry for entry, number in cut if number is None] == [each for each in entries if each.reason != "paused"]
    edges = [entry.end for entry, _ in cut]
    assert [entry.start for entry, _ in cut[1:]] == edges[:-1]
    assert edges[-1:] == [entry.end for entry in entries[-1:]]
    for entry, number in cut:
        if number is not None:
            start, end = pauses[number]
            assert start <= entry.start < entry.end <= end
            assert all(since >= start or until <= entry.start for since, until in pauses)


def test_cut_by_pause_the_ledger_is_in_utc_whatever_zone_the_pauses_are_told_in() -> None:
    """What is published names instants one way."""
    start = at("2026-11-23T10:00")
    pauses = [(instant(h), instant(h + 1)) for h in (11, 13)]
    cut = list(by_pause(CALENDAR.ledger(start, start + timedelta(hours=3), pauses), pauses))
    assert [number for entry, number in cut if entry.reason == "paused"] == [0, 1]
    assert all(entry.start.tzinfo is UTC and entry.end.tzinfo is UTC for entry, _ in cut)


def instant(hour: int) -> datetime:
    """An hour of that Monday, on the wall clock of Madrid."""
    return datetime(2026, 11, 23, hour, 30, tzinfo=ZoneInfo("Europe/Madrid"))
