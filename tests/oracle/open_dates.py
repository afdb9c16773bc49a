"""The judge of business days: which open cells belong to which local date, found by walking them once more.

A period belongs to the date that the first zone shows in its first cell, be that cell open or not. What is seen of a
period that had begun before the walk says nothing, so nothing is asked about the first days.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from tests.oracle.pieces import SECOND, at
from tests.oracle.wall_clock import WallClock
from tests.oracle.zones import zone

_ONE = timedelta(days=1)
UNSEEN = 3  # days at either end of the walk whose periods are not seen in full


class OpenDates:
    """The open dates of a judge, and deadlines in business days by them."""

    def __init__(self, judge: WallClock) -> None:
        self._judge = judge
        self._zone = zone(judge.key)
        self._cell = judge.cell * SECOND

    def can_be_asked(self, start: int) -> bool:
        """Whether the judge has seen enough before `start`."""
        return start >= self._judge.start + UNSEEN * 86_400 * SECOND

    def due(self, start: int, days: int, until: str) -> int | None:
        """The deadline that many business days after `start`, or None if it is beyond what was looked at."""
        local = self._local(start)
        inside = [local.date() - back * _ONE for back in range(UNSEEN + 1)]
        day = next((each for each in inside if any(a <= start < a + self._cell for a in self._cells[each])), None)
        if day is None:
            day = self._open_after(local.date(), start)
            if day is None:
                return None
            if day > local.date():
                local = self._local(self._cells[day][0])
        since_midnight = local - datetime.combine(day, datetime.min.time())
        for _ in range(days):
            day = self._open_after(day + _ONE, start)
            if day is None:
                return None
        opening, closing = self._cells[day][0], self._cells[day][-1] + self._cell
        if until == "end_of_day":
            return closing
        wanted = self._first_at(datetime.combine(day, datetime.min.time()) + since_midnight)
        return max(opening, min(wanted, closing))

    @cached_property
    def _cells(self) -> dict[date, list[int]]:
        """The start of each open cell, by the date of its period; the same cell may belong to two dates."""
        found: dict[date, set[int]] = defaultdict(set)
        for member in self._judge.leaves:
            self._walk(member, found)
        return defaultdict(list, {day: sorted(cells) for day, cells in found.items()})

    def _walk(self, member: WallClock, found: dict[date, set[int]]) -> None:
        info = zone(member.key)
        begun: dict[tuple[date, int], date] = {}
        for cell in range(member.start // SECOND, member.end // SECOND, member.cell):
            local = datetime.fromtimestamp(cell, info).replace(tzinfo=None)
            for period in member.hours.around(local):
                day = begun.setdefault(period, self._local(cell * SECOND).date())
                if member.hours.is_open_in(period, local):
                    found[day].add(cell * SECOND)

    def _open_after(self, day: date, start: int) -> date | None:
        """The first date from `day` on that is open after `start`; None if it may be beyond what was looked at."""
        last = self._local(self._judge.end).date() - UNSEEN * _ONE
        while day < last:
            if self._cells[day] and self._cells[day][-1] + self._cell > start:
                return day
            day += _ONE
        return None

    def _first_at(self, label: datetime) -> int:
        """The first instant at which the wall clock shows `label` or later."""
        cell = (int(label.replace(tzinfo=UTC).timestamp()) - 27 * 3600) * SECOND // self._cell * self._cell
        while self._local(cell) + self._cell * timedelta(microseconds=1) <= label:
            cell += self._cell
        missing = (label - self._local(cell)) // timedelta(microseconds=1)
        return cell + max(missing, 0)

    def _local(self, micros: int) -> datetime:
        return at(micros).astimezone(self._zone).replace(tzinfo=None)
