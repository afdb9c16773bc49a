"""[pure] The editions of the topic support.editions, read when a case asks for one."""

from shared.contracts.structs import EditionPublished
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.policy.published_edition import UnusableEdition, check_digest, edition_of
from shared.sla.pinned_edition import PinnedEdition


class PublishedEditions:
    """By digest. Each is read once, at the first question."""

    def __init__(self) -> None:
        self._events: dict[str, EditionPublished] = {}
        self._pinned: dict[str, PinnedEdition] = {}

    def take(self, record: Record) -> None:
        """Note a record of the topic; one that is not an edition with its own digest is passed over."""
        try:
            event = serde.decode(record)[1]
            if isinstance(event, EditionPublished):
                check_digest(event, record.key)
                self._events[event.policy_sha256] = event
        except (PoisonRecord, UnusableEdition):
            return

    def find(self, sha256: str) -> PinnedEdition | None:
        """The edition with that digest, or None. Raises UnusableEdition if this version cannot read it."""
        known = self._pinned.get(sha256)
        if known is None and (event := self._events.get(sha256)) is not None:
            known = self._pinned[sha256] = PinnedEdition(sha256, edition_of(event))
        return known
