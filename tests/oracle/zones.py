"""Time zones for the judge of business time, read from the tzdata package itself: nothing of the product is used.

Zones that do odd things are drawn more often than the others, and the oddest moments have a list of their own.
"""

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

OFTEN = (
    "Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Caracas", "America/Havana", "America/Los_Angeles",
    "America/New_York", "America/Nuuk", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll",
    "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang", "Asia/Tehran", "Asia/Tokyo",
    "Australia/Adelaide", "Australia/Eucla", "Australia/Lord_Howe", "Australia/Sydney", "Europe/Dublin",
    "Europe/Istanbul", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Pacific/Apia",
    "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Marquesas", "UTC",
)  # fmt: skip

ODD_MOMENTS = (
    ("Pacific/Apia", "2011-12-30T10:00"),  # a date skipped
    ("Pacific/Fakaofo", "2011-12-30T11:00"),
    ("Pacific/Kiritimati", "1994-12-31T10:00"),
    ("Pacific/Kanton", "1994-12-31T11:00"),
    ("Pacific/Kwajalein", "1993-08-21T12:00"),
    ("Asia/Manila", "1844-12-31T15:57"),
    ("Pacific/Kwajalein", "1969-09-30T13:00"),  # 23 hours twice
    ("America/Juneau", "1867-10-19T00:32"),  # a date twice, and seconds of local mean time
    ("Europe/Madrid", "1901-01-01T00:00"),  # from local mean time to standard time
    ("Africa/Monrovia", "1972-01-07T00:45"),  # the last zone with seconds in its offset
    ("America/St_Johns", "1988-04-03T03:31"),  # two hours at once, at a minute past
    ("America/St_Johns", "1988-10-30T01:31"),
    ("Antarctica/Troll", "2005-03-27T01:00"),
    ("Antarctica/Casey", "2020-10-03T16:01"),
    ("Europe/London", "1941-08-10T01:00"),  # from double summer time
    ("Asia/Pyongyang", "2015-08-14T15:00"),  # half an hour for good
    ("Australia/Lord_Howe", "2026-04-04T15:00"),  # half an hour for the winter
    ("Africa/Casablanca", "2026-02-15T02:00"),  # winter time for the month of Ramadan
)

DAY = 86_400
_STRIDE = 5 * DAY  # no zone goes forth and back within it; should one ever, the judge's walk says so


@cache
def zone(key: str) -> ZoneInfo:
    """The zone, read from the tzdata package, past every search path."""
    with (files("tzdata") / "zoneinfo").joinpath(*key.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key)


@cache
def all_zones() -> tuple[str, ...]:
    """The name of every zone, in the package's order."""
    return tuple((files("tzdata") / "zones").read_text(encoding="utf-8").split())


def seconds_since_1970(text: str) -> int:
    """The instant of a date and time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def offset(key: str, at: int) -> int:
    """How many seconds the wall clock is ahead of UTC."""
    ahead = datetime.fromtimestamp(at, zone(key)).utcoffset()
    assert ahead is not None
    return ahead.days * DAY + ahead.seconds


def changes_between(key: str, start: int, end: int) -> list[int]:
    """The seconds in (start, end] at which the zone changes its offset."""
    found = []
    before, known = start, offset(key, start)
    while before < end:
        after = min(before + _STRIDE, end)
        ahead = offset(key, after)
        if ahead != known:
            found.append(_first_other(key, before, after, known))
        before, known = after, ahead
    return found


def _first_other(key: str, before: int, after: int, known: int) -> int:
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if offset(key, middle) == known else (before, middle)
    return after


@cache
def changes(key: str) -> tuple[int, ...]:
    """The changes of the years that promises are made in, with some to either side."""
    return tuple(changes_between(key, seconds_since_1970("1975-01-01"), seconds_since_1970("2060-01-01")))
