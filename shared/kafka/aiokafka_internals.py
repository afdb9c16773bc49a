"""Every part of aiokafka that Frontline uses beyond its documented interface: an incompatible upgrade fails here only.

No other file of the product touches an attribute of an aiokafka object that begins with an underscore, or imports a
module of aiokafka that its documentation leaves out. The three tables name every part; a test tries each of them with
the installed version.
"""

import asyncio
import contextlib
import functools
import itertools
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.consumer import fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    ProducerClosed,
    for_code,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.transaction_manager import TransactionState
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import JoinGroupRequest, SyncGroupRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)
from aiokafka.record.control_record import ABORT_MARKER, COMMIT_MARKER, ControlRecord
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from shared.kafka.namespace import PhysicalName

__all__ = [
    "ABORT_MARKER",
    "BATCH_MODULE",
    "COMMITTED",
    "COMMIT_MARKER",
    "LATEST",
    "UNCOMMITTED",
    "AIOKafkaClient",
    "AbstractType",
    "Array",
    "BatchBuilder",
    "Boolean",
    "CompactArray",
    "CompactString",
    "ControlRecord",
    "DefaultRecordBatch",
    "FetchRequest",
    "GroupInstance",
    "Int8",
    "Int16",
    "Int32",
    "MemoryRecords",
    "PartitionRecords",
    "ProducerInternals",
    "Request",
    "RequestStruct",
    "Response",
    "Schema",
    "String",
    "TaggedFields",
    "committed_offsets",
    "decided_end",
    "decided_ends_now",
    "disconnect",
    "existing_partitions",
    "fetched_to",
    "leader_of",
    "offsets",
    "replace_decoders",
    "replace_partition_records",
]

# The C extension that decodes batches, or its equivalent in Python; it looks its decoders up there by name.
BATCH_MODULE = sys.modules[DefaultRecordBatch.__module__]
DECODER_NAMES = ("gzip_decode", "snappy_decode", "lz4_decode", "zstd_decode")
PartitionRecords = fetcher.PartitionRecords  # as it is in aiokafka; the fetcher looks it up in its module by name

OF_CLASSES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (BATCH_MODULE, DECODER_NAMES),
    (fetcher, ("PartitionRecords", "Fetcher")),
    (fetcher.PartitionRecords, ("_unpack_records",)),
    (
        DefaultRecordBatch,
        ("base_offset", "next_offset", "max_timestamp", "timestamp_type", "compression_type", "producer_id",
         "producer_epoch", "is_control_batch", "is_transactional", "validate_crc", "CODEC_NONE"),
    ),
    (MemoryRecords, ("has_next", "next_batch")),
    (ControlRecord, ("parse",)),
    (CloseReason, ("IDLE_DROP", "SHUTDOWN", "CONNECTION_BROKEN")),
    (TransactionState, ("IN_TRANSACTION",)),
    (ConnectionGroup, ("COORDINATION",)),
    (AIOKafkaConnection, ("host", "port", "close", "send", "_send_sasl_token")),
    (GroupCoordinator, ("_send_req", "reset_generation", "request_rejoin")),
    (AIOKafkaClient, ("bootstrap", "close", "send", "get_random_node", "fetch_all_metadata", "set_topics")),
)  # fmt: skip
OF_A_CONSUMER = (  # one that is assigned a partition
    "_client.fetch_all_metadata",
    "_client.cluster.leader_for_partition",
    "_client.cluster.partitions_for_topic",
    "_client.cluster.brokers",
    "_client.force_metadata_update",
    "_client.close",
    "_fetcher",  # None until it is started
    "_coordinator",
    "_subscription.subscription.assignment.state_value",
)
OF_A_PRODUCER = (  # one with a transactional id
    "client.close",
    "client._get_conn",
    "client._on_connection_closed",
    "_closed",
    "_txn_manager.producer_id",
    "_txn_manager.state",
    "_txn_manager.maybe_add_partition_to_txn",
    "_txn_manager.fatal_error",
    "_txn_manager._transaction_waiter",
    "_sender.sender_task",
    "_sender._do_add_offsets_to_txn",
    "_message_accumulator.fail_all",
    "_message_accumulator._batches",
    "_message_accumulator._pending_batches",
)


def _of_a_closed_transport(send: Callable[..., Any]) -> Callable[..., Any]:
    """A way to send by which a write to a closed transport breaks the connection, as aiokafka expects it of OSError.

    uvloop raises RuntimeError there (aio-libs/aiokafka#1038). It ended the task that keeps a client's metadata, so a
    member of a group waited for ever for its partitions.
    """

    @functools.wraps(send)
    def sent(self: AIOKafkaConnection, *args: Any, **options: Any) -> Any:
        try:
            return send(self, *args, **options)
        except RuntimeError as error:
            if type(error) is not RuntimeError:  # KafkaError is a subclass of it
                raise
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {error}") from error

    return sent


# Here, so that it is done before any client is made: all of them import this module.
for _name in ("send", "_send_sasl_token"):
    setattr(AIOKafkaConnection, _name, _of_a_closed_transport(getattr(AIOKafkaConnection, _name)))


def replace_decoders(decoders: dict[str, Callable[[bytes | memoryview], bytes]]) -> None:
    """Let every batch of this process be decompressed by `decoders`, whose names are DECODER_NAMES."""
    for name in DECODER_NAMES:
        setattr(BATCH_MODULE, name, decoders[name])


def replace_partition_records(kind: type) -> None:
    """Let every fetch of this process hand out its records through `kind`, a subclass of PartitionRecords."""
    fetcher.PartitionRecords = kind


async def committed_offsets(
    consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]
) -> dict[TopicPartition, OffsetAndMetadata]:
    """The offsets that the consumer's group has committed, with their metadata, which `committed` leaves out."""
    found: dict[TopicPartition, OffsetAndMetadata] = await consumer._coordinator.fetch_committed_offsets(list(places))
    return found


async def existing_partitions(
    consumer: AIOKafkaConsumer, topics: Iterable[PhysicalName]
) -> dict[PhysicalName, list[TopicPartition]]:
    """The partitions of those of `topics` that exist. All topics are asked for: asking by name might create one."""
    cluster = await consumer._client.fetch_all_metadata()
    return {
        topic: [TopicPartition(topic, number) for number in sorted(numbers)]
        for topic in topics
        if (numbers := cluster.partitions_for_topic(topic))
    }


def fetched_to(consumer: AIOKafkaConsumer, place: TopicPartition) -> int | None:
    """The offset that the next fetch asks for: beyond control markers and aborted records; None if not known."""
    state = _state(consumer, place)
    return int(state.position) if state is not None and state.has_valid_position else None


def decided_end(consumer: AIOKafkaConsumer, place: TopicPartition) -> int | None:
    """The last stable offset as of the last fetch; None if not known."""
    state = _state(consumer, place)
    return int(state.lso) if state is not None and state.lso is not None else None


UNCOMMITTED, COMMITTED = 0, 1  # isolation of a request
LATEST = -1  # in place of a timestamp: where the log ends
_ASK_AGAIN = 0.05  # seconds after a broker did not answer or does not lead a partition (any more)


def leader_of(client: AIOKafkaClient, place: TopicPartition) -> int:
    """The id of the broker that leads a partition, as far as the client knows. Raises LeaderNotAvailableError."""
    node = client.cluster.leader_for_partition(place)
    if node is None or node < 0:
        raise LeaderNotAvailableError(f"{place.topic}[{place.partition}] has no leader")
    return int(node)


async def offsets(
    client: AIOKafkaClient,
    isolation: int,
    wanted: Mapping[TopicPartition, int],
    group: ConnectionGroup = ConnectionGroup.DEFAULT,
) -> dict[TopicPartition, int]:
    """For each partition the first offset with a timestamp (milliseconds) or a later one; -1 = there is none.

    With LATEST where it ends; of COMMITTED the last stable offset. Asked of the leaders. Raises KafkaError.
    """
    by_leader: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for place, timestamp in wanted.items():
        by_leader[leader_of(client, place)][place.topic].append((place.partition, timestamp))
    found: dict[TopicPartition, int] = {}
    for node, topics in by_leader.items():
        answer = await client.send(node, OffsetRequest(-1, isolation, [*topics.items()]), group=group)
        for topic, partitions in answer.topics:
            for partition, code, _timestamp, offset in partitions:
                if code:
                    raise for_code(code)(f"{topic}[{partition}]")
                found[TopicPartition(topic, partition)] = offset
    return found


async def decided_ends_now(
    consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], seconds: float
) -> dict[TopicPartition, int]:
    """The last stable offsets, asked of their brokers after this call; waits `seconds` for them at most.

    Asked over the connection that heartbeats have: on the other one the broker answers only once a fetch returns.
    Raises KafkaTimeoutError, which has the latest error.
    """
    latest = KafkaError("no answer")
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    return await offsets(
                        consumer._client, COMMITTED, dict.fromkeys(places, LATEST), ConnectionGroup.COORDINATION
                    )
                except KafkaError as error:
                    latest = error
                    consumer._client.force_metadata_update()
                    await asyncio.sleep(_ASK_AGAIN)
    except TimeoutError:
        raise KafkaTimeoutError(f"the ends of sources are not known after {seconds:g} s: {latest}") from latest


_UNKNOWN_MEMBER_ID, _FENCED_INSTANCE_ID = 25, 82  # error codes of Kafka; aiokafka has no error for the second


class GroupInstance:
    """The static membership of a consumer: notices that another member has joined with the same `instance_id`.

    aiokafka's heartbeats have no instance id, so Kafka answers a replaced member as one whose session has expired: its
    id is not known. aiokafka would then join as a new member, and replace the other one in turn. Here the member keeps
    its id until an answer to a join says that it is not known. A join or sync with the instance id and an id that was
    replaced is answered by FENCED_INSTANCE_ID, and the client fails.
    """

    def __init__(self, consumer: AIOKafkaConsumer, instance_id: str) -> None:
        """Of a consumer that is started and not subscribed yet."""
        self.replaced = False
        self._instance_id = instance_id
        self._coordinator = consumer._coordinator
        self._send = consumer._coordinator._send_req
        self._reset = consumer._coordinator.reset_generation
        self._expired = False  # whether the latest answer to a join was that the member is not known
        consumer._coordinator._send_req = self._sent
        consumer._coordinator.reset_generation = self._rejoin

    async def check(self) -> bool:
        """Ask Kafka whether the member has been replaced. Raises KafkaError; waits while the group rebalances."""
        coordinator = self._coordinator
        await self._sent(
            SyncGroupRequest(coordinator.group_id, coordinator.generation, coordinator.member_id, self._instance_id, [])
        )
        return self.replaced

    async def _sent(self, request: Any) -> Any:
        response = await self._send(request)
        code = getattr(response, "error_code", 0)
        self.replaced = self.replaced or code == _FENCED_INSTANCE_ID
        if isinstance(request, JoinGroupRequest):
            self._expired = code == _UNKNOWN_MEMBER_ID
        return response

    def _rejoin(self) -> None:
        if self._expired:
            self._reset()
        else:
            self._coordinator.request_rejoin()


def _state(consumer: AIOKafkaConsumer, place: TopicPartition) -> Any:
    subscription = consumer._subscription.subscription
    assignment = subscription.assignment if subscription is not None else None
    return assignment.state_value(place) if assignment is not None else None


async def disconnect(consumer: AIOKafkaConsumer, stopping: "asyncio.Task[None]", seconds: float) -> None:
    """Close the connections of a consumer whose `stop` has not returned; each step may take so many seconds."""
    for part in (consumer._fetcher, consumer._client):
        if part is not None:
            closing = asyncio.create_task(part.close())
            await asyncio.wait([stopping, closing], timeout=seconds)


class ProducerInternals:
    """The private parts of a transactional producer."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    @property
    def producer_id(self) -> int:
        """The producer id of its batches. Known once it is started."""
        return int(self._producer._txn_manager.producer_id)

    @property
    def state(self) -> str:
        """The name of the state of its transactions."""
        return str(self._producer._txn_manager.state.name)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open that may still be aborted."""
        return bool(self._producer._txn_manager.state is TransactionState.IN_TRANSACTION)

    @property
    def sender_error(self) -> BaseException | None:
        """The error that its sender has ended with, if it has."""
        sender = self._producer._sender.sender_task
        return None if sender is None or not sender.done() or sender.cancelled() else sender.exception()

    def on_broken_connection(self, broken: Callable[[str], None]) -> None:
        """Call `broken` with HOST:PORT when a connection ends that was neither idle nor closed by this process."""

        def closed(connection: AIOKafkaConnection, reason: CloseReason) -> None:
            if reason not in (CloseReason.IDLE_DROP, CloseReason.SHUTDOWN):
                broken(f"{connection.host}:{connection.port}")

        self._producer.client._on_connection_closed = closed

    def add_partition(self, topic: PhysicalName, partition: int) -> None:
        """Make a partition part of the open transaction without writing to it."""
        self._producer._txn_manager.maybe_add_partition_to_txn(TopicPartition(topic, partition))

    async def add_group(self, group: PhysicalName) -> None:
        """Make the offsets of `group` part of the open transaction without changing any."""
        while not await self._producer._sender._do_add_offsets_to_txn(group):
            continue  # it has waited a little

    def cut_off(self, error: KafkaError) -> None:
        """Never connect again; every wait for a batch, an offset or the end of the transaction raises `error`."""
        self._producer.client._get_conn = _no_connection
        self._producer._message_accumulator.fail_all(error)
        manager = self._producer._txn_manager
        if manager._transaction_waiter is not None and not manager._transaction_waiter.done():
            manager.fatal_error(error)

    async def abandon(self, seconds: float) -> None:
        """Stop without waiting for what is not delivered, in twice `seconds` at most: its `stop` waits for a broker."""
        producer = self._producer
        producer._closed = True
        manager, sender = producer._txn_manager, producer._sender.sender_task
        accumulator = producer._message_accumulator
        accumulator.fail_all(ProducerClosed())
        for batch in itertools.chain(accumulator._pending_batches, *accumulator._batches.values()):
            _retrieve(batch.future)
        _retrieve(manager._transaction_waiter)
        if sender is not None:
            sender.cancel()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(seconds):
                await producer.client.close()
        if sender is not None:
            for _ in range(3):  # it waits for requests of its own when cancelled; each further cancel ends one of them
                done, _pending = await asyncio.wait([sender], timeout=seconds / 3)
                if done:
                    break
                sender.cancel()


def _retrieve(future: "asyncio.Future[Any] | None") -> None:
    """Retrieve the exception of a future that is no longer awaited: asyncio would log it as never retrieved."""
    if future is not None and future.done() and not future.cancelled():
        future.exception()


async def _no_connection(*_: object, **__: object) -> None:
    """In place of the client's way to connect: what is in progress finds no broker."""


async def ask_any_broker(client: AIOKafkaClient, request: Request[Any], lacking: str) -> Any:
    """The answer of one broker to a request that aiokafka lacks. Raises KafkaError; `lacking` is its text where the
    broker does not know the request in this version.
    """
    node = client.get_random_node()
    if node is None:
        raise NodeNotReadyError("no broker is known")
    try:
        return await client.send(node, request)
    except KafkaError:  # a subclass of RuntimeError
        raise
    except RuntimeError:  # aiokafka raises a subclass of it if the broker lacks the version
        raise IncompatibleBrokerVersion(lacking) from None
