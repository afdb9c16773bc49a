"""The metadata request that asks for topic ids, byte by byte, and what its failures mean."""

from io import BytesIO
from typing import Any

import pytest
from aiokafka.errors import IncompatibleBrokerVersion, KafkaError, NodeNotReadyError

from shared.kafka import topic_metadata
from shared.kafka.namespace import PhysicalName
from shared.kafka.topic_metadata import NO_ID, describe_topics


class _Client:
    """A client at whose broker each request fails with this error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_random_node(self) -> int:
        """Some broker."""
        return 1

    async def send(self, _node: int, request: Any) -> Any:
        """Prepare the request for a broker that knows version 5 at most, or fail."""
        if isinstance(self._error, KafkaError):
            raise self._error
        return request.prepare({3: (0, 5)})


async def test_a_broker_without_topic_ids_is_distinguished_from_an_unavailable_one() -> None:
    """The first is for an operator, the second passes; to Python both are a RuntimeError."""
    with pytest.raises(IncompatibleBrokerVersion, match=r"Kafka 3\.1"):
        await describe_topics(_Client(ValueError()), [PhysicalName("t")])
    with pytest.raises(NodeNotReadyError):
        await describe_topics(_Client(NodeNotReadyError()), [PhysicalName("t")])


def test_the_request_is_by_name_and_creates_no_topic() -> None:
    """Byte by byte as the protocol's documentation has version 12."""
    request = topic_metadata._MetadataRequest([PhysicalName("t")]).prepare({3: (0, 13)})
    assert request.API_VERSION == 12
    assert request.encode() == b"\x02" + bytes(16) + b"\x02t\x00" + b"\x00\x00\x00"


def test_topic_ids_are_shown_as_kafkas_own_tools_show_them() -> None:
    """So that an operator can compare."""
    kind = topic_metadata._Uuid
    assert kind.decode(BytesIO(bytes(16))) == NO_ID
    assert kind.encode(kind.decode(BytesIO(bytes(range(16))))) == bytes(range(16))
