"""The server's own refusals are in the language of the request whose head was read, and in English where none was."""

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.http import refusals
from shared.http.refusals import Refusal
from shared.messages.catalogues import catalogue, languages
from tests.harness.raw_http import Answer, parse, raw_connection, raw_connections
from tests.unit.http.serving import LIMITS, serving

SOON = 5.0
SPANISH = b"Accept-Language: es-MX, en;q=0.5\r\n"
PATIENT = replace(LIMITS, connections=2, per_client=2, head_seconds=60, body_seconds=60)
ALL = [each for each in vars(refusals).values() if isinstance(each, Refusal)]


def _problem(answer: Answer) -> dict[str, Any]:
    problem: dict[str, Any] = json.loads(answer.body)
    assert int(answer.headers["content-length"]) == len(answer.body)
    return problem


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("refusal", ALL, ids=lambda each: each.reason)
def test_every_refusal_has_its_sentences_in_every_language(refusal: Refusal, language: str) -> None:
    """A client shows `title` and `detail` to people, so neither may be a code or hold an unfilled fact."""
    answer = parse(refusal.answer([], language, LIMITS))
    problem = _problem(answer)
    assert answer.headers["content-language"] == language
    assert problem["title"] == catalogue(language).texts[f"problem.{refusal.kind}"]
    assert problem["detail"] != refusal.code
    assert "None" not in problem["detail"]


def test_a_detail_names_the_limit_that_this_server_has() -> None:
    """The limits are the server's, not constants of the sentences."""
    slow = _problem(parse(refusals.HEAD_TOO_SLOW.answer([], "es", replace(LIMITS, head_seconds=10.0))))
    large = _problem(parse(refusals.HEAD_TOO_LARGE.answer([], "en", replace(LIMITS, head_fields=100))))
    assert "10 s" in slow["detail"]
    assert "32768 bytes" in large["detail"]
    assert "100 fields" in large["detail"]


async def test_a_body_that_is_too_slow_is_refused_in_the_language_of_its_head() -> None:
    """The head was read, so the client's language is known."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(b"POST /echo HTTP/1.1\r\nHost: x\r\n" + SPANISH + b"Content-Length: 10\r\n\r\n123")
        answer = parse(await connection.until_closed(SOON))
    assert (answer.problem, answer.headers["content-language"]) == ("body_too_slow", "es")
    assert _problem(answer)["title"] == catalogue("es").texts["problem.body_too_slow"]


async def test_a_body_that_cannot_be_read_is_refused_in_the_language_of_its_head() -> None:
    """The head of a chunked request is complete before its framing turns out to be wrong."""
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\n" + SPANISH + b"Transfer-Encoding: chunked\r\n\r\n"
    async with serving(PATIENT) as server, raw_connection(server.url) as connection:
        await connection.send(head + b"no number\r\n")
        answer = parse(await connection.until_closed(SOON))
    assert (answer.problem, answer.headers["content-language"]) == ("malformed_request", "es")


@pytest.mark.parametrize("sent", [b"", SPANISH], ids=["no_field", "a_field_of_an_incomplete_head"])
async def test_an_incomplete_head_is_refused_in_english(sent: bytes) -> None:
    """Its fields are not trusted before the head is complete: the last of them may be cut."""
    async with serving() as server, raw_connection(server.url) as connection:
        await connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + sent)
        answer = parse(await connection.until_closed(SOON))
    assert (answer.problem, answer.headers["content-language"]) == ("head_too_slow", "en")


async def test_a_call_beyond_the_limit_of_connections_is_refused_in_its_language() -> None:
    """A connection in the reserve reads the head to know whether it asks for health."""
    async with serving(PATIENT) as server, raw_connections(server.url, 2), raw_connection(server.url) as late:
        await late.send(b"GET /echo HTTP/1.1\r\nHost: x\r\n" + SPANISH + b"\r\n")
        answer = parse(await late.until_closed(SOON))
    assert (answer.problem, answer.headers["content-language"]) == ("too_many_connections", "es")
    assert _problem(answer)["title"] == catalogue("es").texts["problem.too_many_connections"]
