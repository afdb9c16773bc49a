"""[pure] Which partition a key belongs to: murmur2, as the Java client and aiokafka choose by default.

librdkafka clients choose by CRC32 unless they set `partitioner=murmur2_random`; a task dead-letters misplaced records.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from struct import unpack_from

_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_32_BITS = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit MurmurHash2 with Kafka's seed, signed as in Java (`org.apache.kafka.common.utils.Utils.murmur2`)."""
    h = _SEED ^ len(data)
    words = len(data) >> 2
    for k in unpack_from(f"<{words}I", data):
        k = k * _MULTIPLIER & _32_BITS
        h = (h * _MULTIPLIER & _32_BITS) ^ ((k ^ (k >> 24)) * _MULTIPLIER & _32_BITS)
    if tail := data[words << 2 :]:
        h = (h ^ int.from_bytes(tail, "little")) * _MULTIPLIER & _32_BITS
    h = (h ^ (h >> 13)) * _MULTIPLIER & _32_BITS
    h ^= h >> 15
    return h - (1 << 32) if h >> 31 else h


@lru_cache(maxsize=16_384)
def partition_for(key: bytes, partitions: int) -> int:
    """The partition of `key` in a topic with so many partitions. Cached: one computation costs microseconds."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def partitioner(partitions: int) -> Callable[[bytes], int]:
    """A function from keys to partitions, for topics with so many partitions."""
    return partial(partition_for, partitions=partitions)
