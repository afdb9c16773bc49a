"""[pure] The editions that a replay has at hand: those that the log saved with its cases, and those that it is given.

The router decided by the edition that each case names; which editions it was configured with does not matter. What
matters is what escalation was *not* configured with when it put a migration aside as `unknown_edition`.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.routing.rulebook import Rulebook


class AtHand:
    """Editions by their digest; two of them may have the same name, for files get edited."""

    def __init__(self, saved: Iterable[Edition], configured: EditionLibrary) -> None:
        self.configured = configured
        self._by_digest = {policy_sha256(edition): edition for edition in (*configured.editions, *saved)}

    @property
    def editions(self) -> tuple[Edition, ...]:
        """All of them."""
        return tuple(self._by_digest.values())

    def by_digest(self, sha256: str) -> Edition | None:
        """The edition with that digest, if it is one of these."""
        return self._by_digest.get(sha256)


class NamedRules:
    """The rules that a router decides by: those of the edition that the case at hand names.

    For a request of which the log has no case: the edition named last, and before any was, the one configured.
    """

    def __init__(self, at_hand: AtHand) -> None:
        self._at_hand = at_hand
        self._books: dict[str, Rulebook] = {}
        self._named: Rulebook | None = None

    def name(self, sha256: str) -> None:
        """The next request is decided by this edition; it has to be at hand."""
        self._named = self._book(sha256)

    def at(self, received_at: datetime) -> Rulebook:
        """The rules that hold now."""
        if self._named is not None:
            return self._named
        return self._book(policy_sha256(self._at_hand.configured.effective_at(received_at)))

    def forget(self) -> None:
        """Another task: nothing has been named."""
        self._named = None

    def _book(self, sha256: str) -> Rulebook:
        known = self._books.get(sha256)
        if known is None:
            edition = self._at_hand.by_digest(sha256)
            if edition is None:
                raise KeyError(sha256)
            known = self._books[sha256] = Rulebook(edition)
        return known


class AsKnownThen:
    """What escalation has at hand: everything, but for an edition of which a dead letter of `now` says otherwise."""

    def __init__(self, at_hand: AtHand) -> None:
        self._at_hand = at_hand
        self.now: datetime | None = None
        self.unknown: AbstractSet[tuple[datetime, str]] = frozenset()  # editions that were not, and when

    @property
    def editions(self) -> tuple[Edition, ...]:
        """All of them."""
        return self._at_hand.editions

    def by_digest(self, sha256: str) -> Edition | None:
        """The edition with that digest, if it was known then."""
        if self.now is not None and (self.now, sha256) in self.unknown:
            return None
        return self._at_hand.by_digest(sha256)
