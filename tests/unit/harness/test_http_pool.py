"""The client of loads keeps its connections, shows how a server fails, and hides no wait for a place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.harness.http_pool import HttpPool

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def serving(serve: Serve, most: int = 10) -> AsyncIterator[HttpPool]:
    """A pool of connections to a server that does this with each."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with HttpPool(f"http://127.0.0.1:{port}", most) as pool:
        yield pool
    server.close()


async def test_a_connection_is_kept_for_the_next_call() -> None:
    """A new one for each call would measure the making of connections."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)

    async with serving(serve) as pool:
        answers = [await pool.call("GET", "/", {}) for _ in range(3)]
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"ok")] * 3
    assert connections == 1


@pytest.mark.parametrize("said", [b"", ANSWER[:20]], ids=["nothing", "half"])
async def test_a_server_that_hangs_up_is_an_error_and_the_next_call_has_a_new_connection(said: bytes) -> None:
    """A process that is killed in the middle of an answer has not acknowledged anything."""
    is_first = True

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal is_first
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said if is_first else ANSWER)
        is_first = False
        writer.close()

    async with serving(serve) as pool:
        with pytest.raises(ConnectionError):
            await pool.call("GET", "/", {})
        assert (await pool.call("GET", "/", {})).status == 200


async def test_a_server_that_says_nothing_is_given_up() -> None:
    """A frozen server must not stop the load."""

    async def serve(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        return

    async with serving(serve) as pool:
        with pytest.raises(TimeoutError):
            await pool.call("GET", "/", {}, within=0.05)


async def test_no_more_connections_are_open_than_asked_for() -> None:
    """Beyond the server's limit it would measure refusals."""
    open_now = most = 0
    enough = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        if open_now == 2:
            enough.set()
        await reader.readuntil(b"\r\n\r\n")
        await enough.wait()
        writer.write(ANSWER.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        open_now -= 1
        writer.close()

    async with serving(serve, most=2) as pool:
        await asyncio.gather(*(pool.call("GET", "/", {}) for _ in range(7)))
    assert most == 2
