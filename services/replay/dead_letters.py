"""[pure] The dead letters of one task: what they tell of when it happened, and whether a replay puts the same aside."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.replay.comparison import Comparison
from services.replay.recorded_causes import Log
from shared.contracts.topics import Topic
from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter
from shared.kafka.record import Record


class OneSided(NamedTuple):
    """A record that the log and the replay do not put aside alike; `logged`: the log does, for whatever cause."""

    topic: str
    offset: int
    at: datetime
    logged: bool


# What is told only by the edition that a case is to migrate to. It is saved once a case counts by it, not before.
_NEEDS_EDITION = frozenset({"unknown_calendar", "unknown_word", "uncountable_target", "too_much_activity"})

Doubt = Callable[[OneSided], str]  # why the difference says nothing, or ""


class LoggedDeadLetter(NamedTuple):
    """That a record was put aside: why, the instant of that slice, and where the dead letter is."""

    cause: str
    at: datetime
    place: str


class _Named(msgspec.Struct, frozen=True):
    policy_sha256: str | None = None


_named = msgspec.json.Decoder(_Named)


class Letters:
    """Dead letters as the log has them, by the record that was put aside, until the replay puts it aside too."""

    def __init__(self, log: Log, service: str, sources: tuple[Topic, ...], partition: int) -> None:
        self.given_up: dict[bytes, list[datetime]] = {}  # when activity was put aside as unknown_case, by its key
        self.unknown_editions: set[tuple[datetime, str]] = set()
        self.count = 0
        self._partition = partition
        self._known: dict[tuple[str, int], LoggedDeadLetter] = {}
        self._twice: list[tuple[str, int, LoggedDeadLetter]] = []
        self._since: dict[str, datetime | None] = {}  # of topics that lost dead letters, the first that is left
        for topic in sources:
            name = dead_letters.topic_of(topic.name)
            if log.start(name, partition) > 0:
                self._since[topic.name] = None
            for record in log.records(name, partition):
                self._read(record, service, topic.name)

    def of(self, record: Record) -> LoggedDeadLetter | None:
        """What is said of this record, if it was put aside and the replay has not done so yet."""
        return self._known.get((record.topic, record.offset))

    def at(self, topic: str, offset: int) -> LoggedDeadLetter | None:
        """The same of the record at a place."""
        return self._known.get((topic, offset))

    def end(self, topic: str) -> int:
        """The offset after the last record of a source that was put aside."""
        return max((offset + 1 for name, offset in self._known if name == topic), default=0)

    def last_at(self) -> datetime | None:
        """When the last of those that are left was written."""
        return max((letter.at for letter in self._known.values()), default=None)

    def may_be_gone(self, topic: str, at: datetime) -> bool:
        """Whether a dead letter written at `at` may be gone: they are kept for a shorter time than records."""
        if topic not in self._since:
            return False
        since = self._since[topic]
        return since is None or at <= since

    # compared with the replay

    def compare(self, made: DeadLetter, comparison: Comparison, doubt: Doubt) -> None:
        """The replay puts a record aside."""
        topic, offset = made.record.topic, made.record.offset
        logged = self._known.pop((topic, offset), None)
        if logged is not None and logged.cause == made.cause:
            return
        if because := doubt(OneSided(topic, offset, made.at, logged is not None)) or _edition_missing(logged, made):
            comparison.letter_not_replayable(because)
            return
        said = "not put aside" if logged is None else f"put aside as {logged.cause}"
        place = None if logged is None else logged.place
        comparison.letter(topic, self._partition, offset, f"{said}, but {made.cause} follows", place)

    def compare_rest(self, comparison: Comparison, doubt: Doubt) -> None:
        """The replay is over: what is left in the log was not put aside by it."""
        for (topic, offset), letter in sorted(self._known.items()):
            if because := doubt(OneSided(topic, offset, letter.at, True)):
                comparison.letter_not_replayable(because)
            else:
                said = f"put aside as {letter.cause}, which does not follow"
                comparison.letter(topic, self._partition, offset, said, letter.place)
        for topic, offset, letter in self._twice:
            comparison.letter(topic, self._partition, offset, "put aside twice", letter.place)

    def _read(self, record: Record, service: str, topic: str) -> None:
        try:
            letter = dead_letters.parse(record.key, record.value, record.headers)
        except (NotADeadLetter, AttributeError):  # somebody else's record, perhaps with a header without a value
            return
        if letter.at.tzinfo is None:
            return
        source = letter.record
        if (letter.service, source.topic, source.partition) != (service, topic, self._partition):
            return
        self.count += 1
        aside = LoggedDeadLetter(letter.cause, letter.at, f"{record.topic}[{record.partition}]@{record.offset}")
        if (topic, source.offset) in self._known:
            self._twice.append((topic, source.offset, aside))
            return
        self._known[topic, source.offset] = aside
        if topic in self._since and self._since[topic] is None:
            self._since[topic] = letter.at
        if letter.cause == "unknown_case" and source.key is not None:
            self.given_up.setdefault(source.key, []).append(letter.at)
        if letter.cause == "unknown_edition" and (sha256 := _edition_named(source.value)):
            self.unknown_editions.add((letter.at, sha256))


def _edition_missing(logged: LoggedDeadLetter | None, made: DeadLetter) -> str:
    """Why it is no difference that an edition is unknown now: it was not then, or the cause would be another one."""
    if logged is None or logged.cause not in _NEEDS_EDITION or made.cause != "unknown_edition":
        return ""
    return (
        f"the edition that a case was to migrate to (policy_sha256 {_edition_named(made.record.value)}) is neither "
        "saved in the log nor configured here: name its file with --policy"
    )


def _edition_named(value: bytes | None) -> str | None:
    try:
        return _named.decode(value or b"").policy_sha256
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
