"""An independent judge of business time: it looks at the wall clock cell by cell and shares no code with the product.

A cell is a second, a minute, a quarter or half of an hour, small enough that nothing changes inside it. Whether a cell
is open, and why not, is read off its local date and time of day, by the rules as they are written in the documents, one
question after the other. Everything that is asked is then answered by going through the cells in order.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from tests.oracle.local_hours import Config, Hours
from tests.oracle.pieces import (
    OPEN,
    SECOND,
    WAITING,
    Pauses,
    Piece,
    counted,
    cut,
    elapsed_pieces,
    joined,
    used_up,
)
from tests.oracle.zones import zone


class WallClock:
    """Business time of `config` between `start` and `end` (seconds since 1970), in cells of `cell` seconds."""

    def __init__(self, config: Config, start: int, end: int, cell: int) -> None:
        self.start, self.end, self.cell = start * SECOND, end * SECOND, cell
        self.changes: list[int] = []  # instants at which the offset changes
        self.members = [WallClock(member, start, end, cell) for member in config.get("union", [])]
        if self.members:
            self.key: str = self.members[0].key
            self.changes = sorted({change for member in self.members for change in member.changes})
            self._runs = list(_together(self.members))
        else:
            self.key = config["timezone"]
            self.hours = Hours(config, start, end)
            self._runs = list(self._walked(range(start, end, cell)))
        self._starts = [begun for begun, _, _ in self._runs]

    @property
    def leaves(self) -> "list[WallClock]":
        """The judges of one zone each, of which it is made up."""
        return [leaf for member in self.members for leaf in member.leaves] or [self]

    @property
    def runs(self) -> list[Piece]:
        """The whole time, in pieces of one reason."""
        return self._runs

    @property
    def edges(self) -> list[int]:
        """Where something begins or ends."""
        return sorted({*self._starts, *self.changes})

    @property
    def last_open(self) -> int | None:
        """The last instant that is open, if there is one."""
        return max((ended - 1 for _, ended, why in self._runs if why == OPEN), default=None)

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
                *((a, b, WAITING if why == OPEN else why) for a, b, why in self.pieces(due, opening, pauses)),
                *elapsed_pieces(opening, end, pauses),
            ]
        )

    def _walked(self, cells: range) -> Iterator[Piece]:
        """Cell by cell; neighbours of one reason as one piece."""
        info = zone(self.key)
        offset: timedelta | None = None
        begun, before = cells.start, None
        for at in cells:
            local = datetime.fromtimestamp(at, info)
            if local.utcoffset() != offset:
                offset = self._changed(at, local, offset, cells.step)
            why = self.hours.why(local.replace(tzinfo=None))
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


def _together(members: list[WallClock]) -> Iterator[Piece]:
    """Open where any member is; else with the reason of the first."""
    edges = sorted({edge for member in members for begun, ended, _ in member.runs for edge in (begun, ended)})
    left = [deque(member.runs) for member in members]
    for start, end in pairwise(edges):
        for runs in left:
            while runs[0][1] <= start:
                runs.popleft()
        whys = [runs[0][2] for runs in left]
        yield start, end, OPEN if OPEN in whys else whys[0]
