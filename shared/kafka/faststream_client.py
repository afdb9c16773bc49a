"""How intake reaches Kafka: whether it answers, and the settings in FastStream's terms."""

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
    """Nothing that is Kafka answers there, or not in time, or not with these credentials."""


async def partitions_of(settings: KafkaSettings, topics: Collection[str], timeout: float) -> dict[str, int]:
    """How many partitions each of `topics` has. Raises KafkaUnreachable, TopicsMissing.

    Asked before a client is made that stays: one that cannot connect at its start is left half open by both libraries.
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
        raise KafkaUnreachable(f"no Kafka answers at {settings.kafka_bootstrap}") from None
    partitions = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in topics}
    missing = [topic for topic, number in partitions.items() if not number]
    if missing:
        raise TopicsMissing(f"Kafka has no topic {', '.join(missing)}; run `frontline topics apply`")
    return partitions


def security(settings: KafkaSettings) -> BaseSecurity | None:
    """The credentials of `settings` as FastStream takes them; None for plain text without any."""
    client = settings.client()
    context = client.get("ssl_context")
    if "sasl_mechanism" in client:
        kind = _SASL[client["sasl_mechanism"]]
        username, password = client["sasl_plain_username"], client["sasl_plain_password"]
        return kind(username, password, ssl_context=context, use_ssl=context is not None)
    return None if context is None else BaseSecurity(ssl_context=context, use_ssl=True)
