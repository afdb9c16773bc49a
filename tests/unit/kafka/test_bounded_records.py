"""What a consumer holds in memory is bounded, and nothing that somebody writes stops one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import codec as aiokafka_codec
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import ConsumerRecord, TopicPartition

from shared.contracts.topics import ENTITLEMENTS, record_limit
from shared.kafka.aiokafka_internals import DECODER_NAMES
from shared.kafka.bounded_records import (
    DECODERS,
    FETCH_BYTES,
    MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS,
    bound_decoding,
)
from shared.kafka.consumer import Consumer
from shared.kafka.record import Withheld
from shared.kafka.settings import KafkaSettings

ROOT = Path(__file__).parents[3]
PLACE = TopicPartition(ENTITLEMENTS.name, 0)
LIMIT = record_limit(ENTITLEMENTS.name)
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
COMPRESSED = [name for name in CODECS if name != "none"]
LENGTH_AT, CHECKSUM_AT, ATTRIBUTES_AT, HEADER = 8, 17, 21, 61  # in a batch of format 2
READ_COMMITTED = fetcher.READ_COMMITTED


def batch(base: int, values: list[bytes | None], codec: str = "gzip", key: bytes = b"k", header: str = "h") -> bytes:
    """One batch as a broker keeps it."""
    builder = DefaultRecordBatchBuilder(2, CODECS[codec], 0, -1, -1, 0, 2**30)
    for number, value in enumerate(values):
        builder.append(number, 1_000 + number, key, value, [(header, b"x")])
    data = bytearray(builder.build())
    data[:8] = base.to_bytes(8, "big")  # not part of the checksum
    return bytes(data)


def fetched(*batches: bytes, position: int = 0, places: TopicPartition = PLACE) -> tuple[list[ConsumerRecord], int]:
    """What one fetch hands out, and the position after it."""
    bound_decoding()
    records = fetcher.PartitionRecords(
        places, MemoryRecords(b"".join(batches)), None, position, None, None, True, READ_COMMITTED
    )
    return list(records), records.next_fetch_offset


def summary(records: list[ConsumerRecord]) -> list[tuple[int, Any]]:
    """Each record's offset, and its value or why it is withheld."""
    return [(r.offset, r.value.cause if isinstance(r.value, Withheld) else r.value) for r in records]


def test_every_codec_of_kafka_has_a_bounded_decoder() -> None:
    """One that is left out would decode without a limit."""
    assert tuple(DECODERS) == DECODER_NAMES


@pytest.mark.parametrize("codec", CODECS)
def test_records_within_the_limits_are_unchanged(codec: str) -> None:
    """Tombstones and empty values included."""
    records, position = fetched(batch(5, [b"a", None, b"", b"v" * (LIMIT - 100)], codec))
    assert summary(records) == [(5, b"a"), (6, None), (7, b""), (8, b"v" * (LIMIT - 100))]
    assert (records[0].key, records[0].headers, position) == (b"k", (("h", b"x"),), 9)


@pytest.mark.parametrize("codec", COMPRESSED)
def test_a_record_over_its_topics_limit_is_withheld_and_its_neighbours_are_not(codec: str) -> None:
    """It keeps its key and its place."""
    records, position = fetched(batch(5, [b"a", b"[" * 5_000_000, b"b"], codec))
    assert summary(records) == [(5, b"a"), (6, "record_too_large"), (7, b"b")]
    assert (records[1].key, records[1].value, records[1].headers, position) == (b"k", b"", (), 8)
    assert records[1].value.message == f"the record has 5000003 bytes uncompressed, its topic allows {LIMIT}"


def test_a_withheld_record_drops_a_key_that_is_too_long() -> None:
    """A key may be what is too large."""
    records, _ = fetched(batch(0, [b""], key=b"k" * (LIMIT + 1)))
    assert (summary(records), records[0].key) == ([(0, "record_too_large")], None)


@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd"])
def test_a_batch_over_the_limit_is_one_record_at_its_last_offset(codec: str) -> None:
    """The position after it is behind the batch; the batches around it are read."""
    large = batch(6, [b"x", b"[" * (MAX_BATCH_BYTES + 1), b"y"], codec)
    records, position = fetched(batch(5, [b"a"]), large, batch(9, [b"b"]))
    assert summary(records) == [(5, b"a"), (8, "record_too_large"), (9, b"b")]
    assert (records[1].key, position) == (None, 10)
    assert records[1].value.message.startswith("offsets 6 to 8 decode to more than")


def test_a_batch_over_the_limit_counts_from_within() -> None:
    """A position set by hand may lie in the middle of a batch; behind the withheld record nothing comes again."""
    large = batch(6, [b"x", b"[" * (MAX_BATCH_BYTES + 1), b"y"])
    assert summary(fetched(large, position=8)[0]) == [(8, "record_too_large")]
    assert fetched(large, position=9) == ([], 9)


def test_a_batch_of_too_many_records_is_not_decoded() -> None:
    """Each takes memory, however small it is."""
    records, position = fetched(batch(0, [b""] * (MAX_BATCH_RECORDS + 1), "zstd"))
    assert (summary(records), position) == ([(MAX_BATCH_RECORDS, "record_too_large")], MAX_BATCH_RECORDS + 1)


def test_a_fetch_that_decodes_to_too_much_ends_early_and_the_next_one_continues() -> None:
    """A fetch of 1 MiB may hold many batches, each within the limit of one."""
    batches = [batch(10 * number, [b"v" * 1_000_000] * 10) for number in range(5)]
    records, position = fetched(*batches)
    assert FETCH_BYTES / 1_000_000 < len(records) < 30
    assert position == records[-1].offset + 1
    again, _ = fetched(*batches[position // 10 :], position=position)
    assert again[0].offset == position


@pytest.mark.parametrize("codec", CODECS)
def test_an_unreadable_record_is_withheld_with_the_rest_of_its_batch(codec: str) -> None:
    """A broker does not look at the names of headers: one that is not UTF-8 would stop a consumer for good."""
    plain = batch(5, [b"a", b"b"], "none", header="abcé").replace("é".encode(), b"\xff\xff")
    records, position = fetched(_compressed(plain, codec), batch(7, [b"c"], codec))
    assert summary(records) == [(6, "record_unreadable"), (7, b"c")]
    assert (records[0].value.message, position) == ("offsets 5 to 6 cannot be decoded: UnicodeDecodeError", 8)


def _compressed(plain: bytes, codec: str) -> bytes:
    """The same batch in a codec, its length and its checksum made to fit."""
    encode: Callable[[bytes], bytes] = getattr(aiokafka_codec, f"{codec}_encode", bytes)
    body = encode(plain[HEADER:])
    checked = CODECS[codec].to_bytes(2, "big") + plain[ATTRIBUTES_AT + 2 : HEADER] + body
    length, checksum = ATTRIBUTES_AT - LENGTH_AT - 4 + len(checked), int(calc_crc32c(checked))
    front = plain[:LENGTH_AT] + length.to_bytes(4, "big") + plain[LENGTH_AT + 4 : CHECKSUM_AT]
    return front + checksum.to_bytes(4, "big") + checked


def test_a_wrong_checksum_is_an_error_as_before() -> None:
    """Damage on the way is worth another try: what the broker has may be right."""
    data = bytearray(batch(0, [b"a"]))
    data[-1] ^= 1
    with pytest.raises(Exception, match="Invalid CRC"):
        fetched(bytes(data))


def test_consumers_are_created_in_one_place() -> None:
    """One made elsewhere would be bounded or not, by which was made first."""
    made = re.compile(r"\bAIOKafkaConsumer\(")
    files = [path for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    assert [path.name for path in files if made.search(path.read_text(encoding="utf-8"))] == ["consumer.py"]


async def test_the_limit_of_a_record_is_that_of_its_topic_in_any_namespace() -> None:
    """The fetcher knows a topic by its name in Kafka only. A dead letter, whose limit is larger, would be taken."""
    consumer = Consumer(KafkaSettings(namespace="acme"), client_id="test")
    consumer.assign([PLACE])
    records, _ = fetched(batch(0, [b"a" * LIMIT]), places=TopicPartition(f"acme.{PLACE.topic}", 0))
    assert summary(records) == [(0, "record_too_large")]
    consumer._consumer._closed = True  # it was never started
