"""The proxy does to a connection what each of its modes says."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fault.tcp_proxy import TcpProxy
from tests.harness.rig import eventually

WITHIN = 10.0


class Echo:
    """A server that answers each line, and counts those that reached it."""

    def __init__(self) -> None:
        self.lines = 0
        self.ended = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while line := await reader.readline():
                self.lines += 1
                writer.write(line)
        except ConnectionError:
            pass
        finally:
            self.ended += 1
            writer.close()


@pytest.fixture
def echo() -> Echo:
    """The server behind the proxy."""
    return Echo()


@pytest_asyncio.fixture
async def proxy(echo: Echo) -> AsyncIterator[TcpProxy]:
    """A proxy before an echo server."""
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    proxy = await TcpProxy(server.sockets[0].getsockname()[1]).start()
    yield proxy
    await proxy.close()
    server.close()


async def answered(reader: asyncio.StreamReader) -> bytes:
    """The next line, or b"" if the connection ends; fails after a while."""
    try:
        return await asyncio.wait_for(reader.readline(), WITHIN)
    except ConnectionError:
        return b""


async def test_it_forwards_in_both_directions(proxy: TcpProxy) -> None:
    """Without a fault it is not noticed; slow is only later."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"one\n")
    assert await answered(reader) == b"one\n"
    proxy.set("slow")
    writer.write(b"two\n")
    assert await answered(reader) == b"two\n"
    writer.close()


async def test_a_cut_ends_connections_and_refuses_new_ones(proxy: TcpProxy) -> None:
    """Both sides see the end; after the fault a new connection works."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"one\n")
    await answered(reader)
    proxy.set("cut")
    assert await answered(reader) == b""
    reader, _ = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await answered(reader) == b""
    proxy.set("pass")
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"two\n")
    assert await answered(reader) == b"two\n"
    writer.close()


async def test_a_deaf_link_delivers_late(proxy: TcpProxy, echo: Echo) -> None:
    """Requests wait before the broker; answers wait after it has acted. Nothing is lost when the fault ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.set("deaf_to_answers")
    writer.write(b"one\n")
    await eventually(lambda: echo.lines == 1, WITHIN)
    proxy.set("deaf_to_requests")
    writer.write(b"two\n")
    assert await answered(reader) == b"one\n"
    assert echo.lines == 1
    proxy.set("pass")
    assert await answered(reader) == b"two\n"
    writer.close()


async def test_a_half_open_link_ends_at_the_broker_alone(proxy: TcpProxy, echo: Echo) -> None:
    """The client waits for an answer that never comes, and sees the end only when the fault ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"one\n")
    await answered(reader)
    proxy.set("half_open")
    await eventually(lambda: echo.ended == 1, WITHIN)
    writer.write(b"two\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readline(), 0.05)
    proxy.set("pass")
    assert await answered(reader) == b""
    assert echo.lines == 1
