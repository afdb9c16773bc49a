"""The AsyncAPI document of a service: the topics that it reads and publishes. FastStream generates it offline.

FastStream's subscribers have no transactions, so tasks do not use them; the broker here is never connected. It does not
know how records are written here, so `_as_written` says that: CloudEvents in binary mode, with a text as the key.
"""

import inspect
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

_TEXT = {"type": "string", "minLength": 1}
_CLOUD_EVENT = {
    "type": "object",
    "description": "The attributes of CloudEvents 1.0 in Kafka's binary mode",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {**_TEXT, "description": "Unique within ce_source"},
        "ce_source": {**_TEXT, "description": "Who published the event"},
        "ce_type": {**_TEXT, "description": "The type of the event, with its major version"},
        "ce_time": {**_TEXT, "format": "date-time", "description": "When it was published"},
        "ce_subject": {**_TEXT, "description": "What it is about: the key"},
        "content-type": {"type": "string", "const": "application/json"},
        "traceparent": {**_TEXT, "description": "W3C Trace Context"},
    },
}
_HEADERS = "CloudEvent"
_BINDINGS = {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}}


def asyncapi(
    title: str, description: str, settings: KafkaSettings, reads: Iterable[Topic], writes: Iterable[Topic]
) -> bytes:
    """The document as JSON, without internal topics: those that carry no events (changelogs, dead letters).

    A channel's address is the name in Kafka, its title the logical one. The same arguments give the same bytes."""
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
                description=f"{inspect.getdoc(event)}\n\nKey: {topic.key}.",
                schema=event,
            )
    document = AsyncAPI(broker, title=title, description=description, version="1", license={"name": "Apache-2.0"})
    return msgspec.json.encode(_as_written(document.to_specification().to_jsonable()))


def _as_written(document: Any) -> Any:
    """`document` with the headers and keys of the records, in an order that FastStream leaves to chance."""
    for part in (document["channels"], document["operations"], *document["components"].values()):
        in_order = dict(sorted(part.items()))
        part.clear()
        part.update(in_order)
    for message in document["components"]["messages"].values():
        message.pop("correlationId", None)  # a header that no record has
        message |= {"headers": {"$ref": f"#/components/schemas/{_HEADERS}"}, "bindings": _BINDINGS}
    document["components"]["schemas"][_HEADERS] = _CLOUD_EVENT
    return document


def _reads(broker: KafkaBroker, topic: Topic, name: PhysicalName) -> None:
    async def take(event: Any) -> None:
        """Never called: FastStream takes the schema of a subscription from the annotation of its handler."""

    take.__annotations__["event"] = reduce(or_, topic.events)
    description = "\n\n".join(f"{event.TYPE}: {inspect.getdoc(event)}" for event in topic.events)
    broker.subscriber(name, title=f"read:{topic.name}", description=f"{description}\n\nKey: {topic.key}.")(take)
