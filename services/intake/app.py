"""The web application of intake: the calls and the documents. The process adds health and metrics.

The pages are a router beside that of the calls.
"""

import time
from typing import Any

from fastapi import FastAPI
from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect

from services.intake import api, cross_origin, docs, openapi, pages, problem, test_clock
from services.intake.chat import routes as chat
from services.intake.demo_host import read_demo_host
from services.intake.pages import agent_routes, demo_sign_in, routes
from services.intake.service import Service
from shared.observability.health import Receive, Scope, Send
from shared.observability.logs import get_logger, where
from shared.pages.assets import STATIC, Assets
from shared.pages.rendering import Pages

REQUESTS = Counter("frontline_intake_http_requests_total", "Calls answered", ["method", "route", "status"])
SECONDS = Histogram(
    "frontline_intake_http_seconds",
    "From the head of a call to the end of its answer; event streams not included",
    ["route"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
CLIENT_DISCONNECTED = 499  # in the metrics only: the client disconnected before its call was read
_DESCRIPTION = """\
Submit support requests, follow them, report activity on cases, set entitlements.

- Every call needs an API key or, for a signed-in person, a signed token (`Authorization: Bearer …`), with the scope
  that the call names.
- 202 means that Kafka has the record. An `Idempotency-Key` names one occurrence: repeat a call with its key until it is
  answered, and it counts once.
- Repeat calls after 429 and 503, once the seconds of `Retry-After` have passed, and after a lost connection.
- Refusals are problem details (RFC 9457), with one entry for each wrong field, in the language of `Accept-Language`.
- Channels, roles, plans, fields and their values are words of the edition, which `GET /v1/editions/current` lists.
"""
_HEADERS = [(b"x-content-type-options", b"nosniff")]


def create_app(service: Service) -> FastAPI:
    """The application that serves the calls and the pages of `service`. Raises BadSettings for the demo sign-in."""
    app = FastAPI(
        title="Frontline intake",
        description=_DESCRIPTION,
        version="1",
        contact={"name": "Frontline"},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,  # FastAPI's pages load scripts from another host; ours need no scripts
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.assets = assets = Assets(STATIC)
    app.state.pages = Pages(pages.TEMPLATES, assets)
    routers = [api.router, routes.router, agent_routes.router, chat.pages, chat.sockets]
    if service.test_clock is not None:
        routers.append(test_clock.router)
    if (file := service.settings.demo_sign_in_file) is not None:
        routers.append(demo_sign_in.router_of(read_demo_host(file, service.callers, service.settings.token_audience)))
    for router in routers:  # flat, so that a 405 can name the methods of every route
        app.router.routes.extend(router.routes)
    docs.install(app, service.settings)
    cross_origin.install(app, service.settings.other_origins)
    openapi.install(app, lambda: service.editions.effective_at(service.clock()))
    problem.install(app)
    return app


class Edge:
    """The outermost layer: it counts every call, adds headers, and logs an unexpected error."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._log = get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def counted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), *_HEADERS]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))  # the answer may have a customer's data
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except ClientDisconnect:
            status = CLIENT_DISCONNECTED
        except Exception as error:  # the caller has its answer; only the log is left
            self._log_failure(error, scope)
        route = getattr(scope.get("route"), "path", "other")
        REQUESTS.labels(scope["method"], route, status).inc()
        if not route.endswith(("/events", "/live")):
            SECONDS.labels(route).observe(time.perf_counter() - began)

    def _log_failure(self, error: Exception, scope: Scope) -> None:
        """Log the place and the type of an error, without its message, which may quote the body."""
        self._log.error(
            "A call failed",
            action="call.failed",
            error=type(error).__name__,
            route=getattr(scope.get("route"), "path", "other"),
            where=where(error),
        )
