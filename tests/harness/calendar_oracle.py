"""An independent judge of business time: it looks at the wall clock cell by cell and shares no code with the product.

A cell is a second, a minute or a quarter of an hour, small enough that nothing changes inside it. Whether a cell is
open is read off its local date and time of day, by the rules as they are written in DESIGN, one question after the
other. `make_case` draws calendars from a seed, with edges of daylight saving over-represented; `differences` asks the
product and the judge the same questions. A seed is a unit of work: any range of seeds can be run anywhere, any time.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from shared.business_time.calendar import BusinessCalendar

ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Caracas", "America/Havana", "America/Los_Angeles",
    "America/New_York", "America/Nuuk", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll",
    "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang", "Asia/Tehran", "Asia/Tokyo",
    "Australia/Adelaide", "Australia/Eucla", "Australia/Lord_Howe", "Australia/Sydney", "Europe/Dublin",
    "Europe/Istanbul", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Pacific/Apia",
    "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Marquesas", "UTC",
)  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECOND = 1_000_000

Config = dict[str, Any]
Time = tuple[int, int, int]
Question = tuple[int, int, list[tuple[int, int]]]  # start, end or target in microseconds, pauses


@lru_cache
def zone(key: str) -> ZoneInfo:
    """The zone, read from the tzdata package itself, past every search path."""
    with (files("tzdata") / "zoneinfo").joinpath(*key.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key)


@lru_cache
def transitions(key: str, first_year: int = 2005, last_year: int = 2037) -> tuple[int, ...]:
    """The days (seconds since 1970) on which the zone changes its offset."""
    info = zone(key)
    day = int(datetime(first_year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(last_year, 1, 1, tzinfo=UTC).timestamp())
    offsets = [(at, datetime.fromtimestamp(at, info).utcoffset()) for at in range(day, end, 86_400)]
    return tuple(at for (at, before), (_, after) in pairwise(offsets) if before != after)


class Oracle:
    """Business time of `config` between `start` and `end` (seconds since 1970), in cells of `cell` seconds."""

    def __init__(self, config: Config, start: int, end: int, cell: int) -> None:
        self._start, self._cell = start, cell
        self._breaks = [(_label(a), _label(b)) for a, b in config["breaks"]]
        self._holidays = {date.fromisoformat(day) for day in config["holidays"]}
        self._overrides = {date.fromisoformat(day): _times(times) for day, times in config["overrides"].items()}
        self._weekly = [_times(config["hours"].get(day, [])) for day in DAYS]
        info = zone(config["timezone"])
        states = bytearray()
        last = None
        for at in range(start, end, cell):
            local = datetime.fromtimestamp(at, info)
            if last is not None and last.utcoffset() != local.utcoffset():
                just_before = datetime.fromtimestamp(at - 1, info)
                assert just_before.utcoffset() == last.utcoffset(), "the cells are too large for this zone"
            states.append(self.label_is_open(local.replace(tzinfo=None)))
            last = local
        self._states = bytes(states)
        changes = [i for i, (a, b) in enumerate(pairwise(self._states), 1) if a != b]
        self._edges = [(start + i * cell) * SECOND for i in changes]
        self.start, self.end = start * SECOND, (start + len(self._states) * cell) * SECOND

    def label_is_open(self, local: datetime) -> bool:
        """The rules, in the order in which one beats the other."""
        if any(opens <= local < closes for opens, closes in self._breaks):
            return False
        today = local.date()
        if today in self._holidays:
            return False
        time = (local.hour, local.minute, local.second)
        for opens, closes in self._periods(today):
            if time >= opens and (closes <= opens or time < closes):
                return True
        yesterday = today - timedelta(days=1)
        if yesterday in self._holidays:
            return False
        return any(time < closes <= opens for opens, closes in self._periods(yesterday))

    def is_open(self, at: int) -> bool:
        """Whether the instant (microseconds since 1970) is open."""
        return bool(self._states[(at // SECOND - self._start) // self._cell])

    def elapsed(self, start: int, end: int, pauses: list[tuple[int, int]]) -> int:
        """Open, unpaused microseconds in [start, end)."""
        return sum(b - a for a, b in self._counted(start, end, pauses))

    def add(self, start: int, target: int, pauses: list[tuple[int, int]]) -> int | None:
        """The earliest instant by which `target` has gone by, or None if that is beyond what was looked at."""
        left = target
        for a, b in self._counted(start, self.end, pauses):
            if b - a >= left:
                return a + left
            left -= b - a
        return None

    def _counted(self, start: int, end: int, pauses: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        points = {start, end, *self._edges, *(point for pause in pauses for point in pause)}
        for a, b in pairwise(sorted(point for point in points if start <= point <= end)):
            if self.is_open(a) and not any(p <= a < q for p, q in pauses):
                yield a, b

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


@dataclass(frozen=True)
class Case:
    """A calendar, the window (seconds since 1970) in which it is asked, and the size of a cell in seconds."""

    config: Config
    start: int
    end: int
    cell: int


def make_case(seed: int) -> Case:
    """The calendar of a seed. Seeds go round the cells: mostly minutes; some seconds; some most of a year."""
    draw = random.Random(seed)
    cell, days = draw.choice([(60, 9)] * 6 + [(1, 1), (900, 300)])
    key = draw.choice(ZONES)
    changes = transitions(key)
    around = draw.choice(changes) if changes and draw.random() < 0.8 else draw.randrange(1_104_537_600, 2_000_000_000)
    if key == "Pacific/Apia" and cell < 900 and draw.random() < 0.5:
        around = 1_325_239_200  # where the 30th of December 2011 was skipped
    if cell == 900:  # some zones changed at odd minutes until 2011
        around = max(around, 1_330_000_000)
    start = (around - draw.randrange(days * 86_400 // 2 + 1)) // 86_400 * 86_400
    end = start + days * 86_400
    dates = [(datetime.fromtimestamp(start, UTC) + timedelta(days=n)).date().isoformat() for n in range(-1, days + 2)]
    config: Config = {
        "timezone": key,
        "hours": {day: _random_periods(draw, cell) for day in DAYS if draw.random() < 0.8},
        "holidays": sorted(set(draw.choices(dates, k=draw.randrange(4)))),
        "overrides": {day: _random_periods(draw, cell) for day in draw.choices(dates, k=draw.randrange(4))},
        "breaks": [_random_break(draw, dates, cell) for _ in range(draw.randrange(4))],
    }
    return Case(config, start, end, cell)


def _random_periods(draw: random.Random, cell: int) -> list[list[str]]:
    """Periods of one day that do not overlap; small hours, where clocks change, are frequent; so is past midnight."""
    kind = draw.random()
    if kind < 0.1:
        return [["00:00", "24:00"]]
    if kind < 0.15:
        return [["00:00", "00:00"]]
    points = sorted({_random_time(draw, cell) for _ in range(draw.choice([2, 2, 4, 6]))})
    periods = [[_text(a), _text(b)] for a, b in zip(points[::2], points[1::2], strict=False)]
    if draw.random() < 0.3 and points[-1] > 0:  # the last one runs past midnight, up to its own start
        end = draw.choice([86_400, draw.randrange(0, points[-1] + 1, cell)])
        periods = [p for p in periods if p[1] != _text(points[-1])] + [[_text(points[-1]), _text(end)]]
    draw.shuffle(periods)
    return periods


def _random_time(draw: random.Random, cell: int) -> int:
    latest = 4 * 3600 if draw.random() < 0.5 else 86_400
    return draw.randrange(0, latest, cell if draw.random() < 0.5 else 1800)


def _random_break(draw: random.Random, dates: list[str], cell: int) -> list[str]:
    first = draw.randrange(len(dates))
    last = first if draw.random() < 0.8 else min(first + draw.randrange(3), len(dates) - 1)
    times = [_random_time(draw, cell), _random_time(draw, cell)]
    if first == last:
        times.sort()
    return [f"{dates[first]}T{_text(times[0])}", f"{dates[last]}T{_text(times[1])}"]


def _text(seconds: int) -> str:
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours:02}:{minutes:02}" + (f":{rest:02}" if rest else "")


def _questions(draw: random.Random, oracle: Oracle, count: int) -> Iterator[Question]:
    def instant(low: int, high: int) -> int:
        grain = draw.choice([1, SECOND, 60 * SECOND, 900 * SECOND])
        return low + draw.randrange((high - low) // grain) * grain

    for _ in range(count):
        start = instant(oracle.start, oracle.end - 3600 * SECOND)
        end = instant(start, oracle.end) if draw.random() < 0.9 else start
        pauses = []
        for _ in range(draw.choice([0, 0, 1, 2, 4])):
            a = instant(oracle.start, oracle.end - 3600 * SECOND)
            pauses.append((a, a + draw.randrange(0, min(6 * 3600 * SECOND, oracle.end - a))))
        yield start, end, pauses


def differences(seed: int, questions: int) -> list[str]:
    """Ask both about the calendar of `seed`, `questions` times; what they disagree on, in words."""
    case = make_case(seed)
    oracle = Oracle(case.config, case.start, case.end, case.cell)
    calendar = BusinessCalendar.from_config(case.config)
    found: list[str] = []
    for start, end, pauses in _questions(random.Random(seed + 1), oracle, questions):
        spans = [(_at(a), _at(b)) for a, b in pauses]
        said = calendar.elapsed(_at(start), _at(end), spans)
        right = timedelta(microseconds=oracle.elapsed(start, end, pauses))
        where = f"seed {seed}: {case.config} from {_at(start)} to {_at(end)} pauses {spans}"
        if said != right:
            found.append(f"elapsed {said}, not {right}; {where}")
        if calendar.is_open(_at(start)) != oracle.is_open(start):
            found.append(f"is_open at the start; {where}")
        counted = timedelta(0)
        for entry in calendar.ledger(_at(start), _at(end), spans) if case.cell < 900 else ():
            counted += (entry.end - entry.start) * entry.counted
        if case.cell < 900 and counted != right:
            found.append(f"the ledger adds up to {counted}, not {right}; {where}")
        if right:
            due = oracle.add(start, right // timedelta(microseconds=1), pauses)
            answer = calendar.add(_at(start), right, spans)
            if due is None or answer != _at(due):
                found.append(f"add {right} gives {answer}, not {due and _at(due)}; {where}")
    return found


def _at(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
