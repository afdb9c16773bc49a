"""The editions of the log, by digest and by how cases refer to them. Each is read once, at the first question."""

from shared.explain.published_editions import PublishedEditions
from shared.kafka.record import Record
from shared.policy.published_edition import UnusableEdition
from shared.sla.pinned_edition import PinnedEdition, short_of


class EditionShelf:
    """`Editions` of `shared/sla/pinned_edition.py`, and those that a `CaseLog` reads. Threads may share it."""

    def __init__(self) -> None:
        self.published = PublishedEditions()
        self._digests: dict[bytes, str] = {}

    def take(self, sha256: str, record: Record) -> None:
        """Note the record of an edition; one that is not an edition with its own digest is passed over."""
        self.published.take(record)
        self._digests[short_of(sha256)] = sha256

    def pinned(self, sha256: str) -> PinnedEdition | None:
        """The edition with that digest; None while it is not known, or if this version cannot read it."""
        try:
            return self.published.find(sha256)
        except UnusableEdition:
            return None

    @property
    def configured(self) -> str:
        """Nothing is configured here: the log has the editions that count."""
        return ""

    def of(self, short: bytes) -> PinnedEdition:
        """The edition that a case refers to by `short`. Raises KeyError."""
        found = self.pinned(self._digests[short])
        if found is None:
            raise KeyError(short.hex())
        return found

    def find(self, name: str, sha256: str) -> PinnedEdition | None:
        """The edition that a case migrates to."""
        return self.pinned(sha256)
