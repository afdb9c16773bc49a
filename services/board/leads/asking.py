"""Asks the board's file what a query of reports asks for, and streams tables."""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from services.board.csv_answer import table_headers
from services.board.csv_text import MEDIA_TYPE, line, lines
from services.board.freshness import Freshness
from services.board.leads.answers import COLUMNS, missed_cells, table_of
from services.board.leads.query import MOST, BreachQuery, PeriodQuery, ReportQuery
from services.board.period import Period
from services.board.service import Service
from services.board.store.breaches import Asked, Listed, WrongPlace, listed
from services.board.store.outcomes import Report, reports
from shared.business_time.instants import to_micros
from shared.web.errors import FieldError, InvalidFields


async def ask_reports(service: Service, query: PeriodQuery) -> tuple[list[Report], Period]:
    """The reports on commitments and on objectives, and their period. Raises InvalidFields."""
    period = query.period(service.clock())
    return await service.readers.ask(reports, query.wanted, period), period


async def ask_breaches(service: Service, query: BreachQuery, shown: Freshness) -> Listed:
    """One page of the promises that were broken, or nearly. Raises InvalidFields."""
    return await _page(service, query, query.period(service.clock()), shown)


async def _page(service: Service, query: BreachQuery, period: Period, shown: Freshness) -> Listed:
    now = service.known_at(shown)
    asked = Asked(query.show, query.wanted, period.since, period.until)
    try:
        return await service.readers.ask(
            listed, asked, service.shelf, service.shelf.published, to_micros(now), query.cursor, query.limit
        )
    except WrongPlace:
        raise InvalidFields([FieldError("cursor", "field.cursor")]) from None


async def report_table(service: Service, query: ReportQuery, shown: Freshness) -> Response:
    """A table of a report as CSV. Raises InvalidFields."""
    found, period = await ask_reports(service, query)
    headers = table_headers(f"outcomes-{query.table}", shown.as_of)
    return Response(lines(*table_of(query.table, found, period)), 200, headers, MEDIA_TYPE)


async def breach_table(service: Service, query: BreachQuery, shown: Freshness) -> Response:
    """All promises of the list as CSV, from the cursor on, whatever the size of a page. Raises InvalidFields.

    It is read in pages, so that a long table neither fills the memory nor holds a reader of the file up. All are of one
    period, also if a day ends meanwhile.
    """
    query = query.model_copy(update={"limit": MOST})
    headers = table_headers(query.show, shown.as_of)
    period = query.period(service.clock())
    first = await _page(service, query, period, shown)

    async def rows() -> AsyncIterator[str]:
        yield line(COLUMNS)
        page = first
        while True:
            yield "".join(line(missed_cells(row)) for row in page.rows)
            if page.after is None:
                return
            page = await _page(service, query.model_copy(update={"cursor": page.after}), period, shown)

    return StreamingResponse(rows(), 200, headers, MEDIA_TYPE)
