"""Streams of the events of one request: Server-Sent Events (WHATWG HTML, section 9.2)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import msgspec
from prometheus_client import Gauge
from starlette.responses import StreamingResponse

from services.intake.errors import TooManyStreams
from services.intake.request_status import RecentRequests, StatusEvent
from shared.observability.health import Receive, Scope, Send

OPEN = Gauge("frontline_intake_event_streams", "Event streams that are open")

HEARTBEAT_SECONDS = 15.0  # a comment, so that no proxy closes a quiet stream as a dead one
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
MEDIA_TYPE = "text/event-stream"

Present = Callable[[dict[str, Any]], dict[str, Any]]


class Streams:
    """The open event streams: at most `limit`, of which a client has at most `per_client` (None = half of them).

    `close` ends all of them.
    """

    def __init__(self, recent: RecentRequests, limit: int, per_client: int | None = None) -> None:
        self._recent = recent
        self._limit = limit
        self._per_client = max(1, limit // 2) if per_client is None else per_client
        self._open: Counter[str] = Counter()  # by client
        self._closing = asyncio.Event()

    @property
    def count(self) -> int:
        """How many are open."""
        return self._open.total()

    def close(self) -> None:
        """End every stream, because the process is about to end."""
        self._closing.set()

    def open(self, client: str, request_id: str, last_event_id: str | None, present: Present = dict) -> "EventStream":
        """The answer that streams the events of a request to `client`.

        It counts against the limits from now on, so that simultaneous calls cannot exceed them. `present` turns the
        data of an event into the data for the client. Raises TooManyStreams beyond a limit.
        """
        if self.count >= self._limit:
            raise TooManyStreams("refusal.too_many_streams", retry_after=30)
        if self._open[client] >= self._per_client:
            raise TooManyStreams(
                "refusal.share_of_streams",
                limit=self._per_client,
                retry_after=30,
            )
        self._open[client] += 1
        OPEN.inc()
        return EventStream(self, client, self._follow(request_id, last_event_id, present))

    def ended(self, client: str) -> None:
        """Count a stream of `client` as ended."""
        self._open[client] -= 1
        if not self._open[client]:
            del self._open[client]
        OPEN.dec()

    async def _follow(self, request_id: str, last_event_id: str | None, present: Present) -> AsyncIterator[bytes]:
        """The events of a request after `last_event_id`: first the past ones, then each new one.

        A change only wakes the reader, which then reads the request again. So a slow client needs no queue.
        """
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
                        yield _frame(event, present(event.data))
                        sent = event.id
                    if not await _either(changed, closing):
                        yield b": keep-alive\n\n"
        finally:
            closing.cancel()


class EventStream(StreamingResponse):
    """The answer that is a stream of events. It frees its place however it ends, even if it never began."""

    def __init__(self, streams: Streams, client: str, events: AsyncIterator[bytes]) -> None:
        super().__init__(events, headers=HEADERS, media_type=MEDIA_TYPE)
        self._streams = streams
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.ended(self._client)


async def _either(changed: asyncio.Event, closing: "asyncio.Task[Literal[True]]") -> bool:
    """Whether the request changed, or `close` was called, within HEARTBEAT_SECONDS."""
    change = asyncio.ensure_future(changed.wait())
    try:
        done, _ = await asyncio.wait((change, closing), timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        change.cancel()


def _after(events: tuple[StatusEvent, ...], sent: str | None) -> tuple[StatusEvent, ...]:
    """The events after `sent`; all of them if `sent` is not (or no longer) among them."""
    for index, event in enumerate(events):
        if event.id == sent:
            return events[index + 1 :]
    return events


def _frame(event: StatusEvent, data: dict[str, Any]) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        event.id.encode(),
        event.type.encode(),
        msgspec.json.encode(data),
    )
