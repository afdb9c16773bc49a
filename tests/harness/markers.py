"""Transaction markers written by hand, as a coordinator writes them: to some partitions and not to others."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import TransactionCoordinatorFenced
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

from shared.kafka.client import Place
from shared.kafka.settings import KafkaSettings
from shared.streams.record_batches import Marker

# WriteTxnMarkers, key 27, as the protocol's documentation has it; every field that is an array or a text is compact.
_TOPICS = CompactArray(("name", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields))
_OUTCOMES = CompactArray(
    ("name", CompactString("utf-8")),
    ("partitions", CompactArray(("partition", Int32), ("error_code", Int16), ("tags", TaggedFields))),
    ("tags", TaggedFields),
)


class _Response(Response):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 27
    API_VERSION = 1
    SCHEMA = Schema(
        ("markers", CompactArray(("producer_id", Int64), ("topics", _OUTCOMES), ("tags", TaggedFields))),
        ("tags", TaggedFields),
    )


class _RequestV1(RequestStruct):  # type: ignore[misc]  # aiokafka is untyped
    FLEXIBLE_VERSION = True
    API_KEY = 27
    API_VERSION = 1
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(
        (
            "markers",
            CompactArray(
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                ("committed", Boolean),
                ("topics", _TOPICS),
                ("coordinator_epoch", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _WriteTxnMarkers(Request[_RequestV1]):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 27

    def __init__(self, marker: tuple[Any, ...]) -> None:
        self._marker = marker

    def build(self, request_struct_class: type[_RequestV1]) -> _RequestV1:
        return request_struct_class([self._marker], {})


def offsets_place(group: str, partitions: int) -> Place:
    """Which of the `partitions` of Kafka's own topic has the offsets of a group, by its name in Kafka.

    As the coordinator chooses it: the absolute value of Java's hash of the name, a signed number of 32 bits, of which
    the least has no absolute value there and counts as 0.
    """
    number = 0
    for letter in group:
        number = (31 * number + ord(letter)) & 0xFFFFFFFF
    signed = number - (1 << 32) if number >= 1 << 31 else number
    return "__consumer_offsets", 0 if signed == -(1 << 31) else abs(signed) % partitions


_MOST_EPOCHS = 50  # the epoch of a coordinator grows with each start of its broker; an earlier one's is refused


async def write_markers(
    settings: KafkaSettings, places: Iterable[Place], producer_id: int, epoch: int, decision: Marker
) -> None:
    """Write the marker of `decision` to `places`, all of them on one broker."""
    topics: dict[str, list[int]] = defaultdict(list)
    for topic, partition in places:
        kafkas_own = topic.startswith("__")
        topics[topic if kafkas_own else settings.names.physical(topic)].append(partition)
    parts: list[Any] = [(topic, partitions, {}) for topic, partitions in topics.items()]
    client = AIOKafkaClient(**settings.client())
    try:
        await client.bootstrap()
        for coordinator_epoch in range(_MOST_EPOCHS):
            marker: tuple[Any, ...] = (producer_id, epoch, decision == "commit", parts, coordinator_epoch, {})
            answer = await client.send(client.get_random_node(), _WriteTxnMarkers(marker))
            ((_, outcomes, _),) = answer.markers
            codes = {code for _, partitions, _ in outcomes for _, code, _ in partitions}
            if codes == {0}:
                return
            assert codes <= {0, TransactionCoordinatorFenced.errno}, codes
        raise AssertionError(f"no coordinator epoch below {_MOST_EPOCHS} is accepted")
    finally:
        await client.close()
