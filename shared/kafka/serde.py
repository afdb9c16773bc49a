"""[pure] CloudEvents 1.0 in Kafka records: binary mode written, binary and structured mode read.

Source of the rules: CloudEvents 1.0.2, its JSON format and its Kafka protocol binding. In binary mode the value is the
data and each attribute is a header `ce_…`; in structured mode the value is a JSON object that holds both. An event is
identified by (source, id) together.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NoReturn

import msgspec

from shared.contracts import wire
from shared.contracts.base import format_instant, parse_instant
from shared.contracts.registry import struct_for, type_of
from shared.contracts.structs import Event
from shared.contracts.topics import Topic
from shared.contracts.trace_context import is_traceparent
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Headers, Output, Record, Withheld

_JSON = b"application/json"
_SPECVERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", _JSON)


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """The context attributes of an event: id, source, type, time in UTC, subject.

    `traceparent` (W3C Trace Context) is None if the record has none or an invalid one.
    """

    id: str
    source: str
    type: str
    time: datetime | None = None
    subject: str | None = None
    traceparent: str | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """Source and id, which identify the event: a second record with both is a duplicate."""
        return (self.source, self.id)


class _Structured(msgspec.Struct, frozen=True):
    """The JSON format of an event (structured mode)."""

    specversion: str
    id: str
    source: str
    type: str
    time: str | None = None
    subject: str | None = None
    datacontenttype: str | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data_base64: bytes | None = None
    traceparent: str | None = None


_structured = msgspec.json.Decoder(_Structured)


def is_tombstone(record: Record) -> bool:
    """Whether the record has no value, which deletes its key from a compacted topic and means nothing elsewhere."""
    return record.value is None


def to_output(topic: Topic, key: str, envelope: Envelope, data: bytes, partition: int | None = None) -> Output:
    """The record that carries an event in binary mode, on `partition`; None = the task's own partition.

    Raises ValueError for empty data, which would read as a malformed event and, without a value, as a tombstone.
    """
    if not data:
        raise ValueError(f"an event needs data: {envelope.type} {envelope.id} for {topic.name} has none")
    headers = [
        _SPECVERSION,
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.type.encode()),
    ]
    if envelope.time is not None:
        headers.append(("ce_time", format_instant(envelope.time).encode()))
    if envelope.subject is not None:
        headers.append(("ce_subject", envelope.subject.encode()))
    headers.append(_CONTENT_TYPE)
    if envelope.traceparent is not None:
        headers.append(("traceparent", envelope.traceparent.encode()))
    return Output(topic.name, key.encode(), data, tuple(headers), partition)


def tombstone(topic: Topic, key: str) -> Output:
    """The record that deletes `key` from a compacted topic. Raises ValueError for any other topic."""
    if topic.policy != "compact":
        raise ValueError(f"{topic.name} is not compacted, so a record without a value has no meaning there")
    return Output(topic.name, key.encode(), None)


def read(record: Record) -> tuple[Envelope, bytes]:
    """The event in a record, its data still as JSON bytes.

    Raises PoisonRecord("malformed_event") for a record that is not a CloudEvent 1.0 with JSON data. A tombstone is none
    either: on a compacted topic, call `is_tombstone` first. A withheld value raises PoisonRecord with its own cause.
    """
    if isinstance(record.value, Withheld):
        raise PoisonRecord(record.value.cause, record.value.message)
    if record.value is None:
        _malformed("the record has no value; a tombstone has no meaning on this topic")
    headers = _unique(record.headers)
    content_type = headers.get("content-type")
    if content_type is None or content_type == _JSON:
        return _binary(headers, record.value)
    media_type = _media_type(content_type)
    if media_type == "application/cloudevents+json":
        return _from_structured(headers, record.value)
    if media_type.startswith("application/cloudevents"):
        _malformed(f"content-type {media_type} is not supported; use application/cloudevents+json or binary mode")
    _require_json(media_type)
    return _binary(headers, record.value)


def decode(record: Record) -> tuple[Envelope, Event]:
    """The event in a record, typed: its data is one of `shared.contracts.structs`.

    Raises PoisonRecord: `malformed_event`, or `unknown_type` for a CloudEvents type that the registry does not have.
    """
    envelope, data = read(record)
    kind = struct_for(envelope.type)
    if kind is None:
        raise PoisonRecord("unknown_type", f"ce_type {envelope.type[:200]!r} is not an event of Frontline")
    try:
        event = wire.decode(kind, data)
    except wire.MalformedData as error:
        raise PoisonRecord("malformed_event", f"{envelope.type}: {error}") from None
    if type_of(event) != envelope.type:
        _malformed(f"ce_type is {envelope.type} but the data is of {type_of(event)}")
    return envelope, event


def _binary(headers: Mapping[str, bytes], value: bytes) -> tuple[Envelope, bytes]:
    if not value:
        _malformed("the event has no data")
    get = headers.get
    if get("ce_specversion") != b"1.0":
        _malformed("ce_specversion must be 1.0" if "ce_specversion" in headers else "header ce_specversion is missing")
    time, subject = get("ce_time"), get("ce_subject")
    envelope = Envelope(
        _text("ce_id", get("ce_id")),
        _repeated("ce_source", get("ce_source")),
        _repeated("ce_type", get("ce_type")),
        None if time is None else _instant("ce_time", _text("ce_time", time)),
        None if subject is None else _text("ce_subject", subject),
        _traceparent(headers),
    )
    return envelope, value


def _from_structured(headers: Mapping[str, bytes], value: bytes) -> tuple[Envelope, bytes]:
    try:
        value.decode()
        event = _structured.decode(value)
    except msgspec.ValidationError as error:
        _malformed(f"structured event: {error}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _malformed("structured event: is not JSON")
    if event.specversion != "1.0":
        _malformed("specversion must be 1.0")
    for name in ("id", "source", "type", "subject"):
        text = getattr(event, name)
        if text is not None:
            _check(name, text)
    if event.datacontenttype is not None:
        _require_json(_media_type(event.datacontenttype.encode()))
    traceparent = event.traceparent
    if traceparent is None or not is_traceparent(traceparent):
        traceparent = _traceparent(headers)
    time = None if event.time is None else _instant("time", event.time)
    return Envelope(event.id, event.source, event.type, time, event.subject, traceparent), _data(event)


def _data(event: _Structured) -> bytes:
    if event.data is not msgspec.UNSET:
        if event.data_base64 is not None:
            _malformed("structured event: data and data_base64 exclude each other")
        return bytes(event.data)
    if not event.data_base64:
        _malformed("the event has no data")
    return event.data_base64


def _unique(headers: Headers) -> Mapping[str, bytes]:
    """Headers by name. Kafka allows duplicate names; a duplicate attribute is ambiguous, so it is refused."""
    by_name = dict(headers)
    if len(by_name) != len(headers):
        names = [name for name, _ in headers]
        for name in by_name:
            if (name.startswith("ce_") or name == "content-type") and names.count(name) > 1:
                _malformed(f"header {name} is given twice")
        if names.count("traceparent") > 1:
            by_name.pop("traceparent")
    return by_name


def _text(name: str, value: bytes | None) -> str:
    if value is None:
        _malformed(f"header {name} is missing")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        _malformed(f"header {name} is not UTF-8")
    _check(name, text)
    return text


# Sources and types have few different values, so they are cached.
_repeated = lru_cache(maxsize=1024)(_text)


def _check(name: str, text: str) -> None:
    """Refuse an attribute that is empty or has control characters, which CloudEvents does not allow."""
    if text.isprintable() and text:
        return
    if not text:
        _malformed(f"{name} is empty")
    if any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in text):
        _malformed(f"{name} has control characters")


def _instant(name: str, text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        _malformed(f"{name} {error}")


def _traceparent(headers: Mapping[str, bytes]) -> str | None:
    """The trace context, or None: an invalid one is dropped, since no decision depends on it."""
    value = headers.get("traceparent") or headers.get("ce_traceparent")
    if not value or not value.isascii():
        return None
    text = value.decode()
    return text if is_traceparent(text) else None


@lru_cache(maxsize=256)
def _media_type(content_type: bytes) -> str:
    """The media type without its parameters: JSON is UTF-8 whatever a charset says (RFC 8259 section 11)."""
    return content_type.decode(errors="replace").partition(";")[0].strip().lower()


def _require_json(media_type: str) -> None:
    if media_type != "application/json" and not media_type.endswith("+json"):
        _malformed(f"data must be application/json, not {media_type[:80]!r}")


def _malformed(message: str) -> NoReturn:
    raise PoisonRecord("malformed_event", message)
