"""A request arrives within limits of time and size, or its connection is closed. An answer may take its time."""

import asyncio
import socket
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from tests.harness.processes import eventually
from tests.harness.raw_http import Answer, parse, raw_connection
from tests.unit.http.serving import LIMITS, serving

GET = b"GET /early HTTP/1.1\r\nHost: x\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
SOON = 5.0  # by which a server that closes has closed; its limits are a tenth of that
UNLIMITED = replace(LIMITS, head_seconds=60, body_seconds=60)


def _refused(reason: str) -> float:
    return REGISTRY.get_sample_value("frontline_http_refused_total", {"reason": reason}) or 0.0


async def _time_passes(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    await eventually(lambda: loop.time() > end, seconds + SOON, "the time is over")


async def _answered(sent: bytes) -> Answer:
    """The answer of a server without time limits to `sent`, before it closes the connection."""
    async with serving(UNLIMITED) as server, raw_connection(server.url) as connection:
        await connection.send(sent)
        return parse(await connection.until_closed(SOON))


# --- time


@pytest.mark.parametrize("sent", [b"G", GET, GET + b"X-Long: " + b"a" * 1000], ids=["a_byte", "fields", "half_a_field"])
async def test_a_head_that_does_not_end_is_408(sent: bytes) -> None:
    """Otherwise a few hundred connections with half a head each could stop the service."""
    before = _refused("head_too_slow")
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(sent)
        answer = parse(await connection.until_closed(SOON))
    assert (answer.status, answer.problem, answer.headers["connection"]) == (408, "head_too_slow", "close")
    assert _refused("head_too_slow") == before + 1


async def test_a_silent_connection_is_closed() -> None:
    """It costs a file descriptor all the same."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.until_closed(SOON)


async def test_a_head_in_small_pieces_has_the_same_time_limit() -> None:
    """The limit is for the whole head: a byte now and then must not prolong it."""
    async with serving() as server, raw_connection(server.url) as connection:
        closing = asyncio.create_task(connection.until_closed(SOON))
        await connection.send(GET)
        while not closing.done():
            await connection.send(b"a: b\r\n")
            await asyncio.wait([closing], timeout=0.05)
        assert parse(closing.result()).problem == "head_too_slow"


async def test_blank_lines_do_not_extend_the_time_of_a_head() -> None:
    """The parser skips any number of them silently."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(GET + b"\r\n")
        assert (await connection.answer()).status == 200
        closing = asyncio.create_task(connection.until_closed(SOON))
        while not closing.done():
            await connection.send(b"\r\n")
            await asyncio.wait([closing], timeout=0.05)


async def test_the_second_head_of_a_connection_has_the_same_limit() -> None:
    """Otherwise one good request would keep a connection open for ever."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(GET + b"\r\n")
        assert (await connection.answer()).status == 200
        await connection.send(GET)
        assert parse(await connection.until_closed(SOON)).problem == "head_too_slow"


async def test_an_idle_connection_is_closed() -> None:
    """Keep-alive has a time limit."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(GET + b"\r\n")
        assert (await connection.answer()).status == 200
        assert await connection.until_closed(SOON) == b""


async def test_an_idle_connection_may_be_idle_for_longer_than_a_head_may_take() -> None:
    """Clients reuse connections; each new request begins a time of its own."""
    async with serving() as server, raw_connection(server.url) as connection:
        for _ in range(2):
            await connection.send(GET + b"\r\n")
            assert (await connection.answer()).status == 200
            await _time_passes(2 * LIMITS.head_seconds)
        await connection.send(GET + b"\r\n")
        assert (await connection.answer()).status == 200


async def test_no_time_runs_once_all_requests_of_a_packet_have_arrived() -> None:
    """A timer that was left over from the first would close the connection of a good client."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(2 * (GET + b"\r\n"))
        assert [(await connection.answer()).body for _ in range(2)] == [b"early"] * 2
        await _time_passes(2 * LIMITS.head_seconds)
        await connection.send(GET + b"\r\n")
        assert (await connection.answer()).status == 200


async def test_a_body_that_does_not_end_is_408() -> None:
    """The application waits for it; nobody else limits how long."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(POST % b"/echo" + b"12345")
        answer = parse(await connection.until_closed(SOON))
    assert (answer.status, answer.problem) == (408, "body_too_slow")


async def test_a_slow_body_after_the_answer_ends_the_connection_without_a_second_answer() -> None:
    """A call can be refused before its body is there; the rest of it must not hold the connection."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(POST % b"/early" + b"1")
        assert (await connection.answer()).body == b"early"
        closing = asyncio.create_task(connection.until_closed(SOON))
        for _ in range(8):  # of ten
            await connection.send(b"1")
            await asyncio.wait([closing], timeout=0.05)
        assert await closing == b""


@pytest.mark.parametrize("more", [b"", b"GET", b"\r\n"], ids=["nothing", "the_next_head", "a_blank_line"])
async def test_the_limits_of_arrival_do_not_end_a_stream(more: bytes) -> None:
    """An event stream lives for days, whatever the client sends meanwhile."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n" + more)
        closing = asyncio.create_task(connection.until_closed(2 * SOON))
        await _time_passes(3 * LIMITS.head_seconds)
        assert not closing.done()
        server.go_on.set()
        received = await closing
    assert b"first" in received
    assert b"last" in received


async def test_pipelined_requests_wait_for_their_answers_without_a_limit() -> None:
    """The server stops reading while it answers; what it does not read cannot be late."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n" + GET + b"\r\n" + GET)
        await _time_passes(3 * LIMITS.head_seconds)
        server.go_on.set()
        await connection.send(b"\r\n")
        assert [(await connection.answer()).body for _ in range(3)] == [b"waited", b"early", b"early"]


async def test_a_client_that_does_not_read_its_answer_is_disconnected() -> None:
    """Otherwise the unsent answer would hold the connection and its memory for ever."""
    async with serving() as server:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        with socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((host, int(port)))
            reader.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            open_now = ("frontline_http_connections", {"place": "regular"})
            await eventually(lambda: REGISTRY.get_sample_value(*open_now) == 1, SOON, "connected")
            await eventually(lambda: REGISTRY.get_sample_value(*open_now) == 0, SOON, "disconnected")


# --- size


@pytest.mark.parametrize(
    "sent",
    [
        GET + b"X: " + b"a" * 33_000 + b"\r\n\r\n",
        GET + b"X: " + b"a" * 33_000,
        b"GET /" + b"a" * 33_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 33_000,
        GET + b"X: y\r\n" * 101 + b"\r\n",
        GET + (b"X: " + b"y" * 1000 + b"\r\n") * 40 + b"\r\n",
    ],
    ids=["long_field", "endless_field", "long_address", "endless_address", "many_fields", "long_in_all"],
)
async def test_a_head_that_is_too_large_is_431(sent: bytes) -> None:
    """All of it is kept in memory until it ends, with or without an API key."""
    before = _refused("head_too_large")
    answer = await _answered(sent)
    assert (answer.status, answer.problem) == (431, "head_too_large")
    assert _refused("head_too_large") == before + 1


async def test_a_head_that_never_ends_is_not_kept() -> None:
    """The server closes the connection before one field of 120 MB has been sent."""
    async with serving(UNLIMITED) as server, raw_connection(server.url) as connection:
        await connection.send(GET + b"X: ")
        closing = asyncio.create_task(connection.until_closed(SOON))
        sent = 0
        while not closing.done() and sent < 120:
            await connection.send(b"a" * 1_000_000)
            sent += 1
            await asyncio.wait([closing], timeout=0.001)
        await closing
        assert sent < 60


@pytest.mark.parametrize("pieces", [1, 7])
async def test_a_head_within_the_limits_is_accepted(pieces: int) -> None:
    """In one piece or several: 31 KiB, 100 fields, and a body right behind it that counts for itself."""
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n" + b"X: y\r\n" * 97
    head += b"Y: " + b"a" * 31_000 + b"\r\n\r\n"
    sent = head + b"b" * 60_000 + GET + b"\r\n"
    size = -(-len(sent) // pieces)
    async with serving(UNLIMITED) as server, raw_connection(server.url) as connection:
        for start in range(0, len(sent), size):
            await connection.send(sent[start : start + size])
            await asyncio.sleep(0)  # the server, on the same loop, reads this piece
        assert (await connection.answer()).body == b"b" * 60_000
        assert (await connection.answer()).body == b"early"


async def test_trailers_have_the_limits_of_a_head() -> None:
    """The server keeps trailers in memory like a head."""
    sent = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: "
    async with serving(UNLIMITED) as server, raw_connection(server.url) as connection:
        await connection.send(sent)
        closing = asyncio.create_task(connection.until_closed(SOON))
        for _ in range(100):
            await connection.send(b"a" * 10_000)
            if closing.done():
                break
        assert parse(await closing).problem == "head_too_large"


async def test_requests_that_wait_on_one_connection_are_limited() -> None:
    """A packet of tiny requests becomes some 100 times as much memory when it is read."""
    async with serving(UNLIMITED) as server, raw_connection(server.url) as connection:
        await connection.send(b"GET /wait HTTP/1.1\r\n\r\n" + b"GET / HTTP/1.1\r\n\r\n" * 1000)
        await connection.until_closed(SOON)


# --- what is no HTTP/1.1


@pytest.mark.parametrize("sent", [b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"\x16\x03\x01\x02\x00"])
async def test_bytes_that_are_not_http_are_refused_as_a_problem(
    sent: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port scan is answered in the form of every other refusal, and fills no log."""
    answer = await _answered(sent)
    assert (answer.status, answer.problem) == (400, "malformed_request")
    captured = capsys.readouterr()
    assert "Invalid" not in captured.out + captured.err


async def test_an_upgrade_is_answered_as_any_other_request() -> None:
    """There is no WebSocket here, and a client that asks for one is no error."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert (await connection.answer()).body == b"early"
        await connection.until_closed(SOON)
