"""The pages of the policy as a small app, in the frame of all pages: for tests, and to look at."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.board.policy.pages import TEMPLATES, Reader, policy_routes
from shared.messages.catalogues import messages_in
from shared.pages.assets import FOR_EVER, STATIC, Assets
from shared.pages.rendering import Pages
from shared.policy.model import Edition
from shared.routing.rulebook import Rulebook

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # Mon 23 Nov, 13:00 in Madrid
_FRAME: Mapping[str, object] = {}


async def reader_of(request: Request) -> Reader:
    """Whoever asks, in the language of the address."""
    language = request.query_params.get("lang", "en")
    return Reader(messages_in(language), language, None, _FRAME)


def policy_app(edition: Edition, now: datetime = NOON) -> Starlette:
    """The app, with `edition` in force, at an instant that stands still."""
    assets = Assets(STATIC)
    rules = Rulebook(edition)

    async def asset(request: Request) -> Response:
        found = assets.find(request.path_params["name"])
        if found is None:
            return Response(status_code=404)
        return Response(found.content, media_type=found.media_type, headers={"Cache-Control": FOR_EVER})

    routes = policy_routes(rules=lambda: rules, pages=Pages(TEMPLATES, assets), reader=reader_of, now=lambda: now)
    return Starlette(routes=[*routes, Route("/assets/{name}", asset)])


def get(edition: Edition, address: str, now: datetime = NOON) -> httpx.Response:
    """What the app answers."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(policy_app(edition, now))
        async with httpx.AsyncClient(transport=transport, base_url="http://board") as client:
            return await client.get(address)

    return asyncio.run(asked())
