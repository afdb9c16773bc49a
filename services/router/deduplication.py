"""[pure] Which requests were decided: a known id is a resubmission or a conflict, and is never decided again.

An id can be used for two days at most (`shared/contracts/request_ids.py`), so an entry is kept a little longer. Its age
is measured by `received_at`, so that a replay of the log drops the same records. The entries live in a state store;
here are their bytes and the index that finds the old ones.
"""

import hashlib
import struct
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal

from shared.contracts.request_ids import KEY_LIFE
from shared.streams.processor import Postponed

# Requests of one partition may arrive a little out of order of `received_at` (two intakes, two clocks), so an entry
# is kept longer than its id can be used: deleting it must never change an answer.
KEPT_FOR = KEY_LIFE + timedelta(hours=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KEPT_US = KEPT_FOR // _MICROSECOND
_ENTRY = struct.Struct(">q16s")  # kept_from (microseconds since 1970), first half of a SHA-256

Seen = Literal["new", "resubmitted", "conflict"]


def entry(received_at: datetime, digest: str, now: datetime) -> bytes:
    """The entry of a request. It is kept from `received_at`, or from `now` if a fast clock put that in the future."""
    return _ENTRY.pack(min(micros(received_at), micros(now)), _short(digest))


def compare(known: bytes | None, digest: str) -> Seen:
    """Whether a request is new, or its id is known: with this content, or with another one."""
    if known is None:
        return "new"
    return "resubmitted" if _ENTRY.unpack(known)[1] == _short(digest) else "conflict"


class RecentIndex:
    """The store's entries in the order of arrival, which is that of `kept_from` but for small disorder.

    Time here is the latest `kept_from` seen: it passes with the log, not with the wall clock, so that a router that
    works off a backlog deletes nothing too early.

    The index refers to the keys and values that the store has anyway: 16 bytes for each entry. One that the store no
    longer has stays until it is the oldest. No call costs more than the entries that it returns or drops.
    """

    def __init__(self) -> None:
        self._keys: deque[bytes] = deque()
        self._values: deque[bytes] = deque()
        self._postponed: dict[bytes, tuple[int, int]] = {}  # when it was to be deleted first; when it was tried last
        self._retries: deque[tuple[int, bytes]] = deque()  # when it was tried, and the key
        self._latest = 0

    def changed(self, key: bytes, value: bytes | None) -> None:
        """Follow a committed or restored change of the store."""
        self._postponed.pop(key, None)
        if value is not None:
            self._keys.append(key)
            self._values.append(value)
            self._latest = max(self._latest, _kept_from(value))
        elif self._keys and self._keys[0] == key:
            self._drop_oldest()

    def next_expiry(self) -> datetime | None:
        """The instant that the log has reached, if by then an entry may be deleted; else None."""
        self._drop_old_retries()
        while self._keys and self._keys[0] in self._postponed:
            self._drop_oldest()
        due = (self._values and self._expired(_kept_from(self._values[0]))) or (
            self._retries and self._expired(self._retries[0][0])
        )
        return _EPOCH + timedelta(microseconds=self._latest) if due else None

    def expired(self, limit: int, stored: Callable[[bytes], bytes | None]) -> list[bytes]:
        """At most `limit` keys that may be deleted, oldest first; `stored` is the committed value of a key.

        An entry that the store no longer has, or has anew, is not one of them.
        """
        while self._keys and not self._is_current(self._keys[0], self._values[0], stored):
            self._drop_oldest()
        found: list[bytes] = []
        for key, value in zip(self._keys, self._values, strict=True):
            if len(found) == limit or not self._expired(_kept_from(value)):
                break
            if self._is_current(key, value, stored):
                found.append(key)
        self._drop_old_retries()
        for tried, key in islice(self._retries, limit - len(found)):
            if not self._expired(tried):
                break
            if self._postponed.get(key, (0, -1))[1] == tried:
                found.append(key)
        return found

    def postpone(self, key: bytes) -> None:
        """Do not name `key` as expired until the log has moved on by as long as a new entry is kept."""
        since, _ = self._postponed.get(key, (self._latest, 0))
        self._postponed[key] = since, self._latest
        self._retries.append((self._latest, key))

    def postponed(self) -> Postponed:
        """How many entries are postponed, and when the first of them was to be deleted."""
        earliest = min((since for since, _ in self._postponed.values()), default=None)
        since = None if earliest is None else _EPOCH + timedelta(microseconds=earliest)
        return Postponed(len(self._postponed), since)

    def __len__(self) -> int:
        return len(self._keys)

    def _is_current(self, key: bytes, value: bytes, stored: Callable[[bytes], bytes | None]) -> bool:
        return key not in self._postponed and stored(key) == value

    def _expired(self, kept_from: int) -> bool:
        return kept_from + _KEPT_US <= self._latest

    def _drop_oldest(self) -> None:
        self._keys.popleft()
        self._values.popleft()

    def _drop_old_retries(self) -> None:
        while self._retries and self._postponed.get(self._retries[0][1], (0, -1))[1] != self._retries[0][0]:
            self._retries.popleft()


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def _kept_from(value: bytes) -> int:
    kept_from: int = _ENTRY.unpack(value)[0]
    return kept_from


def _short(digest: str) -> bytes:
    return hashlib.sha256(digest.encode()).digest()[:16]
