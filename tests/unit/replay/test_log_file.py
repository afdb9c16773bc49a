"""A recorded log as a file: byte for byte; an error names where it is damaged."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.replay.log_file import BadLogFile, header_line, lines_of, read_lines, record_line
from services.replay.recorded_log import LOG_TOPICS, Extent, OutOfOrder, RecordedLog
from shared.contracts.topics import REQUESTS
from shared.kafka.record import Record, Withheld
from shared.messages.catalogues import messages_in

EXTENT = Extent(2, {REQUESTS.name: {0: 3}}, {"router": {REQUESTS.name: {0: 5, 1: 6}}})
RECORD = Record(REQUESTS.name, 1, 4, 1_700_000_000_000, b"acme", b'{"a":1}', (("ce_id", b"e1"),))
HEAD = header_line(EXTENT)

data = st.one_of(st.none(), st.binary(max_size=40), st.text(max_size=20).map(str.encode))
some_records = st.lists(
    st.tuples(
        st.sampled_from([topic.name for topic in LOG_TOPICS]),
        st.integers(0, 1),
        st.integers(-1, 2**50),
        data,
        data,
        st.lists(st.tuples(st.text(max_size=8), data), max_size=3).map(tuple),
    ),
    max_size=20,
)


def logged(extent: Extent, given_records: list[Record]) -> RecordedLog:
    """A log of these records."""
    log = RecordedLog(extent)
    for record in given_records:
        log.add(record)
    return log


def all_of(log: RecordedLog) -> Iterator[Record]:
    """Every record of a log."""
    for topic in LOG_TOPICS:
        for partition in range(log.partitions):
            yield from log.records(topic.name, partition)


@settings(deadline=None)
@given(some_records)
def test_what_is_written_comes_back_byte_by_byte(given_records: list[tuple[object, ...]]) -> None:
    """Keys, values and headers of whatever kind; and written again, the file is the same file."""
    records = [
        Record(topic, partition, offset, timestamp, key, value, headers)  # type: ignore[arg-type]  # as drawn
        for offset, (topic, partition, timestamp, key, value, headers) in enumerate(given_records)
    ]
    with logged(EXTENT, records) as log:
        lines = list(lines_of(log))
    with read_lines(lines) as back:
        assert sorted(all_of(back), key=lambda record: record.offset) == records
        assert back.extent == EXTENT
        assert list(lines_of(back)) == lines


def test_text_is_text_and_everything_else_is_base64() -> None:
    """People and scripts can read a log; nothing is lost for it."""
    line = json.loads(record_line(Record(REQUESTS.name, 0, 0, 0, b"\xff", '{"ñ":1}'.encode(), (("h", b"\x00"),))))
    assert (line["key"], line["value"], line["headers"]) == ({"base64": "/w=="}, '{"ñ":1}', [["h", "\x00"]])


def test_a_withheld_record_comes_back_withheld() -> None:
    """A replay must dead-letter it again, for a cause that the record itself no longer shows."""
    record = replace(RECORD, value=Withheld("record_too_large", "offsets 2 to 4 decode to more"))
    with logged(EXTENT, [record]) as log:
        (_, line) = lines_of(log)
    assert json.loads(line)["withheld"] == {"cause": "record_too_large", "message": "offsets 2 to 4 decode to more"}
    with read_lines([HEAD, line]) as log:
        (back,) = all_of(log)
    assert isinstance(back.value, Withheld)
    assert (back.value.cause, back.value.message) == ("record_too_large", "offsets 2 to 4 decode to more")


def test_blank_lines_are_skipped_and_still_counted() -> None:
    """An editor may leave one; a message names the line that people see."""
    with read_lines([HEAD, b"\n", record_line(RECORD), b"  \n"]) as log:
        assert list(all_of(log)) == [RECORD]
    with pytest.raises(BadLogFile, match=r"^line 3: "):
        read_lines([HEAD, b"\n", b"{}"])


def wrong(**fields: object) -> bytes:
    """A record's line with something wrong in it."""
    return json.dumps(json.loads(record_line(RECORD)) | fields).encode()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "line 1: the file is empty"),
        ([b"\n"], "line 1: the file is empty"),
        ([b"PK\x03\x04"], "line 1: is not JSON"),
        ([b"{}"], "line 1: Object missing required field `format`; a log begins with"),
        ([record_line(RECORD)], "line 1: Object missing required field `format`"),
        ([HEAD.replace(b'"version":1', b'"version":2')], "line 1: Invalid enum value 2"),
        ([HEAD.replace(b'"partitions":2', b'"partitions":0')], "line 1: Expected `int` >= 1"),
        (
            [HEAD.replace(b'"partitions":2', b'"partitions":1')],
            "line 1: consumed.router: there is no partition 1; the topics have 1",
        ),
        (
            [HEAD.replace(b"support.requests", b"other.requests")],
            "line 1: starts: topic other.requests.v1 is not part",
        ),
        ([HEAD, record_line(RECORD)[:-10]], "line 2: is not JSON; the file may be truncated"),
        ([HEAD, b"[]"], "line 2: is not a record: Expected `object`"),
        ([HEAD, wrong(topic="other")], "line 2: topic other is not part of a log"),
        ([HEAD, wrong(partition=2)], "line 2: there is no partition 2; the topics have 2"),
        ([HEAD, wrong(offset=-1)], "line 2: is not a record: Expected `int` >= 0 - at `$.offset`"),
        ([HEAD, wrong(timestamp=None)], "line 2: is not a record: Expected `int`, got `null` - at `$.timestamp`"),
        ([HEAD, wrong(value={"base64": "???"})], "line 2: is not a record: Invalid base64"),
        ([HEAD, wrong(value={"base65": "aa=="})], "line 2: is not a record: "),
        ([HEAD, wrong(headers=[["name"]])], "line 2: is not a record: "),
        ([HEAD, wrong(more=1)], "line 2: is not a record: Object contains unknown field `more`"),
        ([HEAD, b'{"topic":"\xff"}'], "line 2: is not JSON"),
        ([HEAD, record_line(RECORD), record_line(RECORD)], "line 3: support.requests.v1[1]: offset 4 comes after 4"),
    ],
)
def test_a_line_that_is_wrong_is_named_with_what_is_wrong(lines: list[bytes], message: str) -> None:
    """By its number; what a customer wrote is not repeated."""
    with pytest.raises(BadLogFile) as raised:
        read_lines(lines)
    shown = f"line {raised.value.number}: {messages_in().reason(raised.value.reason)}"
    assert shown.startswith(message)
    assert "acme" not in shown
    assert "acme" not in str(raised.value)


def test_records_are_found_by_their_place() -> None:
    """Offsets have gaps, where Kafka keeps its markers or compaction was."""
    records = [Record(REQUESTS.name, 0, offset, 0, None, b"%d" % offset) for offset in (2, 5, 6)]
    with logged(EXTENT, records) as log:
        assert [log.has(REQUESTS.name, 0, offset) for offset in range(8)] == [
            offset in (2, 5, 6) for offset in range(8)
        ]
        assert [log.count(REQUESTS.name, 0, below) for below in (0, 2, 3, 6, 99)] == [0, 0, 1, 2, 3]
        assert log.count(REQUESTS.name, 0) == 3
        assert [record.offset for record in log.records(REQUESTS.name, 0, 1)] == [5, 6]
        assert log.record(REQUESTS.name, 0, 2) == records[2]
        assert (log.count(REQUESTS.name, 1), list(log.records(REQUESTS.name, 1))) == (0, [])
        assert (log.start(REQUESTS.name, 0), log.start(REQUESTS.name, 1)) == (3, 0)
        assert (log.consumed("router", REQUESTS.name, 1), log.consumed("escalation", REQUESTS.name, 1)) == (6, None)
        with pytest.raises(ValueError, match="cannot be added after"):
            log.add(RECORD)


def test_offsets_only_grow() -> None:
    """A log in another order is not the log."""
    with logged(EXTENT, [RECORD]) as log, pytest.raises(OutOfOrder):
        log.add(RECORD)
