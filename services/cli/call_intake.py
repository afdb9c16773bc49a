"""Calls intake over HTTP, and repeats a call while intake or Kafka is unavailable."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from services.cli.demo_accounts import DEMO_ACCOUNTS
from services.cli.options import CommandFailed

GIVE_UP_SECONDS = 90.0  # for one call, long enough for the supervisor to restart a part of the system
RETRY_SECONDS = 0.25  # between two attempts


class IntakeFailed(CommandFailed):
    """Intake refused a call or did not answer in time; the message names the call and the last problem."""


async def call(client: httpx.AsyncClient, method: str, path: str, **kwargs: Any) -> httpx.Response:
    """Call intake until it succeeds; an Idempotency-Key makes repeated calls harmless. Raises IntakeFailed."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + GIVE_UP_SECONDS
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
        if loop.time() > give_up_at:
            raise IntakeFailed(f"{method} {path} got no answer for {GIVE_UP_SECONDS:.0f} s; last: {problem}")
        await asyncio.sleep(RETRY_SECONDS)


async def load_accounts(client: httpx.AsyncClient, accounts: Mapping[str, Any] = DEMO_ACCOUNTS) -> None:
    """Set the entitlement of each of these accounts."""
    for account_id, account in accounts.items():
        await call(client, "PUT", f"/v1/accounts/{account_id}/entitlement", json=account)
