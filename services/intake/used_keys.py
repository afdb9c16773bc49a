"""[pure] The body of each Idempotency-Key, from the moment that its publication begins.

An id follows from the caller and its key, a digest from the body. Intake refuses another digest under an id that is in
use, so that the client learns of its mistake. This instance may not know the first body, because it was restarted or
another instance accepted it. Then the service that reads the topic finds the conflict, by the digest in the event.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.intake.errors import IdempotencyConflict

_KEPT = 8  # bytes of a digest


class UsedKeys:
    """The bodies of the ids of one kind of call.

    `accepted` returns for an id and a digest: True = this body was accepted before, False = another one was, None = the
    id is new. `code` is the reason for refusing another body.
    """

    def __init__(self, accepted: Callable[[str, str], bool | None], code: str) -> None:
        self._accepted = accepted
        self._code = code
        self._in_flight: dict[str, tuple[str, int]] = {}  # id -> digest, number of calls

    @property
    def in_flight(self) -> int:
        """The number of ids that are being published."""
        return len(self._in_flight)

    def is_in_flight(self, event_id: str) -> bool:
        """Whether this id is being published."""
        return event_id in self._in_flight

    @contextmanager
    def claim(self, event_id: str, digest: str) -> Iterator[bool]:
        """Hold `event_id` for this body during its publication. Yields whether it was accepted before.

        Raises IdempotencyConflict if the id has another body.
        """
        known = self._accepted(event_id, digest)
        held, calls = self._in_flight.get(event_id, (digest, 0))
        if known is False or held != digest:
            raise IdempotencyConflict(self._code)
        self._in_flight[event_id] = (digest, calls + 1)
        try:
            yield known is True
        finally:
            calls = self._in_flight[event_id][1] - 1
            if calls:
                self._in_flight[event_id] = (digest, calls)
            else:
                del self._in_flight[event_id]


class RecentDigests:
    """The digests of the most recent `limit` events by id, both in hexadecimal. An id keeps its first digest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._digests: dict[bytes, bytes] = {}
        self._order: deque[bytes] = deque()

    def __len__(self) -> int:
        return len(self._digests)

    def clear(self) -> None:
        """Drop all digests."""
        self._digests.clear()
        self._order.clear()

    def add(self, event_id: str, digest: str) -> None:
        """Store the digest of an accepted event."""
        key = bytes.fromhex(event_id)
        if key in self._digests:
            return
        self._digests[key] = bytes.fromhex(digest)[:_KEPT]
        self._order.append(key)
        if len(self._order) > self._limit:
            del self._digests[self._order.popleft()]

    def is_known(self, event_id: str, digest: str) -> bool | None:
        """Whether `event_id` has this digest; None if it has none, or no longer."""
        known = self._digests.get(bytes.fromhex(event_id))
        return None if known is None else known == bytes.fromhex(digest)[:_KEPT]
