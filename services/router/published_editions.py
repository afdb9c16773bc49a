"""[pure] The editions that a router task has published, and the event of one that it has not.

Store "editions" has the digest of each, so that neither a restart nor another owner of the partition publishes again.
"""

from collections.abc import Callable

from shared.contracts import wire
from shared.contracts.ids import deterministic_id
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import EDITIONS
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output
from shared.kafka.serde import Envelope
from shared.policy.digest import policy_sha256
from shared.policy.model import Edition
from shared.policy.published_edition import edition_published
from shared.streams.overlay import Overlay

SOURCE = "/frontline/router"
STORE = "editions"


class PublishedEditions:
    """One for each task. `digests` are those of the committed publications: a decision looks there and nowhere else."""

    def __init__(self, *, partitions: int, trace: Callable[[str | None], str]) -> None:
        self.digests: set[str] = set()
        self._partitions = partitions
        self._trace = trace

    def publish(self, edition: Edition, overlay: Overlay, traceparent: str | None) -> None:
        """Publish `edition`, unless this task has published it, this transaction included."""
        digest = policy_sha256(edition)
        key = digest.encode()
        if overlay.get(STORE, key) is not None:
            return
        envelope = Envelope(
            deterministic_id(EditionPublished.TYPE, digest),
            SOURCE,
            EditionPublished.TYPE,
            overlay.now,
            digest,
            self._trace(traceparent),
        )
        output = serde.to_output(EDITIONS, digest, envelope, wire.encode(edition_published(edition)))
        partition = partition_for(key, self._partitions)
        overlay.emit(Output(output.topic, output.key, output.value, output.headers, partition))
        overlay.put(STORE, key, edition.edition.encode())

    def changed(self, key: bytes) -> None:
        """The store has this edition now: called for each committed change and each restored record."""
        self.digests.add(key.decode())
