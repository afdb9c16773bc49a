"""A WebSocket lives within limits of size, time and connections, and loses nothing that was sent to it."""

import asyncio
import contextlib
import socket
from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed

from shared.http.websocket import LimitedWebSocket
from tests.harness.processes import eventually
from tests.harness.raw_http import RawConnection, parse, raw_connection
from tests.unit.http.talking import HANDSHAKE, PATIENT, code_of_the_end, frame, talking

SOON = 5.0
TEXT, BINARY, PING, CONTINUATION = 1, 2, 9, 0
SMALL = replace(PATIENT, message_bytes=1_000)


async def _time_passes(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    await eventually(lambda: loop.time() > end, seconds + SOON, "the time is over")


async def _head(connection: RawConnection) -> int:
    async with asyncio.timeout(SOON):
        return parse(await connection.reader.readuntil(b"\r\n\r\n")).status


async def _frame(connection: RawConnection) -> bytes:
    """The data of the server's next frame, which is short."""
    async with asyncio.timeout(SOON):
        head = await connection.reader.readexactly(2)
        return await connection.reader.readexactly(head[1])


# --- messages


async def test_text_and_bytes_reach_the_application_as_what_they_are() -> None:
    """It decides what it takes. No compression is agreed on, which would cost memory for each connection."""
    async with talking() as server, server.connect() as client:
        for message in ("¿Qué tal?", b"\x00\xff", "", "x" * 60_000):
            await client.send(message)
            assert await client.recv() == message
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers


async def test_frames_of_one_message_are_joined() -> None:
    """Clients may cut a message wherever they like, within a character as well."""
    async with talking() as server, raw_connection(server.url) as connection:
        await connection.send(HANDSHAKE % b"/echo")
        assert await _head(connection) == 101
        for data in ("añb".encode(), b"abc"):
            first, *rest = (data[index : index + 1] for index in range(len(data)))
            await connection.send(frame(TEXT, first, fin=False))
            for piece in rest:
                await connection.send(frame(CONTINUATION, piece, fin=False))
            await connection.send(frame(CONTINUATION))
            assert await _frame(connection) == data


@pytest.mark.parametrize("size", [1_001, 1_000_000])
async def test_a_message_that_is_too_large_ends_the_connection_with_1009(size: int) -> None:
    """The client must see the reason, also while it is still sending."""
    async with talking(SMALL) as server, server.connect() as client:
        await client.send(b"x" * 1_000)
        assert len(await client.recv()) == 1_000
        with contextlib.suppress(ConnectionClosed):  # it may see the end while it sends
            await client.send(b"x" * size)
        assert await code_of_the_end(client) == 1009
        await eventually(lambda: server.ends == [1009], SOON, "the application sees the end")


async def test_a_message_in_many_frames_has_the_same_limit() -> None:
    """Else frames of allowed size would grow without end."""
    async with talking(SMALL) as server, server.connect() as client:
        with contextlib.suppress(ConnectionClosed):
            await client.send([b"x" * 300] * 4)
        assert await code_of_the_end(client) == 1009


async def test_a_message_before_one_that_is_too_large_is_not_lost() -> None:
    """Both may come in one packet."""
    async with talking(SMALL) as server, raw_connection(server.url) as connection:
        await connection.send(HANDSHAKE % b"/echo" + frame(TEXT, b"first") + frame(TEXT, b"x" * 1_001))
        await connection.until_closed(SOON)
    assert server.received == [{"type": "websocket.receive", "text": "first"}]


@pytest.mark.parametrize(
    ("sent", "code"),
    [(frame(TEXT, b"\xff"), 1007), (frame(3), 1002), (b"\x81\x01a", 1002), (frame(CONTINUATION, b"a"), 1002)],
    ids=["no_utf8", "opcode", "not_masked", "nothing_to_continue"],
)
async def test_what_is_no_websocket_ends_it_with_a_code_and_nothing_in_the_log(
    sent: bytes, code: int, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Anyone can send it, so it must fill no log."""
    async with talking() as server, raw_connection(server.url) as connection:
        await connection.send(HANDSHAKE % b"/echo" + sent + frame(PING) * 100)
        received = await connection.until_closed(SOON)
        assert code.to_bytes(2, "big") in received.partition(b"\r\n\r\n")[2]
    assert (capfd.readouterr().err, caplog.text) == ("", "")


async def test_tiny_messages_wait_in_the_packet_and_not_one_by_one() -> None:
    """Each would take 40 times its bytes while the application is busy. None is lost, and the order is kept."""
    async with talking() as server, raw_connection(server.url) as connection:
        await connection.send(HANDSHAKE % b"/wait")
        assert await _head(connection) == 101
        sent = [b"%d" % number for number in range(10_000)]
        sending = asyncio.create_task(connection.send(b"".join(frame(TEXT, data) for data in sent)))
        await _time_passes(0.3)
        (websocket,) = server.server.server_state.connections
        assert isinstance(websocket, LimitedWebSocket)
        assert 0 < websocket.queue.qsize() < 1_000
        server.go_on.set()
        assert [await _frame(connection) for _ in sent] == sent
        await sending


# --- time


HURRIED = replace(PATIENT, ping_seconds=0.2, pong_seconds=0.3)


async def test_a_client_that_answers_no_ping_is_disconnected_with_1011() -> None:
    """A computer that was closed leaves its connection behind, and its place."""
    async with talking(HURRIED) as server, raw_connection(server.url) as connection:
        await connection.send(HANDSHAKE % b"/echo")
        received = await connection.until_closed(SOON)
        assert (1011).to_bytes(2, "big") in received
        await eventually(lambda: server.places() == 0, SOON, "its place is free")


async def test_a_client_that_answers_pings_stays_for_as_long_as_it_likes() -> None:
    """Neither the time for a head nor that of keep-alive is for it."""
    limits = replace(HURRIED, head_seconds=0.3, body_seconds=0.3, keep_alive_seconds=1)
    async with talking(limits) as server, server.connect() as client:
        await _time_passes(2.0)
        await client.send("still here")
        assert await client.recv() == "still here"


async def test_a_client_is_not_blamed_for_an_application_that_does_not_read() -> None:
    """The answer to the ping waits behind its message, which the server has not read."""
    async with talking(HURRIED) as server, server.connect("/wait") as client:
        for message in ("one", "two", "x" * 60_000, "three"):
            await client.send(message)
        await _time_passes(1.5)
        server.go_on.set()
        assert [len(await client.recv()) for _ in range(4)] == [3, 3, 60_000, 5]


@pytest.mark.parametrize("pings", [0, 200_000], ids=["silent", "with_pings"])
async def test_a_client_that_takes_nothing_is_disconnected(pings: int) -> None:
    """What waits for it stays within a buffer: the application waits, and its pings are not read."""
    async with talking(replace(PATIENT, send_seconds=0.5)) as server:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        with socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((host, int(port)))
            reader.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(reader, HANDSHAKE % (b"/echo" if pings else b"/flood"))
            await eventually(lambda: server.places() == 1, SOON, "connected")
            flooding = asyncio.create_task(loop.sock_sendall(reader, frame(PING, b"p" * 100) * pings))
            await eventually(lambda: server.places() == 0, SOON, "disconnected")
            await asyncio.wait([flooding], timeout=SOON)
            assert isinstance(flooding.exception(), ConnectionError) if pings else not flooding.exception()
            assert server.sent < 1_000


# --- places


async def test_a_websocket_keeps_its_place_until_it_is_closed() -> None:
    """It counts as any other connection, in all and of its client, and is counted out once."""
    limits = replace(PATIENT, connections=2, per_client=2)
    async with talking(limits) as server:
        async with server.connect(), server.connect():
            assert server.places() == 2
            async with raw_connection(server.url) as late:
                await late.send(HANDSHAKE % b"/echo")
                answer = parse(await late.until_closed(SOON))
            assert (answer.status, answer.problem) == (503, "too_many_connections")
            assert answer.headers["retry-after"] == "10"
        await eventually(lambda: server.places() == 0, SOON, "both places are free")
        async with server.connect(), server.connect() as client:
            await client.send("again")
            assert await client.recv() == "again"
    assert (server.places(), server.places("reserve")) == (0, 0)


# --- the end


async def test_the_end_of_the_server_closes_with_1012() -> None:
    """A client connects again elsewhere, or in a moment; the application sees the end as well."""
    async with talking() as server, server.connect() as client, server.connect("/flood") as flooded:
        await eventually(lambda: server.sent > 0, SOON, "the application sends")
        server.end()
        assert await code_of_the_end(client) == 1012
        assert server.ends == [1012]
        flooded.transport.abort()


async def test_neither_a_client_nor_an_application_holds_up_the_end() -> None:
    """A client that takes nothing, one whose handshake is not answered, and an application that hangs."""
    loop = asyncio.get_running_loop()
    async with (
        talking() as server,
        raw_connection(server.url) as waiting,
        raw_connection(server.url) as late,
        server.connect("/flood", max_queue=1) as flooded,
    ):
        await waiting.send(HANDSHAKE % b"/wait")
        await late.send(HANDSHAKE % b"/later")
        await eventually(lambda: len(server.scopes) == 3, SOON, "all are connected")
        began = loop.time()
        server.end()
        assert parse(await late.until_closed(SOON)).status == 500
        assert (1012).to_bytes(2, "big") in await waiting.until_closed(SOON)
        await server.running
        assert loop.time() - began < 3
        flooded.transport.abort()


@pytest.mark.parametrize(("path", "code"), [("/leave", 1000), ("/close", 4001), ("/fail", 1011)])
async def test_the_code_says_how_the_application_ended(path: str, code: int) -> None:
    """A client must know whether to connect again; 1006 would look like a broken network."""
    async with talking() as server, server.connect(path) as client:
        if path == "/fail":
            await client.send("secret")
        assert await code_of_the_end(client) == code
