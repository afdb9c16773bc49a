"""The documents of intake: `/docs` shows its calls, `/asyncapi` the topics that it reads and writes."""

import msgspec
from fastapi import FastAPI, Request
from starlette.responses import Response

from shared.contracts.topics import ACTIVITY, CASES, EDITIONS, ENTITLEMENTS, ESCALATIONS, REQUESTS
from shared.kafka.asyncapi import asyncapi
from shared.kafka.settings import KafkaSettings
from shared.web.document_pages import add_docs, channels_page


def events(settings: KafkaSettings) -> bytes:
    """The AsyncAPI document of intake as JSON."""
    return asyncapi(
        "Frontline intake",
        "Publishes requests, entitlements and activity, and reads what became of them.",
        settings,
        reads=(ENTITLEMENTS, REQUESTS, CASES, EDITIONS, ESCALATIONS),
        writes=(REQUESTS, ENTITLEMENTS, ACTIVITY),
    )


def install(app: FastAPI, settings: KafkaSettings) -> None:
    """Add `/docs` and `/asyncapi` to `app`. `/openapi.json` is FastAPI's own."""
    add_docs(app)
    document = events(settings)

    @app.get("/asyncapi", include_in_schema=False)
    async def asyncapi_page(request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return channels_page("Frontline intake", "Intake", msgspec.json.decode(document))
        return await asyncapi_json()

    @app.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi_json() -> Response:
        return Response(document, media_type="application/json")
