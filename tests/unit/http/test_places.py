"""Connections beyond the limit get 503, health excepted; one client cannot have all of them."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from shared.http.connections import QUIET_SECONDS, Connections, client_of
from shared.http.limits import MOST_CONNECTIONS, http_limits, possible_connections
from shared.http.refusals import CLIENT_SHARE, HEAD_TOO_SLOW, TOO_MANY_CONNECTIONS
from tests.harness.processes import eventually
from tests.harness.raw_http import parse, raw_connection, raw_connections
from tests.unit.http.serving import LIMITS, serving

PATIENT = replace(LIMITS, connections=3, per_client=3, head_seconds=60, body_seconds=60)
SOON = 5.0


def _all_are_closed() -> bool:
    return REGISTRY.get_sample_value("frontline_http_connections", {"place": "regular"}) == 0


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


# --- over real connections


@pytest.mark.parametrize("path", ["/livez", "/metrics"])
async def test_health_is_answered_beyond_the_limit_and_the_connection_is_closed(path: str) -> None:
    """The reserve is for probes; it must be free again at once."""
    async with serving(PATIENT) as server, raw_connections(server.url, 3), raw_connection(server.url) as probe:
        await probe.send(_get(path))
        answer = parse(await probe.until_closed(SOON))
    assert (answer.status, answer.headers["connection"]) == (200, "close")


@pytest.mark.parametrize("connections", [3, 6])
async def test_calls_beyond_the_limit_are_503(connections: int) -> None:
    """The problem has the time to wait, also for a client that sends a body with its call."""
    limits = replace(PATIENT, connections=connections)
    async with serving(limits) as server, raw_connections(server.url, 3), raw_connection(server.url) as late:
        await late.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        await late.send(b"hello")
        answer = parse(await late.until_closed(SOON))
    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "too_many_connections", "10")
    assert answer.headers["connection"] == "close"


async def test_silent_connections_cannot_fill_the_reserve() -> None:
    """The oldest of them gives way to each new one, so that a probe always gets in."""
    async with serving(PATIENT) as server, raw_connections(server.url, 3), raw_connections(server.url, 6) as silent:
        for connection in silent[:4]:  # two have a place in the reserve
            assert parse(await connection.until_closed(SOON)).problem == "too_many_connections"
        async with raw_connection(server.url) as probe:
            await probe.send(_get("/livez"))
            assert parse(await probe.until_closed(SOON)).status == 200


async def test_bodies_that_do_not_end_cannot_fill_the_reserve() -> None:
    """A call that is to be refused waits for its body, in the reserve."""
    async with serving(PATIENT) as server, raw_connections(server.url, 3), raw_connections(server.url, 4) as slow:
        for connection in slow:
            await connection.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        async with raw_connection(server.url) as probe:
            await probe.send(_get("/livez"))
            assert parse(await probe.until_closed(SOON)).status == 200


async def test_streams_that_are_open_leave_health_answered() -> None:
    """An admitted stream keeps its place until its end."""
    async with serving(PATIENT) as server, AsyncExitStack() as stack:
        streams = await stack.enter_async_context(raw_connections(server.url, 3))
        for stream in streams:
            await stream.send(_get("/stream"))
            assert await stream.reader.readuntil(b"first")
        for _ in range(5):
            async with raw_connection(server.url) as probe:
                await probe.send(_get("/livez"))
                assert parse(await probe.until_closed(SOON)).status == 200
        server.go_on.set()
        for stream in streams:
            async with asyncio.timeout(SOON):
                assert await stream.reader.readuntil(b"last")


async def test_a_place_is_free_again_once_its_connection_is_closed() -> None:
    """Whichever side closes it."""
    async with serving(PATIENT) as server:
        for _ in range(3):
            async with raw_connections(server.url, 3) as connections:
                for connection in connections:
                    await connection.send(_get("/early"))
                    assert (await connection.answer()).body == b"early"
            await eventually(_all_are_closed, SOON, "all are closed")


# --- who gets a place


class _Silent:
    """A connection that has sent nothing, or one whose request is being answered."""

    def __init__(self, is_arriving: bool = True) -> None:
        self.is_arriving = is_arriving
        self.gave_way = False

    def give_way(self) -> None:
        self.gave_way = True


def test_one_client_cannot_have_all_connections() -> None:
    """Others get in while it has its share, and it gets in again when it closes one."""
    connections = Connections(replace(LIMITS, connections=5, per_client=3))
    mine = [_Silent() for _ in range(3)]
    assert [connections.admit(each, "a") for each in mine] == [None] * 3
    assert connections.admit(_Silent(), "a") is CLIENT_SHARE
    assert connections.admit(_Silent(), "b") is None
    connections.leave(mine[0])
    connections.leave(mine[0])
    assert connections.admit(_Silent(), "a") is None
    assert connections.admit(_Silent(), "c") is None
    assert connections.admit(_Silent(), "d") is TOO_MANY_CONNECTIONS


def test_a_request_that_is_being_answered_keeps_its_place() -> None:
    """Only what still arrives gives way; if nothing does, the new one is refused."""
    connections = Connections(replace(LIMITS, reserve=2))
    answering, silent = _Silent(is_arriving=False), _Silent()
    assert connections.reserve(answering)
    assert connections.reserve(silent)
    assert connections.reserve(_Silent(is_arriving=False))
    assert (answering.gave_way, silent.gave_way) == (False, True)
    assert not connections.reserve(_Silent())


def test_refused_connections_are_logged_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A flood of connections must not flood the log; after a quiet minute the next refusal is logged again."""
    connections = Connections(LIMITS)
    for now in (0.0, 1.0, 59.0, 118.0, 118.0 + QUIET_SECONDS + 1):
        connections.count(TOO_MANY_CONNECTIONS, "192.0.2.1", now)
        connections.count(HEAD_TOO_SLOW, "192.0.2.1", now)
    assert capsys.readouterr().out.count("http.connections_refused") == 2


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, ""),
    ],
)
def test_an_ipv6_client_is_its_network(host: str | None, client: str) -> None:
    """A client with a /64 has more addresses than there are connections."""
    assert client_of(host) == client


# --- how many there are


@pytest.mark.parametrize(
    ("files", "connections"), [(256, 176), (1_024, 944), (1_048_576, MOST_CONNECTIONS), (None, MOST_CONNECTIONS)]
)
def test_connections_follow_from_the_files_that_may_be_open(
    files: int | None, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reserve and what the process needs for itself, never more than `ulimit -n`."""
    monkeypatch.setattr("shared.http.limits.open_files", lambda: files)
    limits = http_limits()
    assert (limits.connections, limits.per_client) == (connections, connections // 2)
    possible = possible_connections()
    assert possible is None or possible + limits.reserve < (files or 0)


def test_settings_outrank_the_defaults() -> None:
    """Behind a proxy all calls come from one address."""
    limits = http_limits(connections=100, per_client=1_000)
    assert (limits.connections, limits.per_client) == (100, 100)
