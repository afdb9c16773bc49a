"""The pages of leads: `/reports` with the numbers, `/reports/breaches` with each promise, and their tables as CSV."""

from collections.abc import Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from babel import Locale
from fastapi import APIRouter, Request
from starlette.responses import Response

from services.board.freshness import Freshness
from services.board.leads.asking import ask_breaches, ask_reports, breach_table, report_table
from services.board.leads.query import BreachQuery, PeriodQuery, ReportQuery
from services.board.leads.view import Filters, length, next_page, section, word_name, zones_of
from services.board.pages.visit import BoardPage, Visit, visit_of
from services.board.store.outcomes import words_of
from shared.business_time.instants import from_micros
from shared.identity.scopes import DESK_SCOPES
from shared.pages.moments import Moments
from shared.pages.page import in_language
from shared.pages.rendered import render
from shared.web.errors import InvalidFields, MissingScope
from shared.web.query import read_query

_QueryT = TypeVar("_QueryT", bound=PeriodQuery)


router = APIRouter(route_class=BoardPage, include_in_schema=False)


@router.get("/reports")
async def reports(request: Request) -> Response:
    """How many promises were met, by what and when, and how long answers took."""
    visit, shown = _visit(request)
    query, wrong = _query(ReportQuery, visit)
    found, period = await ask_reports(visit.service, query)
    locale = Locale.parse(visit.messages.language.replace("-", "_"))
    page = render(
        visit,
        "leads/reports.html",
        422 if wrong else 200,
        moments=Moments(visit.messages.language, period.zone),
        filters=await _filters(visit, query),
        # What there is none of comes last: the number that matters is the first on the page.
        sections=[
            section(each, query, visit.messages, locale) for each in sorted(found, key=lambda it: not it.total.total)
        ],
        wrong=wrong,
        old=shown.said,
        **_SHOWN,
    )
    return in_language(visit) or visit.keep(page)


@router.get("/reports.csv")
async def reports_csv(request: Request) -> Response:
    """A table of that page."""
    visit, shown = _visit(request)
    return await report_table(visit.service, _query(ReportQuery, visit)[0], shown)


@router.get("/reports/breaches")
async def breaches(request: Request) -> Response:
    """Each promise that was broken, or nearly, the latest first."""
    visit, shown = _visit(request)
    query, wrong = _query(BreachQuery, visit)
    try:
        found = await ask_breaches(visit.service, query, shown)
    except InvalidFields:  # a cursor of nothing: the list begins anew
        query = query.model_copy(update={"cursor": None})
        found = await ask_breaches(visit.service, query, shown)
    filters = await _filters(visit, query)
    page = render(
        visit,
        "leads/breaches.html",
        422 if wrong else 200,
        moments=Moments(visit.messages.language, filters.period.zone),
        filters=filters,
        rows=found.rows,
        next_page=next_page(query, found.after),
        wrong=wrong,
        old=shown.said,
        **_SHOWN,
    )
    return in_language(visit) or visit.keep(page)


@router.get("/reports/breaches.csv")
async def breaches_csv(request: Request) -> Response:
    """All of that list."""
    visit, shown = _visit(request)
    return await breach_table(visit.service, _query(BreachQuery, visit)[0], shown)


_SHOWN: Mapping[str, Any] = {"length": length, "word_name": word_name, "instant": from_micros}


def _visit(request: Request) -> tuple[Visit, Freshness]:
    """The visit of somebody who sees every case, and how old what they see is.

    Raises NotSignedIn, MissingScope, CatchingUp.
    """
    visit = visit_of(request)
    if not visit.caller.sees_all:
        raise MissingScope("refusal.scope", scopes=[*DESK_SCOPES])
    return visit, visit.service.shown()


def _query(model: type[_QueryT], visit: Visit) -> tuple[_QueryT, dict[str, str]]:
    """What the address asks for, and a sentence for each field that is wrong: it is then as if it were not there.

    A form sends its empty fields, too. Without a zone, days are those of the reader.
    """
    known = {field.alias or name for name, field in model.model_fields.items()}
    given = {name: value for name, value in visit.connection.query_params.items() if value and name in known}
    if "zone" not in given and isinstance(visit.zone, ZoneInfo):
        given["zone"] = visit.zone.key
    wrong: dict[str, str] = {}
    while True:
        try:
            query = read_query(model, given)
            query.period(visit.service.clock())
        except InvalidFields as refusal:
            for error in refusal.errors:
                wrong[error.field] = visit.messages(error.code, **error.facts)
                given.pop(error.field, None)
            continue
        return query, wrong


async def _filters(visit: Visit, query: PeriodQuery) -> Filters:
    period = query.period(visit.service.clock())
    own = visit.zone.key if isinstance(visit.zone, ZoneInfo) else None
    calendars = (calendar.timezone for calendar in visit.edition.calendars.values())
    words = await visit.service.readers.ask(words_of)
    return Filters(query, period, words, zones_of(period, own, calendars))
