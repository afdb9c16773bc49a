"""Decoders of record batches: the data as it was, and never more than the limit."""

import gzip
import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

import cramjam
import pytest
from aiokafka import codec
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka.decompression import BatchTooLarge, gunzip, unlz4, unsnappy, unzstd

LIMIT = 1_000_000


class Codec(NamedTuple):
    """One way to compress, and how it is undone."""

    encode: Callable[[bytes], bytes]
    decode: Callable[[bytes | memoryview, int], bytes]


CODECS = {
    "gzip": Codec(codec.gzip_encode, gunzip),
    "gzip in two members": Codec(
        lambda data: gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :]), gunzip
    ),
    "snappy in blocks": Codec(codec.snappy_encode, unsnappy),
    "raw snappy": Codec(lambda data: bytes(cramjam.snappy.compress_raw(data)), unsnappy),
    "lz4": Codec(codec.lz4_encode, unlz4),
    "zstd": Codec(codec.zstd_encode, unzstd),
}
every_codec = pytest.mark.parametrize("way", CODECS.values(), ids=CODECS)


@every_codec
@given(data=st.binary(min_size=1, max_size=2_000), times=st.integers(1, 400))
def test_what_is_encoded_is_decoded(way: Codec, data: bytes, times: int) -> None:
    """As aiokafka decodes it, from bytes or a view of them."""
    encoded = way.encode(data * times)
    assert way.decode(encoded, LIMIT) == data * times
    assert way.decode(memoryview(encoded), LIMIT) == data * times


@every_codec
def test_the_limit_itself_is_decoded_and_one_byte_more_is_not(way: Codec) -> None:
    """The limit is inclusive."""
    assert way.decode(way.encode(b"[" * LIMIT), LIMIT) == b"[" * LIMIT
    with pytest.raises(BatchTooLarge):
        way.decode(way.encode(b"[" * (LIMIT + 1)), LIMIT)


@every_codec
def test_data_far_beyond_the_limit_takes_no_more_memory_than_the_limit(way: Codec) -> None:
    """The limit is there for the memory."""
    encoded = way.encode(b"[" * 100 * LIMIT)
    tracemalloc.start()
    try:
        with pytest.raises(BatchTooLarge):
            way.decode(encoded, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 4 * LIMIT + 2 * len(encoded)
    finally:
        tracemalloc.stop()


@every_codec
@pytest.mark.parametrize("damaged", [b"\x00" * 40, b"\xff" * 40], ids=["zeros", "ones"])
def test_data_of_another_codec_is_an_error(way: Codec, damaged: bytes) -> None:
    """Not an empty batch, and not one that is too large."""
    with pytest.raises(Exception, match=r".+") as raised:
        way.decode(damaged, LIMIT)
    assert raised.type is not BatchTooLarge or way.decode is unsnappy, "raw snappy begins with any length"


@every_codec
def test_data_that_ends_too_early_is_an_error(way: Codec) -> None:
    """A part of a batch is none."""
    encoded = way.encode(bytes(range(256)) * 10)
    with pytest.raises(Exception, match=r".+"):
        way.decode(encoded[: len(encoded) // 3], LIMIT)
