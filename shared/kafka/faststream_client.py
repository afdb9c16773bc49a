"""Connection of intake to Kafka: a check that it answers, and the credentials for FastStream."""

import asyncio
from collections.abc import Collection

from aiokafka.errors import KafkaError
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.kafka.aiokafka_internals import AIOKafkaClient
from shared.kafka.faults import KafkaFault
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
            client = AIOKafkaClient(**settings.client())
            try:
                await client.bootstrap()
                cluster = await client.fetch_all_metadata()
            finally:
                await client.close()
    except (KafkaError, OSError, TimeoutError):
        raise KafkaUnreachable(f"Kafka at {settings.kafka_bootstrap} does not answer") from None
    partitions = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in topics}
    missing = [topic for topic, number in partitions.items() if not number]
    if missing:
        raise TopicsMissing(f"Kafka has no topic {', '.join(missing)}; run `frontline topics apply`")
    return partitions


def security(settings: KafkaSettings) -> BaseSecurity | None:
    """The credentials of `settings` as an object of FastStream; None for plain text without credentials."""
    client = settings.client()
    context = client.get("ssl_context")
    if "sasl_mechanism" in client:
        kind = _SASL[client["sasl_mechanism"]]
        username, password = client["sasl_plain_username"], client["sasl_plain_password"]
        return kind(username, password, ssl_context=context, use_ssl=context is not None)
    return None if context is None else BaseSecurity(ssl_context=context, use_ssl=True)
