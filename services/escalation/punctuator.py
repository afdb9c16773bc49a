"""[pure] Which timer is next: an index over the cases' `next_due`, rebuilt from the state stores, never stored itself.

The state says when a case is due; this index only finds the case quickly. Entries are never searched for and removed:
one that no longer agrees with its case's state is recognised when its turn comes, and dropped then by the caller.

Far timers are packed 23 bytes each into buckets of about a minute (a million open cases must stay small and restore
fast); a bucket becomes a heap when its minute has come.
"""

from heapq import heapify, heappop, heappush
from struct import Struct

_BUCKET_BITS = 26  # 2^26 microseconds = 67 s
_WITHIN_BUCKET = (1 << _BUCKET_BITS) - 1
_ENTRY = Struct("<IH")  # microseconds into the bucket, length of the key that follows


class _Bucket:
    __slots__ = ("earliest", "entries")

    def __init__(self, earliest: int) -> None:
        self.earliest = earliest
        self.entries = bytearray()


class DueIndex:
    """Keys in the order of their due instants (microseconds since 1970 UTC). Not a set: an entry may be there twice."""

    __slots__ = ("_buckets", "_near", "_opened_until", "_order")

    def __init__(self) -> None:
        self._near: list[tuple[int, bytes]] = []  # heap of everything due before `_opened_until`
        self._opened_until = -(1 << 62)  # number of the first bucket that is still packed
        self._buckets: dict[int, _Bucket] = {}
        self._order: list[int] = []  # heap of the numbers of `_buckets`

    def add(self, due: int, key: bytes) -> None:
        """`key` is due at `due`."""
        number = due >> _BUCKET_BITS
        if number < self._opened_until:
            heappush(self._near, (due, key))
            return
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._buckets[number] = _Bucket(due)
            heappush(self._order, number)
        elif due < bucket.earliest:
            bucket.earliest = due
        bucket.entries += _ENTRY.pack(due & _WITHIN_BUCKET, len(key)) + key

    def earliest(self) -> int | None:
        """The earliest due instant in the index, or None. It may turn out to be out of date."""
        if self._near:
            return self._near[0][0]
        return self._buckets[self._order[0]].earliest if self._order else None

    def pop_before(self, now: int) -> tuple[int, bytes] | None:
        """Take out the earliest entry with `due < now`; at the very instant nothing is due yet."""
        while self._order and self._order[0] << _BUCKET_BITS < now:
            self._open(heappop(self._order))
        if self._near and self._near[0][0] < now:
            return heappop(self._near)
        return None

    def count_before(self, now: int) -> int:
        """How many entries have `due < now`, those included that are out of date."""
        while self._order and self._order[0] << _BUCKET_BITS < now:
            self._open(heappop(self._order))
        return sum(due < now for due, _ in self._near)

    def _open(self, number: int) -> None:
        entries = memoryview(self._buckets.pop(number).entries)
        start = number << _BUCKET_BITS
        # A case that changed without moving its deadline was added again: once is enough.
        found: set[tuple[int, bytes]] = set()
        at = 0
        while at < len(entries):
            offset, length = _ENTRY.unpack_from(entries, at)
            at += _ENTRY.size
            found.add((start + offset, bytes(entries[at : at + length])))
            at += length
        self._near.extend(found)
        heapify(self._near)
        self._opened_until = number + 1
