"""[pure] What a log says of how it came about: the cause of each published event, and when what was put aside.

An event that a task published says when the task looked at its clock (`observed_at`), what made it speak (`caused_by`)
and how far it had read its sources then (`positions`). A dead letter says the same of a record that made it speak of
nothing. From these a replay knows in which order, and at which instants, everything happened.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple, Protocol

import msgspec

from shared.contracts.topics import Topic
from shared.kafka.record import Headers, Output, Record

_LOOK_AHEAD = 3  # groups
_BEGINNING = datetime(1971, 1, 1, tzinfo=UTC)
LATER = datetime(9000, 1, 1, tzinfo=UTC)  # than anything that a log tells of


class Log(Protocol):
    """A recorded log. `RecordedLog` is one."""

    @property
    def partitions(self) -> int:
        """How many partitions the topics have."""

    def count(self, topic: str, partition: int, below: int | None = None) -> int:
        """How many records a partition has, or how many of them have an offset below that."""

    def has(self, topic: str, partition: int, offset: int) -> bool:
        """Whether the log has the record at this offset."""

    def start(self, topic: str, partition: int) -> int:
        """The offset where the log of this partition begins: what was below it is gone."""

    def consumed(self, service: str, topic: str, partition: int) -> int | None:
        """The offset of the next record that a service would take, or None if it has not said."""

    def record(self, topic: str, partition: int, number: int) -> Record:
        """The record that is the `number`th of its partition, from 0."""

    def records(self, topic: str, partition: int, since: int = 0) -> Iterator[Record]:
        """The records of a partition in the order of their offsets, from the `since`th on."""


class _CausedBy(msgspec.Struct, frozen=True, gc=False):
    partition: int
    topic: str | None = None
    offset: int | None = None
    timer: str | None = None
    generation: int | None = None
    positions: dict[str, int] | None = None


class _Head(msgspec.Struct, frozen=True, gc=False):
    """What every event of a task has, whatever its type."""

    case_id: str
    observed_at: datetime
    caused_by: _CausedBy
    policy_sha256: str | None = None
    edition: str | None = None
    tzdata_version: str | None = None
    holidays_version: str | None = None


_head = msgspec.json.Decoder(_Head)


class PublishedEvent(NamedTuple):
    """A published event as the log has it. `number` counts those of one task, in the order of publication."""

    record: Record
    id: str
    type: str
    case_id: str
    at: datetime
    cause: _CausedBy
    head: _Head
    number: int = 0


class NotFollowed(Exception):
    """This event does not say what a replay has to know. `gone`: it could not, rather than that it is wrong."""

    def __init__(self, because: str, *, gone: bool = False) -> None:
        super().__init__(because)
        self.gone = gone


def read_published(record: Record, source: str) -> PublishedEvent:
    """The event in a record of a service's sink; `source` is what the service calls itself. Raises NotFollowed."""
    told_by = _header(record, "ce_source")
    if told_by != source:
        raise NotFollowed(f"it was not published by {source} (ce_source {told_by[:100]!r})")
    try:
        head = _head.decode(record.value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotFollowed("its data does not say when and why it was published") from None
    if head.observed_at.tzinfo is None or not _BEGINNING <= head.observed_at <= LATER:
        raise NotFollowed("observed_at is not an instant of our time")
    return PublishedEvent(
        record, event_id(record), event_type(record), head.case_id, head.observed_at, head.caused_by, head
    )


def checked(said: PublishedEvent, partition: int, sources: tuple[Topic, ...]) -> PublishedEvent:
    """The same, if its `caused_by` can be followed in the task of `partition`. Raises NotFollowed."""
    cause = said.cause
    if cause.partition != partition:
        raise NotFollowed(f"caused_by.partition is {cause.partition}, but it is in the log of task {partition}")
    if (cause.topic is None or cause.offset is None) == (cause.timer is None):
        raise NotFollowed("caused_by names neither a record nor a timer, or both")
    if cause.positions is None:
        raise NotFollowed("events did not say yet how far their task had read its sources", gone=True)
    if cause.topic is None:
        return said
    if cause.topic not in (topic.name for topic in sources):
        raise NotFollowed(f"caused_by.topic {cause.topic[:100]!r} is not a source")
    if cause.offset is not None and cause.positions.get(cause.topic) != cause.offset + 1:
        raise NotFollowed("caused_by.positions does not follow caused_by.offset")
    return said


class Group(NamedTuple):
    """Events of one task that were published one after the other for the same cause, at the same instant."""

    said: list[PublishedEvent]
    at: datetime
    topic: str | None  # and offset: of the record that is the cause; None = timers
    offset: int | None
    positions: Mapping[str, int]


def in_groups(events: Iterable[PublishedEvent]) -> Iterator[Group]:
    """Events of one task by what made it speak: one record, or the timers of one slice.

    Positions never go back. Where a group claims more than the two after it, it is not believed, or a single wrong
    claim would let everything after it appear wrong.
    """
    groups: deque[Group] = deque()
    for (topic, offset, at, positions), said in groupby(events, _cause):
        groups.append(Group(list(said), at, topic, offset, dict(positions)))
        if len(groups) == _LOOK_AHEAD:
            yield _believed(groups)
    while groups:
        yield _believed(groups)


def _believed(groups: deque[Group]) -> Group:
    group, *following = groups
    groups.popleft()
    if len(following) < _LOOK_AHEAD - 1:
        return group
    most = {
        topic: max(other.positions.get(topic, position) for other in following)
        for topic, position in group.positions.items()
    }
    return group._replace(positions={topic: min(position, most[topic]) for topic, position in group.positions.items()})


def _cause(said: PublishedEvent) -> tuple[str | None, int | None, datetime, tuple[tuple[str, int], ...]]:
    positions = said.cause.positions or {}
    return said.cause.topic, said.cause.offset, said.at, tuple(positions.items())


def meant_headers(headers: Headers) -> Headers:
    """The headers of an event without those that say when and in which trace it was written down."""
    return tuple(header for header in headers if header[0] not in ("ce_time", "traceparent"))


def event_id(event: Record | Output) -> str:
    """The id of an event, or "" if it has none."""
    return _header(event, "ce_id")


def event_type(event: Record | Output) -> str:
    """The type of an event, or "" if it has none."""
    return _header(event, "ce_type")


def _header(event: Record | Output, name: str) -> str:
    """A header as text. Somebody else's record may have one without a value."""
    return next((value.decode(errors="replace") for known, value in event.headers if known == name and value), "")
