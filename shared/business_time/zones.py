"""[pure] Time zones, from the pinned tzdata package only.

The zone files of the machine are never read, so a log replays to the same instants on every machine. This module alone
configures zoneinfo so.
"""

import zoneinfo
from functools import lru_cache
from typing import NamedTuple

import tzdata  # type: ignore[import-untyped]  # carries data, no types

from shared.business_time.errors import UnknownZone
from shared.business_time.instants import DAY, EARLIEST, LATEST, SECOND, Micros, from_micros, length

zoneinfo.reset_tzpath(to=())

TZDATA_VERSION: str = tzdata.IANA_VERSION  # such as "2026f"; decisions record it

# The offset is compared once a day, and a change between is located to the second by bisection. A test over the whole
# database shows that this finds every change: no zone ever changed its offset twice within two days.
_STEP = DAY


class Segment(NamedTuple):
    """A part of UTC, [start, end), in which the local wall clock is `offset` ahead of UTC."""

    start: Micros
    end: Micros
    offset: Micros


class Zone:
    """One zone of the tz database."""

    __slots__ = ("_info", "key")

    def __init__(self, key: str, info: zoneinfo.ZoneInfo) -> None:
        self.key = key
        self._info = info

    def offset(self, at: Micros) -> Micros:
        """The offset of the wall clock from UTC at `at`."""
        ahead = from_micros(at).astimezone(self._info).utcoffset()
        assert ahead is not None  # noqa: S101 - a ZoneInfo has an offset for every instant
        return length(ahead)

    def segments(self, start: Micros, end: Micros) -> list[Segment]:
        """[start, end) as consecutive segments of equal offset."""
        found: list[Segment] = []
        since, offset = start, self.offset(start)
        at = start
        while at < end:
            following = min(at + _STEP, end)
            ahead = self.offset(following)
            if ahead != offset:
                change = self._change(at, following, offset)
                if since < change:
                    found.append(Segment(since, change, offset))
                since, offset = change, ahead
            at = following
        if since < end:
            found.append(Segment(since, end, offset))
        return found

    def first_instant(self, label: int) -> Micros:
        """The first instant at which the wall clock shows `label` or later.

        Of a label that the clock repeats it is the first time; of one that it skips, the instant of the change.
        """
        since, until = max(label - DAY, EARLIEST), min(label + DAY, LATEST)  # an offset is less than a day
        for segment in self.segments(since, until):
            at = max(segment.start, label - segment.offset)
            if at < segment.end:
                return at
        return until

    def _change(self, before: Micros, after: Micros, offset: Micros) -> Micros:
        """The first instant in (before, after] at which the offset is no longer `offset`; changes are whole seconds."""
        low, high = before // SECOND, -(-after // SECOND)
        while high - low > 1:
            middle = (low + high) // 2
            if self.offset(middle * SECOND) == offset:
                low = middle
            else:
                high = middle
        return high * SECOND


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """The names of all zones of the pinned tz database."""
    return frozenset(zoneinfo.available_timezones())


@lru_cache(maxsize=1024)
def zone(key: str, field: str = "") -> Zone:
    """The zone of that name. Raises UnknownZone with `field`."""
    if key not in known_zones():
        raise UnknownZone(f"unknown time zone {key!r}: use an IANA name such as Europe/Madrid", field, value=key)
    return Zone(key, zoneinfo.ZoneInfo.no_cache(key))
