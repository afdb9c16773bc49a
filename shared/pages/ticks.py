"""[pure] The instants that are named below a picture of time: hours of one or two days, days, weeks."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple

from shared.pages.moments import Moments

_HOURS = (1, 2, 3, 6, 12)
_DAYS = (1, 2, 7, 14, 28, 91, 364)
_APART, _APART_WHERE_NARROW = 16.0, 31.0  # percent of the width that a label takes, in a wide and in a narrow picture


class Tick(NamedTuple):
    """An instant with its label; `x` is percent. A label that is not `everywhere` is for wide pictures."""

    x: float
    label: str
    everywhere: bool
    anchor: Literal["start", "middle", "end"]


def ticks(start: datetime, end: datetime, moments: Moments, place: Callable[[datetime], float]) -> Iterator[Tick]:
    """The ticks between two instants, on the wall clock of `moments`; `place` says where an instant is."""
    last = last_everywhere = -100.0
    for at in _instants(start, end, moments):
        x = place(at)
        if x - last < _APART:
            continue
        last, everywhere = x, x - last_everywhere >= _APART_WHERE_NARROW
        last_everywhere = x if everywhere else last_everywhere
        yield Tick(x, _label(at, moments), everywhere, "start" if x < 8 else "end" if x > 92 else "middle")


def _label(at: datetime, moments: Moments) -> str:
    return moments.day(at) if moments.local(at).time() == time() else moments.time(at)


def _instants(start: datetime, end: datetime, moments: Moments) -> list[datetime]:
    """Those of the smallest step that leaves room for their labels; a picture of a few days has hours and dates."""
    steps = [*(timedelta(hours=hours) for hours in _HOURS), *(timedelta(days=days) for days in _DAYS)]
    step = next((each for each in steps if each / (end - start) >= _APART / 100), steps[-1])
    return [at for at in _walked(moments.local(start), step, end) if start <= at <= end]


def _walked(start: datetime, step: timedelta, end: datetime) -> Iterator[datetime]:
    """Round wall-clock times from the local date of `start` on. A time that a change of clocks skips is left out."""
    day, of_days = start.date(), step >= timedelta(days=1)
    while True:
        for hour in range(0, 24, 24 if of_days else step // timedelta(hours=1)):
            local = datetime.combine(day, time(hour), start.tzinfo)
            at = local.astimezone(UTC)
            if at > end:
                return
            if at.astimezone(start.tzinfo).time() == local.time():
                yield at
        if day > date.max - step:
            return
        day += max(step, timedelta(days=1))
