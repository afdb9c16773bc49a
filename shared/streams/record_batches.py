"""Record batches as a broker keeps them: whose they are, undecided ones and the markers of transactions included.

A consumer shows records only. Only the batches show what a transaction has left undecided.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from shared.contracts.topics import record_limit
from shared.kafka.aiokafka_internals import (
    ABORT_MARKER,
    COMMIT_MARKER,
    COMMITTED,
    LATEST,
    UNCOMMITTED,
    ControlRecord,
)
from shared.kafka.bounded_records import BoundedBatch, bound_decoding
from shared.kafka.client import Client, Place
from shared.kafka.settings import KafkaSettings

Marker = Literal["commit", "abort"]

_FETCH_BYTES = 1024 * 1024
_MARKERS: tuple[tuple[ControlRecord, Marker], ...] = ((COMMIT_MARKER, "commit"), (ABORT_MARKER, "abort"))


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of one producer. `timestamp` is the latest of its records, in milliseconds since 1970 UTC.

    A `marker` ends the producer's transaction and has no records. `epoch` counts the starts of the producer's
    transactional id.
    """

    producer_id: int
    epoch: int
    timestamp: int
    transactional: bool
    marker: Marker | None
    records: tuple[tuple[bytes | None, bytes | None], ...]  # key, value


class BatchReader:
    """Reads batches and the ends of logs. Use it as a context manager. Methods raise KafkaError, and do not retry."""

    def __init__(self, settings: KafkaSettings, client_id: str) -> None:
        bound_decoding()
        self._client = Client(settings, client_id)
        self._wait_ms = settings.fetch_max_wait_ms

    async def __aenter__(self) -> Self:
        await self._client.bootstrap()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def decided_ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """For each place the offset from which on not everything is decided; its end, if everything is."""
        return await self._client.offsets(COMMITTED, dict.fromkeys(places, LATEST))

    async def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """For each place where its log ends."""
        return await self._client.offsets(UNCOMMITTED, dict.fromkeys(places, LATEST))

    async def at(self, timestamp: int, places: Iterable[Place]) -> dict[Place, int]:
        """For each place the first offset with that timestamp (milliseconds) or a later one; absent = there is none."""
        found = await self._client.offsets(UNCOMMITTED, dict.fromkeys(places, timestamp))
        return {place: offset for place, offset in found.items() if offset >= 0}

    async def read(self, place: Place, start: int, end: int) -> AsyncIterator[Batch]:
        """The batches that reach into [start, end), in order."""
        node = self._client.leader(place)
        while start < end:
            memory = await self._client.fetch(node, place, start, wait_ms=self._wait_ms, at_most=_FETCH_BYTES)
            while memory.has_next():
                batch = memory.next_batch()
                if batch.next_offset <= start or batch.base_offset >= end:
                    continue
                start = batch.next_offset
                yield _batch(BoundedBatch(batch, record_limit(place[0])))


def _batch(batch: Any) -> Batch:
    records = tuple((record.key, record.value) for record in batch)
    marker: Marker | None = None
    if batch.is_control_batch:
        kind = ControlRecord.parse(records[0][0])
        marker = next((name for control, name in _MARKERS if control == kind), None)
        records = ()
    return Batch(
        batch.producer_id, batch.producer_epoch, batch.max_timestamp, bool(batch.is_transactional), marker, records
    )
