"""Where the harness looks for a group's offsets is where Kafka keeps them."""

import pytest

from tests.harness.markers import offsets_place


@pytest.mark.parametrize(
    ("group", "partition"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("Aa", 2112 % 50, id="a hash above 0"),
        pytest.param("svc-acd67c8635", 39, id="a hash below 0, of which the sign goes and not the bit"),
        pytest.param("polygenelubricants", 0, id="the least hash there is"),
    ],
)
def test_a_groups_offsets_are_where_javas_hash_puts_them(group: str, partition: int) -> None:
    """A marker on another partition tells nobody anything."""
    assert offsets_place(group, 50) == ("__consumer_offsets", partition)


def test_a_group_that_a_broker_put_somewhere_is_looked_for_there() -> None:
    """Seen in the log of a real broker, whose topic had 8 partitions."""
    assert offsets_place("svc-acd67c8635", 8) == ("__consumer_offsets", 3)
