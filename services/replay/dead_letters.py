"""[pure] The dead letters of one task: those in the log, and how they compare with those of the replay."""

from collections.abc import Callable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from services.replay.comparison import Comparison
from services.replay.log import Log
from shared.contracts.topics import Topic
from shared.contracts.vocabulary import DeadLetterCause
from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter
from shared.kafka.record import Record
from shared.messages.reason import Reason


class PublishedDeadLetter(NamedTuple):
    """A dead letter in the log: its cause, the time of the slice that wrote it, its own place, and whether it has the
    value of its record.
    """

    cause: str
    at: datetime
    place: str
    by_reference: bool = False
    unfired_from: datetime | None = None  # as in CauseGroup

    @property
    def cause_taken_from_log(self) -> DeadLetterCause | None:
        """The cause, if it follows from what the log does not have: the replay takes it from the log then.

        The broker decides on size, an error that isolates a case may be that of another version, and what is left of
        the budget for early activity depends on the instant. What has waited for its case has no value here.
        """
        if self.cause == "unknown_case" and self.by_reference:
            return None
        return next((cause for cause in _TAKEN_FROM_LOG if cause == self.cause), None)


class Mismatch(NamedTuple):
    """A record whose dead letters differ: one is missing, or the causes differ. `published`: the log has one."""

    topic: str
    offset: int
    at: datetime
    published: bool


NotComparable = Callable[[Mismatch], Reason | None]  # why a mismatch proves nothing, None if it is a difference

# Causes that can be found only with the edition that a case is to migrate to. Escalation saves an edition when the
# first case uses it, not before.
_NEED_TARGET_EDITION = frozenset(
    {"unknown_calendar", "unknown_word", "uncountable_target", "too_much_activity", "case_too_large"}
)


_TAKEN_FROM_LOG: frozenset[DeadLetterCause] = frozenset({"output_too_large", "case_isolated", "unknown_case"})


class _Migration(msgspec.Struct, frozen=True):
    policy_sha256: str | None = None


_migration_decoder = msgspec.json.Decoder(_Migration)


class PublishedDeadLetters:
    """The dead letters in the log by their source record; each is removed when the replay produces it too."""

    def __init__(self, log: Log, service: str, sources: tuple[Topic, ...], partition: int) -> None:
        self.expired_activity: dict[bytes, list[datetime]] = {}  # by key: when it was dead-lettered as unknown_case
        self.unknown_editions: set[tuple[datetime, str]] = set()
        self.count = 0
        self._log = log
        self._partition = partition
        self._by_source: dict[tuple[str, int], PublishedDeadLetter] = {}
        self._duplicates: list[tuple[str, int, PublishedDeadLetter]] = []
        self._given_up: list[tuple[datetime, bytes]] = []  # a heap: when activity of a key had waited too long
        # For topics whose first dead letters are deleted: the time of the first one left, None if none is left.
        self._complete_since: dict[str, datetime | None] = {}
        for topic in sources:
            name = dead_letters.topic_of(topic.name)
            if log.start(name, partition) > 0:
                self._complete_since[topic.name] = None
            for record in log.records(name, partition):
                self._read(record, service, topic.name)

    def of(self, record: Record) -> PublishedDeadLetter | None:
        """The dead letter of this record, unless the replay has produced it already."""
        return self.at(record.topic, record.offset)

    def at(self, topic: str, offset: int) -> PublishedDeadLetter | None:
        """The dead letter of the record at this place, unless the replay has produced it already."""
        return self._by_source.get((topic, offset))

    def end_offset(self, topic: str) -> int:
        """The offset after the last dead-lettered record of a source."""
        return max((offset + 1 for name, offset in self._by_source if name == topic), default=0)

    def last_at(self) -> datetime | None:
        """The latest time of those that the replay has not produced yet."""
        return max((letter.at for letter in self._by_source.values()), default=None)

    def take_given_up(self, until: datetime) -> Iterator[tuple[datetime, bytes]]:
        """When a record was dead-lettered because its case had not come in time, and its key; in order, each once."""
        while self._given_up and self._given_up[0][0] <= until:
            yield heappop(self._given_up)

    def may_be_deleted(self, topic: str, at: datetime) -> bool:
        """Whether retention may have deleted a dead letter of time `at`: it is shorter than that of sources."""
        if topic not in self._complete_since:
            return False
        since = self._complete_since[topic]
        return since is None or at <= since

    def compare(self, replayed: DeadLetter, comparison: Comparison, not_comparable: NotComparable) -> None:
        """The replay has dead-lettered a record: compare with the log's dead letter of it."""
        topic, offset = replayed.record.topic, replayed.record.offset
        published = self._by_source.pop((topic, offset), None)
        if published is not None and published.cause == replayed.cause:
            return
        reason = not_comparable(Mismatch(topic, offset, replayed.at, published is not None))
        reason = reason or self._target_edition_missing(published, replayed)
        if reason:
            comparison.dead_letter_not_replayable(reason)
            return
        if published is None:
            why, place = Reason("replay.dead_letter.missing", replayed=replayed.cause), None
        else:
            why = Reason("replay.dead_letter.other", published=published.cause, replayed=replayed.cause)
            place = published.place
        comparison.dead_letter_differs(topic, self._partition, offset, why, place)

    def compare_remaining(self, comparison: Comparison, not_comparable: NotComparable) -> None:
        """The task has been replayed: report the dead letters in the log that the replay did not produce."""
        for (topic, offset), letter in sorted(self._by_source.items()):
            if reason := not_comparable(Mismatch(topic, offset, letter.at, True)):
                comparison.dead_letter_not_replayable(reason)
            else:
                reason = Reason("replay.dead_letter.unexpected", published=letter.cause)
                comparison.dead_letter_differs(topic, self._partition, offset, reason, letter.place)
        for topic, offset, letter in self._duplicates:
            comparison.dead_letter_differs(
                topic, self._partition, offset, Reason("replay.dead_letter.twice"), letter.place
            )

    def _read(self, record: Record, service: str, topic: str) -> None:
        try:
            letter = dead_letters.parse(record.key, record.value, record.headers)
        except (NotADeadLetter, AttributeError):  # a foreign record, perhaps with a header without a value
            return
        if any(at is not None and at.tzinfo is None for at in (letter.at, letter.unfired_from)):
            return
        source = letter.record
        if (letter.service, source.topic, source.partition) != (service, topic, self._partition):
            return
        self.count += 1
        place = f"{record.topic}[{record.partition}]@{record.offset}"
        published = PublishedDeadLetter(letter.cause, letter.at, place, letter.by_reference, letter.unfired_from)
        if (topic, source.offset) in self._by_source:
            self._duplicates.append((topic, source.offset, published))
            return
        self._by_source[topic, source.offset] = published
        if topic in self._complete_since and self._complete_since[topic] is None:
            self._complete_since[topic] = letter.at
        if letter.cause == "unknown_case" and source.key is not None:
            self.expired_activity.setdefault(source.key, []).append(letter.at)
            if letter.by_reference:
                heappush(self._given_up, (letter.at, source.key))
        if letter.cause == "unknown_edition" and (sha256 := self._target_edition(source)):
            self.unknown_editions.add((letter.at, sha256))

    def _target_edition_missing(self, published: PublishedDeadLetter | None, replayed: DeadLetter) -> Reason | None:
        """Why `unknown_edition` is no difference: the service knew the edition, or its cause would be that too."""
        if published is None or published.cause not in _NEED_TARGET_EDITION or replayed.cause != "unknown_edition":
            return None
        return Reason("replay.lost.target_edition", policy_sha256=self._target_edition(replayed.record))

    def _target_edition(self, source: Record) -> str | None:
        """The edition that a migration names. A dead letter by reference does not have its value."""
        value, place = source.value, (source.topic, self._partition)
        if value is None and self._log.has(*place, source.offset):
            value = self._log.record(*place, self._log.count(*place, source.offset)).value
        try:
            return _migration_decoder.decode(value or b"").policy_sha256
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
