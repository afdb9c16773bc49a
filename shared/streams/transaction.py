"""The transactions of one task: the port that the task uses, and aiokafka's producer behind it.

aiokafka commits a transaction that lost a batch unless each send future is awaited, and even then unless the
transaction is aborted. So `commit` is only reached after every future has been awaited, and after any error the task
discards the producer; the next one fences it. A producer whose connection has broken is discarded too: aiokafka would
reconnect and continue, but a broker that restarted meanwhile may have left the last transaction undecided
(hanging_transactions.py), and the next transaction of the same producer would decide it.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerFenced,
    RecordListTooLargeError,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from shared.kafka.aiokafka_internals import BatchBuilder
from shared.kafka.client import Place
from shared.kafka.producer import Producer
from shared.kafka.record import Output, size_of
from shared.kafka.settings import KafkaSettings
from shared.streams.errors import Fenced, RecordRefused
from shared.streams.positions import Committed
from shared.streams.record_batches import Marker

Sent = dict[tuple[str, int], int]  # for each (topic, partition) the offset after the last record sent to it

_RETRY_BACKOFF_MS = (
    20  # between two attempts while a predecessor's transaction is being ended; aiokafka's default is 100
)
_REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError)
# No topic takes so many bytes. A request beyond the broker's `socket.request.max.bytes` is not even refused: the
# connection breaks, and a larger record would be sent again and again.
_NEVER_SENT = 16 * 1024 * 1024
_GIVE_UP_STOPPING = 5.0  # seconds; a discarded producer must not delay the next one


class Transactions(Protocol):
    """The transactions of one transactional id. Methods raise Fenced, RecordRefused, or KafkaError for the rest."""

    @property
    def producer_id(self) -> int:
        """The producer id of its batches. Known once started; each producer of this transactional id has the same."""

    @property
    def lost(self) -> KafkaError | None:
        """The error that forbids another transaction: a connection has broken; None = there is none."""

    async def start(self) -> None:
        """Fence and abort the predecessor."""

    async def settle(self, places: Iterable[Place], group: str, decision: Marker) -> None:
        """End what an earlier transaction of this id has left undecided, in `places` and in the offsets of `group`."""

    async def begin(self) -> None:
        """Open a transaction."""

    async def send(self, outputs: Iterable[Output], partition: int, timestamp_ms: int) -> Sent:
        """Produce `outputs` in order, to `partition` unless they name one; returns once all are acknowledged."""

    async def send_offsets(self, positions: Mapping[str, Committed], partition: int, group: str) -> None:
        """Make `positions` of the sources' `partition` part of the transaction."""

    async def commit(self) -> None:
        """Commit. An error leaves open whether it happened."""

    async def discard(self) -> None:
        """Abort an open transaction if that succeeds within a second, and release the producer. Never raises."""


class KafkaTransactions:
    """`Transactions` by aiokafka's producer."""

    def __init__(self, settings: KafkaSettings, transactional_id: str, client_id: str) -> None:
        self._producer = Producer(
            settings,
            client_id=client_id,
            transactional_id=transactional_id,
            transaction_timeout_ms=settings.transaction_timeout_ms,
            max_batch_size=settings.max_batch_size,
            retry_backoff_ms=_RETRY_BACKOFF_MS,
            linger_ms=0,
        )
        self._open = False
        self._started = False
        self._lost: KafkaError | None = None
        self._inside = self._producer.internals
        self._inside.on_broken_connection(self._connection_broken)

    @property
    def producer_id(self) -> int:
        """The producer id of its batches. Known once started."""
        return self._inside.producer_id

    @property
    def lost(self) -> KafkaError | None:
        """The error that forbids another transaction; None = there is none."""
        return self._lost

    async def start(self) -> None:
        """Fence and abort the predecessor; waits while its open transaction is being ended."""
        await self._producer.start()
        self._started = True

    async def settle(self, places: Iterable[Place], group: str, decision: Marker) -> None:
        """End it by a transaction that writes nothing: its markers end what is undecided in `places` and `group`.

        The group comes first. A failure aborts this transaction in what it contains by then. An abort of the offsets
        does no harm: the changelog has them too. An abort in `places` may contradict what was decided, so one request
        adds all of them directly before the end (see hanging_transactions.py).
        """
        with self._judged():
            await self._producer.begin_transaction()
            await self._producer.add_group(group)
            for topic, partition in places:
                self._producer.add_partition(topic, partition)
            if decision == "commit":
                await self._producer.commit_transaction()
            else:
                await self._producer.abort_transaction()

    async def begin(self) -> None:
        """Open a transaction."""
        if self._lost is not None:
            raise self._lost
        with self._judged():
            await self._producer.begin_transaction()
            self._open = True

    async def send(self, outputs: Iterable[Output], partition: int, timestamp_ms: int) -> Sent:
        """Produce `outputs`; returns once all are acknowledged."""
        by_place: dict[tuple[str, int], list[Output]] = defaultdict(list)
        for output in outputs:
            if (size := size_of(output.key, output.value, output.headers)) > _NEVER_SENT:
                raise RecordRefused(f"{output.topic}: a record of {size} bytes is not sent at all")
            by_place[output.topic, partition if output.partition is None else output.partition].append(output)
        with self._judged():
            batches = await asyncio.gather(
                *(
                    self._send_all(topic, number, records, timestamp_ms)
                    for (topic, number), records in by_place.items()
                ),
                return_exceptions=True,
            )
            futures = [future for batch in batches if isinstance(batch, list) for future in batch]
            acknowledged = await asyncio.gather(*futures, return_exceptions=True)
            for result in (*batches, *acknowledged):
                if isinstance(result, BaseException):
                    raise result
        sent: Sent = {}
        for place, batch in zip(by_place, batches, strict=True):
            metadata = batch[-1].result() if isinstance(batch, list) else None
            if metadata is not None and metadata.offset >= 0:  # a duplicate is acknowledged without an offset
                sent[place] = metadata.offset + 1
        return sent

    async def send_offsets(self, positions: Mapping[str, Committed], partition: int, group: str) -> None:
        """Make the sources' positions part of the transaction."""
        offsets = {
            TopicPartition(topic, partition): OffsetAndMetadata(position.offset, position.metadata)
            for topic, position in positions.items()
        }
        with self._judged():
            await self._producer.send_offsets(offsets, group)

    async def commit(self) -> None:
        """Commit. An error leaves open whether it happened."""
        with self._judged():
            await self._producer.commit_transaction()
            self._open = False

    async def discard(self) -> None:
        """Abort an open transaction if that succeeds within a second, and release the producer. Never raises."""
        if self._open and self._inside.in_transaction:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(1.0):
                    await self._producer.abort_transaction()
        self._open = False
        await self._inside.abandon(_GIVE_UP_STOPPING)

    async def _send_all(
        self, topic: str, partition: int, outputs: list[Output], timestamp_ms: int
    ) -> list[asyncio.Future[Any]]:
        futures: list[asyncio.Future[Any]] = []
        batch = self._producer.create_batch()
        for output in outputs:
            while not _fits(batch, output, timestamp_ms):
                futures.append(await self._producer.send_batch(batch, topic, partition=partition))
                batch = self._producer.create_batch()
        futures.append(await self._producer.send_batch(batch, topic, partition=partition))
        return futures

    def _connection_broken(self, broker: str) -> None:
        """Called by the client. Nothing may be sent any more, and every pending wait ends with the error."""
        if self._started and self._lost is None:
            self._lost = KafkaConnectionError(f"the connection to {broker} has broken")
            self._inside.cut_off(self._lost)

    @contextlib.contextmanager
    def _judged(self) -> Iterator[None]:
        """Map the errors of aiokafka to Fenced, RecordRefused or KafkaError."""
        try:
            yield
        except (KafkaError, AssertionError) as error:
            if self._fenced(error):
                raise Fenced(str(error) or type(error).__name__) from error
            if isinstance(error, _REFUSED):
                raise RecordRefused(str(error) or type(error).__name__) from error
            if isinstance(error, AssertionError):
                raise KafkaError(f"the producer is in state {self._inside.state}") from error
            raise

    def _fenced(self, error: BaseException) -> bool:
        """By the producer's state: a second call after the fence raises AssertionError or IllegalOperation."""
        seen: BaseException | None = error
        while seen is not None:
            if isinstance(seen, ProducerFenced | InvalidProducerEpoch):
                return True
            seen = seen.__cause__
        return isinstance(self._inside.sender_error, ProducerFenced | InvalidProducerEpoch)


def _fits(batch: BatchBuilder, output: Output, timestamp_ms: int) -> bool:
    """Append `output`; False if the batch is full. An empty batch takes a record of any size, the broker judges it."""
    return (
        batch.append(timestamp=timestamp_ms, key=output.key, value=output.value, headers=[*output.headers]) is not None
    )
