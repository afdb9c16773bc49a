"""Refusals as HTTP answers: problem details by RFC 9457, for every error that this service can give."""

import msgspec
from fastapi import FastAPI, Request
from prometheus_client import Counter
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from services.intake.errors import InternalError, MethodNotAllowed, NotFound, Refusal
from shared.http.refusals import MEDIA_TYPE, TYPE_PREFIX

REFUSED = Counter("frontline_intake_refused_total", "Calls that were refused", ["reason"])


def render(refusal: Refusal) -> Response:
    """The answer that tells of `refusal`."""
    REFUSED.labels(refusal.kind).inc()
    problem = {
        "type": TYPE_PREFIX + refusal.kind,
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "errors": [{"field": error.field, "message": error.message} for error in refusal.errors],
        **refusal.extra,
    }
    return Response(msgspec.json.encode(problem), refusal.status, refusal.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let `app` answer every error of its own and of the framework as a problem."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _of_the_framework)
    app.add_exception_handler(Exception, _crash)


async def _refusal(_request: Request, error: Exception) -> Response:
    return render(error) if isinstance(error, Refusal) else await _crash(_request, error)


async def _crash(_request: Request, _error: Exception) -> Response:
    """Says nothing of the cause: that is in the log."""
    return render(InternalError("the call failed; it is in our log, and repeating it with its key is safe"))


async def _of_the_framework(request: Request, error: Exception) -> Response:
    """What routing finds wrong: no such address, no such method."""
    match error:
        case HTTPException(status_code=404):
            return render(NotFound("there is no such address here; /docs lists them"))
        case HTTPException(status_code=405):
            allowed = ", ".join(sorted(_methods(request)))
            return render(MethodNotAllowed(f"this address takes {allowed}", headers={"Allow": allowed}))
        case _:
            return await _crash(request, error)


def _methods(request: Request) -> set[str]:
    """What every route with this address takes: the framework names the methods of the first one only."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return {m for route in routes if route.matches(request.scope)[0] is not Match.NONE for m in route.methods or ()}
