"""Reads and writes a recorded log as a file: JSON lines, a header and then one line for each record, byte for byte.

    {"format":"frontline-log","version":1,"partitions":6,"starts":{…},"consumed":{"router":{…},"escalation":{…}}}
    {"topic":"support.requests.v1","partition":0,"offset":0,"timestamp":1763985600000,"key":"acme","value":"{…}",
     "headers":[["ce_id","…"]]}

Keys, values and headers that are UTF-8 are written as text, other bytes as {"base64": "…"}, a missing one as null. A
record that was too large or could not be decoded has no value; "withheld" has the cause and a message.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import msgspec

from services.replay.errors import ReplayError
from services.replay.recorded_log import LOG_TOPICS, Extent, Offsets, OutOfOrder, Place, RecordedLog
from shared.contracts.vocabulary import WithheldCause
from shared.kafka.record import Record, Withheld
from shared.messages.reason import Reason

__all__ = [
    "BadLogFile",
    "RecordedLog",
    "header_line",
    "lines_of",
    "read_lines",
    "record_line",
]

FORMAT: Literal["frontline-log"] = "frontline-log"
VERSION: Literal[1] = 1

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_TOPICS = frozenset(topic.name for topic in LOG_TOPICS)


class BadLogFile(ReplayError):
    """Line `number` of the file is not valid, for a `reason` that does not quote a customer's text."""

    def __init__(self, number: int, reason: Reason) -> None:
        super().__init__(f"line {number}: {reason.code}")
        self.number = number
        self.reason = reason


class _Header(msgspec.Struct, frozen=True):
    format: Literal["frontline-log"]
    version: Literal[1]
    partitions: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    starts: dict[str, dict[int, _Count]] = {}
    consumed: dict[str, dict[str, dict[int, _Count]]] = {}


class _Base64(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    base64: bytes


_Data = str | _Base64 | None  # of a key, value or header


class _Withheld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cause: WithheldCause
    message: str


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    topic: str
    partition: _Count
    offset: _Count
    timestamp: int
    key: _Data
    value: _Data
    headers: tuple[tuple[str, _Data], ...]
    withheld: _Withheld | None = None


_header_decoder = msgspec.json.Decoder(_Header)
_line_decoder = msgspec.json.Decoder(_Line)
_encoder = msgspec.json.Encoder(order=None)


def header_line(extent: Extent) -> bytes:
    """The first line of a file: how much of each topic the log has."""
    return _encoder.encode(_Header(FORMAT, VERSION, extent.partitions, extent.starts, extent.consumed)) + b"\n"


def record_line(record: Record) -> bytes:
    """The line of a record."""
    line = _Line(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp_ms,
        _encode_data(record.key),
        _encode_data(record.value),
        tuple((name, _encode_data(value)) for name, value in record.headers),
        _Withheld(record.value.cause, record.value.message) if isinstance(record.value, Withheld) else None,
    )
    return _encoder.encode(line) + b"\n"


def lines_of(log: RecordedLog) -> Iterator[bytes]:
    """The lines of a log's file, ordered by topic, partition and offset."""
    yield header_line(log.extent)
    for topic in LOG_TOPICS:
        for partition in range(log.partitions):
            for record in log.records(topic.name, partition):
                yield record_line(record)


def read_lines(lines: Iterable[bytes], log_of: type[RecordedLog] = RecordedLog) -> RecordedLog:
    """Read a log from the lines of its file; blank lines are skipped. Raises BadLogFile. The caller closes the log."""
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    number, first = next(numbered, (1, b""))
    log = log_of(_extent(number, first))
    try:
        for number, line in numbered:
            try:
                log.add(_record(number, line, log.partitions))
            except OutOfOrder as error:
                raise BadLogFile(number, error.reason) from None
    except BaseException:
        log.close()
        raise
    return log


def _extent(number: int, line: bytes) -> Extent:
    if not line:
        raise BadLogFile(number, Reason("replay.line.empty_file"))
    try:
        header = _header_decoder.decode(line)
    except msgspec.ValidationError as error:
        expected = f'{{"format":"{FORMAT}","version":{VERSION},"partitions":…}}'
        raise BadLogFile(number, Reason("replay.line.no_header", expected=expected, problem=str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadLogFile(number, Reason("replay.line.not_json")) from None
    _check_places(number, header, header.starts, "starts")
    for service, offsets in header.consumed.items():
        _check_places(number, header, offsets, f"consumed.{service}")
    return Extent(header.partitions, header.starts, header.consumed)


def _check_places(number: int, header: _Header, offsets: Offsets, what: str) -> None:
    for place in ((topic, partition) for topic, by_partition in offsets.items() for partition in by_partition):
        if problem := _unknown_place(place, header.partitions):
            raise BadLogFile(number, Reason("replay.line.field", field=what, why=problem))


def _record(number: int, line: bytes, partitions: int) -> Record:
    try:
        line_data = _line_decoder.decode(line)
    except msgspec.ValidationError as error:
        raise BadLogFile(number, Reason("replay.line.no_record", problem=str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadLogFile(number, Reason("replay.line.not_json")) from None
    if problem := _unknown_place((line_data.topic, line_data.partition), partitions):
        raise BadLogFile(number, problem)
    headers = tuple((name, _decode_data(value)) for name, value in line_data.headers)
    return Record(
        line_data.topic,
        line_data.partition,
        line_data.offset,
        line_data.timestamp,
        _decode_data(line_data.key),
        _decode_data(line_data.value)
        if line_data.withheld is None
        else Withheld(line_data.withheld.cause, line_data.withheld.message),
        headers,  # type: ignore[arg-type]  # a header without a value is allowed by Kafka
    )


def _unknown_place(place: Place, partitions: int) -> Reason | None:
    topic, partition = place
    if topic not in _TOPICS:
        return Reason("replay.line.unknown_topic", topic=topic[:100])
    if partition >= partitions:
        return Reason("replay.line.no_partition", partition=partition, partitions=partitions)
    return None


def _encode_data(data: bytes | None) -> _Data:
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _Base64(data)


def _decode_data(data: _Data) -> bytes | None:
    if isinstance(data, str):
        return data.encode()
    return None if data is None else data.base64
