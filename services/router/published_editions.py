"""[pure] The editions that a router task has published, and the event of one that it has not.

Store "editions" has the digest of each, so that neither a restart nor another owner of the partition publishes again.
"""

from collections.abc import Callable

from shared.kafka.edition_record import edition_record
from shared.policy.digest import policy_sha256
from shared.policy.model import Edition
from shared.policy.published_edition import edition_published
from shared.streams.overlay import Overlay

SOURCE = "/frontline/router"
STORE = "editions"


class PublishedEditions:
    """One for each task. `digests` are those of the committed publications; a decision uses only these."""

    def __init__(self, *, partitions: int, trace: Callable[[str | None], str]) -> None:
        self.digests: set[str] = set()
        self._partitions = partitions
        self._trace = trace

    def publish(self, edition: Edition, overlay: Overlay, traceparent: str | None) -> None:
        """Publish `edition`, unless this task has published it, this transaction included."""
        key = policy_sha256(edition).encode()
        if overlay.get(STORE, key) is not None:
            return
        overlay.emit(
            edition_record(
                edition_published(edition),
                source=SOURCE,
                at=overlay.now,
                traceparent=self._trace(traceparent),
                partitions=self._partitions,
            )
        )
        overlay.put(STORE, key, edition.edition.encode())

    def changed(self, key: bytes) -> None:
        """The store has this edition now: called for each committed change and each restored record."""
        self.digests.add(key.decode())
