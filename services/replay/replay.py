"""[pure] A recorded log folded again: both services, task by task, by their own topologies, and compared with it.

Nothing here decides anything about requests, clocks or timers. What is here is the order of things: which record came
when, as the published events and dead letters tell it (`evidence`, `task`).
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from services.escalation.edition_store import EditionStore
from services.replay.comparison import Comparison
from services.replay.editions import AsKnownThen, AtHand, NamedRules
from services.replay.escalation import ReplayedEscalation
from services.replay.recorded_causes import Log, NotFollowed, read_published
from services.replay.report import Difference, ReplayReport, Tally
from services.replay.router import ReplayedRouter
from services.router.published_editions import SOURCE as ROUTER
from shared.business_time.holiday_sets import HOLIDAYS_VERSION
from shared.business_time.zones import TZDATA_VERSION
from shared.contracts.topics import CASES, ESCALATION_SOURCES, ESCALATIONS, ROUTER_SOURCES, changelog
from shared.kafka.faults import TaskMustStop
from shared.kafka.record import Record
from shared.policy.model import Edition
from shared.sla.pinned_edition import STORE, read_saved

_EDITIONS = changelog("escalation", STORE).name
_INSTALLED = {"tzdata": TZDATA_VERSION, "holidays": HOLIDAYS_VERSION}

Progress = Callable[[int, int], None]  # records and events worked through, and how many there are


class CannotReplay(Exception):
    """Something that every case depends on is missing. The message has a line for each."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay has found. `digest` is of all that it publishes, `published_digest` of all that was published."""

    tallies: tuple[Tally, ...]
    differences: tuple[Difference, ...]
    more_differences: int
    notes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Of both services."""
        return sha256("".join(tally.digest for tally in self.tallies).encode()).hexdigest()

    @property
    def published_digest(self) -> str:
        """Of both services."""
        return sha256("".join(tally.published_digest for tally in self.tallies).encode()).hexdigest()

    @property
    def as_published(self) -> bool:
        """Whether nothing differs."""
        return all(tally.as_published for tally in self.tallies)

    @property
    def complete(self) -> bool:
        """Whether the log still has everything that its events follow from."""
        return not any(tally.not_replayable or tally.put_aside_not_replayable for tally in self.tallies)


def saved_editions(log: Log) -> list[Edition]:
    """The editions that escalation saved with its cases. Raises CannotReplay."""
    documents = dict.fromkeys(
        record.value
        for partition in range(log.partitions)
        for record in log.records(_EDITIONS, partition)
        if not (record.key or b"\x00").startswith(b"\x00")
    )
    try:
        return [read_saved(document).edition for document in documents if document is not None]
    except TaskMustStop as error:
        raise CannotReplay(str(error)) from None
    except zlib.error as error:
        raise CannotReplay(f"an edition in {_EDITIONS} is damaged: {error}") from None


def replay_log(log: Log, at_hand: AtHand, show: int, progress: Progress = lambda _done, _total: None) -> Outcome:
    """Replay everything that the services have processed, and tell the first `show` differences.

    Raises CannotReplay if a case names an edition that is not at hand, TaskMustStop if an edition cannot be used.
    """
    decided = _decided(log, at_hand)
    total = sum(
        log.count(topic.name, partition)
        for topic in (*ROUTER_SOURCES, CASES, *ESCALATION_SOURCES, ESCALATIONS)
        for partition in range(log.partitions)
    )
    done = 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    findings = ReplayReport(show)
    router, escalation = Comparison("router", findings), Comparison("escalation", findings)
    rules = NamedRules(at_hand)
    for partition in range(log.partitions):
        decided_from = {number: offset for offset, number, _ in reversed(decided[partition]) if offset != _LAST}
        router_task = ReplayedRouter(rules, log, partition, router, report, decided_from=decided_from)
        router_task.follow(_cases(log, decided[partition]))
        decided[partition].clear()
    known_then = AsKnownThen(at_hand)
    pinned = EditionStore(known_then)
    for partition in range(log.partitions):
        escalation_task = ReplayedEscalation(known_then, pinned, log, partition, escalation, report)
        escalation_task.follow(log.records(ESCALATIONS.name, partition))
    tallies = (router.tally, escalation.tally)
    return Outcome(tallies, tuple(findings.kept), findings.count - len(findings.kept), tuple(_notes(tallies)))


_LAST = 2**63  # events that do not say what they follow from come last
_Decided = tuple[int, int, int]  # offset of the request, partition of the case, how manieth record it is there


def _decided(log: Log, at_hand: AtHand) -> list[list[_Decided]]:
    """For each task of the router its cases in the order of their requests: cases go to partitions of their own.

    Raises CannotReplay if one names an edition that is not at hand.
    """
    found: list[list[_Decided]] = [[] for _ in range(log.partitions)]
    missing: Counter[tuple[str, str]] = Counter()
    for partition in range(log.partitions):
        for number, record in enumerate(log.records(CASES.name, partition)):
            task, offset = partition, _LAST
            try:
                said = read_published(record, ROUTER)
            except NotFollowed:
                found[partition].append((_LAST, partition, number))
                continue
            if said.cause.partition < log.partitions:
                task = said.cause.partition
            if said.cause.offset is not None:
                offset = said.cause.offset
            found[task].append((offset, partition, number))
            name = said.head.policy_sha256 or ""
            if at_hand.by_digest(name) is None:
                missing[said.head.edition or "?", name] += 1
    if missing:
        raise CannotReplay(
            "\n".join(
                f"{count} cases were decided by edition {name[:100]} (policy_sha256 {digest[:64]}), which the log has "
                "not saved: name its file with --policy or in FRONTLINE_POLICIES"
                for (name, digest), count in sorted(missing.items())
            )
        )
    for of_task in found:
        of_task.sort()
    return found


def _cases(log: Log, decided: list[_Decided]) -> Iterator[Record]:
    for _, partition, number in decided:
        yield log.record(CASES.name, partition, number)


def _notes(tallies: tuple[Tally, ...]) -> Iterator[str]:
    """What a difference may come from, though nobody has tampered with anything."""
    for name, version in sorted({each for tally in tallies for each in tally.versions}):
        if version != _INSTALLED[name]:
            yield (
                f"the log was written with {name} {version}, and {_INSTALLED[name]} is installed here: "
                "a difference in deadlines may come from that"
            )
