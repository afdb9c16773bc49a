"""What is wrong with an answer by the OpenAPI document: its status, its media type, its content, or a header."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from shared.web.answer_headers import HEADERS
from tests.harness.json_schema import problems

# What HTTP gives any answer. Pages of other origins may read the first of any answer (the Fetch Standard:
# CORS-safelisted response-header names), and need none of the others, which browsers and proxies read.
_SAFELISTED = ("cache-control", "content-language", "content-length", "content-type")
_OF_HOPS = ("connection", "date", "server", "transfer-encoding", "vary", "x-accel-buffering", "x-content-type-options")
OF_ANY_ANSWER = frozenset((*_SAFELISTED, *_OF_HOPS))


def wrong(document: Any, path: str, answer: httpx.Response, method: str = "get") -> list[str]:
    """What is wrong with an answer to that call, each with its place; nothing if it is as described."""
    described = answer_of(document["paths"][path][method], answer.status_code)
    if unknown := unknown_headers(described, answer.headers):
        return [f"{name}: is not described, or pages elsewhere cannot read it" for name in unknown]
    media_type = answer.headers["content-type"].partition(";")[0]
    content = described["content"].get(media_type)
    if content is None:
        return [f"{media_type} is not described"]
    if not media_type.endswith("json"):
        return []
    return list(problems(answer.json(), content["schema"], {"$defs": document["components"]["schemas"]}))


def answer_of(call: Mapping[str, Any], status: int) -> Mapping[str, Any]:
    """What the document of a call says of its answers with that status."""
    responses: Mapping[str, Any] = call["responses"]
    found: Mapping[str, Any] = responses.get(str(status)) or responses[f"{status // 100}XX"]
    return found


def unknown_headers(described: Mapping[str, Any], headers: Iterable[str]) -> list[str]:
    """Those of `headers` that the description of the answer lacks, or that pages elsewhere may not read."""
    told = {name.lower() for name in described.get("headers", ())} & {name.lower() for name in HEADERS}
    own = (name for name in map(str.lower, headers) if not name.startswith("access-control-"))
    return sorted(name for name in own if name not in OF_ANY_ANSWER and name not in told)
