"""[pure] Records: consumed ones, ones to be produced, and values that are withheld."""

from dataclasses import dataclass
from typing import Protocol, Self

from shared.contracts.vocabulary import WithheldCause

Headers = tuple[tuple[str, bytes], ...]


class Withheld(bytes):
    """The value of a record whose content is not read: empty bytes, which are neither a tombstone nor an event.

    `cause` is the cause of its dead letter. `message` gives the reason without any content.
    """

    cause: WithheldCause
    message: str

    def __new__(cls, cause: WithheldCause, message: str) -> Self:
        """An empty value with its cause."""
        value = super().__new__(cls)
        value.cause, value.message = cause, message
        return value


class Consumed(Protocol):
    """A record as a consumer returns it. Its place has the topic: what the client calls it is a name of Kafka."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Record:
    """One consumed record, byte for byte. `timestamp_ms` is the broker's, milliseconds since 1970 UTC."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @classmethod
    def of(cls, topic: str, partition: int, message: Consumed) -> Self:
        """The record that a consumer returned for this partition."""
        return cls(
            topic,
            partition,
            message.offset,
            message.timestamp,
            message.key,
            message.value,
            message.headers,
        )


@dataclass(frozen=True, slots=True)
class Output:
    """One record to be produced. `partition` None = the task's own partition (co-partitioned topics)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


def size_of(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """The bytes of a record's content, uncompressed. Headers of other programs may have no value."""
    size = len(key or b"") + len(value or b"")
    for name, data in headers:
        size += len(name.encode()) + len(data or b"")
    return size


def too_large(size: int, limit: int) -> Withheld:
    """The substitute for a value whose record has `size` bytes, more than the `limit` of its topic."""
    return Withheld("record_too_large", f"the record has {size} bytes uncompressed, its topic allows {limit}")
