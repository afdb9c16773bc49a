"""The outermost layer of a web application: it counts every call, adds headers, and logs an unexpected error."""

import time
from typing import Any

from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect

from shared.observability.health import AsgiApp, Receive, Scope, Send
from shared.observability.logs import get_logger, where

REQUESTS = Counter("frontline_http_requests_total", "Calls answered", ["method", "route", "status"])
SECONDS = Histogram(
    "frontline_http_seconds",
    "From the head of a call to the end of its answer; event streams not included",
    ["route"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
CLIENT_DISCONNECTED = 499  # in the metrics only: the client disconnected before its call was read
_HEADERS = [(b"x-content-type-options", b"nosniff")]


class Edge:
    """An application with that layer. `/livez`, `/readyz` and `/metrics` are answered in front of it."""

    def __init__(self, app: AsgiApp) -> None:
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
        if not route.endswith(("/events", "/live", "/changes")):
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
