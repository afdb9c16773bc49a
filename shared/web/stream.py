"""Streams of what happens, to one case or to any: Server-Sent Events (WHATWG HTML, section 9.2)."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from prometheus_client import Gauge
from starlette.responses import StreamingResponse

from shared.observability.health import Receive, Scope, Send
from shared.wall_clock import utc_now
from shared.web.callers import Caller
from shared.web.places import Places
from shared.web.watchers import Watchers

OPEN = Gauge("frontline_event_streams", "Event streams that are open")

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
MEDIA_TYPE = "text/event-stream"

Before = Callable[[], Awaitable[None]]


class Heartbeat(NamedTuple):
    """What a stream says whenever it has said nothing for so many seconds."""

    seconds: float
    said: bytes


OF_CALLS = Heartbeat(15.0, b": keep-alive\n\n")  # a comment, so that no proxy closes a quiet stream as a dead one
OF_PAGES = Heartbeat(2.0, b"event: beat\ndata:\n\n")  # an event, so that a page notices when it hears nothing any more
_LOOK_SECONDS = 15.0  # without a change: then a stream looks again, and whether its caller's token has ended
_LINE_END = re.compile(r"\r\n|\r|\n")


class Streams:
    """The open event streams. Each takes one of `places`. `close` ends all of them."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every stream, because the process is about to end."""
        self._closing.set()

    def follow(
        self,
        caller: Caller,
        watchers: Watchers,
        watched: str,
        changes: "Changes",
        *,
        most: int | None = None,
        before: "Before | None" = None,
        heartbeat: Heartbeat = OF_CALLS,
    ) -> "EventStream":
        """The answer that streams what `changes` has to say, now and whenever `watchers` are notified of `watched`.

        `before` is awaited before each look at `changes`: it may work something out, and keep the looks apart.

        It has its place from now on, so that simultaneous calls cannot exceed the limits. `most` is a smaller share
        than that of every caller. It ends with the caller's token. Raises TooManyStreams.
        """
        self._places.take(caller, most)
        OPEN.inc()
        return EventStream(self, caller, self._follow(watchers, watched, changes, caller.until, before, heartbeat))

    def ended(self, caller: Caller) -> None:
        """A stream of `caller` has ended."""
        self._places.leave(caller)
        OPEN.dec()

    async def _follow(
        self,
        watchers: Watchers,
        watched: str,
        changes: "Changes",
        until: datetime | None,
        before: "Before | None",
        heartbeat: Heartbeat,
    ) -> AsyncIterator[bytes]:
        """What there is to say, and then what is new. A change only wakes the reader: a slow client needs no queue."""
        closing, clock = asyncio.ensure_future(self._closing.wait()), asyncio.get_running_loop().time
        said_at = clock()
        try:
            with watchers.watch(watched) as changed:
                while not self._closing.is_set() and (until is None or utc_now() < until):
                    changed.clear()  # first: what changes during the look is looked at next
                    if before is not None:
                        await before()
                    frames = changes.frames()
                    if frames is None:
                        yield b"event: forgotten\ndata: {}\n\n"
                        return
                    for frame in frames:
                        yield frame
                        said_at = clock()
                    looked_at = clock()
                    while True:
                        if clock() >= said_at + heartbeat.seconds:  # also while changes come that say nothing new here
                            yield heartbeat.said
                            said_at = clock()
                        changes_came = await _either(changed, closing, said_at + heartbeat.seconds - clock())
                        if changes_came or clock() >= looked_at + _LOOK_SECONDS:
                            break
        finally:
            closing.cancel()


class Changes(Protocol):
    """What a stream has to say."""

    def frames(self) -> Iterable[bytes] | None:
        """The frames that are new since the last call; None if what it is about is not known any more."""


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


async def _either(changed: asyncio.Event, closing: "asyncio.Task[Literal[True]]", seconds: float) -> bool:
    """Whether something changed, or `close` was called, within so many seconds."""
    change = asyncio.ensure_future(changed.wait())
    try:
        done, _ = await asyncio.wait((change, closing), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        change.cancel()
