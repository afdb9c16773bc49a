"""Streams of what happens, to a request or to any chat: Server-Sent Events (WHATWG HTML, section 9.2)."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec
from prometheus_client import Gauge
from starlette.responses import StreamingResponse

from services.intake.callers import Caller
from services.intake.places import Places
from services.intake.request_status import RecentRequests, StatusEvent
from services.intake.watchers import Watchers
from shared.observability.health import Receive, Scope, Send
from shared.wall_clock import utc_now

OPEN = Gauge("frontline_intake_event_streams", "Event streams that are open")

HEARTBEAT_SECONDS = 15.0  # a comment, so that no proxy closes a quiet stream as a dead one
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
MEDIA_TYPE = "text/event-stream"

Before = Callable[[], Awaitable[None]]
_LINE_END = re.compile(r"\r\n|\r|\n")
Present = Callable[[dict[str, Any]], dict[str, Any]]


class Streams:
    """The open event streams. Each takes one of `places`. `close` ends all of them."""

    def __init__(self, recent: RecentRequests, places: Places) -> None:
        self._recent = recent
        self._places = places
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every stream, because the process is about to end."""
        self._closing.set()

    def open(
        self, caller: Caller, request_id: str, last_event_id: str | None, present: Present = dict
    ) -> "EventStream":
        """The answer that streams the events of a request to `caller`.

        `present` turns the data of an event into the data for the client. Raises TooManyStreams beyond a limit.
        """
        events = _Events(self._recent, request_id, last_event_id, present)
        return self.follow(caller, self._recent.watchers, request_id, events)

    def follow(
        self,
        caller: Caller,
        watchers: Watchers,
        request_id: str,
        changes: "Changes",
        *,
        most: int | None = None,
        before: "Before | None" = None,
    ) -> "EventStream":
        """The answer that streams what `changes` has to say, now and whenever something about the request changes.

        `before` is awaited before each look at `changes`: it may work something out, and keep the looks apart.

        It has its place from now on, so that simultaneous calls cannot exceed the limits. `most` is a smaller share
        than that of every caller. It ends with the caller's token. Raises TooManyStreams.
        """
        self._places.take(caller, most)
        OPEN.inc()
        return EventStream(self, caller, self._follow(watchers, request_id, changes, caller.until, before))

    def ended(self, caller: Caller) -> None:
        """A stream of `caller` has ended."""
        self._places.leave(caller)
        OPEN.dec()

    async def _follow(
        self, watchers: Watchers, request_id: str, changes: "Changes", until: datetime | None, before: "Before | None"
    ) -> AsyncIterator[bytes]:
        """What there is to say, and then what is new. A change only wakes the reader: a slow client needs no queue."""
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            with watchers.watch(request_id) as changed:
                while not self._closing.is_set() and (until is None or utc_now() < until):
                    if before is not None:
                        await before()
                    changed.clear()
                    frames = changes.frames()
                    if frames is None:
                        yield b"event: forgotten\ndata: {}\n\n"
                        return
                    for frame in frames:
                        yield frame
                    if not await _either(changed, closing):
                        yield b": keep-alive\n\n"
        finally:
            closing.cancel()


class Changes(Protocol):
    """What a stream has to say about a request."""

    def frames(self) -> Iterable[bytes] | None:
        """The frames that are new since the last call; None if the request is not known any more."""


class _Events:
    """The events of a request after `last_event_id`: first the past ones, then each new one."""

    def __init__(self, recent: RecentRequests, request_id: str, last_event_id: str | None, present: Present) -> None:
        self._recent, self._request_id, self._sent, self._present = recent, request_id, last_event_id, present

    def frames(self) -> list[bytes] | None:
        """Those after the last one sent."""
        status = self._recent.status(self._request_id)
        if status is None:
            return None
        new = _after(status.events, self._sent)
        if new:
            self._sent = new[-1].id
        return [_frame(event, self._present(event.data)) for event in new]


def message(text: str) -> bytes:
    """A message of a stream with this text. Its lines are those of a stream, and no others that Unicode has."""
    return b"".join(b"data: %b\n" % line.encode() for line in _LINE_END.split(text)) + b"\n"


class EventStream(StreamingResponse):
    """The answer that is a stream of events. It frees its place however it ends, even if it never began."""

    def __init__(self, streams: Streams, caller: Caller, events: AsyncIterator[bytes]) -> None:
        super().__init__(events, headers=HEADERS, media_type=MEDIA_TYPE)
        self._streams = streams
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.ended(self._caller)


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
