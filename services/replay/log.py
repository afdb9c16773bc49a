"""[pure] The recorded log as a replay reads it: records by topic, partition and offset, and how much retention left."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from shared.kafka.record import Record

FAR_FUTURE = datetime(9000, 1, 1, tzinfo=UTC)  # later than any instant in a log


class Log(Protocol):
    """A recorded log; `recorded_log.RecordedLog` is the implementation."""

    @property
    def partitions(self) -> int:
        """How many partitions the topics have."""

    @property
    def latest_timestamp_ms(self) -> int | None:
        """The latest Kafka timestamp of all records; None if there is no record."""

    def count(self, topic: str, partition: int, below: int | None = None) -> int:
        """How many records a partition has, or how many of them have an offset below that."""

    def has(self, topic: str, partition: int, offset: int) -> bool:
        """Whether the log has the record at this offset."""

    def start(self, topic: str, partition: int) -> int:
        """The first offset of this partition that the log could read; retention has deleted what was below."""

    def consumed(self, service: str, topic: str, partition: int) -> int | None:
        """The offset that a service's consumer group has committed, or None if it has committed none."""

    def record(self, topic: str, partition: int, number: int) -> Record:
        """The record with this index in its partition, counted from 0."""

    def records(self, topic: str, partition: int, since: int = 0) -> Iterator[Record]:
        """The records of a partition in the order of their offsets, from index `since` on."""


class Spool(Log, Protocol):
    """A log that records are added to first, and read from then. A context manager, which deletes it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None: ...

    def add(self, record: Record) -> None:
        """Append a record; offsets ascend in each partition."""
