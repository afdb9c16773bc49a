"""The events of one request as they come: Server-Sent Events (WHATWG HTML, section 9.2)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import msgspec
from prometheus_client import Gauge

from services.intake.errors import TooManyStreams
from services.intake.recent import RecentRequests, Told

OPEN = Gauge("frontline_intake_event_streams", "Event streams that are open")

HEARTBEAT_SECONDS = 15.0  # a comment, so that nothing in between takes a quiet stream for a dead one
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
MEDIA_TYPE = "text/event-stream"


class Streams:
    """The open event streams, at most `limit` of them. All end once `close` was called."""

    def __init__(self, recent: RecentRequests, limit: int) -> None:
        self._recent = recent
        self._limit = limit
        self._open = 0
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every stream: the process is about to."""
        self._closing.set()

    def check_room(self) -> None:
        """Raises TooManyStreams where another stream would be one too many."""
        if self._open >= self._limit:
            raise TooManyStreams("try again later, or ask for the status instead", retry_after=30)

    async def follow(self, request_id: str, last_event_id: str | None) -> AsyncIterator[bytes]:
        """What happened to a request after `last_event_id`, then what happens.

        A change only wakes the reader, which then looks at the request again: a slow client costs no queue.
        """
        self._open += 1
        OPEN.inc()
        closing = asyncio.ensure_future(self._closing.wait())
        sent = last_event_id
        try:
            with self._recent.watch(request_id) as changed:
                while not self._closing.is_set():
                    changed.clear()
                    status = self._recent.status(request_id)
                    if status is None:
                        yield b"event: forgotten\ndata: {}\n\n"
                        return
                    for event in _after(status.events, sent):
                        yield _frame(event)
                        sent = event.id
                    if not await _either(changed, closing):
                        yield b": still here\n\n"
        finally:
            closing.cancel()
            self._open -= 1
            OPEN.dec()


async def _either(changed: asyncio.Event, closing: "asyncio.Task[Literal[True]]") -> bool:
    """Whether something changed, or the streams are to end, within HEARTBEAT_SECONDS."""
    change = asyncio.ensure_future(changed.wait())
    try:
        done, _ = await asyncio.wait((change, closing), timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        change.cancel()


def _after(events: tuple[Told, ...], sent: str | None) -> tuple[Told, ...]:
    """Those after the event `sent`; all of them if there is none such (any more)."""
    for index, event in enumerate(events):
        if event.id == sent:
            return events[index + 1 :]
    return events


def _frame(event: Told) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        event.id.encode(),
        event.type.encode(),
        msgspec.json.encode(event.data),
    )
