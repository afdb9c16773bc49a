"""Time as consecutive pieces, each with the reason why it counts or does not: what the judge answers with.

Instants are microseconds since 1970; pauses may overlap, touch, be empty and come in any order.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

SECOND = 1_000_000

Pauses = list[tuple[int, int]]
Why = tuple[str, str | None]  # the reason, and the name of the holiday
Piece = tuple[int, int, Why]  # [start, end) and why it counts or not

OPEN: Why = ("open", None)
ELAPSED: Why = ("elapsed", None)
CLOSED: Why = ("closed", None)
BREAK: Why = ("break", None)
PAUSED: Why = ("paused", None)
WAITING: Why = ("open_at_least", None)  # open, but not for long enough since the start

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(micros: int) -> datetime:
    """The instant as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def cut(start: int, end: int, why: Why, pauses: Pauses) -> Iterator[Piece]:
    """[start, end), cut by the pauses: what would count and is paused is paused."""
    points = {start, end, *(point for pause in pauses for point in pause if start < point < end)}
    for a, b in pairwise(sorted(points)):
        paused = why == OPEN and any(begun <= a < ended for begun, ended in pauses)
        yield a, b, PAUSED if paused else why


def elapsed_pieces(start: int, end: int, pauses: Pauses) -> list[Piece]:
    """[start, end) where every second counts that is not paused."""
    return [(a, b, ELAPSED if why == OPEN else why) for a, b, why in cut(start, end, OPEN, pauses)]


def counted(pieces: Iterable[Piece]) -> int:
    """How many microseconds of the pieces count."""
    return sum(end - start for start, end, why in pieces if why in (OPEN, ELAPSED))


def used_up(pieces: Iterable[Piece], target: int) -> int | None:
    """The earliest instant by which `target` has been counted, or None if there is not so much."""
    left = target
    for start, end, why in pieces:
        if why in (OPEN, ELAPSED):
            if end - start >= left:
                return start + left
            left -= end - start
    return None


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbours of one reason as one piece."""
    found: list[Piece] = []
    for start, end, why in pieces:
        if found and found[-1][2] == why:
            found[-1] = (found[-1][0], end, why)
        else:
            found.append((start, end, why))
    return found


def ten_years_on(micros: int) -> int:
    """The last instant at which a deadline may be: the same date and time; from a 29 February, 1 March."""
    then = at(micros)
    try:
        late = then.replace(year=then.year + 10)
    except ValueError:
        late = then.replace(year=then.year + 10, month=3, day=1)
    return (late - _EPOCH) // timedelta(microseconds=1)
