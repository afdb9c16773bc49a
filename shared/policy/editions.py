"""[pure] The configured editions, and which of them is in force for a request."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from shared.policy.digest import policy_sha256
from shared.policy.mistakes import Mistake, PolicyError
from shared.policy.model import Edition


class EditionLibrary:
    """One or more editions, each in force from its `effective_from` until the next one's.

    Raises PolicyError if there is none, or if two of them start at the same instant or have the same name, which would
    be ambiguous.
    """

    def __init__(self, editions: Iterable[Edition]) -> None:
        self.editions = tuple(sorted(editions, key=lambda edition: edition.effective_from))
        if not self.editions:
            raise PolicyError([Mistake("editions", None, "", "is empty; name at least one edition")])
        mistakes = []
        for index, later in enumerate(self.editions):
            for earlier in self.editions[:index]:
                if earlier.edition == later.edition:
                    mistakes.append(Mistake(later.edition, None, "edition", "is listed twice"))
                elif earlier.effective_from == later.effective_from:
                    message = f"is {later.effective_from.isoformat()}, and so is that of {earlier.edition}"
                    mistakes.append(Mistake(later.edition, None, "effective_from", message))
        if mistakes:
            raise PolicyError(mistakes)
        self._starts = [edition.effective_from for edition in self.editions]
        self._by_digest = {policy_sha256(edition): edition for edition in self.editions}

    @classmethod
    def single(cls, edition: Edition) -> Self:
        """The library of `edition` alone, which is in force at every instant."""
        return cls((edition,))

    def effective_at(self, received_at: datetime) -> Edition:
        """The edition in force at that instant: the latest whose `effective_from` is not after it.

        The first edition also applies to requests before it, since every request is decided.
        """
        return self.editions[max(0, bisect_right(self._starts, received_at) - 1)]

    def by_digest(self, sha256: str) -> Edition | None:
        """The edition with that digest, if it is one of these."""
        return self._by_digest.get(sha256)
