"""Compresses the records of the board's file: by what all events have in common, which the file has once.

Records are small and alike: names of fields and headers are most of each. A dictionary of them, made from the
contracts, stands for what came before in each record (RFC 1951 has no other way to say it). A file keeps the dictionary
that it was made with, so that contracts may change.
"""

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.board.store.stored_record import body_of, record_of
from shared.contracts.registry import TYPES
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, REQUESTS, Topic
from shared.kafka import serde
from shared.kafka.record import Record

_LEVEL, _RAW = 6, -15
_MOST = 32 * 1024  # bytes: as far back as deflate can refer
_AN_INSTANT = "2026-01-01T00:00:00Z"
_TRACE = "00-00000000000000000000000000000000-0000000000000000-01"
_SOURCES = {"request": "intake", "activity": "intake", "case": "router"}  # by the second word of a type
# What comes later in the dictionary costs a bit less to refer to: what is frequent is last.
_ORDER: tuple[Topic, ...] = (REQUESTS, CASES, ESCALATIONS, ACTIVITY)


class RecordCodec:
    """Bodies of records in few bytes, and back. Threads may share it."""

    def __init__(self, dictionary: bytes) -> None:
        self._dictionary = dictionary

    def body_of(self, record: Record, key: bytes | None = None) -> bytes:
        """The record without its place, and without its key if that is `key`."""
        compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, zdict=self._dictionary)
        return compressor.compress(body_of(record, key)) + compressor.flush()

    def record_of(self, topic: int, partition: int, position: int, body: bytes, key: bytes | None = None) -> Record:
        """The record of a row."""
        whole = zlib.decompressobj(_RAW, zdict=self._dictionary).decompress(body)
        return record_of(topic, partition, position, whole, key)


def codec_of(database: sqlite3.Connection) -> RecordCodec:
    """That of a board's file."""
    (dictionary,) = database.execute("SELECT value FROM meta WHERE name = 'dictionary'").fetchone()
    return RecordCodec(dictionary)


def new_dictionary() -> bytes:
    """What events have in common by the contracts of this version. The same for each call."""
    return b"".join(_bodies())[-_MOST:]


def _bodies() -> Iterator[bytes]:
    for topic in _ORDER:
        names = sorted(name for name, model in TYPES.items() if model in topic.events)
        yield "".join(names).encode()
        for model in topic.events:
            schema = model.model_json_schema()
            data = msgspec.json.encode(_like(schema, schema.get("$defs", {})))
            yield data
        yield body_of(_record(topic, names[0], data))


def _record(topic: Topic, name: str, data: bytes) -> Record:
    source = f"/frontline/{_SOURCES.get(name.split('.')[1], 'escalation')}"
    envelope = serde.Envelope("0" * 32, source, name, datetime(2026, 1, 1, tzinfo=UTC), "0" * 32, _TRACE)
    output = serde.to_output(topic, "", envelope, data)
    return Record(topic.name, 0, 0, 1_767_225_600_000, None, output.value, output.headers)


def _like(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> Any:
    """Something like what a JSON Schema describes, with all of its fields."""
    if "$ref" in schema:
        return _like(shared[schema["$ref"].rpartition("/")[2]], shared)
    for several in ("anyOf", "allOf", "oneOf"):
        if several in schema:
            return _like(schema[several][0], shared)
    if "properties" in schema:
        return {name: _like(each, shared) for name, each in schema["properties"].items()}
    for given in ("const", "enum"):
        if given in schema:
            return schema[given] if given == "const" else schema[given][0]
    match schema.get("type"):
        case "object":
            return {"": _like(schema.get("additionalProperties") or {}, shared)}
        case "array":
            return [_like(schema.get("items") or {}, shared)]
        case "integer" | "number":
            return 0
        case "boolean":
            return True
    return _AN_INSTANT if schema.get("format") == "date-time" else ""
