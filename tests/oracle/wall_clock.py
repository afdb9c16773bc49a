"""An independent judge of business time: it looks at the wall clock cell by cell and shares no code with the product.

A cell is a second, a minute, a quarter or half of an hour, small enough that nothing changes inside it. Whether a cell
is open, and why not, is read off its local date and time of day, by the rules as they are written in the documents, one
question after the other. Everything that is asked is then answered by going through the cells in order.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from tests.oracle.holiday_names import holiday_names
from tests.oracle.pieces import (
    BREAK,
    CLOSED,
    OPEN,
    SECOND,
    Pauses,
    Piece,
    Why,
    counted,
    cut,
    elapsed_pieces,
    joined,
    used_up,
)
from tests.oracle.zones import zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Config = dict[str, Any]  # a calendar as it is written down
Time = tuple[int, int, int]


class WallClock:
    """Business time of `config` between `start` and `end` (seconds since 1970), in cells of `cell` seconds."""

    def __init__(self, config: Config, start: int, end: int, cell: int) -> None:
        self.start, self.end = start * SECOND, end * SECOND
        self.changes: list[int] = []  # instants at which the offset changes
        self._breaks = [(_label(a), _label(b)) for a, b in config["breaks"]]
        self._holidays = holiday_names(config, start, end)
        self._overrides = {date.fromisoformat(day): _times(times) for day, times in config["overrides"].items()}
        self._weekly = [_times(config["hours"].get(day, [])) for day in DAYS]
        self._runs = list(self._walked(config["timezone"], range(start, end, cell)))
        self._starts = [begun for begun, _, _ in self._runs]

    @property
    def edges(self) -> list[int]:
        """Where something begins or ends."""
        return sorted({*self._starts, *self.changes})

    @property
    def last_open(self) -> int | None:
        """The last instant that is open, if there is one."""
        return max((ended - 1 for _, ended, why in self._runs if why == OPEN), default=None)

    def why(self, local: datetime) -> Why:
        """The rules, in the order in which one beats the other."""
        for opening, closing in self._breaks:
            if opening <= local < closing:
                return BREAK
        today = local.date()
        if today in self._holidays:
            return "holiday", self._holidays[today]
        time = (local.hour, local.minute, local.second)
        for opens, closes in self._periods(today):
            if time >= opens and (closes <= opens or time < closes):
                return OPEN
        yesterday = today - timedelta(days=1)
        if yesterday in self._holidays:
            return CLOSED
        for opens, closes in self._periods(yesterday):
            if time < closes <= opens:
                return OPEN
        return CLOSED

    def pieces(self, start: int, end: int, pauses: Pauses) -> Iterator[Piece]:
        """[start, end), cut wherever the reason may change."""
        for index in range(bisect_right(self._starts, start) - 1, len(self._runs)):
            begun, ended, why = self._runs[index]
            if max(begun, start) >= end:
                return
            piece = max(begun, start), min(ended, end), why
            yield from cut(*piece, pauses) if pauses and why == OPEN else [piece]

    def is_open(self, at: int) -> bool:
        """Whether that instant is open."""
        return self._runs[bisect_right(self._starts, at) - 1][2] == OPEN

    def elapsed(self, start: int, end: int, pauses: Pauses) -> int:
        """Open, unpaused microseconds in [start, end)."""
        return counted(self.pieces(start, end, pauses))

    def ledger(self, start: int, end: int, pauses: Pauses) -> list[Piece]:
        """[start, end) as consecutive pieces, each with another reason than the one before."""
        return joined(self.pieces(start, end, pauses))

    def add(self, start: int, target: int, pauses: Pauses) -> int | None:
        """The earliest instant by which `target` has gone by, or None if that is beyond what was looked at."""
        return used_up(self.pieces(start, self.end, pauses), target)

    def next_open(self, at: int, pauses: Pauses) -> int | None:
        """The first open, unpaused instant from `at` on, or None if that is beyond what was looked at."""
        return next((begun for begun, _, why in self.pieces(at, self.end, pauses) if why == OPEN), None)

    def ledger_then_open(self, start: int, end: int, due: int, opening: int, pauses: Pauses) -> list[Piece]:
        """The ledger where every second counts until `due` is reached, and none from there to `opening`."""
        due, opening = min(due, end), min(max(due, opening), end)
        return joined(
            [
                *elapsed_pieces(start, due, pauses),
                *self.pieces(due, opening, pauses),
                *elapsed_pieces(opening, end, pauses),
            ]
        )

    def _walked(self, key: str, cells: range) -> Iterator[Piece]:
        """Cell by cell; neighbours of one reason as one piece."""
        info = zone(key)
        offset: timedelta | None = None
        begun, before = cells.start, None
        for at in cells:
            local = datetime.fromtimestamp(at, info)
            if local.utcoffset() != offset:
                offset = self._changed(at, local, offset, cells.step)
            why = self.why(local.replace(tzinfo=None))
            if why != before:
                if before is not None:
                    yield begun * SECOND, at * SECOND, before
                begun, before = at, why
        if before is not None:
            yield begun * SECOND, cells.stop * SECOND, before

    def _changed(self, at: int, local: datetime, before: timedelta | None, cell: int) -> timedelta:
        """Take note of a new offset; the cells must be small enough for it."""
        offset = local.utcoffset()
        assert offset is not None
        assert not offset % timedelta(seconds=cell), "the cells are too large for this offset"
        if before is not None:
            just_before = datetime.fromtimestamp(at - 1, local.tzinfo).utcoffset()
            assert just_before == before, "the cells are too large for this change"
            self.changes.append(at * SECOND)
        return offset

    def _periods(self, day: date) -> list[tuple[Time, Time]]:
        return self._overrides[day] if day in self._overrides else self._weekly[day.weekday()]


def _times(periods: list[list[str]]) -> list[tuple[Time, Time]]:
    return [(_time(opens), _time(closes)) for opens, closes in periods]


def _time(text: str) -> Time:
    hour, minute, second = (*map(int, text.split(":")), 0)[:3]
    return hour, minute, second


def _label(text: str) -> datetime:
    day, _, time = text.partition("T")
    hour, minute, second = _time(time)
    return datetime.fromisoformat(day) + timedelta(hours=hour, minutes=minute, seconds=second)
