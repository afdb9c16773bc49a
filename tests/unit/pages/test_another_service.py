"""A service beside intake has the pages that all share: it says where its own are, and nothing else."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from shared.pages import demo_sign_in, routes
from shared.pages.assets import STATIC, Assets
from shared.pages.demo_host import read_demo_host
from shared.pages.page import Page, in_language
from shared.pages.rendered import render
from shared.pages.rendering import Pages
from shared.pages.site import Site, site_of
from shared.pages.visit import PERSON, visit_of
from shared.policy.editions import EditionLibrary
from shared.wall_clock import utc_now
from shared.web import problem
from shared.web.edge import Edge
from shared.web.errors import NotSignedIn
from shared.web.gate import Gate
from shared.web.settings import WebSettings
from tests.harness.intake import ID_SECRET, api_keys, editions
from tests.harness.sign_in import AGENT, ANA, AUDIENCE, KEY, ORIGIN, token_hosts, token_of

URL = "https://other.example"
PLACES = """\
{% macro first(visit, t) %}<a href="/cases">Cases</a>{% endmacro %}
{% macro last(visit, t) %}{% endmacro %}
{% macro back(visit, t) %}<a href="/cases">Back</a>{% endmacro %}
"""
CASES = """\
{% extends "reader.html" %}
{% block title %}Cases{% endblock %}
{% block main %}<h1>{{ visit.reader }}</h1>{% endblock %}
"""


@dataclass
class Other:
    """The parts of another service: what a `Site` has."""

    settings: WebSettings

    @cached_property
    def gate(self) -> Gate:
        """Who is let in."""
        return Gate(self.settings.read_callers(), self.settings.unauthenticated_rate)

    @property
    def editions(self) -> EditionLibrary:
        """The edition that ships."""
        return editions()

    @property
    def id_secrets(self) -> tuple[bytes, ...]:
        """Those of the settings."""
        return self.settings.id_secrets

    clock = staticmethod(utc_now)


own = APIRouter(route_class=Page, include_in_schema=False)


@own.get("/cases")
async def cases(request: Request) -> Response:
    """A page of its own, for people who are signed in."""
    visit = visit_of(site_of(request), request)
    if visit.person is None:
        raise NotSignedIn("refusal.not_signed_in")
    return in_language(visit) or visit.keep(render(visit, "cases.html"))


def app_of(site: Site, folder: Path) -> FastAPI:
    """The web application of that service; `folder` takes its templates."""
    (folder / "places.html").write_text(PLACES)
    (folder / "cases.html").write_text(CASES)
    app = FastAPI()
    app.state.service, app.state.assets = site, Assets(STATIC)
    app.state.pages = Pages(folder, app.state.assets)
    routers = [own, routes.router_of(home="/cases")]
    if (file := site.settings.demo_sign_in_file) is not None:
        host = read_demo_host(file, site.gate.callers, site.settings.token_audience)
        routers.append(demo_sign_in.router_of(host, home="/cases"))
    for router in routers:
        app.router.routes.extend(router.routes)
    problem.install(app)
    return app


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at that service."""
    file = tmp_path / "people.json"
    people: list[dict[str, Any]] = [{"host": each.host, "requester_id": each.requester_id} for each in (ANA, AGENT)]
    people[0] |= {"scopes": ["submit"], "account_id": "acme", "role": "admin", "licensed": True}
    people[1] |= {"scopes": ["agent"]}
    file.write_text(json.dumps({"key": KEY.as_dict(private=True), "people": people}))
    settings = WebSettings(
        api_keys=api_keys(),
        id_secret=ID_SECRET,
        token_hosts=token_hosts(),
        token_audience=AUDIENCE,
        demo_sign_in_file=file,
    )
    transport = httpx.ASGITransport(Edge(app_of(Other(settings), tmp_path)))
    async with httpx.AsyncClient(transport=transport, base_url=URL, headers={"Origin": URL}) as http:
        yield http


async def test_whoever_signs_in_is_at_the_page_of_that_service(browser: httpx.AsyncClient) -> None:
    """Intake has its form there, another service its own first page."""
    answer = await browser.post("/session", data={"token": token_of(AGENT)}, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    page = await browser.get("/cases")
    assert page.status_code == 200
    assert f"<h1>{AGENT.requester_id}</h1>" in page.text
    assert '<a href="/cases?lang=en"' in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_a_refusal_is_a_page_with_the_way_back_of_that_service(browser: httpx.AsyncClient) -> None:
    """Whoever is not signed in is told what to do, in whichever service."""
    page = await browser.get("/cases")
    assert page.status_code == 403
    assert page.headers["content-type"].startswith("text/html")
    assert '<a href="/cases">Back</a>' in page.text
    assert "<h1>Iniciar sesión</h1>" in page.text, "to open a page is no mistake"


async def test_a_wrong_token_signs_nobody_in(browser: httpx.AsyncClient) -> None:
    """Nor does one that a page of somewhere else hands over."""
    assert (await browser.post("/session", data={"token": "a.b.c"})).status_code == 422
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert (await browser.post("/session", data={"token": token_of(AGENT)}, headers=elsewhere)).status_code == 403
    assert PERSON not in browser.cookies


async def test_its_demo_sign_in_leads_to_its_page_and_signing_out_back(browser: httpx.AsyncClient) -> None:
    """The same people, and the way back into the same service."""
    page = (await browser.get("/demo/sign-in")).text
    assert '<a href="/cases">' in page
    hidden = page.partition('name="form" value="')[2].partition('"')[0]
    answer = await browser.post("/demo/sign-in", data={"who": "1", "form": hidden})
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    assert (await browser.get("/cases")).status_code == 200
    answer = await browser.post("/session/end", data={"form": hidden})
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    assert (await browser.get("/cases")).status_code == 403


async def test_it_has_the_style_sheet_and_the_scripts(browser: httpx.AsyncClient) -> None:
    """For ever, since their addresses change with their content."""
    address = Assets(STATIC).address("frontline.css")
    answer = await browser.get(address)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert (await browser.get("/assets/nothing.css")).status_code == 404
