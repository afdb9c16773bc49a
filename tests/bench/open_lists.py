"""Agents who have the list of the board open: each reads the stream of its page, as their browser does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import httpx

from shared.pages.visit import PERSON
from tests.harness.processes import eventually
from tests.harness.sign_in import AGENT, token_of


class OpenLists:
    """So many agents. `frames` counts what each was sent: whatever changes what the list shows is a frame."""

    def __init__(self, url: str, agents: int) -> None:
        self._url = url
        self.frames = [0] * agents

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """They look at the list meanwhile: each has its first frame when the block begins."""
        looking = [asyncio.create_task(self._look(agent)) for agent in range(len(self.frames))]
        try:
            await eventually(lambda: all(self.frames), 60, "every agent sees the list")
            self.frames = [0] * len(self.frames)
            yield
        finally:
            for each in looking:
                each.cancel()
            await asyncio.gather(*looking, return_exceptions=True)

    async def _look(self, agent: int) -> None:
        cookie = f"{PERSON}={token_of(replace(AGENT, requester_id=f'desk-{agent}'))}"
        async with httpx.AsyncClient(base_url=self._url, headers={"Cookie": cookie}, timeout=60) as http:
            while True:
                with suppress(httpx.HTTPError):
                    async with http.stream("GET", "/live") as answer:
                        answer.raise_for_status()
                        async for chunk in answer.aiter_raw():
                            self.frames[agent] += chunk.endswith(b"\n\n") and not chunk.startswith(b"event: beat")
                await asyncio.sleep(0.1)  # the board was killed
