"""Where pages go: standard output, or a service that takes them over HTTP."""

import json
from dataclasses import asdict, dataclass
from typing import Protocol

import httpx

LATER = (408, 425, 429)  # refusals that a repetition can mend


@dataclass(frozen=True, slots=True)
class Page:
    """A message to whoever is called. `key` is the same for each repetition of one page."""

    key: str
    called: str
    case_id: str
    text: str


class Refused(Exception):
    """This page will never be taken; the message is the reason."""


class Pager(Protocol):
    """Takes pages."""

    async def page(self, page: Page) -> None:
        """Return when the page is taken. Raises Refused, or any other error if a repetition may succeed."""

    async def close(self) -> None:
        """Release what it holds."""


class PrintingPager:
    """Prints each page as a line of JSON."""

    async def page(self, page: Page) -> None:
        """Print."""
        print(json.dumps(asdict(page)), flush=True)

    async def close(self) -> None:
        """Nothing."""


class HttpPager:
    """Posts each page as JSON. By the Idempotency-Key the service tells a repetition from another page."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=10)

    async def page(self, page: Page) -> None:
        """Post. Raises Refused for a 4xx that a repetition cannot mend, else httpx.HTTPError."""
        answer = await self._client.post(self._url, json=asdict(page), headers={"Idempotency-Key": page.key})
        if answer.is_client_error and answer.status_code not in LATER:
            raise Refused(f"{answer.status_code} {answer.text[:200]}")
        answer.raise_for_status()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
