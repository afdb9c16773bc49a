"""Which hosts a service answers for: those by whose names callers reach it, as the Host header says.

A web page can have its own name resolve to this machine (DNS rebinding): to the browser, a service here then is of that
page's origin, and its answers are the page's to read. The Host header still has the page's name, so it is refused.

Starlette's TrustedHostMiddleware answers in plain text, compares IPv6 literals and names as they are written, and takes
the first of two Host headers; so this is one of our own.
"""

from collections.abc import Collection

from fastapi import FastAPI
from starlette.datastructures import Headers

from shared.messages.catalogues import accepted
from shared.observability.health import AsgiApp, Receive, Scope, Send
from shared.web import problem
from shared.web.errors import Refusal, UnknownHost, WrongHost
from shared.web.host_names import host_of


class Hosts:
    """An application that answers calls and WebSockets for these hosts, and refuses all others."""

    def __init__(self, app: AsgiApp, allowed: Collection[str]) -> None:
        self._app, self._allowed = app, frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers.getlist("host"))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            answer = problem.render(refusal, accepted(headers.get("accept-language")))
            await answer(scope, receive, send)

    def _refusal(self, given: list[str]) -> Refusal | None:
        host = host_of(given[0]) if len(given) == 1 else None
        if host is None:
            return WrongHost("refusal.wrong_host")
        return None if host in self._allowed else UnknownHost("refusal.unknown_host")


def install(app: FastAPI, allowed: Collection[str]) -> None:
    """Let `app` answer for these hosts alone; without any, for every one."""
    if allowed:
        app.add_middleware(Hosts, allowed=allowed)
