"""[pure] Which requests were seen lately: a resubmission within the window is dropped, not decided again.

The window is measured by `received_at`, so that a replay of the log drops the same records. The entries live in a state
store; here are their bytes and the index that finds those that have left the window.
"""

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Literal

from shared.streams.processor import Postponed

WINDOW = timedelta(hours=24)
# Requests of one partition may arrive a little out of order of `received_at` (two intakes, two clocks), so an entry
# is kept longer than the window: forgetting must never change an answer.
KEPT_FOR = WINDOW + timedelta(hours=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WINDOW_US = WINDOW // _MICROSECOND
_KEPT_US = KEPT_FOR // _MICROSECOND
_ENTRY = struct.Struct(">qq16s")  # received_at, kept_from (microseconds since 1970), first half of a SHA-256

Seen = Literal["new", "resubmitted", "conflict"]


def entry(received_at: datetime, digest: str, now: datetime) -> bytes:
    """The entry of a request. It is kept from `received_at`, or from `now` if a fast clock put that in the future."""
    received = micros(received_at)
    return _ENTRY.pack(received, min(received, micros(now)), _short(digest))


def compare(known: bytes | None, received_at: datetime, digest: str) -> Seen:
    """Whether a request is new, or one that was seen less than 24 h before or after; exactly 24 h apart is new."""
    if known is None:
        return "new"
    received, _, seen = _ENTRY.unpack(known)
    if abs(micros(received_at) - received) >= _WINDOW_US:
        return "new"
    return "resubmitted" if seen == _short(digest) else "conflict"


class RecentIndex:
    """The keys of the store's entries in the order of arrival, which is that of `kept_from` but for small disorder.

    Time here is the latest `kept_from` seen: it passes with the log, not with the wall clock, so that a router that
    works off a backlog forgets nothing too early.
    """

    def __init__(self) -> None:
        self._kept_from: dict[bytes, int] = {}
        self._postponed: dict[bytes, int] = {}  # when each was to be forgotten
        self._latest = 0

    def changed(self, key: bytes, value: bytes | None) -> None:
        """Follow a committed or restored change of the store."""
        self._kept_from.pop(key, None)  # a key that comes again goes to the end
        self._postponed.pop(key, None)
        if value is not None:
            kept_from = _ENTRY.unpack(value)[1]
            self._kept_from[key] = kept_from
            self._latest = max(self._latest, kept_from)

    def next_expiry(self) -> datetime | None:
        """The instant that the log has reached, if by then an entry may be forgotten; else None."""
        oldest = next(iter(self._kept_from.values()), None)
        return _EPOCH + timedelta(microseconds=self._latest) if self._expired(oldest) else None

    def expired(self, limit: int) -> list[bytes]:
        """At most `limit` keys that may be forgotten, oldest first."""
        oldest = islice(self._kept_from.items(), limit)
        return [key for key, _ in takewhile(lambda entry: self._expired(entry[1]), oldest)]

    def postpone(self, key: bytes) -> None:
        """Do not name `key` as expired until the log has moved on by as long as a new entry is kept."""
        self._postponed.setdefault(key, self._latest)
        del self._kept_from[key]
        self._kept_from[key] = self._latest

    def postponed(self) -> Postponed:
        """How many entries are postponed, and when the first of them was to be forgotten."""
        earliest = min(self._postponed.values(), default=None)
        since = None if earliest is None else _EPOCH + timedelta(microseconds=earliest)
        return Postponed(len(self._postponed), since)

    def __len__(self) -> int:
        return len(self._kept_from)

    def _expired(self, kept_from: int | None) -> bool:
        return kept_from is not None and kept_from + _KEPT_US <= self._latest


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def _short(digest: str) -> bytes:
    return hashlib.sha256(digest.encode()).digest()[:16]
