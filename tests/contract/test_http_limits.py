"""What the pages and the refusals say of HTTP's limits is what the server keeps."""

import json
import re

import pytest

from services.intake.fields import SUBJECT_LIMIT, TEXT_LIMIT
from services.intake.pages.routes import STREAMS as STREAMS_OF_PAGES
from services.intake.settings import Settings
from shared.http import limits, refusals
from shared.http.limits import HttpLimits
from shared.streams.service_settings import TaskServiceSettings
from shared.web import body
from tests.contract.tree import ROOT

OPERATIONS, API, ENVIRONMENT = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("docs/operations.md", "docs/api.md", ".env.example")
)
KIB = 1024
HEAD = f"{limits.HEAD_BYTES // KIB} KiB and {limits.HEAD_FIELDS} fields"
OUT_OF_CONNECTIONS = limits.OWN_FILES + limits.RESERVE
STREAMS = Settings.model_fields["event_streams"].default
RATE = Settings.model_fields["unauthenticated_rate"].default
CHAT_RATE = Settings.model_fields["chat_rate"].default
CHAT_IDLE = Settings.model_fields["chat_idle_minutes"].default
# what -> its limit, as the table of docs/operations.md has it
TABLE = {
    "the head of a request": f"complete {limits.HEAD_SECONDS:g} s after the connection or its first byte; {HEAD}",
    "its body": f"complete {limits.BODY_SECONDS:g} s after the head; intake's calls: {body.BODY_SECONDS:g} s and "
    f"{body.BODY_LIMIT // KIB} KiB",
    "a connection without a request": f"{limits.KEEP_ALIVE_SECONDS} s after an answer",
    "an answer that the client does not read": f"{limits.SEND_SECONDS:g} s",
    "a message on a WebSocket": f"{limits.MESSAGE_BYTES // KIB} KiB, in however many frames",
    f"a ping on a WebSocket, every {limits.PING_SECONDS:g} s": f"answered within {limits.PONG_SECONDS:g} s",
    "messages on a WebSocket that the client does not read": f"{limits.SEND_SECONDS:g} s",
    "requests sent before the previous one on the connection is answered": f"{limits.PIPELINED}",
    "connections": f"`FRONTLINE_HTTP_CONNECTIONS`: what `ulimit -n` allows less {OUT_OF_CONNECTIONS}, up to "
    f"{limits.MOST_CONNECTIONS:,}; router and escalation: {limits.TASK_SERVICE_CONNECTIONS}",
    "connections of one address (of IPv6, one /64)": "`FRONTLINE_HTTP_CONNECTIONS_PER_CLIENT`: half",
    "event streams and chats": f"`FRONTLINE_EVENT_STREAMS`: {STREAMS:,}, and three quarters of the connections at most",
    "event streams and chats of one API key or person": "`FRONTLINE_EVENT_STREAMS_PER_CLIENT`: half; "
    f"{STREAMS_OF_PAGES} of pages and chats",
    "messages in chats of one person, or of the visitors of one address": f"`FRONTLINE_CHAT_RATE`: {CHAT_RATE}",
    "a chat in which nothing is written": f"`FRONTLINE_CHAT_IDLE_MINUTES`: {CHAT_IDLE:g}",
    "calls without a known API key, of one address (of IPv6, one /64)": f"`FRONTLINE_UNAUTHENTICATED_RATE`: {RATE}",
}


def test_the_table_of_limits_has_each_limit_as_the_server_keeps_it() -> None:
    """Operators size proxies and probes by it."""
    section = OPERATIONS.partition("## Limits of HTTP\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| [^|]+ \|$", section, re.MULTILINE))
    del rows["what"], rows["---"]
    assert rows == TABLE


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (OPERATIONS, f"Beyond the limit of connections, {limits.RESERVE} more form a reserve"),
        (OPERATIONS, f"about {limits.OWN_FILES} files for itself"),
        (OPERATIONS, f"1,024 leaves {1_024 - OUT_OF_CONNECTIONS} connections"),
        (API, f"a head of {HEAD} within {limits.HEAD_SECONDS:g} s"),
        (API, f"a body of {body.BODY_LIMIT // KIB} KiB within {body.BODY_SECONDS:g} s"),
        (API, f"a subject of {SUBJECT_LIMIT} and a description of {TEXT_LIMIT:,} characters"),
        (API, f"such as `body_too_slow` after {limits.BODY_SECONDS:g} s"),
        (API, f"| 408 | `head_too_slow` | send the head within {limits.HEAD_SECONDS:g} s of connecting |"),
        (API, f"| 408 | `body_too_slow` | send the body within {body.BODY_SECONDS:g} s |"),
        (API, f"| 413 | `body_too_large` | send at most {body.BODY_LIMIT // KIB} KiB |"),
        (API, f"| 431 | `head_too_large` | send at most {HEAD} |"),
        (ENVIRONMENT, f"many as `ulimit -n` allows less {OUT_OF_CONNECTIONS}, up to {limits.MOST_CONNECTIONS:,}."),
    ],
)
def test_the_pages_name_the_limits_that_the_server_keeps(page: str, sentence: str) -> None:
    """A client that is refused by another number than the page's takes it for a fault."""
    assert sentence in " ".join(page.split())


def test_a_refusal_names_the_limit_that_was_exceeded() -> None:
    """`detail` says what to do, so its numbers are those of the server."""
    assert _detail(refusals.HEAD_TOO_SLOW) == f"send the head within {limits.HEAD_SECONDS:g} s of connecting"
    assert _detail(refusals.BODY_TOO_SLOW) == f"send the body within {limits.BODY_SECONDS:g} s of the head"
    assert _detail(refusals.HEAD_TOO_LARGE) == (
        f"a head may have at most {limits.HEAD_BYTES} bytes and {limits.HEAD_FIELDS} fields"
    )
    assert {refusals.TOO_MANY_CONNECTIONS.retry_after, refusals.CLIENT_SHARE.retry_after} == {
        limits.RETRY_AFTER_SECONDS
    }


def _detail(refusal: refusals.Refusal) -> str:
    _, document = refusal.headers_and_body("en", HttpLimits(connections=1, per_client=1))
    return str(json.loads(document)["detail"])


def test_a_server_keeps_the_named_limits_unless_it_is_given_others() -> None:
    """The constants are what is documented, so they must be what is used."""
    used = HttpLimits(connections=1, per_client=1)
    assert (used.head_seconds, used.head_bytes, used.head_fields) == (
        limits.HEAD_SECONDS,
        limits.HEAD_BYTES,
        limits.HEAD_FIELDS,
    )
    assert (used.body_seconds, used.send_seconds) == (limits.BODY_SECONDS, limits.SEND_SECONDS)
    assert (used.keep_alive_seconds, used.pipelined, used.reserve) == (
        limits.KEEP_ALIVE_SECONDS,
        limits.PIPELINED,
        limits.RESERVE,
    )
    assert (used.message_bytes, used.ping_seconds, used.pong_seconds) == (
        limits.MESSAGE_BYTES,
        limits.PING_SECONDS,
        limits.PONG_SECONDS,
    )
    assert "http_connections" not in TaskServiceSettings.model_fields, "else the table has to name it"
