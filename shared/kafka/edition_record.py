"""[pure] The record of a published edition in support.editions.v1, the same for every service that publishes it."""

from datetime import datetime

from shared.contracts import wire
from shared.contracts.ids import deterministic_id
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import EDITIONS
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output
from shared.kafka.serde import Envelope


def edition_record(
    event: EditionPublished, *, source: str, at: datetime, traceparent: str | None, partitions: int
) -> Output:
    """The record of `event`, which `source` publishes at `at`, on a topic of so many partitions.

    Its key and its partition follow from the digest, not from the task that writes it; so does the id of the event.
    """
    digest = event.policy_sha256
    envelope = Envelope(
        deterministic_id(EditionPublished.TYPE, digest), source, EditionPublished.TYPE, at, digest, traceparent
    )
    return serde.to_output(EDITIONS, digest, envelope, wire.encode(event), partition_for(digest.encode(), partitions))
