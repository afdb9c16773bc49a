"""[pure] Which timer is next: an index over a store's due instants, rebuilt from the store, never stored itself.

The state says when a case is due; the index only finds the case quickly, so it must be small (a million open cases) and
quick to restore. Far timers are packed, 23 bytes each, into buckets of about a minute; a bucket becomes a heap when its
minute has come. Nothing is searched for and removed: an entry whose timer has moved is marked, and dropped in its turn.
"""

from heapq import heapify, heappop, heappush
from struct import Struct

from shared.streams.overlay import Overlay

Entry = tuple[int, bytes]  # due (microseconds since 1970 UTC) and key

_BUCKET_BITS = 26  # 2^26 microseconds = 67 s
_WITHIN_BUCKET = (1 << _BUCKET_BITS) - 1
_PACKED = Struct("<IH")  # microseconds into the bucket, length of the key that follows


class _Bucket:
    __slots__ = ("earliest", "entries")

    def __init__(self, earliest: int) -> None:
        self.earliest = earliest
        self.entries = bytearray()


class DueIndex:
    """Entries in due order; the same one may be in it twice."""

    __slots__ = ("_buckets", "_near", "_order")

    def __init__(self) -> None:
        self._near: list[Entry] = []  # heap of the entries of buckets that were opened
        self._buckets: dict[int, _Bucket] = {}
        self._order: list[int] = []  # heap of the numbers of `_buckets`

    def add(self, due: int, key: bytes) -> None:
        """`key` is due at `due`."""
        number = due >> _BUCKET_BITS
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._buckets[number] = _Bucket(due)
            heappush(self._order, number)
        elif due < bucket.earliest:
            bucket.earliest = due
        bucket.entries += _PACKED.pack(due & _WITHIN_BUCKET, len(key)) + key

    def earliest(self) -> int | None:
        """The earliest due instant, or None. Nothing is opened for it: far timers stay small."""
        packed = self._buckets[self._order[0]].earliest if self._order else None
        if not self._near:
            return packed
        near = self._near[0][0]
        return near if packed is None else min(near, packed)

    def first(self) -> Entry | None:
        """The earliest entry, or None. Opens the buckets that may hold it."""
        near, order = self._near, self._order
        while order and (not near or order[0] <= near[0][0] >> _BUCKET_BITS):
            self._open_next()
        return near[0] if near else None

    def pop(self) -> Entry:
        """Take out the entry that `first` has just answered."""
        return heappop(self._near)

    def count_before(self, now: int) -> int:
        """How many entries have `due < now`."""
        while self._order and self._order[0] << _BUCKET_BITS < now:
            self._open_next()
        return sum(due < now for due, _ in self._near)

    def _open_next(self) -> None:
        number = heappop(self._order)
        packed = memoryview(self._buckets.pop(number).entries)
        start = number << _BUCKET_BITS
        opened: list[Entry] = []
        at = 0
        while at < len(packed):
            offset, length = _PACKED.unpack_from(packed, at)
            at += _PACKED.size
            opened.append((start + offset, bytes(packed[at : at + length])))
            at += length
        if len(opened) * 8 < len(self._near):
            for entry in opened:
                heappush(self._near, entry)
        else:
            self._near += opened
            heapify(self._near)


class Timers:
    """The committed timers of one store, at most one for each key, and what the running transaction does to them.

    A transaction calls `begin` first, `moving` with the due instant of a key's committed timer before it puts another
    state, and `pop_before` to take due timers out. `changed` follows its commit. If the next `begin` comes without
    `changed`, the transaction was aborted, and the timers that it took out are put back.

    A takeover calls `changed` for every entry of the store that has a timer, before the first transaction.
    """

    __slots__ = (
        "_index",
        "_moving",
        "_passed",
        "_stale",
        "_taken",
        "_transaction",
    )

    def __init__(self) -> None:
        self._index = DueIndex()
        self._stale: dict[int, set[bytes]] = {}  # entries of the index whose timer has moved, by due
        self._moving: dict[bytes, int | None] = {}
        self._taken: dict[bytes, int] = {}
        self._passed: list[Entry] = []  # taken out for a key for which another one had been: a restore leaves both
        self._transaction: Overlay | None = None

    def begin(self, overlay: Overlay) -> None:
        """What follows belongs to the transaction of `overlay`."""
        if overlay is self._transaction:
            return
        for key, due in self._taken.items():
            self._index.add(due, key)
        for due, key in self._passed:
            self._index.add(due, key)
        self._taken.clear()
        self._passed.clear()
        self._moving.clear()
        self._transaction = overlay

    def moving(self, key: bytes, committed_due: int | None) -> None:
        """This transaction puts another state for `key`, whose committed timer is due at `committed_due`."""
        self._moving.setdefault(key, committed_due)

    def pop_before(self, now: int) -> Entry | None:
        """Take out the earliest timer with `due < now`; at the very instant nothing is due yet."""
        first = self._first_due()
        if first is None or first >= now:
            return None
        self._index.first()
        due, key = entry = self._index.pop()
        if self._taken.setdefault(key, due) != due:
            self._passed.append(entry)
        return entry

    def drop(self, key: bytes, due: int) -> None:
        """What was taken out for `key`, due at `due`, turned out to be no timer of its committed state."""
        if self._taken.get(key) == due:
            del self._taken[key]
        elif (due, key) in self._passed:
            self._passed.remove((due, key))

    def changed(self, key: bytes, due: int | None) -> None:
        """The committed (or restored) state of `key` is due at `due`, or never."""
        if self._transaction is None:  # a million entries are restored: nothing has moved yet
            if due is not None:
                self._index.add(due, key)
            return
        before, taken = self._moving.pop(key, None), self._taken.pop(key, None)
        if taken is None:
            if before == due:
                return
            if before is not None:
                self._stale.setdefault(before, set()).add(key)
        if due is not None and not self._revive(due, key):
            self._index.add(due, key)

    def earliest(self) -> int | None:
        """When the earliest committed timer is due, or None."""
        due = self._first_due()
        if not self._taken and not self._passed:
            return due
        # Not fired until it has committed.
        taken = min((*self._taken.values(), *(passed for passed, _ in self._passed)))
        return taken if due is None else min(due, taken)

    def count_before(self, now: int) -> int:
        """How many timers have `due < now`: a measure for people, in which timers that have moved may count."""
        return len(self._taken) + len(self._passed) + self._index.count_before(now)

    def _first_due(self) -> int | None:
        """The due instant of the earliest entry that is not stale; stale ones before it are dropped."""
        index = self._index
        while (due := index.earliest()) is not None:
            if due not in self._stale:
                return due
            entry = index.first()
            if entry is None or not self._revive(*entry):
                return due
            index.pop()
        return None

    def _revive(self, due: int, key: bytes) -> bool:
        """Whether the entry was marked as stale; it is no longer."""
        keys = self._stale.get(due)
        if keys is None or key not in keys:
            return False
        keys.remove(key)
        if not keys:
            del self._stale[due]
        return True
