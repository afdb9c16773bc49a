"""Random questions to a calendar: instants on, just before and just after its edges are as frequent as all others."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo

from tests.oracle.pieces import SECOND, Pauses, counted, elapsed_pieces, ten_years_on
from tests.oracle.wall_clock import WallClock

HOUR = 3600 * SECOND
_GRAINS = (1, SECOND, 60 * SECOND, 900 * SECOND, 24 * HOUR)
_INDIA = timezone(timedelta(hours=5, minutes=30))


@dataclass(frozen=True)
class Question:
    """A span, pauses, what to wait for in open hours and in all hours (0 for nothing), the least open time of the
    latter, a number of business days, and how instants are told.
    """

    start: int
    end: int
    pauses: Pauses
    target: int
    elapsed_target: int
    open_at_least: int
    days: int
    told_in: tzinfo


def questions(draw: random.Random, judge: WallClock, local: tzinfo, count: int) -> Iterator[Question]:
    """`count` questions, all about the time that the judge has looked at."""
    edges = judge.edges + 3 * judge.changes
    for _ in range(count):
        last = judge.end - HOUR
        if draw.random() < 0.3:
            last = judge.start + (last - judge.start) // 10  # leaves room for long promises
        start = _instant(draw, judge.start, last, edges)
        if judge.last_open is not None and start > judge.last_open and draw.random() < 0.95:  # little to ask there
            start = _instant(draw, judge.start, judge.last_open, edges)
        pauses = _pauses(draw, judge, start, edges)
        ends = [edge for pause in pauses for edge in pause]
        end = start if draw.random() < 0.05 else _instant(draw, start, judge.end, edges + ends)
        target = _target(draw, judge, start, end, pauses)
        elapsed_end = _instant(draw, start, judge.end, edges + ends)
        elapsed_target = counted(elapsed_pieces(start, elapsed_end, pauses))
        least = 0 if draw.random() < 0.5 else _target(draw, judge, start, end, pauses)
        days, told_in = draw.choice([1, 1, 1, 2, 3, 10]), draw.choice([UTC, local, _INDIA])
        yield Question(start, end, pauses, target, elapsed_target, least, days, told_in)


def _instant(draw: random.Random, low: int, high: int, edges: Sequence[int]) -> int:
    """An instant in [low, high], often an edge or next to one."""
    if draw.random() < 0.5:
        at = draw.choice(edges) + draw.choice([-1, 0, 0, 1])
        if low <= at <= high:
            return at
    at, grain = draw.randint(low, high), draw.choice(_GRAINS)
    return max(low, at // grain * grain)


def _pauses(draw: random.Random, judge: WallClock, start: int, edges: Sequence[int]) -> Pauses:
    pauses: Pauses = []
    for _ in range(draw.choice([0, 0, 1, 3, 6])):
        a = start if draw.random() < 0.1 else _instant(draw, judge.start, judge.end, edges)
        longest = draw.choice([0, HOUR, 6 * HOUR, 48 * HOUR, judge.end - judge.start])
        pauses.append((a, _instant(draw, a, min(a + longest, judge.end), edges)))
    return pauses


def _target(draw: random.Random, judge: WallClock, start: int, end: int, pauses: Pauses) -> int:
    """How much open time to wait for: often what is used up at `end`; in a long window also more than there is."""
    used, there_is = (judge.elapsed(start, until, pauses) for until in (end, judge.end))
    if used and draw.random() < 0.5:
        return used
    if not there_is or (ten_years_on(start) < judge.end and draw.random() < 0.2):
        return there_is + draw.choice([1, HOUR])
    some = draw.randrange(1, there_is + 1)
    return some if some < HOUR or draw.random() < 0.5 else some // HOUR * HOUR
