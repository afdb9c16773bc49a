"""No cache keeps an answer about a customer: every route of the application, as admitted and as refused."""

import asyncio
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from services.intake import api
from services.intake.app import create_app, server_of
from services.intake.chat import routes as chat
from services.intake.editions import Editions
from services.intake.pages import routes as pages
from services.intake.service import Service
from services.intake.settings import Settings
from shared.contracts import wire
from shared.contracts.structs import Account, EntitlementSet
from shared.contracts.topics import ENTITLEMENTS
from shared.contracts.vocabulary import INTAKE_SOURCE
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Record
from shared.pages.routes import router_of
from shared.process import with_health
from shared.wall_clock import utc_now
from tests.harness.intake import ID_SECRET, api_keys, editions, key_of, submission

KNOWN = {"Authorization": f"Bearer {key_of('all')}"}
# What has no customer's data, with what a cache may do with it: an edition is named by its digest and never changes.
PUBLIC = {
    ("GET", "/v1/editions/current"): "public, max-age=0, must-revalidate",
    ("GET", "/v1/editions/{policy_sha256}"): "public, max-age=31536000, immutable",
}
VALUES = {
    "case_id:path": "acme",
    "case_id": "0" * 32,
    "account_id:path": "acme",
    "request_id": "0" * 32,
    "policy_sha256": Editions(editions()).current(utc_now()),
}
BODIES: dict[str, Any] = {
    "/v1/support-requests": submission(),
    "/v1/cases/{case_id:path}/activity": {"type": "closed"},
    "/v1/accounts/{account_id:path}/entitlement": {"plan": "premier", "account_type": "business", "paid": True},
}


@cache
def _service() -> Service:
    settings = Settings(kafka_bootstrap="127.0.0.1:1", api_keys=api_keys(), id_secret=ID_SECRET)
    service = Service(settings, settings.read_callers(), editions())
    account = Account(account_id="acme", plan="premier", account_type="business", paid=True, contacts=())
    event = EntitlementSet(account=account, set_at=utc_now())
    envelope = serde.Envelope("e", INTAKE_SOURCE, EntitlementSet.TYPE, event.set_at)
    output = serde.to_output(ENTITLEMENTS, "acme", envelope, wire.encode(event))
    partition, now_ms = partition_for(b"acme", settings.partitions), int(event.set_at.timestamp() * 1000)
    service.accounts.take(Record(output.topic, partition, 0, now_ms, output.key, output.value, output.headers))
    return service


def _routes() -> Iterator[tuple[str, str]]:
    for route in api.router.routes:
        assert isinstance(route, Route)
        for method in sorted(route.methods or ()):
            yield method, route.path


ROUTES = list(_routes())
PAGES = {getattr(route, "path", "") for router in (pages.router, router_of("/"), chat.pages) for route in router.routes}
SOCKETS = {getattr(route, "path", "") for route in chat.sockets.routes}  # nothing caches a WebSocket


async def _ask(method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    address = re.sub(r"\{([\w:]+)\}", lambda found: VALUES[found[1]], path)
    app = with_health(server_of(_service()))
    async with (
        asyncio.timeout(10),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake", headers=headers) as http,
    ):
        return await http.request(method, address, json=BODIES.get(path))


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_no_answer_with_a_customers_data_is_kept(method: str, path: str) -> None:
    """A proxy between two customers must not give one the answer of the other."""
    answer = await _ask(method, path, KNOWN)
    assert answer.status_code != 404 or "request_id" in path
    assert answer.headers["cache-control"] == PUBLIC.get((method, path), "no-store")


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}], ids=["no key", "unknown key"])
async def test_no_refusal_is_kept(method: str, path: str, headers: dict[str, str]) -> None:
    """Otherwise a refusal would outlast its reason, and show what exists."""
    answer = await _ask(method, path, headers)
    assert (answer.status_code, answer.headers["cache-control"]) == (401, "no-store")


def test_every_address_with_customers_data_is_in_the_table() -> None:
    """The application has no other address but documents, which hold nothing of a customer."""
    others = {getattr(route, "path", "") for route in create_app(_service()).routes} - {path for _, path in ROUTES}
    assert others - PAGES - SOCKETS == {"/openapi.json", "/docs", "/asyncapi", "/asyncapi.json"}


@pytest.mark.parametrize("path", sorted(PAGES))
async def test_no_page_is_kept(path: str) -> None:
    """Nor a refusal of one. Only a style sheet or a script is, under an address that changes with its content."""
    answer = await _ask("GET", path.replace("{name}", "unknown.js"), {})
    assert answer.headers["cache-control"] == "no-store"


async def test_the_data_of_an_account_is_there_and_not_kept() -> None:
    """The table would pass with refusals alone."""
    answer = await _ask("GET", "/v1/accounts/{account_id:path}/entitlement", KNOWN)
    assert (answer.status_code, answer.json()["plan"]) == (200, "premier")
    assert answer.headers["cache-control"] == "no-store"
