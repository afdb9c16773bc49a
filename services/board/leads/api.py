"""The calls of reports: what became of promises, and which were broken. Both answer JSON or CSV."""

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from services.board.api import as_of
from services.board.leads.answers import missed_answer, report_answer
from services.board.leads.asking import ask_breaches, ask_reports, breach_table, report_table
from services.board.leads.query import BreachQuery, ReportQuery
from services.board.service import Service
from shared.identity.scopes import AGENT_SCOPE, VIEW_SCOPE, Scope

router = APIRouter()
LEADS: tuple[Scope, ...] = (AGENT_SCOPE, VIEW_SCOPE, "admin")


@router.get("/v1/outcomes")
async def outcomes(request: Request) -> Response:
    """How many promises were met and breached, by milestone, priority, plan and calendar, over time; and how long
    answers took. With `Accept: text/csv` the table that `table` names.
    """
    service = await _admitted(request)
    query = ReportQuery.of(request.query_params)
    if _wants_csv(request):
        return await report_table(service, query)
    found, period = await ask_reports(service, query)
    return _json({**report_answer(found, period), "as_of": as_of(service)})


@router.get("/v1/outcomes.csv")
async def outcomes_csv(request: Request) -> Response:
    """The same as CSV, for programs that cannot ask for a media type."""
    service = await _admitted(request)
    return await report_table(service, ReportQuery.of(request.query_params))


@router.get("/v1/breaches")
async def breaches(request: Request) -> Response:
    """Promises that were broken, or with `show=near_miss` nearly, the latest first, in pages; as CSV all of them.

    `next_cursor` is null on the last page.
    """
    service = await _admitted(request)
    query = BreachQuery.of(request.query_params)
    if _wants_csv(request):
        return await breach_table(service, query)
    page = await ask_breaches(service, query)
    found = [missed_answer(row) for row in page.rows]
    return _json({"breaches": found, "next_cursor": page.after, "as_of": as_of(service)})


@router.get("/v1/breaches.csv")
async def breaches_csv(request: Request) -> Response:
    """The same as CSV, for programs that cannot ask for a media type."""
    service = await _admitted(request)
    return await breach_table(service, BreachQuery.of(request.query_params))


async def _admitted(request: Request) -> Service:
    service: Service = request.app.state.service
    await service.gate.admit(request, *LEADS)
    service.check()
    return service


def _wants_csv(request: Request) -> bool:
    """Whether CSV is what the caller names; a browser, which takes anything, gets JSON."""
    return "text/csv" in request.headers.get("accept", "").lower()


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), 200, {"Cache-Control": "no-store"}, "application/json")
