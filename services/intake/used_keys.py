"""[pure] What an Idempotency-Key stands for: one body, from the moment that it is on its way to Kafka.

An id follows from the caller and its key, a digest from the body. Another digest under an id that is in use is refused
here, so that the client learns of its mistake. What this instance does not know (it was started again, or another one
took the first body) the service behind the topic finds, by the digest in the event.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.intake.errors import IdempotencyConflict

_KEPT = 8  # bytes of a digest


class UsedKeys:
    """The bodies behind the ids of one kind of call.

    `accepted` answers for an id and a digest: True = this body was accepted before, False = another one was, None = the
    id is new. `code` is the reason for refusing another body.
    """

    def __init__(self, accepted: Callable[[str, str], bool | None], code: str) -> None:
        self._accepted = accepted
        self._code = code
        self._on_their_way: dict[str, tuple[str, int]] = {}  # id -> digest, number of calls

    @property
    def on_their_way(self) -> int:
        """How many ids are being published."""
        return len(self._on_their_way)

    @contextmanager
    def claim(self, event_id: str, digest: str) -> Iterator[bool]:
        """Hold `event_id` for this body while it is published; yields whether it was accepted before.

        Raises IdempotencyConflict where the id stands for another body.
        """
        known = self._accepted(event_id, digest)
        held, calls = self._on_their_way.get(event_id, (digest, 0))
        if known is False or held != digest:
            raise IdempotencyConflict(self._code)
        self._on_their_way[event_id] = (digest, calls + 1)
        try:
            yield known is True
        finally:
            calls = self._on_their_way[event_id][1] - 1
            if calls:
                self._on_their_way[event_id] = (digest, calls)
            else:
                del self._on_their_way[event_id]


class RecentDigests:
    """The digests of the most recent `limit` events by their ids, both in hexadecimal: the first one of an id stays."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._digests: dict[bytes, bytes] = {}
        self._order: deque[bytes] = deque()

    def __len__(self) -> int:
        return len(self._digests)

    def clear(self) -> None:
        """Forget everything."""
        self._digests.clear()
        self._order.clear()

    def add(self, event_id: str, digest: str) -> None:
        """An event was accepted."""
        key = bytes.fromhex(event_id)
        if key in self._digests:
            return
        self._digests[key] = bytes.fromhex(digest)[:_KEPT]
        self._order.append(key)
        if len(self._order) > self._limit:
            del self._digests[self._order.popleft()]

    def is_known(self, event_id: str, digest: str) -> bool | None:
        """Whether this digest is known under `event_id`; None if no digest is (any more)."""
        known = self._digests.get(bytes.fromhex(event_id))
        return None if known is None else known == bytes.fromhex(digest)[:_KEPT]
