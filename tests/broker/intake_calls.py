"""Calls of an intake that runs in a test, and what it wrote to Kafka."""

import asyncio
import secrets
from typing import Any

import httpx

from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import Event
from shared.contracts.topics import Topic
from shared.kafka import serde
from shared.kafka.record import Output, Record
from shared.wall_clock import utc_now
from tests.harness.intake import Intake, log_of, submission

ACCOUNT = {
    "plan": "premier_plus",
    "account_type": "enterprise",
    "paid": True,
    "country": "ES",
    "contacts": [{"requester_id": "u1", "role": "admin", "licensed": True, "email": "ana@acme.test"}],
}


def unique(prefix: str = "acct") -> str:
    """An id that no other test uses."""
    return f"{prefix}-{secrets.token_hex(6)}"


async def submit(intake: Intake, key: str | None = None, client: str = "all", **given: Any) -> httpx.Response:
    """Submit a request, with an Idempotency-Key if one is given."""
    headers = {} if key is None else {"Idempotency-Key": key}
    async with intake.client(client, **headers) as http:
        return await http.post("/v1/support-requests", json=submission(**given))


async def events_of(intake: Intake, topic: Topic, key: str) -> list[tuple[Record, serde.Envelope, bytes]]:
    """The events of `topic` under one key, in order."""
    log = [record for record in await log_of(intake.bootstrap, topic) if record.key == key.encode()]
    return [(record, *serde.read(record)) for record in log if not serde.is_tombstone(record)]


def output_of(topic: Topic, key: str, event: Event) -> Output:
    """An event as another service writes it."""
    envelope = serde.Envelope(secrets.token_hex(8), "/test", type_of(event), utc_now(), key, None)
    return serde.to_output(topic, key, envelope, wire.encode(event))


async def report(intake: Intake, case: str, key: str, **body: Any) -> httpx.Response:
    """Report an activity on a case."""
    async with intake.client() as http:
        return await http.post(f"/v1/cases/{case}/activity", json=body, headers={"Idempotency-Key": key})


async def status_with_events(http: httpx.AsyncClient, request_id: str, count: int) -> dict[str, Any]:
    """The status of a request, once it has so many events."""
    async with asyncio.timeout(10):
        while True:
            status: dict[str, Any] = (await http.get(f"/v1/support-requests/{request_id}")).json()
            if len(status["events"]) >= count:
                return status
            await asyncio.sleep(0.05)
