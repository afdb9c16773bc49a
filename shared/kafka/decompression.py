"""Decoders for compressed record batches that stop at a limit: a few hundred KB may decode to gigabytes.

The arguments are the data after a batch's header and the limit in decoded bytes. They raise BatchTooLarge beyond the
limit, and the codec's own errors for data that it cannot decode. None needs much more memory than the limit.
"""

import mmap
import struct
import zlib
from collections.abc import Callable

import cramjam

from shared.kafka.faults import KafkaFault

Data = bytes | memoryview

_GZIP = 31  # zlib's code for a gzip header with a window of up to 32 KiB
_XERIAL = b"\x82SNAPPY\x00"  # snappy-java: this magic number and two versions, then blocks, each after its length
_XERIAL_HEADER = 16
_FULL = "failed to write whole buffer"  # the error of cramjam if the decoded data is larger than its buffer


class BatchTooLarge(KafkaFault):
    """A batch decodes to more bytes than the limit."""


def gunzip(data: Data, limit: int) -> bytes:
    """Decode gzip, one member or several."""
    decoded = b""
    rest = bytes(data)
    while rest:
        decoder = zlib.decompressobj(_GZIP)
        decoded += decoder.decompress(rest, limit - len(decoded) + 1)
        if len(decoded) > limit:
            raise BatchTooLarge
        if not decoder.eof:
            raise EOFError("the gzip data ends too early")
        rest = decoder.unused_data
    return decoded


def unsnappy(data: Data, limit: int) -> bytes:
    """Decode snappy, raw or in the blocks of snappy-java. Both formats begin with the decoded size."""
    packed = memoryview(data)
    if packed[: len(_XERIAL)] != _XERIAL:
        return _raw_snappy(packed, limit)
    blocks: list[bytes] = []
    left, at = limit, _XERIAL_HEADER
    while at < len(packed):
        (length,) = struct.unpack_from(">I", packed, at)
        blocks.append(_raw_snappy(packed[at + 4 : at + 4 + length], left))
        left -= len(blocks[-1])
        at += 4 + length
    return b"".join(blocks)


def unlz4(data: Data, limit: int) -> bytes:
    """Decode LZ4 frames."""
    return _into_buffer(cramjam.lz4.decompress_into, data, limit)


def unzstd(data: Data, limit: int) -> bytes:
    """Decode Zstandard frames."""
    return _into_buffer(cramjam.zstd.decompress_into, data, limit)


def _raw_snappy(data: memoryview, limit: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(data) > limit:
        raise BatchTooLarge
    return bytes(cramjam.snappy.decompress_raw(data))


def _into_buffer(decode: Callable[[Data, mmap.mmap], int], data: Data, limit: int) -> bytes:
    with mmap.mmap(-1, limit) as buffer:  # takes memory only for pages that are written
        try:
            return buffer[: decode(data, buffer)]
        except cramjam.DecompressionError as error:
            if _FULL in str(error):
                raise BatchTooLarge from None
            raise
