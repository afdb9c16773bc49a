"""The AsyncAPI document of a service: the topics that it reads and publishes, and how their records are written.

A topic is a channel, and each of its events a message, whose name is the CloudEvents type. FastStream could describe
its own subscribers and publishers alone, which tasks do not use, with a channel for each event.
"""

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema

from shared.contracts.base import Event
from shared.contracts.registry import TYPES
from shared.contracts.topics import Topic
from shared.kafka.namespace import Namespace
from shared.kafka.settings import KafkaSettings

Json = dict[str, Any]
_TEXT: Json = {"type": "string", "minLength": 1}
_HEADERS: Json = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": {**_TEXT, "description": "Unique within ce_source"},
    "ce_source": {**_TEXT, "description": "Who published the event"},
    "ce_time": {**_TEXT, "format": "date-time", "description": "When it was published"},
    "ce_subject": {**_TEXT, "description": "What it is about: the key"},
    "content-type": {"type": "string", "const": "application/json"},
    "traceparent": {**_TEXT, "description": "W3C Trace Context"},
}
_REQUIRED = ["ce_specversion", "ce_id", "ce_source", "ce_type"]


def asyncapi(
    title: str, description: str, settings: KafkaSettings, reads: Iterable[Topic], writes: Iterable[Topic]
) -> bytes:
    """The document as JSON, without topics that carry no events (changelogs, dead letters).

    A channel has the logical name of its topic, and as its address the name in Kafka.
    """
    read, written = tuple(reads), tuple(writes)
    topics = tuple({topic.name: topic for topic in (*read, *written) if topic.events}.values())
    events = tuple({event.__name__: event for topic in topics for event in topic.events}.values())
    _, schemas = models_json_schema(
        [(event, "validation") for event in events], ref_template="#/components/schemas/{model}"
    )
    actions = (("receive", read), ("send", written))
    return msgspec.json.encode(
        {
            "asyncapi": "3.0.0",
            "info": {"title": title, "version": "1", "description": description, "license": {"name": "Apache-2.0"}},
            "defaultContentType": "application/json",
            "servers": {
                "kafka": {
                    "host": settings.kafka_bootstrap,
                    "protocol": "kafka",
                    "description": "Kafka, the only thing that the services share",
                }
            },
            "channels": {topic.name: _channel(topic, settings.names) for topic in topics},
            "operations": {
                f"{action}:{topic.name}": {"action": action, "channel": {"$ref": f"#/channels/{topic.name}"}}
                for action, of_action in actions
                for topic in of_action
                if topic.events
            },
            "components": {
                "messages": {event.__name__: _message(event) for event in events},
                "schemas": schemas["$defs"],
            },
        }
    )


def _channel(topic: Topic, names: Namespace) -> Json:
    kept = "The last record of each key is kept." if topic.policy == "compact" else ""
    return {
        "address": names.physical(topic.name),
        "description": f"Key: {topic.key}. Written by: {topic.written_by}. {kept}".strip(),
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in topic.events},
        "bindings": {"kafka": {"topic": names.physical(topic.name), "bindingVersion": "0.5.0"}},
    }


def _message(event: type[Event]) -> Json:
    """An event as a record carries it: CloudEvents 1.0 in Kafka's binary mode."""
    types = [name for name, model in TYPES.items() if model is event]
    properties = {**_HEADERS, "ce_type": {"enum": types}}
    return {
        "name": event.TYPE,
        "title": event.TYPE,
        "description": inspect.getdoc(event),
        "headers": {"type": "object", "required": _REQUIRED, "properties": properties},
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
    }
