"""The AsyncAPI document of a task service: the topics that it reads and publishes. FastStream generates it offline.

FastStream's subscribers have no transactions, so tasks do not use them; the broker here is never connected.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

import msgspec
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from shared.contracts.topics import Topic
from shared.kafka.namespace import PhysicalName
from shared.kafka.settings import KafkaSettings


def asyncapi(
    title: str, description: str, settings: KafkaSettings, reads: Iterable[Topic], writes: Iterable[Topic]
) -> bytes:
    """The document as JSON, without internal topics: those that carry no events (changelogs, dead letters).

    A channel's address is the name in Kafka, its title the logical one."""
    names = settings.names
    broker = KafkaBroker(
        settings.kafka_bootstrap, description="Kafka, the only thing that the services share", logger=None
    )
    for topic in reads:
        _reads(broker, topic, names.physical(topic.name))
    for topic in writes:
        for event in topic.events:
            broker.publisher(
                names.physical(topic.name),
                title=f"{topic.name}:{event.__name__}",
                description=f"{event.__doc__}\n\nKey: {topic.key}.",
                schema=event,
            )
    document = AsyncAPI(broker, title=title, description=description, version="1", license={"name": "Apache-2.0"})
    return msgspec.json.encode(document.to_specification().to_jsonable())


def _reads(broker: KafkaBroker, topic: Topic, name: PhysicalName) -> None:
    async def take(event: Any) -> None:
        """Never called: FastStream takes the schema of a subscription from the annotation of its handler."""

    take.__annotations__["event"] = reduce(or_, topic.events)
    description = "\n\n".join(f"{event.TYPE}: {event.__doc__}" for event in topic.events)
    broker.subscriber(name, title=f"read:{topic.name}", description=f"{description}\n\nKey: {topic.key}.")(take)
