"""The HTTP calls of intake, by resource. `docs/api.md` shows each with curl."""

from functools import partial
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from services.intake import body, commands
from services.intake import entitlement as entitlements
from services.intake.activity import Activity
from services.intake.editions import answer_of, is_digest, is_known
from services.intake.entitlement import EntitlementBody, account_of
from services.intake.openapi import (
    EditionDocument,
    Recorded,
    RequestStatus,
    Submitted,
    describe,
)
from services.intake.presentation import status_with_sentences, with_sentences
from services.intake.request import OwnSubmission, Submission
from services.intake.service import Service, service_of
from services.intake.stream import open_stream
from services.intake.words import wrong_words_of_own_request, wrong_words_of_request
from shared.contracts.intake import Account
from shared.contracts.structs import EntitlementSet
from shared.identity.person import Person
from shared.identity.scopes import AGENT_SCOPE
from shared.messages.catalogues import accepted, languages, messages_in
from shared.observability.logs import get_logger
from shared.policy.base import in_language
from shared.web.body import checked_id
from shared.web.errors import CatchingUp, NotFound
from shared.web.openapi import ANY_SCOPE, EVENT_STREAM, operation_id

router = APIRouter(generate_unique_id_function=operation_id)
_log = get_logger()


@router.post(
    "/v1/support-requests", **describe("submit", 202, Submitted, body=Submission, own=OwnSubmission, repeatable=True)
)
async def submit_support_request(request: Request) -> Response:
    """Submit a support request.

    202 means that Kafka has the request. The same Idempotency-Key with the same body is the same request until
    `key_valid_until`. The same key with another body is refused, by this call or by the router. With a signed token,
    account and requester are those of the token, and the body does not have them.
    """
    service = service_of(request)
    caller = await service.gate.admit(request, "submit")
    key = body.idempotency_key(request)
    submission = await _submission(request, service, caller.person)
    parent = request.headers.get("traceparent")
    done = await commands.submit(service, caller, submission, key, parent=parent)
    request_id = done.event.request_id
    status_url = f"/v1/support-requests/{request_id}"
    answer: dict[str, Any] = {"request_id": request_id, "status_url": status_url}
    if done.key_valid_until is not None:
        answer["key_valid_until"] = done.key_valid_until
    edition = service.editions.effective_at(done.event.received_at)
    if done.lacks_phone_details and edition.phone is not None:
        language = submission.language or accepted(request.headers.get("accept-language"))
        answer["reminders"] = [in_language(edition.phone.have_at_hand, language)]
    return _json(answer, 202, {"Location": status_url})


async def _submission(request: Request, service: Service, person: Person | None) -> Submission:
    """The body of a client, or that of a person with what their token says."""
    edition = service.editions.effective_at(service.clock())
    if person is None:
        return await body.read(request, Submission, partial(wrong_words_of_request, edition, languages()))
    own = await body.read(request, OwnSubmission, partial(wrong_words_of_own_request, edition, languages()))
    return commands.submission_of(own, person, edition)


@router.get("/v1/support-requests/{request_id}", **describe("submit, agent or admin", 200, RequestStatus))
async def get_support_request(request: Request, request_id: str) -> Response:
    """The status of a request: its submission, its decision and the events of its clocks.

    Only the most recent requests have one (200,000 by default). With the scope submit, a client sees its own requests;
    with agent or admin, it sees all.
    """
    service = service_of(request)
    caller = await service.gate.admit(request, "submit", AGENT_SCOPE, "admin")
    found = commands.visible(service, caller, request_id)
    messages = messages_in(accepted(request.headers.get("accept-language")))
    answer = status_with_sentences(found.request, found.events, messages, service.published_editions.edition)
    return _json(answer, headers={"Content-Language": messages.language})


@router.get("/v1/support-requests/{request_id}/events", **describe("submit, agent or admin", 200, EVENT_STREAM))
async def follow_support_request(request: Request, request_id: str) -> Response:
    """Follow a request: its events as Server-Sent Events, first those that happened, then those that happen.

    `Last-Event-ID` continues after the event with that id.
    """
    service = service_of(request)
    caller = await service.gate.admit(request, "submit", AGENT_SCOPE, "admin")
    commands.visible(service, caller, request_id)
    messages = messages_in(accepted(request.headers.get("accept-language")))

    def present(event: dict[str, Any]) -> dict[str, Any]:
        return with_sentences(event, messages, service.published_editions.edition)

    sent = request.headers.get("last-event-id")
    return open_stream(service.streams, service.recent, caller, request_id, sent, present)


@router.post(
    "/v1/cases/{case_id:path}/activity",
    **describe("submit or agent", 202, Recorded, body=Activity, repeatable=True),
)
async def record_activity(request: Request, case_id: str) -> Response:
    """Report an activity on a case. 202 means that Kafka has it.

    `case_status` is in the answer if intake knows that the case was closed or withdrawn: nobody owes an answer then.

    A key names one occurrence. The same Idempotency-Key for the same case with the same body has the same activity_id,
    and counts once. The same key with another body is refused, by this call or by escalation. With the scope submit, a
    client may say on its own cases what a customer may say.
    """
    service = service_of(request)
    caller = await service.gate.admit(request, "submit", AGENT_SCOPE)
    case_id = checked_id("case_id", case_id)
    commands.check_case(service, caller, case_id)
    key = body.idempotency_key(request)
    reported = await body.read(request, Activity, service.words.wrong_words_of_activity)
    parent = request.headers.get("traceparent")
    activity_id, closed = await commands.report(service, caller, case_id, reported, key, parent=parent)
    return _json({"activity_id": activity_id, **({"case_status": "closed"} if closed else {})}, 202)


@router.put("/v1/accounts/{account_id:path}/entitlement", **describe("admin", 200, Account, body=EntitlementBody))
async def set_entitlement(request: Request, account_id: str) -> Response:
    """Replace an account's entitlement. 200 means that Kafka has it. It applies to requests that are decided later."""
    service = service_of(request)
    caller = await service.gate.admit(request, "admin")
    account_id = checked_id("account_id", account_id)
    entitlement = await body.read(request, EntitlementBody, service.words.wrong_words_of_entitlement)
    now = service.clock()
    language = accepted(request.headers.get("accept-language"))
    entitlements.check(entitlement, service.words, service.editions.effective_at(now), language)
    account = account_of(entitlement, account_id)
    await service.entitlement_calls.set(
        account_id, lambda at: EntitlementSet(account=account, set_at=at), request.headers.get("traceparent")
    )
    _log.info("Entitlement set", action="entitlement.set", account_id=account_id, client=caller.client)
    return _json(account)


@router.get("/v1/accounts/{account_id:path}/entitlement", **describe("admin", 200, Account))
async def get_entitlement(request: Request, account_id: str) -> Response:
    """The current entitlement of an account."""
    service = service_of(request)
    await service.gate.admit(request, "admin")
    account = service.accounts.find(checked_id("account_id", account_id))
    if account is None and not service.accounts_tail.caught_up.is_set():
        raise CatchingUp("refusal.reading_entitlements", retry_after=2)
    if account is None:
        raise NotFound("refusal.no_entitlement")
    return _json(account)


@router.delete("/v1/accounts/{account_id:path}/entitlement", **describe("admin", 204, None))
async def withdraw_entitlement(request: Request, account_id: str) -> Response:
    """Withdraw an account's entitlement, also if it has none. 204 means that Kafka has the withdrawal."""
    service = service_of(request)
    caller = await service.gate.admit(request, "admin")
    account_id = checked_id("account_id", account_id)
    await service.entitlement_calls.withdraw(account_id, request.headers.get("traceparent"))
    _log.info("Entitlement withdrawn", action="entitlement.withdrawn", account_id=account_id, client=caller.client)
    return Response(status_code=204)


@router.get("/v1/editions/current", **describe(ANY_SCOPE, 200, EditionDocument, conditional=True))
async def get_current_edition(request: Request) -> Response:
    """The configured edition that is in force now, and what it gives a form to ask: `form`."""
    service = service_of(request)
    await service.gate.admit(request)
    digest = service.published_editions.current(service.clock())
    answer = _edition(request, digest, "public, max-age=0, must-revalidate")
    answer.headers["Content-Location"] = f"/v1/editions/{digest}"
    return answer


@router.get("/v1/editions/{policy_sha256}", **describe(ANY_SCOPE, 200, EditionDocument, conditional=True))
async def get_edition(request: Request, policy_sha256: str) -> Response:
    """The edition with this digest, if it decided a case of the log or is configured at intake."""
    await service_of(request).gate.admit(request)
    if not is_digest(policy_sha256):
        raise NotFound("refusal.no_digest")
    return _edition(request, policy_sha256, "public, max-age=31536000, immutable")


def _edition(request: Request, digest: str, cache_control: str) -> Response:
    service = service_of(request)
    document = service.published_editions.find(digest)
    if document is None and not service.editions_tail.caught_up.is_set():
        raise CatchingUp("refusal.reading_editions", retry_after=2)
    if document is None:
        raise NotFound("refusal.no_edition")
    headers = {"ETag": f'"{digest}"', "Cache-Control": cache_control}
    if is_known(request.headers.get("if-none-match"), digest):
        return Response(status_code=304, headers=headers)
    answer = answer_of(digest, service.published_editions.form(digest), document)
    return Response(answer, 200, headers, "application/json")


def _json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, "application/json")
