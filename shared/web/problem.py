"""Refusals as HTTP answers: problem details by RFC 9457, for every error of a service.

A browser that asks for a page gets a page, where the service has pages; the calls of the API always get the document.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from prometheus_client import Counter
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from shared.http.refusals import MEDIA_TYPE, TYPE_PREFIX
from shared.messages.catalogues import accepted, messages_in
from shared.messages.messages import Messages
from shared.web.errors import InternalError, MethodNotAllowed, NotFound, Refusal

PageOf = Callable[[Request, Refusal], Response]  # of a refusal, for a reader
_CALLS = "/v1/"
REFUSED = Counter("frontline_calls_refused_total", "Calls that were refused", ["reason"])


def render(refusal: Refusal, language: str | None = None) -> Response:
    """The problem document of `refusal`, in `language`, or in the fallback language."""
    REFUSED.labels(refusal.kind).inc()
    messages = messages_in(language)
    problem = msgspec.json.encode(problem_details(refusal, messages))
    headers = {**refusal.headers, "Content-Language": messages.language}
    return Response(problem, refusal.status, headers, MEDIA_TYPE)


def problem_details(refusal: Refusal, messages: Messages) -> dict[str, Any]:
    """The problem details of `refusal`, with the sentences of `messages`."""
    details = [messages(refusal.code, **refusal.facts), *(messages(code) for code in refusal.advice)]
    return {
        "type": TYPE_PREFIX + refusal.kind,
        "title": messages(f"problem.{refusal.kind}"),
        "status": refusal.status,
        "detail": "; ".join(details),
        "errors": [{"field": error.field, "message": messages(error.code, **error.facts)} for error in refusal.errors],
        **refusal.extra,
    }


def install(app: FastAPI, page: PageOf | None = None) -> None:
    """Let `app` answer its own errors and those of the framework with problem documents, or readers with `page`."""
    app.state.page_of_refusal = page
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _routing_error)
    app.add_exception_handler(Exception, _crash)


async def _refusal(request: Request, error: Exception) -> Response:
    return _answer(request, error) if isinstance(error, Refusal) else await _crash(request, error)


async def _crash(request: Request, _error: Exception) -> Response:
    """The answer does not name the cause, which is in the log."""
    return _answer(request, InternalError("refusal.crashed"))


async def _routing_error(request: Request, error: Exception) -> Response:
    """Errors of routing: an unknown address, or a method that the address does not have."""
    match error:
        case HTTPException(status_code=404):
            return _answer(request, NotFound("refusal.no_address"))
        case HTTPException(status_code=405):
            allowed = sorted(_methods(request))
            headers = {"Allow": ", ".join(allowed)}
            return _answer(request, MethodNotAllowed("refusal.methods", methods=allowed, headers=headers))
        case _:
            return await _crash(request, error)


def _answer(request: Request, refusal: Refusal) -> Response:
    page: PageOf | None = request.app.state.page_of_refusal
    if page is not None and _is_for_a_reader(request):
        with suppress(Exception):  # what made the call fail may make the page fail, too
            return page(request, refusal)
    return render(refusal, accepted(request.headers.get("accept-language")))


def _is_for_a_reader(request: Request) -> bool:
    """Whether a browser shows the answer: programs, scripts of pages and event streams do not ask for HTML."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_CALLS)


def _methods(request: Request) -> set[str]:
    """The methods of every route with this address. The framework names those of the first route only."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return {m for route in routes if route.matches(request.scope)[0] is not Match.NONE for m in route.methods or ()}
