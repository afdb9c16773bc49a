"""[pure] The edition that a case pins, kept beside the cases: open cases survive a change of files or of packages.

The first case that pins an edition saves the resolved document in store "editions", under the first bytes of its
digest; from then on the saved one counts. A configured edition is asked only for what has not been saved.
"""

import zlib
from typing import Protocol

from shared.kafka.faults import TaskMustStop
from shared.policy.digest import edition_to_json
from shared.policy.model import Edition
from shared.policy.published_edition import UnusableEdition
from shared.sla.pinned_edition import KEY_PREFIX, STORE, Editions, PinnedEdition, read_saved, short_of
from shared.streams.overlay import Overlay


class EditionSource(Protocol):
    """Editions by their digest. `EditionLibrary` is one."""

    @property
    def editions(self) -> tuple[Edition, ...]:
        """All of them."""

    def by_digest(self, sha256: str) -> Edition | None:
        """The edition with that digest, if it is one of these."""


class EditionStore:
    """The editions that cases pin. One for a process: its tasks share what was worked out."""

    def __init__(self, library: EditionSource) -> None:
        self._library = library
        self._known: dict[bytes, PinnedEdition] = {}

    def pin(self, overlay: Overlay, name: str, sha256: str) -> bytes:
        """Make sure that the edition is saved; returns how a case refers to it.

        Raises TaskMustStop if it is neither saved nor configured: without it no deadline of the case is known.
        """
        short = short_of(sha256)
        if overlay.get(STORE, KEY_PREFIX + short) is None:
            edition = self._library.by_digest(sha256)
            if edition is None:
                raise TaskMustStop(
                    f"a case pins edition {name} (policy_sha256 {sha256}), which is neither saved nor configured here "
                    f"({self.configured}): add the file that the router decides by to FRONTLINE_POLICIES"
                )
            overlay.put(STORE, KEY_PREFIX + short, zlib.compress(edition_to_json(edition)))
        if self.of(overlay, short).sha256 != sha256:
            raise TaskMustStop(
                f"editions {sha256} and {self.of(overlay, short).sha256} begin alike: one must be edited"
            )
        return short

    def is_saved(self, overlay: Overlay, sha256: str) -> bool:
        """Whether a case of this partition has pinned the edition before. The whole digest counts, not its first bytes.

        Raises TaskMustStop if what is saved cannot be read.
        """
        short = short_of(sha256)
        return overlay.get(STORE, KEY_PREFIX + short) is not None and self.of(overlay, short).sha256 == sha256

    def knows(self, overlay: Overlay, sha256: str) -> bool:
        """Whether the edition is saved or configured. Raises TaskMustStop if what is saved cannot be read."""
        return self.is_saved(overlay, sha256) or self._library.by_digest(sha256) is not None

    @property
    def configured(self) -> str:
        """The names of the editions that are configured here, for messages."""
        return ", ".join(edition.edition for edition in self._library.editions)

    def of(self, overlay: Overlay, short: bytes) -> PinnedEdition:
        """The edition that a case refers to. Raises TaskMustStop if it was not saved, or cannot be read."""
        known = self._known.get(short)
        if known is None:
            saved = overlay.get(STORE, KEY_PREFIX + short)
            if saved is None:
                raise TaskMustStop(
                    f"store {STORE} has no edition {short.hex()}…, though a case pins it: restore the topic "
                    "escalation-editions-changelog"
                )
            try:
                known = self._known[short] = read_saved(saved, short)
            except UnusableEdition as error:
                raise TaskMustStop(f"store {STORE}: {error}") from None
        return known

    def at(self, overlay: Overlay) -> Editions:
        """The editions as one transaction sees them."""
        return _EditionsAt(self, overlay)


class _EditionsAt:
    """The editions that are saved in a task's store or configured here."""

    def __init__(self, store: EditionStore, overlay: Overlay) -> None:
        self._store = store
        self._overlay = overlay

    @property
    def configured(self) -> str:
        return self._store.configured

    def of(self, short: bytes) -> PinnedEdition:
        return self._store.of(self._overlay, short)

    def find(self, name: str, sha256: str) -> PinnedEdition | None:
        if not self._store.knows(self._overlay, sha256):
            return None
        return self.of(self._store.pin(self._overlay, name, sha256))
