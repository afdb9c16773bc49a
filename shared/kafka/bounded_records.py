"""Consumers with bounded memory: content that is too large or unreadable is withheld, and reading continues after it.

aiokafka decodes a fetched batch as a whole, and its decoders have no limit: 250 KB on the wire may be 250 MB in memory.
An exception while it reads a batch ends the fetch, and the next fetch returns the same batch. So `bounded_consumer`
creates consumers that hold only a bounded part of a decoded fetch. In place of content that is too large or cannot be
read, they return a record whose value is `Withheld`:

- a single record larger than its topic allows, uncompressed, is withheld at its own offset;
- a batch that decodes to more than MAX_BATCH_BYTES or MAX_BATCH_RECORDS is withheld as a whole, as one record at its
  last offset, so that the next position is the one after the batch;
- from the first unreadable record of a batch on, the rest of the batch is withheld in the same way.

aiokafka has two hooks for this: its batches look up their decoders, and its fetcher looks up `PartitionRecords`. Only
batches of format 2 are handled; Kafka 4 has no others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from aiokafka.errors import UnsupportedCodecError

from shared.contracts.topics import record_limit
from shared.contracts.vocabulary import WithheldCause
from shared.kafka import decompression
from shared.kafka.aiokafka_internals import (
    DefaultRecordBatch,
    PartitionRecords,
    replace_decoders,
    replace_partition_records,
)
from shared.kafka.decompression import BatchTooLarge
from shared.kafka.namespace import PhysicalName
from shared.kafka.record import Headers, Withheld, size_of, too_large

MAX_BATCH_BYTES = 32 * 1024 * 1024  # decoded; 32 times the largest uncompressed request of a producer
MAX_BATCH_RECORDS = 100_000  # of a compressed batch
FETCH_BYTES = 8 * 1024 * 1024  # decoded, of one partition: a larger fetch ends early, and its rest is fetched again
RECORD_OVERHEAD = 300  # bytes of memory for each record, in addition to its content
KEY_LIMIT = 32 * 1024  # bytes; a withheld record drops a longer key as well

DECODERS: dict[str, Callable[[bytes | memoryview, int], bytes]] = {
    "gzip_decode": decompression.gunzip,
    "snappy_decode": decompression.unsnappy,
    "lz4_decode": decompression.unlz4,
    "zstd_decode": decompression.unzstd,
}
_NOT_THE_DATA = (MemoryError, UnsupportedCodecError)  # another attempt, or another installation, may read the batch


@dataclass(frozen=True, slots=True)
class WithheldRecord:
    """The substitute for a record of aiokafka, with the attributes that its fetcher reads."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: Withheld
    headers: Headers = ()
    checksum: None = None


_limits: dict[PhysicalName, int] = {}  # by the name in Kafka; the fetcher knows no other


def set_record_limit(topic: PhysicalName, limit: int) -> None:
    """The largest record of this topic in bytes, uncompressed, for every consumer of this process."""
    _limits[topic] = limit


@cache
def bound_decoding() -> None:
    """Install the bounds in aiokafka, for the whole life of this process."""
    replace_decoders({name: _bounded(decode) for name, decode in DECODERS.items()})
    replace_partition_records(_PartitionRecords)


def _bounded(decode: Callable[[bytes | memoryview, int], bytes]) -> Callable[[bytes | memoryview], bytes]:
    return lambda data: decode(data, MAX_BATCH_BYTES)


class _PartitionRecords(PartitionRecords):  # type: ignore[misc]  # aiokafka is untyped
    """The records of one partition in a fetch. The consumer starts its next fetch at `next_fetch_offset`."""

    def __init__(self, place: Any, records: Any, *others: Any) -> None:
        super().__init__(place, _Batches(records, _limits.get(place.topic) or record_limit(place.topic)), *others)


class _Batches:
    """The batches of a fetch. It ends early once FETCH_BYTES have been decoded."""

    def __init__(self, batches: Any, limit: int) -> None:
        self._batches = batches
        self._limit = limit
        self._left = FETCH_BYTES

    def has_next(self) -> bool:
        return self._left > 0 and bool(self._batches.has_next())

    def next_batch(self) -> Any:
        batch = self._batches.next_batch()
        return BoundedBatch(batch, self._limit, self._spend) if isinstance(batch, DefaultRecordBatch) else batch

    def _spend(self, size: int) -> None:
        self._left -= size


class BoundedBatch:
    """A batch of aiokafka whose iteration returns records of at most `limit` bytes and never fails.

    `spend` is called with the memory that each record takes. All other attributes are those of the batch.
    """

    def __init__(self, batch: Any, limit: int, spend: Callable[[int], None] = lambda _: None) -> None:
        self._batch = batch
        self._limit = limit
        self._spend = spend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)  # the fetcher reads the only record of a control batch in this way

    def __iter__(self) -> Iterator[Any]:
        batch = self._batch
        start, end = batch.base_offset, batch.next_offset
        compressed = batch.compression_type != batch.CODEC_NONE
        if compressed and end - start > MAX_BATCH_RECORDS:
            yield self._rest(start, "record_too_large", f"is a batch of more than {MAX_BATCH_RECORDS} records")
            return
        try:
            for record in batch:
                yield self._small(record) if compressed else record
                start = record.offset + 1
        except _NOT_THE_DATA:
            raise
        except BatchTooLarge:
            yield self._rest(start, "record_too_large", f"decode to more than {MAX_BATCH_BYTES} bytes in one batch")
        except Exception as error:  # the checksum is right, so it was written like this and stays unreadable
            if start < end:
                yield self._rest(start, "record_unreadable", f"cannot be decoded: {type(error).__name__}")

    def _small(self, record: Any) -> Any:
        size = size_of(record.key, record.value, record.headers)
        if size <= self._limit:
            self._spend(size + RECORD_OVERHEAD)
            return record
        self._spend(RECORD_OVERHEAD)
        key = record.key if len(record.key or b"") <= KEY_LIMIT else None
        value = too_large(size, self._limit)
        return WithheldRecord(record.offset, record.timestamp, record.timestamp_type, key, value)

    def _rest(self, start: int, cause: WithheldCause, why: str) -> WithheldRecord:
        batch = self._batch
        last = batch.next_offset - 1
        message = f"offsets {start} to {last} {why}"
        return WithheldRecord(last, batch.max_timestamp, batch.timestamp_type, None, Withheld(cause, message))
