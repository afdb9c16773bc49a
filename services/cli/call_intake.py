"""Calls to intake that outlast a service, or Kafka, that is away for a while."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx

from services.cli.errors import CommandError
from shared.wall_clock import utc_now

GIVE_UP_AFTER = timedelta(seconds=90)  # on one request, while parts of the system are being killed
RETRY_SECONDS = 0.25


class IntakeFailed(CommandError):
    """Intake refused a call, or went on not to answer; the message says which call, and what came of it."""


async def call(client: httpx.AsyncClient, method: str, path: str, **kwargs: Any) -> httpx.Response:
    """One call to intake, repeated while it (or Kafka behind it) is away; the caller's key makes repeats harmless."""
    give_up = utc_now() + GIVE_UP_AFTER
    while True:
        try:
            answer = await client.request(method, path, **kwargs)
            problem = f"{answer.status_code} {answer.text}"
            if answer.is_success:
                return answer
            if answer.status_code not in (429, 503):
                raise IntakeFailed(f"{method} {path} was refused: {problem}")
        except httpx.TransportError as error:
            problem = f"{type(error).__name__} {error}"
        if utc_now() > give_up:
            raise IntakeFailed(f"{method} {path} got no answer for {GIVE_UP_AFTER.seconds} s; last: {problem}")
        await asyncio.sleep(RETRY_SECONDS)
