"""Connection of intake to Kafka: a check that it answers, and the producer of FastStream, with logical names."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.kafka.client import Client
from shared.kafka.faults import KafkaFault
from shared.kafka.record import Output
from shared.kafka.settings import KafkaSettings

_SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


class TopicsMissing(KafkaFault):
    """Kafka answers but lacks topics: run `frontline topics apply`."""


class KafkaUnreachable(KafkaFault):
    """No Kafka answers at the address in time, or it refuses these credentials."""


async def partitions_of(settings: KafkaSettings, topics: Collection[str], timeout: float) -> dict[str, int]:
    """The partition count of each of `topics`. Raises KafkaUnreachable, TopicsMissing.

    Call it before a long-lived client is created: both libraries leave a client half open that cannot connect.
    """
    try:
        async with asyncio.timeout(timeout):
            async with Client(settings, "frontline-partitions") as client:
                partitions = await client.partition_counts(topics)
    except (KafkaError, OSError, TimeoutError):
        raise KafkaUnreachable(f"Kafka at {settings.kafka_bootstrap} does not answer") from None
    missing = [topic for topic, number in partitions.items() if not number]
    if missing:
        raise TopicsMissing(f"Kafka has no topic {', '.join(missing)}; run `frontline topics apply`")
    return partitions


@dataclass(frozen=True, slots=True)
class Written:
    """The place of an acknowledged record in its topic."""

    partition: int
    offset: int


class FastStreamProducer:
    """A producer of FastStream with the names of a namespace: every `topic` here is a logical one.

    `options` are arguments of KafkaBroker. Methods raise KafkaError and FastStreamException.
    """

    def __init__(self, settings: KafkaSettings, client_id: str, **options: Any) -> None:
        self._names = settings.names
        self._broker = KafkaBroker(
            settings.kafka_bootstrap.split(","),
            security=security(settings),
            client_id=self._names.physical(client_id),
            request_timeout_ms=settings.kafka_request_timeout_ms,
            **options,
        )

    async def start(self) -> None:
        """Connect."""
        await self._broker.start()

    async def stop(self) -> None:
        """Flush and disconnect."""
        await self._broker.stop()

    async def publish(self, output: Output, partition: int, *, timestamp_ms: int | None = None) -> Written:
        """Send one record to `partition` and wait for its acknowledgement. Its timestamp is now, unless given."""
        written = await self._broker.publish(
            output.value,
            self._names.physical(output.topic),
            key=output.key,
            partition=partition,
            timestamp_ms=timestamp_ms,
            headers={name: value.decode() for name, value in output.headers},
        )
        return Written(written.partition, written.offset)


def security(settings: KafkaSettings) -> BaseSecurity | None:
    """The credentials of `settings` as an object of FastStream; None for plain text without credentials."""
    client = settings.client()
    context = client.get("ssl_context")
    if "sasl_mechanism" in client:
        kind = _SASL[client["sasl_mechanism"]]
        username, password = client["sasl_plain_username"], client["sasl_plain_password"]
        return kind(username, password, ssl_context=context, use_ssl=context is not None)
    return None if context is None else BaseSecurity(ssl_context=context, use_ssl=True)
