"""The pages of intake: the form, the page of a request. Signing in and out is in `shared/pages/routes.py`."""

import secrets
from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.intake import commands
from services.intake.activity import Activity
from services.intake.body import IdempotencyKey, parse
from services.intake.errors import IdempotencyConflict
from services.intake.pages import form_page
from services.intake.pages.case_views import CaseViews
from services.intake.pages.offer import Offer, entitlement_of, offer
from services.intake.pages.visit import Visit
from services.intake.request import OwnSubmission, Submission
from services.intake.service import service_of
from services.intake.words import wrong_words_of_request
from shared.contracts.structs import Account
from shared.identity.scopes import SUBMIT_SCOPE
from shared.messages.catalogues import languages
from shared.pages.case.case_view import CaseView
from shared.pages.forms import key_of, read_form
from shared.pages.page import Page, in_language, see
from shared.pages.rendered import render
from shared.pages.visit import visit_of
from shared.policy.digest import policy_sha256
from shared.web.errors import CatchingUp, MissingScope, Refusal
from shared.web.stream import OF_PAGES

STREAMS = 20  # of one person, or of the visitors of one address


router = APIRouter(route_class=Page, include_in_schema=False)


@router.get("/")
async def form(request: Request) -> Response:
    """The form, for whoever looks at it; agents and viewers who send no requests have the board instead."""
    visit = _visit(request)
    if visit.caller.sees_all and not visit.may_submit:
        return _board(visit)
    if visit.person is not None and _account(visit) is None and not visit.service.accounts_tail.caught_up.is_set():
        raise CatchingUp("refusal.reading_entitlements", retry_after=2)
    return in_language(visit) or visit.keep(_form(visit, {}))


@router.post("/requests")
async def submit(request: Request) -> Response:
    """Submit what the form has. A wrong one comes back as it was typed, with what is wrong beside each field."""
    visit = _visit(request)
    typed = await read_form(request)
    visit.check_form(typed)
    try:
        visit.check_identity(typed)
        await visit.service.gate.count(visit.caller)
        if not visit.may_submit:
            raise MissingScope("refusal.scope", scopes=[SUBMIT_SCOPE])
        key = IdempotencyKey(key_of(typed), True)
        submission = _submission(visit, typed)
        done = await commands.submit(
            visit.service, visit.caller, submission, key, parent=request.headers.get("traceparent")
        )
    except Refusal as refusal:
        return visit.keep(_form(visit, typed, refusal))
    return visit.keep(see(f"/requests/{done.event.request_id}"))


@router.get("/requests/{request_id}")
async def request_page(request: Request, request_id: str) -> Response:
    """What became of a request, and what its customer can do. It follows the request while it is open."""
    visit = _visit(request)
    return in_language(visit) or visit.keep(_request(visit, CaseViews(visit, request_id).current()))


@router.get("/requests/{request_id}/live")
async def live(request: Request, request_id: str) -> Response:
    """The changing part of that page as Server-Sent Events, whenever something about the request changes."""
    visit = _visit(request)
    views = CaseViews(visit, request_id)
    views.current()  # refuses a request that this caller may not see
    service = visit.service
    return service.streams.follow(
        visit.caller, service.cases.watchers, request_id, views, most=STREAMS, heartbeat=OF_PAGES
    )


@router.post("/requests/{request_id}/activity")
async def act(request: Request, request_id: str) -> Response:
    """What a customer does on a case: reply, say that it works again, withdraw, ask for an escalation."""
    visit = _visit(request)
    typed = await read_form(request)
    visit.check_form(typed)
    case = CaseViews(visit, request_id).current()
    kind, text = typed.get("type", ""), typed.get("text", "")
    if kind == "customer_replied" and not text.strip():
        return visit.keep(_request(visit, case, 422, typed, wrong={"text": visit.messages("page.wrong.text")}))
    try:
        visit.check_identity(typed)
        await visit.service.gate.count(visit.caller)
        body = {"type": kind} | ({"text": text} if text.strip() else {})
        await _report(visit, request_id, body, f"{key_of(typed)}:{kind}")
    except Refusal as refusal:
        return visit.keep(_request(visit, case, refusal.status, typed, refusal=refusal))
    return visit.keep(see(f"/requests/{request_id}"))


def _board(visit: Visit) -> Response:
    """The way to the board; a page that says so, where intake does not know its address."""
    address = visit.service.settings.board_address
    return in_language(visit) or visit.keep(render(visit, "at_board.html") if address is None else see(str(address)))


def _form(visit: Visit, typed: Mapping[str, str], refusal: Refusal | None = None) -> Response:
    """The form with what was typed. A refused one has a key of its own, unless it may be sent once more as it is."""
    wrong = {} if refusal is None else form_page.mistakes(refusal.errors, visit.messages)
    questions = form_page.questions(visit.edition, typed, visit.language)
    keeps_key = refusal is not None and not isinstance(refusal, IdempotencyConflict)
    return render(
        visit,
        "form.html",
        200 if refusal is None else refusal.status,
        offer=_offer(visit),
        questions=questions,
        labels={question.name: question.text for question in questions},
        typed=typed,
        wrong=wrong,
        refusal=refusal if refusal is not None and not refusal.errors else None,
        key=key_of(typed) if keeps_key else secrets.token_hex(16),
        ready=form_page.READY,
        headers={} if refusal is None else refusal.headers,
    )


def _request(
    visit: Visit,
    case: CaseView,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
    *,
    wrong: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    """The page of a request. A reply that was refused is still there, with the key by which it counts once."""
    if typed is not None and not isinstance(refusal, IdempotencyConflict):
        case = case._replace(key=key_of(typed))
    values = {**case.values, "typed": typed or {}, "wrong": wrong or {}, "refusal": refusal}
    headers = {} if refusal is None else refusal.headers
    return render(visit, "request.html", status, moments=case.moments, headers=headers, **values)


async def _report(visit: Visit, case_id: str, body: Mapping[str, str], key: str) -> None:
    """Report an activity, as a call with this body and Idempotency-Key does. Raises the refusal."""
    service, parent = visit.service, visit.connection.headers.get("traceparent")
    reported = parse(form_page.to_json(body), Activity, service.words.wrong_words_of_activity)
    commands.check_case(service, visit.caller, case_id)
    await commands.report(service, visit.caller, case_id, reported, IdempotencyKey(key, True), parent=parent)


def _account(visit: Visit) -> Account | None:
    """The entitlement of the person's account, as intake knows it."""
    account_id = None if visit.person is None else visit.person.account_id
    return None if account_id is None else visit.service.accounts.find(account_id)


def _offer(visit: Visit) -> Offer:
    service, person = visit.service, visit.person
    now = service.clock()
    rules = service.published_editions.rules(policy_sha256(visit.edition))
    assert rules is not None  # noqa: S101 - a configured edition can be used
    country = None if person is None else person.country
    return offer(
        entitlement_of(person, _account(visit), visit.edition, now), rules, country, visit.language, visit.messages, now
    )


def _submission(visit: Visit, typed: Mapping[str, str]) -> Submission:
    edition = visit.edition
    phone = None if edition.phone is None else edition.phone.channel
    body = form_page.body_of(typed, visit.language, edition, is_phone=typed.get("channel") == phone)
    own = parse(body, OwnSubmission, partial(wrong_words_of_request, edition, languages()))
    return commands.submission_by(own, visit.caller, edition)


def _visit(request: Request) -> Visit:
    return visit_of(service_of(request), request)
