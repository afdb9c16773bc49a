"""The records that were fetched for one task and not yet processed.

Some sources are joined with others, as requests with entitlements. A record of theirs is held until everything that
the others had when it arrived has been taken: what was acknowledged before it counts for it (joining.py).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence

from shared.kafka.record import Consumed, Record

HIGH_RECORDS, HIGH_BYTES = 8_000, 4 * 1024 * 1024  # of one source: above either, fetching it pauses
LOW_SHARE = 4  # it resumes below a quarter of both
_OVERHEAD = 64  # bytes that a record takes besides key and value


class RecordQueue:
    """One queue for each source, in the order in which a slice processes them.

    If some are to be read `first`, records of the others are held until `release`. `pause` and `resume` are called with
    the name of a source when its queue is full, and when it has room again.
    """

    def __init__(
        self,
        sources: Sequence[str],
        partition: int,
        pause: Callable[[str], None],
        resume: Callable[[str], None],
        first: Collection[str] = (),
    ) -> None:
        self._partition = partition
        self._pause = pause
        self._resume = resume
        self._queues: dict[str, deque[Consumed]] = {source: deque() for source in sources}
        self._bytes = dict.fromkeys(sources, 0)
        self._paused: set[str] = set()
        self._open: set[str] = set()
        held = [source for source in sources if first and source not in first]
        self._held = dict.fromkeys(held, 0)  # how many records at the end of each queue may not be taken
        self._next: tuple[Mapping[str, int], Mapping[str, int]] | None = None  # a release that waits for the first
        self._woken = asyncio.Event()
        self._held_changed = asyncio.Event()

    def __len__(self) -> int:
        """How many records may be taken now."""
        return sum(map(len, self._queues.values())) - sum(self._held.values())

    def waiting(self, source: str) -> int:
        """How many records of `source` are queued."""
        return len(self._queues[source])

    def open(self, source: str) -> None:
        """Accept records of `source` from now on; until then, what the client prefetches is dropped."""
        self._open.add(source)

    def is_open(self, source: str) -> bool:
        """Whether records of `source` are accepted."""
        return source in self._open

    def close(self) -> None:
        """Drop all records, and those still to be offered."""
        self._open.clear()
        self._paused.clear()
        self._next = None
        for source, queue in self._queues.items():
            queue.clear()
            self._bytes[source] = 0
        for source in self._held:
            self._held[source] = 0

    def offer(self, source: str, records: Sequence[Consumed]) -> None:
        """Fetched records of one source, in order."""
        if source not in self._open:
            return
        self._queues[source].extend(records)
        self._bytes[source] += sum(map(_size, records))
        if source not in self._paused and self._over(source, 1):
            self._paused.add(source)
            self._pause(source)
        if source not in self._held:
            self._woken.set()
        elif records:
            self._held[source] += len(records)
            self._held_changed.set()

    def take(self, limit: int) -> list[Record]:
        """At most `limit` records, sources in order; each source with records gets a share, so that none starves."""
        waiting = [source for source in self._queues if self._free(source)]
        taken: list[Record] = []
        for place, source in enumerate(waiting):
            others = len(waiting) - place - 1
            left = limit - len(taken)
            reserved = sum(min(self._free(other), left // (others + 1)) for other in waiting[place + 1 :])
            taken += self._take_from(source, min(left, max(left - reserved, 0)))
        self._release_if_taken()
        return taken

    async def held(self) -> dict[str, int]:
        """Once records are held, and no earlier ones wait for their release: how many of each source."""
        while self._next is not None or not any(self._held.values()):
            self._held_changed.clear()
            await self._held_changed.wait()
        return dict(self._held)

    def release(self, held: Mapping[str, int], ends: Mapping[str, int]) -> None:
        """Let so many held records of each source be taken, once the first sources have been taken up to `ends`.

        Everything below `ends` has been offered.
        """
        self._next = (held, ends)
        self._release_if_taken()

    def wake(self) -> None:
        """End a `wait`."""
        self._woken.set()

    async def wait(self, timeout: float | None) -> None:
        """Until records are offered, `wake` is called, or `timeout` seconds have passed."""
        if timeout is None:
            await self._woken.wait()
        else:
            handle = asyncio.get_running_loop().call_later(timeout, self._woken.set)
            try:
                await self._woken.wait()
            finally:
                handle.cancel()
        self._woken.clear()

    def _free(self, source: str) -> int:
        return len(self._queues[source]) - self._held.get(source, 0)

    def _release_if_taken(self) -> None:
        if self._next is None:
            return
        held, ends = self._next
        if any(queue and queue[0].offset < end for source, end in ends.items() if (queue := self._queues[source])):
            return
        self._next = None
        for source, count in held.items():
            self._held[source] -= count
        self._held_changed.set()
        self._woken.set()

    def _take_from(self, source: str, count: int) -> list[Record]:
        queue, partition = self._queues[source], self._partition
        taken = [queue.popleft() for _ in range(min(count, self._free(source)))]
        self._bytes[source] -= sum(map(_size, taken))
        if source in self._paused and not self._over(source, LOW_SHARE):
            self._paused.discard(source)
            self._resume(source)
        return [Record(source, partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in taken]

    def _over(self, source: str, share: int) -> bool:
        return len(self._queues[source]) * share > HIGH_RECORDS or self._bytes[source] * share > HIGH_BYTES


def _size(record: Consumed) -> int:
    return len(record.value or b"") + len(record.key or b"") + _OVERHEAD
