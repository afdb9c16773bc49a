"""Refusals as HTTP answers: problem details by RFC 9457, for every error that this service can give."""

import msgspec
from fastapi import FastAPI, Request
from prometheus_client import Counter
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from services.intake.errors import InternalError, MethodNotAllowed, NotFound, Refusal
from shared.http.refusals import MEDIA_TYPE, TYPE_PREFIX
from shared.messages.catalogues import accepted, messages_in

REFUSED = Counter("frontline_intake_refused_total", "Calls that were refused", ["reason"])


def render(refusal: Refusal, language: str | None = None) -> Response:
    """The problem document of `refusal`, in `language` or the fallback."""
    REFUSED.labels(refusal.kind).inc()
    messages = messages_in(language)
    details = [messages(refusal.code, **refusal.facts), *(messages(code) for code in refusal.advice)]
    problem = {
        "type": TYPE_PREFIX + refusal.kind,
        "title": messages(f"problem.{refusal.kind}"),
        "status": refusal.status,
        "detail": "; ".join(details),
        "errors": [{"field": error.field, "message": messages(error.code, **error.facts)} for error in refusal.errors],
        **refusal.extra,
    }
    headers = {**refusal.headers, "Content-Language": messages.language}
    return Response(msgspec.json.encode(problem), refusal.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let `app` answer every error of its own and of the framework as a problem."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _of_the_framework)
    app.add_exception_handler(Exception, _crash)


async def _refusal(request: Request, error: Exception) -> Response:
    return _answer(request, error) if isinstance(error, Refusal) else await _crash(request, error)


async def _crash(request: Request, _error: Exception) -> Response:
    """Says nothing of the cause: that is in the log."""
    return _answer(request, InternalError("refusal.crashed"))


async def _of_the_framework(request: Request, error: Exception) -> Response:
    """What routing finds wrong: no such address, no such method."""
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
    return render(refusal, accepted(request.headers.get("accept-language")))


def _methods(request: Request) -> set[str]:
    """What every route with this address takes: the framework names the methods of the first one only."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return {m for route in routes if route.matches(request.scope)[0] is not Match.NONE for m in route.methods or ()}
