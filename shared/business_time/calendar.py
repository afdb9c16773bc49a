"""[pure] Business time: open hours of a named zone, right to the microsecond through DST, holidays and breaks.

A calendar may also be a union of others, open where any of them is.

An instant is open if and only if its local wall-clock label lies in an open period of that local date. So an hour that
the wall clock repeats counts twice, an hour that it skips does not count, and neither does a skipped date (Samoa,
2011-12-30). Periods are half-open, [open, close). Nothing here reads a clock: every method takes instants as aware
datetimes in any zone, and returns UTC.

Open time is computed in tables of 91 days, on first use, and 23 years of tables are cached. So the cost of an answer
depends on the number of tables, not on the minutes of the span.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import ValidationError

from shared.business_time.config import CalendarConfig
from shared.business_time.errors import EndBeforeStart, InvalidTarget, MalformedCalendar, NeverOpen
from shared.business_time.instants import DAY, EARLIEST, LATEST, Micros, from_micros, length, to_micros
from shared.business_time.ledger import LedgerEntry, ledger_entries
from shared.business_time.local_dates import LocalDates
from shared.business_time.open_hours import open_hours
from shared.business_time.spans import Span, merged

Pauses = Iterable[tuple[datetime, datetime]]

_TABLE = 91 * DAY
_KEPT_TABLES = 92  # 23 years, a few kilobytes each
_LIMIT_YEARS = 10
_AT_LEAST_TEN_YEARS, _AT_MOST_TEN_YEARS = 3651 * DAY, 3653 * DAY  # depending on the leap days


class _Table(NamedTuple):
    """The open spans of 91 days: the start of each, and the open time of the table before it and to its end."""

    opens: Sequence[Micros]
    before: Sequence[Micros]
    through: Sequence[Micros]
    total: Micros

    def open_until(self, at: Micros) -> Micros:
        """The open time of the table before `at`."""
        index = bisect_right(self.opens, at) - 1
        if index < 0:
            return 0
        counted, most = self.before[index] + at - self.opens[index], self.through[index]
        return counted if counted < most else most


class BusinessCalendar:
    """Open hours of one zone, or of several. Create it with `from_config` and keep it: it caches what it computes."""

    __slots__ = ("_hours", "_tables", "dates")

    def __init__(self, config: CalendarConfig) -> None:
        self._hours = open_hours(config)
        self._tables: dict[int, _Table] = {}
        self.dates = LocalDates(self._hours)

    @classmethod
    def from_config(cls, config: CalendarConfig | Mapping[str, Any]) -> "BusinessCalendar":
        """The calendar of `config`, a model or a dictionary that validates as one.

        Raises MalformedCalendar, UnknownZone, OverlappingPeriods, OverlappingSeasons, EndBeforeStart, UnknownHolidays,
        PartOfTheDay or UnneededHours with the field. A calendar that never opens is allowed.
        """
        if not isinstance(config, CalendarConfig):
            try:
                config = CalendarConfig.model_validate(config)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                raise MalformedCalendar(first["msg"], ".".join(_written(config, first["loc"]))) from error
        return cls(config)

    @property
    def timezone(self) -> str:
        """The IANA name of the zone; of a union, that of its first member."""
        return self._hours.zone.key

    def add(self, start: datetime, target: timedelta, pauses: Pauses = ()) -> datetime:
        """The deadline, in UTC: the earliest instant at which `target` of open, unpaused time has passed since `start`.

        A target that ends exactly at closing time is due at that instant. Overlapping pauses count once.
        Raises NaiveInstant, InvalidTarget (zero or negative), EndBeforeStart (a pause) or NeverOpen (not within ten
        years).
        """
        return from_micros(self.add_micros(to_micros(start, "start"), positive(target), pause_spans(pauses)))

    def elapsed(self, start: datetime, end: datetime, pauses: Pauses = ()) -> timedelta:
        """The open, unpaused time in [start, end). Raises NaiveInstant or EndBeforeStart."""
        since, until = span(start, end)
        return timedelta(microseconds=self.elapsed_micros(since, until, pause_spans(pauses)))

    def ledger(self, start: datetime, end: datetime, pauses: Pauses = ()) -> list[LedgerEntry]:
        """[start, end) as consecutive intervals, each counted or skipped with its reason, in order.

        The counted intervals add up to `elapsed` of the same arguments. Raises as `elapsed` does.
        """
        since, until = span(start, end)
        return ledger_entries(self._hours.explained(since, until), pause_spans(pauses))

    def is_open(self, at: datetime) -> bool:
        """Whether the calendar is open at `at`; at the instant of closing it is closed. Raises NaiveInstant."""
        return self._is_open(to_micros(at, "at"))

    def next_open(self, at: datetime) -> datetime:
        """The first open instant at or after `at`, in UTC. Raises NaiveInstant, NeverOpen (not within ten years)."""
        return from_micros(self.next_open_micros(to_micros(at, "at")))

    # The same methods in microseconds since 1970, with pauses as merged spans, for clocks.

    def add_micros(self, start: Micros, target: Micros, pauses: Sequence[Span] = ()) -> Micros:
        """As `add`; `target` is positive and `pauses` are merged."""
        at, left = start, target
        for pause_start, pause_end in pauses:
            if pause_end <= at:
                continue
            if pause_start > at:
                counted = self._elapsed(at, pause_start)
                if counted >= left:
                    break
                left -= counted
            at = pause_end
        return self._add(at, left, start)

    def elapsed_micros(self, start: Micros, end: Micros, pauses: Sequence[Span] = ()) -> Micros:
        """As `elapsed`; `start` is not after `end` and `pauses` are merged."""
        counted = self._elapsed(start, end)
        for pause_start, pause_end in pauses:
            if pause_start < end and pause_end > start:
                counted -= self._elapsed(max(pause_start, start), min(pause_end, end))
        return counted

    def next_open_micros(self, at: Micros, pauses: Sequence[Span] = ()) -> Micros:
        """The first open, unpaused instant at or after `at`; `pauses` are merged. Raises NeverOpen."""
        opened = self._next_open(at, at)
        for pause_start, pause_end in pauses:
            if pause_start <= opened < pause_end:
                opened = self._next_open(pause_end, at)
        return opened

    def _is_open(self, at: Micros) -> bool:
        table = self._table(at // _TABLE)
        index = bisect_right(table.opens, at) - 1
        return index >= 0 and at - table.opens[index] < table.through[index] - table.before[index]

    def _next_open(self, at: Micros, start: Micros) -> Micros:
        """The first open instant at or after `at`, within ten years of `start`."""
        if self._is_open(at):
            return within_limit(start, at)
        number = at // _TABLE
        index = bisect_right(self._table(number).opens, at)
        while index == len(self._table(number).opens):
            number, index = self._following(number, start), 0
        return within_limit(start, self._table(number).opens[index])

    def _add(self, at: Micros, target: Micros, start: Micros) -> Micros:
        """The instant at which `target` of open time has passed since `at`, within ten years of `start`."""
        number = at // _TABLE
        table = self._table(number)
        needed = target + table.open_until(at)
        while needed > table.total:
            needed -= table.total
            number = self._following(number, start)
            table = self._table(number)
        index = bisect_left(table.through, needed)
        return within_limit(start, table.opens[index] + needed - table.before[index])

    def _following(self, number: int, start: Micros) -> int:
        """The number of the next table. Raises NeverOpen if that is beyond ten years after `start`."""
        if (number + 1) * _TABLE > min(start + _AT_MOST_TEN_YEARS, LATEST - 1):
            raise never_open(start)
        return number + 1

    def _elapsed(self, start: Micros, end: Micros) -> Micros:
        first, last = start // _TABLE, end // _TABLE
        table = self._table(last)
        if first == last:  # most spans and nearly all pauses
            return table.open_until(end) - table.open_until(start)
        counted = table.open_until(end) - self._table(first).open_until(start)
        for number in range(first, last):
            counted += self._table(number).total
        return counted

    def _table(self, number: int) -> _Table:
        table = self._tables.get(number)
        if table is None:
            table = self._computed(number)
            if len(self._tables) >= _KEPT_TABLES:
                del self._tables[next(iter(self._tables))]
            self._tables[number] = table
        return table

    def _computed(self, number: int) -> _Table:
        spans = self._hours.open_spans(max(number * _TABLE, EARLIEST), min((number + 1) * _TABLE, LATEST))
        opens, before, through = array("q"), array("q"), array("q")
        total = 0
        for opened, closed in spans:
            opens.append(opened)
            before.append(total)
            total += closed - opened
            through.append(total)
        return _Table(opens, before, through, total)


def _written(config: Any, location: tuple[str | int, ...]) -> list[str]:
    """Pydantic's location without the names of union members and "[key]", which nobody has written."""
    steps: list[str] = []
    inside = config
    for number, step in enumerate(location):
        if isinstance(inside, Mapping) and step in inside:
            inside = inside[step]
        elif isinstance(inside, Sequence) and not isinstance(inside, str) and isinstance(step, int):
            inside = inside[step] if step < len(inside) else None
        elif number < len(location) - 1 or step == "[key]" or not isinstance(inside, Mapping):
            continue
        steps.append(str(step))
    return steps


def positive(target: timedelta) -> Micros:
    """A target in microseconds. Raises InvalidTarget unless it is positive."""
    micros = length(target)
    if micros <= 0:
        raise InvalidTarget(f"a target must be positive, not {target}", "target")
    return micros


def span(start: datetime, end: datetime) -> Span:
    """The span between two instants. Raises NaiveInstant or EndBeforeStart."""
    since, until = to_micros(start, "start"), to_micros(end, "end")
    if until < since:
        raise EndBeforeStart(f"the end {end.isoformat()} is before the start {start.isoformat()}", "end")
    return since, until


def pause_spans(pauses: Pauses) -> list[Span]:
    """Pauses as merged spans. Raises NaiveInstant or EndBeforeStart with the index of the pause."""
    spans: list[Span] = []
    for index, (start, end) in enumerate(pauses):
        since, until = to_micros(start, f"pauses.{index}.0"), to_micros(end, f"pauses.{index}.1")
        if until < since:
            raise EndBeforeStart(f"the pause ends at {end.isoformat()}, before it starts", f"pauses.{index}")
        spans.append((since, until))
    return merged(spans)


def within_limit(start: Micros, answer: Micros) -> Micros:
    """`answer`, if it is within ten years of `start`. Raises NeverOpen if not."""
    if answer - start >= _AT_LEAST_TEN_YEARS and answer > _ten_years_on(start):
        raise never_open(start)
    return answer


def _ten_years_on(start: Micros) -> Micros:
    """The same date and time ten years later; 29 February becomes 1 March."""
    since = from_micros(start)
    year = since.year + _LIMIT_YEARS
    if year >= from_micros(LATEST).year:
        return LATEST
    leap_day = (since.month, since.day) == (2, 29)
    return to_micros(since.replace(year=year, month=3, day=1) if leap_day else since.replace(year=year))


def never_open(start: Micros) -> NeverOpen:
    """The error of a question about what follows `start`."""
    return NeverOpen(
        f"the calendar does not open for long enough within {_LIMIT_YEARS} years of {from_micros(start).isoformat()}"
    )
