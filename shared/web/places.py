"""The places of connections that stay open, event streams and chats: so many in all, of which a caller has a share."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared.web.callers import Caller
from shared.web.errors import TooManyStreams

RETRY_AFTER_SECONDS = 30


class Places:
    """At most `limit` places, of which a caller has at most `per_client` (None = half of them)."""

    def __init__(self, limit: int, per_client: int | None = None) -> None:
        self._limit = limit
        self._per_client = max(1, limit // 2) if per_client is None else per_client
        self._taken: Counter[str] = Counter()  # by caller

    @property
    def count(self) -> int:
        """How many are taken."""
        return self._taken.total()

    def take(self, caller: Caller, most: int | None = None) -> None:
        """Take one for `caller`; `most` is a smaller share than that of every caller. Raises TooManyStreams."""
        share = self._per_client if most is None else min(most, self._per_client)
        if self.count >= self._limit:
            raise TooManyStreams("refusal.too_many_streams", retry_after=RETRY_AFTER_SECONDS)
        if self._taken[caller.limited_as] >= share:
            raise TooManyStreams("refusal.share_of_streams", limit=share, retry_after=RETRY_AFTER_SECONDS)
        self._taken[caller.limited_as] += 1

    def leave(self, caller: Caller) -> None:
        """Give one back that `caller` has taken."""
        self._taken[caller.limited_as] -= 1
        if not self._taken[caller.limited_as]:
            del self._taken[caller.limited_as]

    @contextmanager
    def place(self, caller: Caller, most: int | None = None) -> Iterator[None]:
        """A place for as long as the block runs."""
        self.take(caller, most)
        try:
            yield
        finally:
            self.leave(caller)
