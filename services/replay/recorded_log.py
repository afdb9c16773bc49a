"""Keeps the records of a log, byte for byte, in a temporary file with an index by topic, partition and offset.

A log may be larger than memory, and a replay reads it partition by partition. So only the index is in memory: 20 bytes
for each record.
"""

import mmap
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import msgspec

from services.replay.errors import ReplayError
from shared.contracts.topics import (
    ACTIVITY,
    CASES,
    EDITIONS,
    ENTITLEMENTS,
    ESCALATION_SOURCES,
    ESCALATIONS,
    REQUESTS,
    ROUTER_SOURCES,
    Topic,
    dead_letter,
)
from shared.contracts.vocabulary import WithheldCause
from shared.kafka.record import Record, Withheld
from shared.messages.reason import Reason

# The topics of a log, in the order in which they are read and written.
LOG_TOPICS: tuple[Topic, ...] = (
    ENTITLEMENTS,
    REQUESTS,
    CASES,
    ACTIVITY,
    ESCALATIONS,
    *map(dead_letter, (*ROUTER_SOURCES, *ESCALATION_SOURCES)),
    EDITIONS,
)
SOURCES: Mapping[str, tuple[Topic, ...]] = {"router": ROUTER_SOURCES, "escalation": ESCALATION_SOURCES}

Place = tuple[str, int]  # topic and partition
Offsets = dict[str, dict[int, int]]  # topic -> partition -> offset

_encode = msgspec.msgpack.Encoder().encode


class OutOfOrder(ReplayError):
    """A record was added whose offset is not above that of the one before it in its partition."""

    def __init__(self, record: Record, before: int) -> None:
        place = f"{record.topic}[{record.partition}]"
        super().__init__(f"{place}: offset {record.offset} comes after {before}")
        self.reason = Reason("replay.line.out_of_order", place=place, offset=record.offset, before=before)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of each topic a log has.

    `partitions` is the number of partitions, the same for all topics. `starts` has the first offset that was left of
    each partition: retention has deleted what was below. `consumed` has the committed offsets of each service's
    consumer group; a service without committed offsets is not in it.
    """

    partitions: int
    starts: Offsets = field(default_factory=dict)
    consumed: dict[str, Offsets] = field(default_factory=dict)


class _StoredRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]  # foreign records may have headers without a value
    withheld: tuple[WithheldCause, str] | None = None  # cause and message of a value that was not read


_decode = msgspec.msgpack.Decoder(_StoredRecord).decode


class _Index:
    """The offsets of one partition's records, and their places in the file."""

    __slots__ = ("lengths", "offsets", "starts")

    def __init__(self) -> None:
        self.offsets = array("q")
        self.starts = array("q")
        self.lengths = array("I")


class RecordedLog:
    """Records are added in the order of their partition's offsets, and read when all are added. A context manager."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        self._index: dict[Place, _Index] = {}
        self._file = tempfile.TemporaryFile(buffering=1 << 20)  # noqa: SIM115 - closed by `close`
        self._size = 0
        self._latest_ms: int | None = None
        self._data: mmap.mmap | bytes | None = None

    @classmethod
    def empty(cls, partitions: int) -> Self:
        """A log without records, of so many partitions."""
        return cls(Extent(partitions))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete the temporary file."""
        if isinstance(self._data, mmap.mmap):
            self._data.close()
        self._file.close()

    @property
    def partitions(self) -> int:
        """How many partitions the topics have."""
        return self.extent.partitions

    @property
    def latest_timestamp_ms(self) -> int | None:
        """The latest Kafka timestamp of all records; None if there is no record."""
        return self._latest_ms

    def add(self, record: Record) -> None:
        """Append a record. Raises OutOfOrder; ValueError once the log has been read."""
        if self._data is not None:
            raise ValueError("records cannot be added after the log has been read")
        place = (record.topic, record.partition)
        index = self._index.get(place)
        if index is None:
            index = self._index[place] = _Index()
        elif record.offset <= index.offsets[-1]:
            raise OutOfOrder(record, index.offsets[-1])
        value = record.value
        withheld = (value.cause, value.message) if isinstance(value, Withheld) else None
        value = None if withheld else value
        packed = _encode(_StoredRecord(record.offset, record.timestamp_ms, record.key, value, record.headers, withheld))
        self._file.write(packed)
        index.offsets.append(record.offset)
        index.starts.append(self._size)
        index.lengths.append(len(packed))
        self._size += len(packed)
        if self._latest_ms is None or record.timestamp_ms > self._latest_ms:
            self._latest_ms = record.timestamp_ms

    def count(self, topic: str, partition: int, below: int | None = None) -> int:
        """How many records a partition has, or how many of them have an offset below that."""
        index = self._index.get((topic, partition))
        if index is None:
            return 0
        return len(index.offsets) if below is None else bisect_left(index.offsets, below)

    def has(self, topic: str, partition: int, offset: int) -> bool:
        """Whether the log has the record at this offset."""
        place = self.count(topic, partition, offset)
        return place < self.count(topic, partition) and self._index[topic, partition].offsets[place] == offset

    def start(self, topic: str, partition: int) -> int:
        """The first offset of this partition that the log could read; retention has deleted what was below."""
        return self.extent.starts.get(topic, {}).get(partition, 0)

    def consumed(self, service: str, topic: str, partition: int) -> int | None:
        """The offset that a service's consumer group has committed, or None if it has committed none."""
        return self.extent.consumed.get(service, {}).get(topic, {}).get(partition)

    def record(self, topic: str, partition: int, number: int) -> Record:
        """The record with this index in its partition, counted from 0."""
        index = self._index[topic, partition]
        start = index.starts[number]
        stored = _decode(self._readable()[start : start + index.lengths[number]])
        return Record(
            topic,
            partition,
            stored.offset,
            stored.timestamp_ms,
            stored.key,
            stored.value if stored.withheld is None else Withheld(*stored.withheld),
            stored.headers,  # type: ignore[arg-type]  # as the consumer of a task gets them
        )

    def records(self, topic: str, partition: int, since: int = 0) -> Iterator[Record]:
        """The records of a partition in the order of their offsets, from index `since` on."""
        for number in range(since, self.count(topic, partition)):
            yield self.record(topic, partition, number)

    def _readable(self) -> mmap.mmap | bytes:
        if self._data is None:
            self._file.flush()
            self._data = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if self._size else b""
        return self._data
