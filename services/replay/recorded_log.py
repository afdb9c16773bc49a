"""A recorded log at hand: the records of Frontline's topics byte for byte, on disk, found by their place.

A log may be larger than memory, and a replay reads it partition by partition: so the records are put into a temporary
file as they come, and only where each of them stands is kept here, 20 bytes a record.
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

from shared.contracts.topics import (
    ACTIVITY,
    CASES,
    ENTITLEMENTS,
    ESCALATION_SOURCES,
    ESCALATIONS,
    REQUESTS,
    ROUTER_SOURCES,
    Topic,
    changelog,
    dead_letter,
)
from shared.contracts.vocabulary import WithheldCause
from shared.kafka.record import Record, Withheld

EDITIONS = changelog("escalation", "editions")
# What a log is made of, in the order in which it is read and written.
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


class OutOfOrder(Exception):
    """Within a partition, offsets only grow; this record does not come after the one before it."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of everything a log has.

    `partitions` is that of every topic that a task reads or writes together. `starts` is where the log of each topic
    began when it was read: what is below is gone. `consumed` has, for each service, the offset of the next record that
    it would have taken; a service that has none has not said.
    """

    partitions: int
    starts: Offsets = field(default_factory=dict)
    consumed: dict[str, Offsets] = field(default_factory=dict)


class _Kept(msgspec.Struct, array_like=True, frozen=True, gc=False):
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]  # others may write headers without a value
    withheld: tuple[WithheldCause, str] | None = None  # cause and message of a value that was not read


_decode = msgspec.msgpack.Decoder(_Kept).decode


class _Index:
    """Where the records of one partition are."""

    __slots__ = ("lengths", "offsets", "starts")

    def __init__(self) -> None:
        self.offsets = array("q")
        self.starts = array("q")
        self.lengths = array("I")


class RecordedLog:
    """Records are added first, each partition's in the order of its offsets, then read. A context manager."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        self._index: dict[Place, _Index] = {}
        self._file = tempfile.TemporaryFile(buffering=1 << 20)  # noqa: SIM115 - closed by `close`
        self._size = 0
        self._data: mmap.mmap | bytes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the records."""
        if isinstance(self._data, mmap.mmap):
            self._data.close()
        self._file.close()

    @property
    def partitions(self) -> int:
        """How many partitions the topics have."""
        return self.extent.partitions

    def add(self, record: Record) -> None:
        """Keep a record. Raises OutOfOrder; ValueError once the log has been read."""
        if self._data is not None:
            raise ValueError("the log is being read: nothing is added any more")
        place = (record.topic, record.partition)
        index = self._index.get(place)
        if index is None:
            index = self._index[place] = _Index()
        elif record.offset <= index.offsets[-1]:
            raise OutOfOrder(
                f"{record.topic}[{record.partition}]: offset {record.offset} comes after {index.offsets[-1]}"
            )
        value = record.value
        withheld = (value.cause, value.message) if isinstance(value, Withheld) else None
        value = None if withheld else value
        packed = _encode(_Kept(record.offset, record.timestamp_ms, record.key, value, record.headers, withheld))
        self._file.write(packed)
        index.offsets.append(record.offset)
        index.starts.append(self._size)
        index.lengths.append(len(packed))
        self._size += len(packed)

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
        """The offset where the log of this partition begins: what was below it is gone."""
        return self.extent.starts.get(topic, {}).get(partition, 0)

    def consumed(self, service: str, topic: str, partition: int) -> int | None:
        """The offset of the next record that a service would take, or None if it has not said."""
        return self.extent.consumed.get(service, {}).get(topic, {}).get(partition)

    def record(self, topic: str, partition: int, number: int) -> Record:
        """The record that is the `number`th of its partition, from 0."""
        index = self._index[topic, partition]
        start = index.starts[number]
        kept = _decode(self._readable()[start : start + index.lengths[number]])
        return Record(
            topic,
            partition,
            kept.offset,
            kept.timestamp_ms,
            kept.key,
            kept.value if kept.withheld is None else Withheld(*kept.withheld),
            kept.headers,  # type: ignore[arg-type]  # a task would see the same
        )

    def records(self, topic: str, partition: int, since: int = 0) -> Iterator[Record]:
        """The records of a partition in the order of their offsets, from the `since`th on."""
        for number in range(since, self.count(topic, partition)):
            yield self.record(topic, partition, number)

    def _readable(self) -> mmap.mmap | bytes:
        if self._data is None:
            self._file.flush()
            self._data = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if self._size else b""
        return self._data
