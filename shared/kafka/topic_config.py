"""Changes one setting of a topic, by the request IncrementalAlterConfigs, which aiokafka lacks.

aiokafka's own request replaces all settings of a topic: those that it does not name become the broker's defaults.
"""

from aiokafka.errors import for_code

from shared.kafka.aiokafka_internals import (
    AIOKafkaClient,
    Array,
    Boolean,
    Int8,
    Int16,
    Int32,
    Request,
    RequestStruct,
    Response,
    Schema,
    String,
    ask_any_broker,
)
from shared.kafka.namespace import PhysicalName

_TEXT = String("utf-8")
_TOPIC, _SET = 2, 0  # kind of resource, kind of change


# Key 44, version 0 (Kafka 2.3 and later), by the documentation of the protocol.
class _Response(Response):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 44
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("responses", Array(("error_code", Int16), ("message", _TEXT), ("kind", Int8), ("name", _TEXT))),
    )


class _RequestV0(RequestStruct):  # type: ignore[misc]  # aiokafka is untyped
    FLEXIBLE_VERSION = False
    API_KEY = 44
    API_VERSION = 0
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("kind", Int8), ("name", _TEXT), ("configs", Array(("name", _TEXT), ("change", Int8), ("value", _TEXT)))
            ),
        ),
        ("validate_only", Boolean),
    )


class _Request(Request[_RequestV0]):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 44

    def __init__(self, topic: PhysicalName, setting: str, value: str) -> None:
        self._resource = (_TOPIC, topic, [(setting, _SET, value)])

    def build(self, request_struct_class: type[_RequestV0]) -> _RequestV0:
        return request_struct_class([self._resource], False)


async def set_config(client: AIOKafkaClient, topic: PhysicalName, setting: str, value: str) -> None:
    """Set one setting of `topic`; the others stay. Raises KafkaError."""
    answer = await ask_any_broker(
        client, _Request(topic, setting, value), "the broker cannot change one setting of a topic"
    )
    for code, message, *_ in answer.responses:
        if code:
            raise for_code(code)(message or topic)
