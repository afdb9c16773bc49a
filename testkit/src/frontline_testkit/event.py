"""One event: its CloudEvents attributes, its typed data, and the record that carries it."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from frontline_testkit.errors import NotAnEvent, UnknownType
from frontline_testkit.events import TYPES
from frontline_testkit.model import Data

D = TypeVar("D", bound=Data, covariant=True)
Kind = str | type[Data]
_CLASSES = {model: ce_type for ce_type, model in TYPES.items()}
_NO_FIELD = object()
_instant = TypeAdapter(AwareDatetime)


def full_type(kind: Kind) -> str:
    """The CloudEvents type of a class, of a short name such as `case.routed`, or of the type itself.

    Raises UnknownType.
    """
    if isinstance(kind, type):
        if kind in _CLASSES:
            return _CLASSES[kind]
        raise UnknownType(f"{kind.__name__} is not the data of one type of event")
    for name in (kind, f"frontline.{kind}.v1"):
        if name in TYPES:
            return name
    close = difflib.get_close_matches(kind, [short_type(name) for name in TYPES], n=3, cutoff=0.5)
    raise UnknownType(f"Frontline has no event {kind!r}; similar names: {', '.join(close) or 'none'}")


def short_type(ce_type: str) -> str:
    """`case.routed` for `frontline.case.routed.v1`."""
    return ce_type.removeprefix("frontline.").removesuffix(".v1")


@dataclass(frozen=True, slots=True)
class Event(Generic[D]):
    """An event as it stands on its topic. `data` is typed; `key`, `headers` and `value` are the record's.

    `type` is the short name, `ce_type` the full one. `partition` and `offset` are None for an event that was not read
    from Kafka.
    """

    ce_type: str
    id: str
    source: str
    time: datetime
    subject: str | None
    data: D
    topic: str
    key: str
    headers: tuple[tuple[str, bytes], ...]
    value: bytes
    partition: int | None = None
    offset: int | None = None

    @property
    def type(self) -> str:
        """The short name, such as `case.routed`."""
        return short_type(self.ce_type)

    @property
    def identity(self) -> tuple[str, str]:
        """Source and id: a second record with both is the same event again."""
        return (self.source, self.id)

    @property
    def text_headers(self) -> dict[str, str]:
        """The headers as texts by name, as frameworks such as FastStream take them."""
        return {name: value.decode() for name, value in self.headers}

    def changed(self, *, id: str | None = None, **fields: Any) -> "Event[D]":  # noqa: A002 - its CloudEvents name
        """The event with another id or with other values of fields of its data.

        The key and the subject follow the field that they come from, such as `case_id`. Raises NotAnEvent if a value
        does not fit the schema, or no field has that name.
        """
        unknown = fields.keys() - type(self.data).model_fields.keys()
        if unknown:
            raise NotAnEvent(f"{self.type} has no field {', '.join(sorted(unknown))}")
        old: dict[str, Any] = json.loads(self.value)
        new = {**old, **{name: _as_json(value) for name, value in fields.items()}}
        texts = {old[name]: new[name] for name in fields if isinstance(old.get(name), str)}
        headers = dict(self.headers)
        if id is not None:
            headers["ce_id"] = id.encode()
        if self.subject in texts:
            headers["ce_subject"] = str(texts[self.subject]).encode()
        key = str(texts.get(self.key, self.key))
        return read(self.topic, key, tuple(headers.items()), json.dumps(new, ensure_ascii=False).encode())  # type: ignore[return-value]  # of the same type

    def __str__(self) -> str:
        """One line: the instant, the type and the most telling fields."""
        facts = (f"{name}={value}" for name, value in _telling(self.data))
        return " ".join((f"{self.time:%Y-%m-%d %H:%M:%S}", self.type, *facts))


def read(
    topic: str,
    key: str,
    headers: Iterable[tuple[str, bytes]],
    value: bytes,
    partition: int | None = None,
    offset: int | None = None,
) -> Event[Data]:
    """The event of a record in CloudEvents' binary mode. Raises NotAnEvent."""
    headers = tuple(headers)
    attributes = {name: text.decode(errors="replace") for name, text in headers}
    try:
        ce_type, identity = attributes["ce_type"], (attributes["ce_id"], attributes["ce_source"])
        time = _instant.validate_python(attributes["ce_time"])
        data = TYPES[ce_type].model_validate_json(value)
    except KeyError as error:
        raise NotAnEvent(f"a record of {topic} has no header or type {error.args[0]!r}") from None
    except ValidationError as error:
        raise NotAnEvent(f"{attributes.get('ce_type')} on {topic}: {_problems(error)}") from None
    return Event(
        ce_type, *identity, time, attributes.get("ce_subject"), data, topic, key, headers, value, partition, offset
    )


def has_fields(event: Event[Data], fields: Mapping[str, Any]) -> bool:
    """Whether the data of the event has these values."""
    return all(getattr(event.data, name, _NO_FIELD) == value for name, value in fields.items())


def _problems(error: ValidationError) -> str:
    details = error.errors(include_url=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'data'}: {each['msg']}" for each in details)


def _as_json(value: Any) -> Any:
    return TypeAdapter(Any).dump_python(value, mode="json")


_TELLING = (
    *("assigned_channel", "assigned_tier", "priority", "milestone", "due_at", "level", "called", "status", "met"),
    *("reason", "cause", "text"),
)


def _telling(data: Data) -> list[tuple[str, Any]]:
    values = [(name, getattr(data, name, None)) for name in _TELLING]
    return [(name, _shown(value)) for name, value in values if value is not None]


def _shown(value: Any) -> Any:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value
