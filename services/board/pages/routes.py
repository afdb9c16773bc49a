"""The pages of the board: the list of cases, and each case, for agents and for customers."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from services.board.errors import OtherThanBefore, TakenByAnother
from services.board.pages.case_list import FILTERS, OF_CUSTOMERS, SHOWN, CaseLists, choice_of
from services.board.pages.case_pages import CasePages, ShownCase
from services.board.pages.desk_actions import reports_of
from services.board.pages.visit import BoardPage, may_act, visit_of
from services.board.service import ANY
from services.board.store.cases import WrongCursor
from shared.pages.forms import key_of, read_form
from shared.pages.page import in_language, see
from shared.pages.rendered import render
from shared.pages.visit import PERSON
from shared.policy.model import Edition
from shared.web.errors import FieldError, InvalidFields, MissingScope, Refusal
from shared.web.stream import OF_PAGES, EventStream

router = APIRouter(route_class=BoardPage, include_in_schema=False)
STREAMS = 20  # of one person
_RECORDED = "recorded"
_SEEN_WITHIN = 1.0  # seconds that the next page waits for what was done to come back from Kafka
# Of a case that another has taken nothing was reported: with the former key, taking it over could be an old report.
_NEEDS_NEW_KEY = (OtherThanBefore, TakenByAnother)
OF_CUSTOMERS_ACTIVITY = ("customer_replied", "resolved", "withdrawn", "escalation_requested")


@router.get("/")
async def case_list(request: Request) -> Response:
    """Cases: for agents all of them by the time that is left, for customers those of their account."""
    visit = visit_of(request)
    lists = CaseLists(visit, choice_of(request.query_params, for_desk=visit.caller.sees_all))
    try:
        found = await lists.look()
    except WrongCursor:
        return see("/" + lists.choice.query())
    page = render(
        visit,
        "cases.html",
        moments=lists.moments,
        shows=[*SHOWN] if visit.caller.sees_all else [*OF_CUSTOMERS],
        filters=_filters(visit.edition) if visit.caller.sees_all else {},
        **lists.values(found),
    )
    return in_language(visit) or visit.keep(page)


@router.get("/cases.csv")
async def case_list_csv(request: Request) -> Response:
    """All of the list that the address chooses, as a table."""
    visit = visit_of(request)
    lists = CaseLists(visit, choice_of(request.query_params, for_desk=visit.caller.sees_all))
    return await lists.table()


@router.get("/live")
async def live_list(request: Request) -> Response:
    """The list as Server-Sent Events, whenever a case changes; two frames a second at most. 400 for a wrong cursor."""
    visit = visit_of(request)
    visit.service.shown()
    lists = CaseLists(visit, choice_of(request.query_params, for_desk=visit.caller.sees_all))
    service = visit.service
    try:
        lists.check()
    except WrongCursor:
        return PlainTextResponse(f"after: {visit.messages('field.cursor')}", 400)
    return service.streams.follow(
        visit.caller, service.watchers, ANY, lists, most=STREAMS, before=lists.next_look, heartbeat=OF_PAGES
    )


@router.get("/cases/{case_id}")
async def case_page(request: Request, case_id: str) -> Response:
    """A case: what was said, what is owed and why, what happened, and what the reader can do."""
    visit = visit_of(request)
    pages = CasePages(visit, case_id)
    found = await pages.look()
    return in_language(visit) or visit.keep(await _case(pages, found=found, recorded=_RECORDED in request.query_params))


@router.get("/cases/{case_id}/live")
async def live_case(request: Request, case_id: str) -> EventStream:
    """The changing part of that page as Server-Sent Events, whenever something about the case changes."""
    visit = visit_of(request)
    pages = CasePages(visit, case_id)
    await pages.look()
    service = visit.service
    return service.streams.follow(
        visit.caller, service.watchers, case_id, pages, most=STREAMS, before=pages.next_look, heartbeat=OF_PAGES
    )


@router.post("/cases/{case_id}")
async def act(request: Request, case_id: str) -> Response:
    """What a reader does on a case; intake is told, as the reader. A text that was typed is not lost."""
    typed = await read_form(request)  # before anything is refused: the page of the refusal has the text
    visit = visit_of(request)
    visit.check_form(typed)
    pages = CasePages(visit, case_id)
    await pages.look()
    try:
        visit.check_identity(typed)
        await visit.service.gate.count(visit.caller)
        bodies = await _bodies(pages, typed)
        for body in bodies:
            reported = await visit.service.intake.report(
                visit.connection.cookies[PERSON], case_id, body, f"{key_of(typed)}:{body['type']}", visit.language
            )
        seen = await _seen(pages, reported)
    except InvalidFields as refusal:
        wrong = {error.field: visit.messages(error.code, **error.facts) for error in refusal.errors}
        return visit.keep(await _case(pages, refusal.status, typed, wrong=wrong))
    except Refusal as refusal:
        return visit.keep(await _case(pages, refusal.status, typed, refusal=refusal))
    if "take" in typed and typed.get("text", "").strip():  # half an answer: it is still there
        return visit.keep(await _case(pages, 200, typed))
    return visit.keep(see(pages.address if seen else f"{pages.address}?{_RECORDED}"))


async def _bodies(pages: CasePages, typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """The activity that a form reports. Raises InvalidFields, MissingScope, TakenByAnother."""
    visit = pages.visit
    if not pages.for_desk:
        return [_of_customer(typed)]
    if not may_act(visit):
        raise MissingScope("refusal.scope", scopes=["agent"])
    if "take" in typed:
        had = (await pages.look()).row["assigned_to"]
        if had not in (None, visit.reader, typed["take"]):
            raise TakenByAnother("refusal.taken_by_another")
    return reports_of(typed, visit.reader)


def _of_customer(typed: Mapping[str, str]) -> dict[str, Any]:
    kind, text = typed.get("type", ""), typed.get("text", "").strip()
    if kind not in OF_CUSTOMERS_ACTIVITY:
        raise InvalidFields([FieldError("type", "page.wrong.choose")])
    if kind == "customer_replied" and not text:
        raise InvalidFields([FieldError("text", "page.wrong.text")])
    return {"type": kind, **({"text": text} if text else {})}


async def _seen(pages: CasePages, activity_id: str) -> bool:
    """Wait a moment until the board has what was done: the next page then shows it, also to readers without scripts.

    Returns whether it does. If not, the next page says that it is recorded, so that nobody does it again.
    """
    with pages.visit.service.watchers.watch(pages.case_id) as changed, suppress(TimeoutError):
        async with asyncio.timeout(_SEEN_WITHIN):
            while True:
                if not (await pages.look()).logged.lacks(activity_id):
                    return True
                await changed.wait()
                changed.clear()
    return False


async def _case(
    pages: CasePages,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
    *,
    found: ShownCase | None = None,
    wrong: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    recorded: bool = False,
) -> Response:
    """The page of a case, looked at anew unless it is `found`.

    An answer that was refused is still there, with its key if it may have been reported.
    """
    if refusal is not None and not isinstance(refusal, _NEEDS_NEW_KEY):
        pages.key = key_of(typed or {})
    found = found or await pages.look()
    view = pages.view(found)
    values = {**pages.values(found, view), "typed": typed or {}, "wrong": wrong or {}, "refusal": refusal}
    values["recorded"] = recorded
    headers = {} if refusal is None else refusal.headers
    return render(
        pages.visit, "case.html", status, moments=view.moments, headers=headers, part=pages.template, **values
    )


def _filters(edition: Edition) -> dict[str, list[str]]:
    """What a list can be narrowed to, in the words of the edition in force."""
    return dict(zip(FILTERS, ([*edition.priorities], [*edition.plans], [*edition.channels]), strict=True))
