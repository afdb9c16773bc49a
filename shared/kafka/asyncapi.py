"""The AsyncAPI document of a task service: what it reads, what it publishes. Made by FastStream, never connected.

Tasks do not run on FastStream's subscribers, which have no transactions; the broker here exists to be described.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

import msgspec
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from shared.contracts.topics import Topic


def asyncapi(title: str, description: str, bootstrap: str, reads: Iterable[Topic], writes: Iterable[Topic]) -> bytes:
    """The document as JSON. Topics without events (changelogs, dead letters) are nobody's business and left out."""
    broker = KafkaBroker(bootstrap, description="Kafka, the only thing that the services share", logger=None)
    for topic in reads:
        _reads(broker, topic)
    for topic in writes:
        for event in topic.events:
            broker.publisher(
                topic.name,
                title=f"{topic.name}:{event.__name__}",
                description=f"{event.__doc__}\n\nKey: {topic.key}.",
                schema=event,
            )
    document = AsyncAPI(broker, title=title, description=description, version="1", license={"name": "Apache-2.0"})
    return msgspec.json.encode(document.to_specification().to_jsonable())


def _reads(broker: KafkaBroker, topic: Topic) -> None:
    async def take(event: Any) -> None:
        """Never called: FastStream learns the schema of what is read from the annotation of a handler."""

    take.__annotations__["event"] = reduce(or_, topic.events)
    description = "\n\n".join(f"{event.TYPE}: {event.__doc__}" for event in topic.events)
    broker.subscriber(topic.name, title=f"read:{topic.name}", description=f"{description}\n\nKey: {topic.key}.")(take)
