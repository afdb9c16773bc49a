"""[pure] A record of a case as the board stores it, and back."""

from collections.abc import Mapping

import msgspec

from shared.contracts.topics import ACTIVITY, CASES, EDITIONS, ESCALATIONS, REQUESTS, Topic, dead_letter
from shared.kafka.record import Record

# In the order in which a batch is taken, so that causes come before their effects. Stored rows have the numbers.
TOPICS: tuple[Topic, ...] = (
    EDITIONS,
    REQUESTS,
    CASES,
    ACTIVITY,
    ESCALATIONS,
    dead_letter(REQUESTS),
    dead_letter(CASES),
    dead_letter(ACTIVITY),
)
NUMBERS: Mapping[str, int] = {topic.name: number for number, topic in enumerate(TOPICS)}


class _Body(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a row has beside its place. The key is given where it is not the case's id."""

    timestamp_ms: int
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    key: bytes | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Body).decode


def body_of(record: Record, key: bytes | None = None) -> bytes:
    """The record without its place. `key` is what a reader knows as its key already."""
    headers = tuple((name, data or b"") for name, data in record.headers)
    own_key = None if record.key == key else record.key
    return _encode(_Body(record.timestamp_ms, record.value, headers, own_key))


def record_of(topic: int, partition: int, position: int, body: bytes, key: bytes | None = None) -> Record:
    """The record of a row."""
    found = _decode(body)
    headers = found.headers
    return Record(TOPICS[topic].name, partition, position, found.timestamp_ms, found.key or key, found.value, headers)
