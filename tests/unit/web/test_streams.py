"""Event streams count from their admission to their end, in total and by client."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from shared.wall_clock import utc_now
from shared.web.callers import of_visitor
from shared.web.errors import TooManyStreams
from shared.web.places import Places
from shared.web.settings import WebSettings
from shared.web.stream import EventStream, Heartbeat, Streams, message
from shared.web.watchers import Watchers
from tests.harness.intake import ID_SECRET, api_keys

SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}, "method": "GET", "path": "/", "headers": []}


class Unknown:
    """What is not known, or not any more."""

    def frames(self) -> list[bytes] | None:
        """None, so that the stream ends."""
        return None


class Quiet:
    """What never changes."""

    def frames(self) -> list[bytes] | None:
        """Nothing new."""
        return []


def _open(streams: Streams, client: str) -> EventStream:
    return streams.follow(of_visitor(client, client, None), Watchers(), "unknown", Unknown())


async def _serve(stream: EventStream, *, send_fails: bool = False) -> None:
    """Serve it to a client that stays connected; the stream of what is unknown ends by itself."""

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(_message: Any) -> None:
        if send_fails:
            raise OSError("the client is away")

    await stream(dict(SCOPE), receive, send)


def test_a_stream_counts_from_its_admission_even_before_it_begins() -> None:
    """Otherwise 200 simultaneous calls could all be admitted before the first stream begins."""
    streams = Streams(Places(2, 2))
    _open(streams, "a")
    _open(streams, "b")
    with pytest.raises(TooManyStreams):
        _open(streams, "c")


def test_one_client_cannot_have_all_streams() -> None:
    """A client has at most half of them by default; the rest is for other clients."""
    streams = Streams(Places(4))
    _open(streams, "a")
    _open(streams, "a")
    with pytest.raises(TooManyStreams, match=r"refusal\.share_of_streams"):
        _open(streams, "a")
    _open(streams, "b")


@pytest.mark.parametrize("send_fails", [False, True])
async def test_a_stream_that_has_ended_is_no_longer_counted(send_fails: bool) -> None:
    """It ended normally, or the client disconnected before the first event."""
    streams = Streams(Places(1))
    for _ in range(3):
        stream = _open(streams, "a")
        try:
            await _serve(stream, send_fails=send_fails)
        except Exception:
            assert send_fails


@pytest.mark.parametrize(("files", "streams"), [(256, 132), (65_536, 1_000)])
def test_streams_leave_connections_for_calls(files: int, streams: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream takes a connection for as long as it lasts, so `ulimit -n` may allow fewer than are set."""
    monkeypatch.setattr("shared.http.limits.open_files", lambda: files)
    assert WebSettings(api_keys=api_keys(), id_secret=ID_SECRET).event_stream_limit == streams


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb"])
def test_a_message_has_a_line_for_each_line(text: str) -> None:
    """Else the rest of it would be a field of the stream, whoever wrote it."""
    assert message(text) == b"data: a\ndata: b\n\n"


def test_what_is_no_line_end_of_a_stream_stays_in_a_message() -> None:
    """A page shows the same, whether it is loaded or follows."""
    assert message("a\u2028b\x85c") == "data: a\u2028b\x85c\n\n".encode()


async def test_a_stream_ends_with_the_token_of_its_caller() -> None:
    """A token is valid for minutes, and so is what it opened; the page then asks again, and is refused."""
    places = Places(1)
    streams = Streams(places)
    ended = dataclasses.replace(of_visitor("a", "a", None), until=utc_now() - timedelta(seconds=1))
    await asyncio.wait_for(_serve(streams.follow(ended, Watchers(), "r1", Quiet())), 5)
    assert places.count == 0


async def test_what_changes_while_a_look_is_prepared_is_looked_at_next() -> None:
    """A list asks a database before it is asked for frames: what came in meanwhile need not be in that answer."""
    streams, watchers = Streams(Places(2, 2)), Watchers()
    done: list[str] = []

    class Looks:
        def frames(self) -> list[bytes] | None:
            done.append("look")
            return None if len(done) > 3 else [b"data: x\n\n"]

    async def before() -> None:
        if not done:
            watchers.notify("any")
        done.append("before")

    stream = streams.follow(of_visitor("a", "a", None), watchers, "any", Looks(), before=before)
    async with asyncio.timeout(5):
        await _serve(stream)
    assert done == ["before", "look", "before", "look"]


async def test_a_stream_that_has_nothing_to_say_says_so_as_often_as_its_reader_needs_it() -> None:
    """A page that hears nothing for longer takes what it shows for old; looks cost more than that, and are rarer."""
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1

    streams, heartbeat = Streams(Places(1)), Heartbeat(0.01, b"event: beat\ndata:\n\n")
    caller = of_visitor("a", "a", None)
    stream = streams.follow(caller, Watchers(), "quiet", Quiet(), before=look, heartbeat=heartbeat)
    events = stream.body_iterator
    heard = [await anext(aiter(events)) for _ in range(20)]
    assert heard == [heartbeat.said] * 20
    assert looks == 1


async def test_changes_that_say_nothing_new_do_not_silence_a_stream() -> None:
    """Of all that happens, little is on the page that somebody has open. It still hears that nothing else happened."""
    watchers, heartbeat = Watchers(), Heartbeat(0.05, b"event: beat\ndata:\n\n")
    stream = Streams(Places(1)).follow(of_visitor("a", "a", None), watchers, "c", Quiet(), heartbeat=heartbeat)

    async def changes() -> None:
        while True:
            watchers.notify("c")
            await asyncio.sleep(0.01)

    changing = asyncio.create_task(changes())
    try:
        async with asyncio.timeout(5):
            assert [await anext(aiter(stream.body_iterator)) for _ in range(3)] == [heartbeat.said] * 3
    finally:
        changing.cancel()
