"""Who waits for changes of what, such as of a case: streams, which then read it again."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Watchers:
    """The waiting ones, by the id of what they wait for. All of it runs in the event loop's thread."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def watch(self, watched: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something about `watched` changes, its being forgotten included."""
        changed = asyncio.Event()
        self._waiting.setdefault(watched, set()).add(changed)
        try:
            yield changed
        finally:
            waiting = self._waiting[watched]
            waiting.discard(changed)
            if not waiting:
                del self._waiting[watched]

    def notify(self, watched: str) -> None:
        """Something about it has changed."""
        for changed in self._waiting.get(watched, ()):
            changed.set()

    def notify_all(self) -> None:
        """Something about all of them has changed."""
        for watched in self._waiting:
            self.notify(watched)
