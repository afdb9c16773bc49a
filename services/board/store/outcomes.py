"""Counts the promises of the board's file: kept, broken, nearly broken, and how long their answers took.

Indexes have all that is counted, by kind of promise in the order of time. A step of a report is a part of each, counted
without being sorted or read from a table, so that a day in any zone is exact, whenever its clock changes, and a million
promises take a tenth of a second.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.board.clock_rows import Kind
from services.board.period import Period, Step
from shared.business_time.instants import Micros

COUNTED = "outcome IN ('met', 'breached')"
NEARLY = "outcome = 'met' AND took * 10 > target * 9"  # less than a tenth of the target was left
_COARSE = 60_000_000  # microseconds: how exactly lengths are counted at first
_SHARES = (0.5, 0.9)


class Filter(NamedTuple):
    """Which promises: all conditions hold together, None asks for nothing. "" is the plan of cases without one."""

    plan: str | None = None
    priority: str | None = None
    calendar: str | None = None
    milestone: str | None = None
    promise: str | None = None

    def admits(self, kind: Kind) -> bool:
        """Whether promises of that kind are wanted."""
        return all(value is None or getattr(kind, name) == value for name, value in self._asdict().items())


class Tally(NamedTuple):
    """How many promises were met and breached; `near` of those that were met were so with less than 10 % left."""

    met: int = 0
    breached: int = 0
    near: int = 0

    @property
    def total(self) -> int:
        """Met and breached."""
        return self.met + self.breached

    @property
    def share(self) -> float | None:
        """The part that was met; None where nothing was promised."""
        return self.met / self.total if self.total else None

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(self.met + other.met, self.breached + other.breached, self.near + other.near)


class Times(NamedTuple):
    """How long it took until promises were fulfilled, in their own hours, in microseconds; the late ones included.

    `median` and `p90` are times that there were: half of all, and nine of ten, took no longer.
    """

    milestone: str
    hours: str
    fulfilled: int
    median: Micros
    p90: Micros


@dataclass(slots=True)
class Report:
    """The counts of one kind of promise. Objectives and commitments are never counted together."""

    promise: str
    total: Tally = field(default_factory=Tally)
    by: dict[str, dict[str, Tally]] = field(default_factory=dict)
    steps: list[tuple[Step, Tally]] = field(default_factory=list)
    cells: list[tuple[Step, Kind, Tally]] = field(default_factory=list)
    times: list[Times] = field(default_factory=list)


PROMISES = ("commitment", "objective")
BY = ("milestone", "priority", "plan", "calendar")


def kinds_of(db: sqlite3.Connection) -> dict[int, Kind]:
    """Every kind of promise that there is, by its number."""
    return {row[0]: Kind(*row[1:]) for row in db.execute(f"SELECT kind, {', '.join(Kind._fields)} FROM kinds")}


def reports(db: sqlite3.Connection, wanted: Filter, period: Period) -> list[Report]:
    """The report on commitments, then that on objectives."""
    kinds = {number: kind for number, kind in kinds_of(db).items() if wanted.admits(kind)}
    found = {promise: Report(promise) for promise in PROMISES}
    steps = list(period.steps())
    sums = {promise: [Tally()] * len(steps) for promise in PROMISES}
    for (place, number), tally in sorted(_counted(db, kinds, steps).items()):
        kind = kinds[number]
        found[kind.promise].cells.append((steps[place], kind, tally))
        sums[kind.promise][place] = sums[kind.promise][place].plus(tally)
    for promise, report in found.items():
        report.steps = list(zip(steps, sums[promise], strict=True))
        report.total = sum_of(sums[promise])
    times = _times(db, kinds, period)
    for promise, report in found.items():
        report.by = {name: _by(name, report.cells) for name in BY}
        report.times = times[promise]
    return [*found.values()]


def _by(name: str, cells: Iterable[tuple[Step, Kind, Tally]]) -> dict[str, Tally]:
    sums: dict[str, Tally] = defaultdict(Tally)
    for _, kind, tally in cells:
        word = getattr(kind, name)
        sums[word] = sums[word].plus(tally)
    return dict(sorted(sums.items()))


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """All together."""
    found = Tally()
    for tally in tallies:
        found = found.plus(tally)
    return found


def _counted(db: sqlite3.Connection, kinds: Mapping[int, Kind], steps: Sequence[Step]) -> dict[tuple[int, int], Tally]:
    """The tallies that are not empty, by the place of the step and the number of the kind."""
    if not kinds:  # SQLite answers a question about nothing without the index, and refuses to do without it
        return {}
    numbers = ", ".join(map(str, kinds))
    places = ", ".join(f"({place}, {step.since}, {step.until})" for place, step in enumerate(steps))
    within = "clocks.kind = kinds.kind AND outcome_at >= since AND outcome_at < until"
    counts = ", ".join(
        f"(SELECT count(*) FROM clocks INDEXED BY {index} WHERE {condition} AND {within})"
        for index, condition in (
            ("clocks_by_outcome", f"{COUNTED} AND outcome = 'met'"),
            ("clocks_by_outcome", f"{COUNTED} AND outcome = 'breached'"),
            ("clocks_by_near_miss", NEARLY),
        )
    )
    found = db.execute(
        f"WITH steps (place, since, until) AS (VALUES {places}) SELECT place, kind, {counts}"
        f" FROM kinds CROSS JOIN steps WHERE kind IN ({numbers})"
    )
    return {(place, number): tally for place, number, *sums in found if any(tally := Tally(*sums))}


_Group = tuple[str, str, str]  # promise, milestone, hours


def _times(db: sqlite3.Connection, kinds: Mapping[int, Kind], period: Period) -> dict[str, list[Times]]:
    """Counted by minutes first; then only those minutes are looked at in which a wanted share is reached."""
    if not kinds:
        return {promise: [] for promise in PROMISES}
    groups = {number: (kind.promise, kind.milestone, kind.hours) for number, kind in kinds.items()}
    minutes: dict[_Group, Counter[int]] = defaultdict(Counter)
    where = (
        f"{COUNTED} AND outcome_at >= {period.since} AND outcome_at < {period.until} AND took IS NOT NULL"
        f" AND kind IN ({', '.join(map(str, kinds))})"
    )
    for number, minute, count in db.execute(
        f"SELECT kind, took / {_COARSE}, count(*) FROM clocks INDEXED BY clocks_by_outcome WHERE {where} GROUP BY 1, 2"
    ):
        minutes[groups[number]][minute] += count
    if not minutes:
        return {promise: [] for promise in PROMISES}
    places = {group: [_place(counts, share) for share in _SHARES] for group, counts in minutes.items()}
    looked_at = sorted({minute for found in places.values() for minute, _ in found})
    exact: dict[tuple[_Group, int], list[Micros]] = defaultdict(list)
    for number, took in db.execute(
        f"SELECT kind, took FROM clocks INDEXED BY clocks_by_outcome WHERE {where}"
        f" AND took / {_COARSE} IN ({', '.join(map(str, looked_at))})"
    ):
        exact[groups[number], took // _COARSE].append(took)
    found: dict[str, list[Times]] = {promise: [] for promise in PROMISES}
    for group in sorted(places):
        promise, milestone, hours = group
        shares = [sorted(exact[group, minute])[rank] for minute, rank in places[group]]
        found[promise].append(Times(milestone, hours, minutes[group].total(), shares[0], shares[1]))
    return found


def _place(counts: Mapping[int, int], share: float) -> tuple[int, int]:
    """The minute in which so many have been reached, and the place there: that of rank ⌈share x count⌉ of all."""
    rank = -int(-share * sum(counts.values()) // 1) - 1
    for minute in sorted(counts):
        if rank < counts[minute]:
            return minute, rank
        rank -= counts[minute]
    raise AssertionError("a share of all is among them")


def words_of(db: sqlite3.Connection) -> dict[str, Sequence[str]]:
    """What reports can be narrowed to: every plan, priority, calendar and milestone that a promise has."""
    kinds = [*kinds_of(db).values()]
    return {name: sorted({getattr(kind, name) for kind in kinds}) for name in BY}
