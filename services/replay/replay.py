"""[pure] Do router and escalation, run again on a recorded log, produce exactly what they published?

    result = Replayer(load_library(["guidelines-2021"])).replay(log)

This is the entry of the package; `log_from_kafka` and `log_file` read the log. The replay runs the services' own
topologies task by task (`task.py`): nothing here decides anything about requests, clocks or timers.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from services.escalation.edition_store import EditionStore
from services.replay.comparison import Comparison
from services.replay.edition_comparison import ReplayedEditions, compare_editions
from services.replay.editions import AvailableEditions, EditionsAtTime, RecordedRules, published_editions, why_missing
from services.replay.errors import ReplayError
from services.replay.escalation import ReplayedEscalation
from services.replay.event_difference import FieldDifference
from services.replay.log import Log
from services.replay.recorded_causes import UnusableEvent, read_published
from services.replay.report import Difference, DifferenceList, Tally
from services.replay.router import ReplayedRouter
from services.router.published_editions import SOURCE as ROUTER
from shared.business_time.zones import TZDATA_VERSION
from shared.contracts.topics import CASES, ESCALATION_SOURCES, ESCALATIONS, ROUTER_SOURCES
from shared.kafka.record import Output
from shared.messages.reason import Reason
from shared.policy.editions import EditionLibrary

__all__ = ["CannotReplay", "Difference", "FieldDifference", "Log", "Progress", "ReplayResult", "Replayer", "Tally"]

_NO_OFFSET = 2**63  # sorts events without a usable cause behind all others

Progress = Callable[[int, int], None]  # records and events replayed so far, and how many there are


class CannotReplay(ReplayError):
    """Nothing can be replayed, for an edition is missing or damaged. `reasons` has one for each edition."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(*self.reasons)


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """The result for both services: their counts, the first differences, and how many more there are."""

    tallies: tuple[Tally, ...]
    differences: tuple[Difference, ...]
    more_differences: int
    notes: tuple[Reason, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of the replayed events of both services."""
        return sha256("".join(tally.digest for tally in self.tallies).encode()).hexdigest()

    @property
    def published_digest(self) -> str:
        """The SHA-256 of the published events of both services."""
        return sha256("".join(tally.published_digest for tally in self.tallies).encode()).hexdigest()

    @property
    def as_published(self) -> bool:
        """Whether nothing differs."""
        return all(tally.as_published for tally in self.tallies)

    @property
    def complete(self) -> bool:
        """Whether the log still has everything that its events follow from."""
        return all(tally.complete for tally in self.tallies)

    @property
    def identical(self) -> bool:
        """Whether every event was replayed and none differs."""
        return self.as_published and self.complete


class Replayer:
    """Replays recorded logs with the topologies of this version, and compares the events with the published ones.

    `editions` are the configured ones; those published in the log are used as well. A result has at most
    `max_differences` differences, and the count of the others.
    """

    def __init__(
        self,
        editions: EditionLibrary,
        *,
        max_differences: int = 20,
        progress: Progress = lambda _done, _total: None,
    ) -> None:
        self._configured = editions
        self._max_differences = max_differences
        self._progress = progress

    def replay(self, log: Log) -> ReplayResult:
        """Replay all that the services have processed of a log, and compare.

        Raises CannotReplay if an edition is missing or damaged, TaskMustStop if a topology cannot use one.
        """
        editions = AvailableEditions(published_editions(log), self._configured)
        cases, named = _read_cases(log)
        _check_available(log, named, editions)
        count = _Counter(_total(log), self._progress)
        differences = DifferenceList(self._max_differences)
        router, escalation = Comparison("router", differences), Comparison("escalation", differences)
        rules = RecordedRules(editions)
        used = (editions.by_digest(digest) for _, digest in named)
        router.tally.tzdata_versions |= {edition.tzdata_version for edition in used if edition is not None}
        by_router: dict[bytes, Output] = {}
        by_escalation: dict[bytes, Output] = {}
        by_complete_cases: set[bytes] = set()
        for partition in range(log.partitions):
            first_decided = {case.partition: case.request for case in reversed(cases[partition]) if case.has_request}
            router_task = ReplayedRouter(rules, log, partition, router, count.add, first_decided=first_decided)
            router_task.replay(log.record(CASES.name, case.partition, case.number) for case in cases[partition])
            cases[partition].clear()
            by_router |= router_task.editions
        at_time = EditionsAtTime(editions)
        pinned = EditionStore(at_time)
        for partition in range(log.partitions):
            escalation_task = ReplayedEscalation(at_time, pinned, log, partition, escalation, count.add)
            escalation_task.replay(log.records(ESCALATIONS.name, partition))
            by_escalation |= escalation_task.editions
            by_complete_cases |= escalation_task.editions_of_complete_cases
        compare_editions(
            log,
            ReplayedEditions(router, by_router, {digest.encode() for _, digest in named}),
            ReplayedEditions(escalation, by_escalation, by_complete_cases),
        )
        tallies = (router.tally, escalation.tally)
        kept = tuple(differences.kept)
        return ReplayResult(tallies, kept, differences.count - len(kept), tuple(_notes(tallies)))


class _Counter:
    """Counts the records and events that have been replayed."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress = total, progress
        self._done = 0

    def add(self, more: int) -> None:
        self._done += more
        self._progress(self._done, self._total)


def _total(log: Log) -> int:
    topics = (*ROUTER_SOURCES, CASES, *ESCALATION_SOURCES, ESCALATIONS)
    return sum(log.count(topic.name, partition) for topic in topics for partition in range(log.partitions))


class _Case(NamedTuple):
    """Where a case is, and the offset of the request that it was made of; sorts by request."""

    request: int
    partition: int
    number: int  # index of the record in its partition

    @property
    def has_request(self) -> bool:
        return self.request != _NO_OFFSET


_EditionUse = Counter[tuple[str, str]]  # (name, digest) of an edition -> how many cases it decided


def _read_cases(log: Log) -> tuple[list[list[_Case]], _EditionUse]:
    """For each task of the router its cases in the order of their requests, and the editions that they name.

    A case's own partition may differ from that of its request, which is the task's.
    """
    by_task: list[list[_Case]] = [[] for _ in range(log.partitions)]
    editions: _EditionUse = Counter()
    for partition in range(log.partitions):
        for number, record in enumerate(log.records(CASES.name, partition)):
            try:
                event = read_published(record, ROUTER)
            except UnusableEvent:
                by_task[partition].append(_Case(_NO_OFFSET, partition, number))
                continue
            task = event.cause.partition if event.cause.partition < log.partitions else partition
            request = _NO_OFFSET if event.cause.offset is None else event.cause.offset
            by_task[task].append(_Case(request, partition, number))
            editions[event.data.edition or "?", event.data.policy_sha256 or ""] += 1
    for cases in by_task:
        cases.sort()
    return by_task, editions


def _check_available(log: Log, named: _EditionUse, available: AvailableEditions) -> None:
    """Raise CannotReplay if a case names an edition that is not available."""
    missing = [
        Reason(
            "replay.edition_missing",
            cases=count,
            edition=name[:100],
            policy_sha256=digest[:64],
            why=why_missing(log, digest),
        )
        for (name, digest), count in sorted(named.items())
        if available.by_digest(digest) is None
    ]
    if missing:
        raise CannotReplay(missing)


def _notes(tallies: tuple[Tally, ...]) -> Iterator[Reason]:
    """Causes of differences other than tampering: another version of the zone data."""
    for version in sorted({each for tally in tallies for each in tally.tzdata_versions}):
        if version != TZDATA_VERSION:
            yield Reason("replay.other_tzdata", version=version, installed=TZDATA_VERSION)
