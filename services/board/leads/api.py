"""The calls of reports: what became of promises, and which were broken. Both answer JSON or CSV."""

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from services.board.csv_answer import CSV, wants_csv
from services.board.freshness import Freshness
from services.board.leads.answer_models import Breaches, Outcomes
from services.board.leads.answers import missed_answer, report_answer
from services.board.leads.asking import ask_breaches, ask_reports, breach_table, report_table
from services.board.leads.query import BreachQuery, ReportQuery
from services.board.openapi import describe
from services.board.service import Service
from shared.contracts.base import format_instant
from shared.identity.scopes import SEES_ALL
from shared.web.openapi import operation_id
from shared.web.query import read_query

router = APIRouter(generate_unique_id_function=operation_id)


@router.get("/v1/outcomes", **describe(SEES_ALL, Outcomes, query=ReportQuery, or_text=CSV))
async def get_outcomes(request: Request) -> Response:
    """Count the promises that were met and breached.

    By milestone, priority, plan and calendar, and over time; and how long answers took. With `Accept: text/csv` it is
    the table that `table` names.
    """
    service, shown = await _admitted(request)
    query = read_query(ReportQuery, request.query_params)
    if wants_csv(request):
        return await report_table(service, query, shown)
    found, period = await ask_reports(service, query)
    return _json({**report_answer(found, period), "as_of": format_instant(shown.as_of)})


@router.get("/v1/outcomes.csv", **describe(SEES_ALL, CSV, query=ReportQuery))
async def get_outcomes_csv(request: Request) -> Response:
    """Outcomes as CSV, for programs that cannot ask for a media type."""
    service, shown = await _admitted(request)
    return await report_table(service, read_query(ReportQuery, request.query_params), shown)


@router.get("/v1/breaches", **describe(SEES_ALL, Breaches, query=BreachQuery, or_text=CSV))
async def list_breaches(request: Request) -> Response:
    """List the promises that were broken, or with `show=near_miss` nearly.

    The latest are first. They come in pages; as CSV, with `Accept: text/csv`, all of them at once.

    `next_cursor` is null on the last page.
    """
    service, shown = await _admitted(request)
    query = read_query(BreachQuery, request.query_params)
    if wants_csv(request):
        return await breach_table(service, query, shown)
    page = await ask_breaches(service, query, shown)
    found = [missed_answer(row) for row in page.rows]
    return _json({"breaches": found, "next_cursor": page.after, "as_of": format_instant(shown.as_of)})


@router.get("/v1/breaches.csv", **describe(SEES_ALL, CSV, query=BreachQuery))
async def list_breaches_csv(request: Request) -> Response:
    """Breaches as CSV, for programs that cannot ask for a media type."""
    service, shown = await _admitted(request)
    return await breach_table(service, read_query(BreachQuery, request.query_params), shown)


async def _admitted(request: Request) -> tuple[Service, Freshness]:
    service: Service = request.app.state.service
    await service.gate.admit(request, *SEES_ALL)
    return service, service.shown()


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), 200, {"Cache-Control": "no-store"}, "application/json")
