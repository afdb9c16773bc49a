"""The pages of agents: the open chats, and one of them. Only persons whose token has the scope `agent` see them."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.intake.errors import IdempotencyConflict, TakenByAnother
from services.intake.open_chats import ANY
from services.intake.pages import CHATS
from services.intake.pages.agent_list import ChatLists
from services.intake.pages.agent_views import DeskViews
from services.intake.pages.routes import STREAMS, IntakePage, report
from services.intake.pages.visit import Visit
from services.intake.service import service_of
from shared.pages.case.desk_view import at_desk
from shared.pages.forms import key_of, read_form
from shared.pages.page import in_language, see
from shared.pages.rendered import render
from shared.pages.visit import visit_of
from shared.web.errors import FieldError, InvalidFields, NotAnAgent, Refusal

router = APIRouter(route_class=IntakePage, include_in_schema=False)
_NEEDS_TEXT = ("agent_replied", "internal_note")
_ALSO_ANSWERS = ("resolved", "reopened")  # with the text that was typed, if there is one
# Of a chat that another has taken nothing was reported: with the former key, taking it over could be an old report.
_NEEDS_NEW_KEY = (IdempotencyConflict, TakenByAnother)
_SEEN_WITHIN = 1.0  # seconds that the next page waits for what was done to come back from Kafka


@router.get(CHATS)
async def chats(request: Request) -> Response:
    """The open chats by the time that is left."""
    visit = _agent(request)
    views = ChatLists(visit, _page_number(request))
    views.check()
    await views.ready()
    return in_language(visit) or visit.keep(
        render(visit, "agent_chats.html", moments=views.moments, chats=views.current())
    )


@router.get(CHATS + "/live")
async def live_chats(request: Request) -> Response:
    """The list as Server-Sent Events, whenever something about a chat changes; two frames a second at most."""
    visit = _agent(request)
    views = ChatLists(visit, _page_number(request))
    service = visit.service
    return service.streams.follow(
        visit.caller, service.chats.watchers, ANY, views, most=STREAMS, before=views.next_frame
    )


@router.get(CHATS + "/{case_id}")
async def chat(request: Request, case_id: str) -> Response:
    """A chat: what was said, what is owed and why, and what an agent can do."""
    visit = _agent(request)
    return in_language(visit) or visit.keep(_chat(visit, DeskViews(visit, case_id)))


@router.get(CHATS + "/{case_id}/live")
async def live_chat(request: Request, case_id: str) -> Response:
    """The changing part of that page as Server-Sent Events, whenever something about the case changes."""
    visit = _agent(request)
    views = DeskViews(visit, case_id)
    views.current()  # refuses a case that is not here
    service = visit.service
    return service.streams.follow(visit.caller, service.cases.watchers, case_id, views, most=STREAMS)


@router.post(CHATS + "/{case_id}")
async def act(request: Request, case_id: str) -> Response:
    """What an agent does: take the chat, answer, note, resolve, reopen. A text that was typed is not lost."""
    typed = await read_form(request)  # before anything is refused: the page of the refusal has the text
    visit = _agent(request)
    visit.check_form(typed)
    views = DeskViews(visit, case_id)
    case = views.current()
    kind, text = typed.get("type", ""), typed.get("text", "").strip()
    takes = "take" in typed
    if not takes and kind in _NEEDS_TEXT and not text:
        return visit.keep(_chat(visit, views, 422, typed, wrong={"text": visit.messages("page.wrong.text")}))
    try:
        visit.check_identity(typed)
        await visit.service.gate.count(visit.caller)
        had = views.values(case)["desk"].taken_by
        if takes and had not in (None, visit.reader, typed["take"]):
            raise TakenByAnother("refusal.taken_by_another")
        steps = [{"type": "assigned", "to": visit.reader}] if takes else _steps(kind, text)
        for body in steps:
            reported = await report(visit, case_id, body, f"{key_of(typed)}:{body['type']}")
        await _seen(visit, case_id, reported)
    except Refusal as refusal:
        return visit.keep(_chat(visit, views, refusal.status, typed, refusal=refusal))
    if takes and text:  # half an answer: it is still there
        return visit.keep(_chat(visit, views, 200, typed))
    return visit.keep(see(f"{CHATS}/{case_id}"))


def _steps(kind: str, text: str) -> list[dict[str, str]]:
    """What a button reports, in its order. Raises InvalidFields for what is no button of the page."""
    if kind in _NEEDS_TEXT:
        return [{"type": kind, "text": text}]
    if kind not in _ALSO_ANSWERS:
        raise InvalidFields([FieldError("type", "page.wrong.choose")])
    answer = [{"type": "agent_replied", "text": text}] if text else []
    return [*answer, {"type": kind}] if kind == "resolved" else [{"type": kind}, *answer]


async def _seen(visit: Visit, case_id: str, activity_id: str) -> None:
    """Wait a moment, until the view has what was done: the next page then shows it, also to readers without scripts."""
    cases = visit.service.cases
    with cases.watchers.watch(case_id) as changed, suppress(TimeoutError):
        async with asyncio.timeout(_SEEN_WITHIN):
            while (recent := cases.find(case_id)) is not None and recent.lacks(activity_id):
                await changed.wait()
                changed.clear()


def _chat(
    visit: Visit,
    views: DeskViews,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
    *,
    wrong: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    """The page of a chat. An answer that was refused is still there, with its key if it may have been reported."""
    case = views.current()
    if refusal is not None and not isinstance(refusal, _NEEDS_NEW_KEY):
        case = case._replace(key=key_of(typed or {}))
    values = {**views.values(case), "typed": typed or {}, "wrong": wrong or {}, "refusal": refusal}
    headers = {} if refusal is None else refusal.headers
    return render(visit, "agent_chat.html", status, moments=case.moments, headers=headers, **values)


def _page_number(request: Request) -> int:
    """The page of the list that is asked for; the first for anything that is no number."""
    text = request.query_params.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _agent(request: Request) -> Visit:
    """The visit of an agent. Raises NotAnAgent."""
    visit = visit_of(service_of(request), request)
    if not visit.is_agent:
        raise NotAnAgent("refusal.not_an_agent")
    return at_desk(visit)
