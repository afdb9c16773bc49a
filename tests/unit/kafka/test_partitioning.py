"""A key has the partition that every other Kafka client would choose for it."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka.partitioning import murmur2, partition_for, partitioner


@pytest.mark.parametrize(
    ("key", "expected"),
    [  # the values that Apache Kafka's own test of the Java client asserts
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_that_of_the_java_client(key: bytes, expected: int) -> None:
    """One bit off and half of the accounts would be looked for on a partition where they are not."""
    assert murmur2(key) == expected


@given(st.binary(max_size=80))
def test_the_hash_agrees_with_aiokafka_for_every_length_and_tail(key: bytes) -> None:
    """aiokafka hashes without a sign; the 32 bits are the same."""
    assert murmur2(key) & 0xFFFFFFFF == aiokafka_murmur2(key)


@given(st.binary(max_size=80), st.integers(1, 100))
def test_the_partition_is_the_one_that_the_producer_would_choose(key: bytes, partitions: int) -> None:
    """Tasks name the partition themselves; intake leaves it to aiokafka. Both must mean the same."""
    everywhere = list(range(partitions))
    assert partition_for(key, partitions) == DefaultPartitioner()(key, everywhere, everywhere)
    assert partitioner(partitions)(key) == partition_for(key, partitions)
