"""Who waits for changes of which request: streams, which then read the request again."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Watchers:
    """The waiting ones, by request. All of it runs in the event loop's thread."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def watch(self, request_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something about the request changes, its being forgotten included."""
        changed = asyncio.Event()
        self._waiting.setdefault(request_id, set()).add(changed)
        try:
            yield changed
        finally:
            waiting = self._waiting[request_id]
            waiting.discard(changed)
            if not waiting:
                del self._waiting[request_id]

    def notify(self, request_id: str) -> None:
        """Something about the request has changed."""
        for changed in self._waiting.get(request_id, ()):
            changed.set()
