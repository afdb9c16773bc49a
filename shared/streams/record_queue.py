"""The records that were fetched for one task and not yet processed."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from shared.kafka.record import Consumed, Record

HIGH_RECORDS, HIGH_BYTES = 8_000, 4 * 1024 * 1024  # of one source: above either, fetching it pauses
LOW_SHARE = 4  # it resumes below a quarter of both
_OVERHEAD = 64  # bytes that a record takes besides key and value


class RecordQueue:
    """One queue for each source, in the order in which a slice processes them.

    `pause` and `resume` are called with the name of a source when its queue is full, and when it has room again.
    """

    def __init__(
        self, sources: Sequence[str], partition: int, pause: Callable[[str], None], resume: Callable[[str], None]
    ) -> None:
        self._partition = partition
        self._pause = pause
        self._resume = resume
        self._queues: dict[str, deque[Consumed]] = {source: deque() for source in sources}
        self._bytes = dict.fromkeys(sources, 0)
        self._paused: set[str] = set()
        self._open: set[str] = set()
        self._woken = asyncio.Event()

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

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
        for source, queue in self._queues.items():
            queue.clear()
            self._bytes[source] = 0

    def offer(self, source: str, records: Sequence[Consumed]) -> None:
        """Fetched records of one source, in order."""
        if source not in self._open:
            return
        self._queues[source].extend(records)
        self._bytes[source] += sum(map(_size, records))
        if source not in self._paused and self._over(source, 1):
            self._paused.add(source)
            self._pause(source)
        self._woken.set()

    def take(self, limit: int) -> list[Record]:
        """At most `limit` records, sources in order; each source with records gets a share, so that none starves."""
        waiting = [source for source, queue in self._queues.items() if queue]
        taken: list[Record] = []
        for place, source in enumerate(waiting):
            others = len(waiting) - place - 1
            left = limit - len(taken)
            reserved = sum(min(len(self._queues[other]), left // (others + 1)) for other in waiting[place + 1 :])
            taken += self._take_from(source, min(left, max(left - reserved, 0)))
        return taken

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

    def _take_from(self, source: str, count: int) -> list[Record]:
        queue, partition = self._queues[source], self._partition
        taken = [queue.popleft() for _ in range(min(count, len(queue)))]
        self._bytes[source] -= sum(map(_size, taken))
        if source in self._paused and not self._over(source, LOW_SHARE):
            self._paused.discard(source)
            self._resume(source)
        return [Record(source, partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in taken]

    def _over(self, source: str, share: int) -> bool:
        return len(self._queues[source]) * share > HIGH_RECORDS or self._bytes[source] * share > HIGH_BYTES


def _size(record: Consumed) -> int:
    return len(record.value or b"") + len(record.key or b"") + _OVERHEAD
