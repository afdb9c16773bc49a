"""Daylight saving and other things that zones do: a repeated hour counts twice, a skipped hour not at all."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.business_time.calendar import BusinessCalendar

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def daily(zone: str, opens: str, closes: str) -> BusinessCalendar:
    """The same hours every day."""
    return BusinessCalendar.from_config({"timezone": zone, "hours": {day: [[opens, closes]] for day in DAYS}})


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MADRID, LORD_HOWE, HAVANA = "Europe/Madrid", "Australia/Lord_Howe", "America/Havana"
SPRING = ("2026-03-28T23:00", "2026-03-29T22:00")  # 29 March in Madrid, a day of 23 hours: 02:00 -> 03:00
AUTUMN = ("2026-10-24T22:00", "2026-10-25T23:00")  # 25 October in Madrid, a day of 25 hours: 03:00 -> 02:00


@pytest.mark.parametrize(
    ("zone", "opens", "closes", "window", "minutes"),
    [
        pytest.param(MADRID, "00:00", "24:00", SPRING, 23 * 60, id="a short day"),
        pytest.param(MADRID, "00:00", "24:00", AUTUMN, 25 * 60, id="a long day"),
        pytest.param(MADRID, "01:00", "04:00", SPRING, 120, id="gap inside"),
        pytest.param(MADRID, "01:00", "04:00", AUTUMN, 240, id="overlap inside"),
        pytest.param(MADRID, "02:00", "03:00", SPRING, 0, id="all in the gap"),
        pytest.param(MADRID, "02:00", "03:00", AUTUMN, 120, id="all in the overlap"),
        pytest.param(MADRID, "02:30", "05:00", SPRING, 120, id="opens in the gap"),
        pytest.param(MADRID, "01:00", "02:30", SPRING, 60, id="closes in the gap"),
        pytest.param(MADRID, "02:30", "05:00", AUTUMN, 180, id="opens in the overlap"),
        pytest.param(MADRID, "01:00", "02:30", AUTUMN, 120, id="closes in the overlap"),
        pytest.param(MADRID, "03:00", "05:00", SPRING, 120, id="opens as the gap ends"),
        pytest.param(MADRID, "00:00", "02:00", AUTUMN, 120, id="closes as it repeats"),
        pytest.param(MADRID, "22:00", "06:00", ("2026-03-28T12:00", "2026-03-29T12:00"), 7 * 60, id="a short night"),
        pytest.param(MADRID, "22:00", "06:00", ("2026-10-24T12:00", "2026-10-25T12:00"), 9 * 60, id="a long night"),
        # Lord Howe Island moves by half an hour: 2026-04-05 02:00 -> 01:30, 2026-10-04 02:00 -> 02:30
        pytest.param(
            LORD_HOWE, "01:00", "03:00", ("2026-04-04T12:00", "2026-04-05T12:00"), 150, id="half an hour twice"
        ),
        pytest.param(
            LORD_HOWE, "01:00", "03:00", ("2026-10-03T12:00", "2026-10-04T12:00"), 90, id="half an hour never"
        ),
        # Samoa went from 29 to 31 December
        pytest.param(
            "Pacific/Apia", "09:00", "17:00", ("2011-12-29T10:00", "2011-12-31T10:00"), 16 * 60, id="no such date"
        ),
        pytest.param(HAVANA, "00:00", "02:00", ("2025-03-09T04:00", "2025-03-10T03:59"), 60, id="midnight is skipped"),
        pytest.param(
            HAVANA, "23:00", "01:00", ("2025-11-01T12:00", "2025-11-02T12:00"), 180, id="midnight comes twice"
        ),
        pytest.param(
            "Antarctica/Troll", "00:00", "04:00", ("2026-03-28T20:00", "2026-03-29T12:00"), 120, id="two hours at once"
        ),
        # odd offsets
        pytest.param("Asia/Kathmandu", "09:00", "10:00", ("2026-11-23T03:15", "2026-11-23T04:15"), 60, id="+05:45"),
        pytest.param("Pacific/Marquesas", "09:00", "10:00", ("2026-11-23T18:30", "2026-11-23T19:30"), 60, id="-09:30"),
        pytest.param("Pacific/Kiritimati", "09:00", "10:00", ("2026-11-22T19:00", "2026-11-22T20:00"), 60, id="+14:00"),
    ],
)
def test_the_wall_clock_says_what_is_open(
    zone: str, opens: str, closes: str, window: tuple[str, str], minutes: int
) -> None:
    """People keep shifts by the clock on the wall, whatever the sun does (GLPI skips or repeats a day there)."""
    start, end = map(at, window)
    assert daily(zone, opens, closes).elapsed(start, end) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        pytest.param("2026-03-27T16:00", 9, "2026-03-30T15:00", id="into summer: Friday 17:00 to Monday 17:00 local"),
        pytest.param("2026-10-23T15:00", 9, "2026-10-26T16:00", id="into winter: Friday 17:00 to Monday 17:00 local"),
        pytest.param("2026-03-27T12:00", 45, "2026-04-03T11:00", id="a week later by the wall clock is an hour less"),
        pytest.param("2026-01-15T10:00", 45 * 26, "2026-07-16T09:00", id="half a year on the offset is another"),
    ],
)
def test_a_deadline_keeps_to_local_hours_over_a_change(start: str, hours: int, due: str) -> None:
    """The offset is that of each day counted, not today's (dbt_zendesk judges history by today's)."""
    office = BusinessCalendar.from_config(
        {"timezone": "Europe/Madrid", "hours": {day: [["09:00", "18:00"]] for day in DAYS[:5]}}
    )
    assert office.add(at(start), timedelta(hours=hours)) == at(due)


def test_a_zone_before_standard_time_counts_to_the_second() -> None:
    """Local mean time was off by odd seconds: Madrid was 14 min 44 s behind Greenwich until 1901."""
    calendar = daily("Europe/Madrid", "09:00", "10:00")
    opens = calendar.next_open(at("1890-05-01T00:00"))
    assert opens == at("1890-05-01T09:14:44")
