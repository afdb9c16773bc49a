"""The board's list of cases, read to its end: by the call, and as a browser without scripts has it."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import httpx


async def all_cases(
    http: httpx.AsyncClient, *, limit: int = 100, headers: Mapping[str, str] | None = None, **query: str
) -> list[dict[str, Any]]:
    """The cases of all pages of `GET /v1/cases`, in their order; no page has more than `limit`."""
    found, after = list[dict[str, Any]](), dict[str, str]()
    while True:
        answer = await http.get("/v1/cases", params={"limit": limit, **query, **after}, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["cases"]) <= limit
        found += page["cases"]
        if page["next_cursor"] is None:
            return found
        after = {"cursor": page["next_cursor"]}


def next_page(page: str) -> str:
    """The address of the page after this one; empty = it is the last."""
    found = re.search(r'<a href="([^"]*)" rel="next">', page)
    return "" if found is None else unescape(found[1])
