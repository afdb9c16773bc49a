"""The documents are complete, and their pages load nothing from other hosts."""

import asyncio
import base64
import hashlib
import re

import httpx
import pytest

from services.intake import api
from services.intake.app import server_of
from services.intake.service import Service
from services.intake.settings import Settings
from shared.process import with_health
from tests.harness.intake import ID_SECRET, api_keys, editions


@pytest.fixture(scope="module")
def asker() -> httpx.AsyncClient:
    """Asks the application directly; documents need no Kafka."""
    settings = Settings(kafka_bootstrap="127.0.0.1:1", api_keys=api_keys(), id_secret=ID_SECRET)
    server = server_of(Service(settings, settings.read_callers(), editions()))
    return httpx.AsyncClient(transport=httpx.ASGITransport(with_health(server)), base_url="http://intake")


async def test_every_call_is_in_the_document_with_its_scope_and_answers(asker: httpx.AsyncClient) -> None:
    """Bodies are read by our own code, so nothing puts their models there by itself."""
    document = (await asker.get("/openapi.json")).json()
    for route in api.router.routes:
        path = re.sub(r":path\}", "}", getattr(route, "path", ""))
        for method in getattr(route, "methods", ()):
            call = document["paths"][path][method.lower()]
            assert call["x-scope"]
            of_people = {"signedToken": []} in call["security"]
            assert {"apiKey": []} in call["security"]
            assert of_people is (call["x-scope"] != "admin")  # a person never has the scope admin
            assert {"4XX", "503"} < set(call["responses"])
            assert ("requestBody" in call) is (method in ("POST", "PUT"))


async def test_every_reference_in_the_document_is_defined(asker: httpx.AsyncClient) -> None:
    """A document that a generator cannot read is none."""
    document = (await asker.get("/openapi.json")).json()
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', (await asker.get("/openapi.json")).text))
    assert references
    assert references <= set(document["components"]["schemas"])


async def test_secrets_are_marked_as_such(asker: httpx.AsyncClient) -> None:
    """Generators then make password fields of them."""
    phone = (await asker.get("/openapi.json")).json()["components"]["schemas"]["PhoneBody"]["properties"]
    assert "password" in str(phone["host_key"])


@pytest.mark.parametrize("page", ["/docs", "/asyncapi"])
async def test_a_page_loads_nothing_and_runs_nothing(asker: httpx.AsyncClient, page: str) -> None:
    """They work offline and under a strict content security policy, which names the hash of the one style sheet."""
    answer = await asker.get(page, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert not re.search(r'(src|href)="(https?:)?//', answer.text)
    style = re.search(r"<style>(.*)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert answer.headers["content-security-policy"].startswith(f"default-src 'none'; style-src 'sha256-{digest}'")


async def test_the_page_shows_every_call_and_every_field(asker: httpx.AsyncClient) -> None:
    """What is in the document is on the page."""
    text = (await asker.get("/docs")).text
    document = (await asker.get("/openapi.json")).json()
    for path in document["paths"]:
        assert path in text
    for field in document["components"]["schemas"]["Submission"]["properties"]:
        assert f"<code>{field}</code>" in text


@pytest.mark.parametrize("page", ["/docs", "/asyncapi"])
async def test_every_link_of_a_page_leads_somewhere_and_code_is_shown_as_such(
    asker: httpx.AsyncClient, page: str
) -> None:
    """The list of calls at the top is how people find theirs."""
    text = (await asker.get(page, headers={"Accept": "text/html"})).text
    anchors, links = re.findall(r'id="([^"]+)"', text), re.findall(r'href="#([^"]+)"', text)
    assert set(links) <= set(anchors)
    assert len(set(anchors)) == len(anchors)
    assert "`" not in text


async def test_the_event_document_lists_the_events_of_intake(asker: httpx.AsyncClient) -> None:
    """For programs as JSON unless a browser asks."""
    document = (await asker.get("/asyncapi")).json()
    assert document["asyncapi"].startswith("3.")
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert {"support.requests.v1", "support.entitlements.v1", "support.activity.v1"} <= addresses
    assert (await asker.get("/asyncapi.json")).json() == document


@pytest.mark.parametrize("path", ["/asyncapi", "/asyncapi/try", "/asyncapi.json", "/docs"])
async def test_nothing_can_be_published_from_the_documents(asker: httpx.AsyncClient, path: str) -> None:
    """FastStream offers a page that publishes; ours must not."""
    answer = await asker.post(path, json={"channelName": "support.requests.v1", "message": {}})
    assert answer.status_code in (404, 405)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_health_never_asks_kafka(asker: httpx.AsyncClient) -> None:
    """Alive although there is no Kafka; not ready, and it says why; and it can be measured."""
    async with asyncio.timeout(2):
        live, ready, metrics = [await asker.get(path) for path in ("/livez", "/readyz", "/metrics")]
    assert live.status_code == 200
    assert ready.status_code == 503
    assert ready.json()["checks"]["kafka"]["detail"]
    assert "frontline_intake_kafka_connected" in metrics.text


@pytest.mark.parametrize("path", ["/v1/support-requests/x", "/v1/accounts/acme/entitlement", "/v1/no-such-address"])
async def test_an_answer_about_a_customer_is_not_cached(asker: httpx.AsyncClient, path: str) -> None:
    """Also a refusal: that a request exists is the customer's business."""
    assert (await asker.get(path)).headers["cache-control"] == "no-store"
