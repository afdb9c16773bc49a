"""Requests the ids and partition counts of topics, by a version of the metadata request that aiokafka lacks."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

from aiokafka.errors import UnknownTopicOrPartitionError, for_code

from shared.kafka.aiokafka_internals import (
    AbstractType,
    AIOKafkaClient,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Request,
    RequestStruct,
    Response,
    Schema,
    TaggedFields,
    ask_any_broker,
)
from shared.kafka.namespace import PhysicalName

_TEXT = CompactString("utf-8")


class _Uuid(AbstractType[str]):  # type: ignore[misc]  # aiokafka is untyped
    """16 bytes in the form that Kafka's own tools show: URL-safe base64 without padding."""

    @classmethod
    def encode(cls, value: str) -> bytes:
        return base64.urlsafe_b64decode(value + "==")

    @classmethod
    def decode(cls, data: BytesIO) -> str:
        return base64.urlsafe_b64encode(data.read(16)).decode().rstrip("=")


NO_ID = "A" * 22  # sixteen zero bytes: Kafka has no topic with this id

# Metadata, key 3, version 12 (Kafka 3.1 and later), by the documentation of the protocol: the first version that
# answers a request by name with the id of each topic. aiokafka 0.14 itself has versions up to 5, without ids.
_PARTITIONS = CompactArray(
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("isr", CompactArray(Int32)),
    ("offline_replicas", CompactArray(Int32)),
    ("tags", TaggedFields),
)


class _MetadataResponse(Response):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(("node_id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT), ("tags", TaggedFields)),
        ),
        ("cluster_id", _TEXT),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", _TEXT),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                ("partitions", _PARTITIONS),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataRequestV12(RequestStruct):  # type: ignore[misc]  # aiokafka is untyped
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("topic", _TEXT), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _MetadataRequest(Request[_MetadataRequestV12]):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 3

    def __init__(self, topics: Iterable[PhysicalName]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[_MetadataRequestV12]) -> _MetadataRequestV12:
        return request_struct_class([(NO_ID, topic, {}) for topic in self._topics], False, False, {})


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """The current facts about a topic. If it is deleted and created again, it gets another `topic_id`."""

    topic_id: str
    partitions: int


async def describe_topics(
    client: AIOKafkaClient, topics: Iterable[PhysicalName]
) -> tuple[str, dict[PhysicalName, TopicFacts]]:
    """The id of the cluster, and the facts of those of `topics` that exist; creates no topic. Raises KafkaError."""
    answer = await ask_any_broker(client, _MetadataRequest(topics), "topic ids need Kafka 3.1 or later")
    found: dict[PhysicalName, TopicFacts] = {}
    for code, name, topic_id, _internal, partitions, *_ in answer.topics:
        if code == UnknownTopicOrPartitionError.errno:
            continue
        if code:
            raise for_code(code)(name)
        found[name] = TopicFacts(topic_id, len(partitions))
    return str(answer.cluster_id), found
