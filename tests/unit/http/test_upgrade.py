"""What becomes of a request for another protocol: a WebSocket where the application takes one, else a plain answer."""

import asyncio

import pytest

from tests.harness.processes import eventually
from tests.harness.raw_http import parse, raw_connection
from tests.unit.http.serving import serving
from tests.unit.http.talking import HANDSHAKE, KEY, UPGRADE, frame, talking

SOON = 5.0
TEXT = 1
GET = b"GET /early HTTP/1.1\r\nHost: x\r\n"
ECHO = b"GET /echo HTTP/1.1\r\nHost: x\r\n"


async def test_what_came_with_the_handshake_is_not_lost() -> None:
    """A client need not wait for the answer, and a network may join what it sent before and after."""
    async with talking() as server, raw_connection(server.url) as connection:
        await connection.send(HANDSHAKE % b"/later" + frame(TEXT, b"one") + frame(TEXT, b"two")[:3])
        await eventually(lambda: server.scopes != [], SOON, "the application is asked")
        await connection.send(frame(TEXT, b"two")[3:] + frame(9, b"ping"))
        server.go_on.set()
        async with asyncio.timeout(SOON):
            assert parse(await connection.reader.readuntil(b"\r\n\r\n")).status == 101
            received = await connection.reader.readexactly(5 + 5 + 6)
        assert received.replace(b"\x8a\x04ping", b"") == b"\x81\x03one\x81\x03two"


async def test_a_handshake_that_comes_byte_by_byte_is_answered() -> None:
    """The parser finds the upgrade at the last of them."""
    async with talking() as server, raw_connection(server.url) as connection:
        for byte in HANDSHAKE % b"/echo" + frame(TEXT, b"one"):
            await connection.send(bytes([byte]))
            await asyncio.sleep(0)  # the server, on the same loop, reads it
        async with asyncio.timeout(SOON):
            assert parse(await connection.reader.readuntil(b"\r\n\r\n")).status == 101
            assert await connection.reader.readexactly(5) == b"\x81\x03one"


async def test_the_application_is_asked_with_what_the_client_sent() -> None:
    """It checks the origin and who is asking, also by a cookie that is longer than other servers allow."""
    cookie = "session=" + "x" * 20_000
    async with (
        talking() as server,
        server.connect(
            "/echo/%C3%B1?a=b", additional_headers={"Cookie": cookie}, origin="https://x", subprotocols=["chat"]
        ),
    ):
        (scope,) = server.scopes
    headers = dict(scope["headers"])
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/echo/ñ", b"/echo/%C3%B1", b"a=b")
    assert (headers[b"cookie"], headers[b"origin"]) == (cookie.encode(), b"https://x")
    assert (scope["subprotocols"], scope["client"][0]) == (["chat"], "127.0.0.1")


async def test_a_request_before_a_handshake_on_the_same_connection_is_answered() -> None:
    """Keep-alive ends with the upgrade, and so does its time limit."""
    async with talking() as server, raw_connection(server.url) as connection:
        await connection.send(GET + b"\r\n")
        assert (await connection.answer()).status == 404
        await connection.send(HANDSHAKE % b"/echo" + frame(TEXT, b"one"))
        async with asyncio.timeout(SOON):
            assert parse(await connection.reader.readuntil(b"\r\n\r\n")).status == 101
            assert await connection.reader.readexactly(5) == b"\x81\x03one"


# --- no WebSocket


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (ECHO + UPGRADE + b"\r\n", 400),
        (ECHO + UPGRADE + KEY.replace(b"13", b"8") + b"\r\n", 400),
        (ECHO + UPGRADE + KEY.replace(b"dG", b"!!") + b"\r\n", 400),
        (ECHO + UPGRADE + KEY + KEY + b"\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n" + UPGRADE + KEY + b"\r\n", 400),
        (b"GET http:// HTTP/1.1\r\nHost: x\r\n" + UPGRADE + KEY + b"\r\n", 400),
        (ECHO + b"X: \x01\r\n" + UPGRADE + KEY + b"\r\n", 400),
        (ECHO + UPGRADE + KEY + b"X: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (ECHO + UPGRADE.replace(b"websocket", b"h2c") + b"\r\n", 404),
        (ECHO + UPGRADE.replace(b"websocket", b"h2c, websocket") + KEY + b"\r\n", 404),
        (ECHO.replace(b"GET", b"POST") + UPGRADE + KEY + b"\r\n", 404),
        (ECHO.replace(b"1.1", b"1.0") + UPGRADE + KEY + b"\r\n", 404),
        (ECHO + UPGRADE + KEY + b"Content-Length: 2\r\n\r\nhi", 404),
        (ECHO + UPGRADE.replace(b"Upgrade\r\n", b"keep-alive\r\n", 1) + KEY + b"\r\n", 404),
        (HANDSHAKE % b"/refuse", 403),
        (HANDSHAKE % b"/fail-first?secret", 500),
    ],
    ids=[
        "no_key",
        "another_version",
        "a_bad_key",
        "two_keys",
        "no_ascii",
        "no_path",
        "a_control_character",
        "too_large",
        "h2c",
        "two_protocols",
        "a_post",
        "http_1_0",
        "a_body",
        "no_connection_upgrade",
        "refused",
        "failed",
    ],
)
async def test_what_is_no_handshake_gets_a_plain_answer_and_nothing_of_it_is_logged(
    sent: bytes, status: int, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """No client waits for ever, and none fills the log or puts its words there."""
    async with talking() as server, raw_connection(server.url) as connection:
        await connection.send(sent)
        assert (await connection.answer()).status == status
        if status != 404:
            await connection.until_closed(SOON)
    said = capfd.readouterr()
    logged = said.out + said.err + caplog.text
    assert "secret" not in logged
    assert ("websocket.failed" in logged) is (status == 500)
    assert status == 500 or logged == ""


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
async def test_what_follows_an_upgrade_that_is_ignored_is_answered_as_well(protocol: bytes) -> None:
    """A client that sent two requests in one packet would wait for the second answer."""
    upgrade = UPGRADE.replace(b"websocket", protocol)
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(GET + upgrade + KEY + b"\r\n" + ECHO + b"\r\n")
        assert [(await connection.answer()).body for _ in range(2)] == [b"early", b""]


@pytest.mark.parametrize("pieces", [1, 2, 40])
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_the_body_behind_an_upgrade_that_is_ignored_is_read(framing: str, pieces: int) -> None:
    """Java's HTTP client asks for HTTP/2 with its first POST. Its body is no other protocol, nor another request."""
    field, body = {
        "length": (b"Content-Length: 10\r\n", b"0123456789"),
        "chunked": (b"Transfer-Encoding: chunked\r\n", b"5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"),
    }[framing]
    sent = ECHO.replace(b"GET", b"POST") + UPGRADE.replace(b"websocket", b"h2c") + field + b"\r\n" + body
    sent = 2 * sent + GET + b"\r\n"
    size = -(-len(sent) // pieces)
    async with serving() as server, raw_connection(server.url) as connection:
        for start in range(0, len(sent), size):
            await connection.send(sent[start : start + size])
            await asyncio.sleep(0)  # the server, on the same loop, reads this piece
        assert [(await connection.answer()).body for _ in range(3)] == [b"0123456789", b"0123456789", b"early"]


async def test_a_handshake_behind_a_request_that_is_not_answered_is_answered_as_a_plain_one() -> None:
    """Two protocols at once on one connection would mix their answers."""
    async with talking() as server, raw_connection(server.url) as connection:
        await connection.send(GET + b"\r\n" + HANDSHAKE % b"/echo" + GET + b"\r\n")
        assert [(await connection.answer()).status for _ in range(3)] == [404] * 3
        assert server.scopes == []


async def test_a_service_without_websockets_answers_a_handshake_as_a_plain_request() -> None:
    """Router and escalation have no use for one."""
    async with talking(websockets=False) as server, raw_connection(server.url) as connection:
        await connection.send(HANDSHAKE % b"/echo")
        assert (await connection.answer()).status == 404
        assert server.scopes == []


async def test_what_an_application_fails_with_is_logged_without_what_the_client_sent(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The message of an error may quote a customer. Its place and its type must be in the log."""
    async with talking() as server, server.connect("/fail?secret") as client:
        await client.send("secret")
        await client.wait_closed()
    said = capfd.readouterr()
    logged = said.out + said.err + "".join(r.getMessage() for r in caplog.records if "client" not in r.name)
    assert "secret" not in logged
    for word in ("websocket.failed", "ValueError", "talking.py"):
        assert word in logged
