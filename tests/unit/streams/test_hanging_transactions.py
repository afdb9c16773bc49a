"""What batches show of a transaction that was left undecided: its producer, and its marker in other partitions."""

import pytest

from shared.streams.hanging_transactions import TransactionKey, last_undecided, marker_of
from shared.streams.record_batches import Batch, Marker

OURS, OTHERS = 7, 8


def data(timestamp: int, producer: int = OURS, epoch: int = 1) -> Batch:
    """Records of a transaction."""
    return Batch(producer, epoch, timestamp, True, None, ((b"k", b"v"),))


def marker(kind: Marker, producer: int = OURS, epoch: int = 1) -> Batch:
    """The end of one."""
    return Batch(producer, epoch, 0, True, kind, ())


UNDECIDED = {
    "nothing": ([], []),
    "decided": ([data(1), marker("commit")], []),
    "open": ([data(1)], [1]),
    "open-in-two-batches": ([data(1), data(1)], [1, 1]),
    "after-a-decided-one": ([data(1), marker("abort"), data(2)], [2]),
    "a-marker-of-another-producer": ([data(1), marker("commit", OTHERS)], [1]),
    "one-of-another-producer": ([data(1, OTHERS)], []),
    "a-later-epoch-decides-too": ([data(1), marker("abort", epoch=2)], []),
}


@pytest.mark.parametrize(("batches", "timestamps"), UNDECIDED.values(), ids=UNDECIDED.keys())
def test_undecided_is_what_no_marker_of_its_producer_follows(batches: list[Batch], timestamps: list[int]) -> None:
    """Other tasks write to the same partitions, and their markers say nothing about ours."""
    assert [batch.timestamp for batch in last_undecided(batches, OURS)] == timestamps


MARKERS: dict[str, tuple[list[Batch], Marker | None]] = {
    "nothing-there": ([], None),
    "committed": ([data(5), marker("commit")], "commit"),
    "aborted": ([data(5), marker("abort")], "abort"),
    "had-no-part": ([data(4), marker("commit"), data(6), marker("commit")], None),
    "undecided": ([data(5)], None),
    "another-epoch-at-that-instant": ([data(5, epoch=2), marker("commit", epoch=2)], None),
    "another-producer-at-that-instant": ([data(5, OTHERS), marker("commit", OTHERS)], None),
    "committed-after-another-producer": (
        [data(5), data(6, OTHERS), marker("abort", OTHERS), marker("commit")],
        "commit",
    ),
    "aborted-by-a-later-epoch": ([data(5), marker("abort", epoch=2)], "abort"),
}


@pytest.mark.parametrize(("batches", "decision"), MARKERS.values(), ids=MARKERS.keys())
def test_the_marker_of_a_transaction_is_the_first_of_its_producer_behind_its_records(
    batches: list[Batch], decision: Marker | None
) -> None:
    """A marker behind another transaction says nothing about this one."""
    assert marker_of(batches, OURS, TransactionKey(1, 5)) == decision
