"""Which headers of an answer a caller is not told of: by the document of the call, or in a page of another origin."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.web.answer_headers import HEADERS

# What HTTP gives any answer. Pages of other origins may read the first of any answer (the Fetch Standard:
# CORS-safelisted response-header names), and need none of the others, which browsers and proxies read.
_SAFELISTED = ("cache-control", "content-language", "content-length", "content-type")
_OF_HOPS = ("connection", "date", "server", "transfer-encoding", "vary", "x-accel-buffering", "x-content-type-options")
OF_ANY_ANSWER = frozenset((*_SAFELISTED, *_OF_HOPS))


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
