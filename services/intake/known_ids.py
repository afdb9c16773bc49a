"""[pure] The request ids of yesterday, today and tomorrow, and a short digest of what was submitted under each.

By them intake recognises an Idempotency-Key that was first used on the day before, or by an instance whose clock is a
little ahead at midnight. There is one dictionary for each day, which is dropped whole. An id takes about 140 bytes.

`today` is the UTC day of the call, by the clock of this instance.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Collection
from datetime import date, timedelta

from shared.contracts.request_ids import DAY, HASH, day_of

_ONE_DAY = timedelta(days=1)
_HASH = slice(DAY, DAY + HASH)
_DIGEST = 7  # bytes: an integer of 32 bytes
_UNKNOWN_CONTENT = -1


class _IdsOfDay:
    """The ids of one day as integers, with their digests, and the order in which they came."""

    def __init__(self) -> None:
        self.digests: dict[int, int] = {}
        self._order: deque[int] = deque()

    def put(self, request_id: str, digest: int) -> None:
        """Store the digest of an id. A known one stays."""
        number = _number(request_id)
        if number not in self.digests:
            self._order.append(number)
        elif self.digests[number] != _UNKNOWN_CONTENT:
            return
        self.digests[number] = digest

    def drop_oldest(self) -> None:
        """Drop the id that came first."""
        del self.digests[self._order.popleft()]


class KnownIds:
    """At most `limit` ids. `forgotten` is called with the day of each id that is dropped before its day is over."""

    def __init__(self, limit: int, forgotten: Callable[[date], None] = lambda _: None) -> None:
        self._limit = limit
        self._forgotten = forgotten
        self._days: dict[date, _IdsOfDay] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def clear(self) -> None:
        """Drop all ids."""
        self._days.clear()
        self._count = 0

    def accepted(self, request_id: str, digest: str, today: date) -> None:
        """Kafka has the request with this id, whose content has this digest. The first content stays."""
        self._put(request_id, _shortened(digest), today)

    def maybe_written(self, request_id: str, today: date) -> None:
        """Kafka has not acknowledged the request with this id, but may have it. So a repeated call has the same id."""
        self._put(request_id, _UNKNOWN_CONTENT, today)

    def first_known(self, ids: Collection[str], today: date) -> str | None:
        """The first of `ids` that is known, or None."""
        self._drop_other_days(today)
        return next((each for each in ids if self._digest(each) is not None), None)

    def is_known(self, request_id: str, digest: str) -> bool | None:
        """Whether the accepted request of this id has this digest; None if no accepted one is known."""
        known = self._digest(request_id)
        return None if known in (None, _UNKNOWN_CONTENT) else known == _shortened(digest)

    def _put(self, request_id: str, digest: int, today: date) -> None:
        self._drop_other_days(today)
        day = day_of(request_id)
        if day is None or abs(day - today) > _ONE_DAY:
            return
        ids = self._days.setdefault(day, _IdsOfDay())
        before = len(ids.digests)
        ids.put(request_id, digest)
        self._count += len(ids.digests) - before
        if self._count > self._limit:
            oldest = min(day for day, ids in self._days.items() if ids.digests)
            self._days[oldest].drop_oldest()
            self._count -= 1
            self._forgotten(oldest)

    def _digest(self, request_id: str) -> int | None:
        day = day_of(request_id)
        ids = None if day is None else self._days.get(day)
        return None if ids is None else ids.digests.get(_number(request_id))

    def _drop_other_days(self, today: date) -> None:
        for day in [day for day in self._days if abs(day - today) > _ONE_DAY]:
            self._count -= len(self._days.pop(day).digests)


def _shortened(digest: str) -> int:
    """The digest is any text: another producer may write requests, and the router accepts what it calls a digest."""
    return int.from_bytes(hashlib.sha256(digest.encode()).digest()[:_DIGEST])


def _number(request_id: str) -> int:
    return int(request_id[_HASH], 16)
