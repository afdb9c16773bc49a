"""What an answer says in its headers, callers read in the document, and pages of other origins in the answer."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response

from shared.web import cross_origin
from shared.web.answer_headers import AS_OF, HEADERS, described
from tests.contract.api_documents import board_document, openapi_document
from tests.harness.described_answers import OF_ANY_ANSWER, unknown_headers

ORIGIN = "https://portal.example"


def headers_of(document: dict[str, Any]) -> set[str]:
    """Those that the document describes anywhere."""
    answers = (
        answer
        for methods in document["paths"].values()
        for call in methods.values()
        for answer in call["responses"].values()
    )
    return {name for answer in answers for name in answer.get("headers", ())}


def test_every_header_is_described_by_a_call_and_every_described_one_can_be_read() -> None:
    """One list has both. `Allow` is of answers to calls that no document has."""
    found = headers_of(openapi_document()) | headers_of(board_document())
    assert found == HEADERS.keys() - {"Allow"}


async def test_pages_of_other_origins_may_read_all_of_them() -> None:
    """A browser hides from their scripts what is not exposed."""
    app = FastAPI()
    cross_origin.install(app, (ORIGIN,))

    @app.get("/")
    async def answer() -> Response:
        return Response(headers={AS_OF: "2026-11-23T14:00:00Z"})

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://board") as http:
        got = await http.get("/", headers={"Origin": ORIGIN})
    exposed = {name.strip() for name in got.headers["Access-Control-Expose-Headers"].split(",")}
    assert exposed == HEADERS.keys()


@pytest.mark.parametrize(
    ("header", "is_told"),
    [("ETag", True), ("etag", True), ("Content-Type", True), (AS_OF, False), ("Frontline-New", False)],
)
def test_a_header_that_is_in_neither_list_is_noticed(header: str, *, is_told: bool) -> None:
    """By the tests that compare answers with the documents: of those here, in the fuzzing, and of the board."""
    answer = {"headers": {**described(("ETag",)), "Frontline-New": {}}}
    assert unknown_headers(answer, [header]) == ([] if is_told else [header.lower()])


def test_what_any_answer_has_is_not_ours() -> None:
    """A header that is described is never among those that need no description."""
    assert OF_ANY_ANSWER.isdisjoint(name.lower() for name in HEADERS)
