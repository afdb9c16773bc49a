"""What the OpenAPI document of intake says of its calls beside their schemas: examples, links, tags, refusals."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.intake import examples
from services.intake.example_refusals import UNKNOWN, WRONG_BODY, refusals
from services.intake.examples import ExamplesOf
from services.intake.presentation import status_with_sentences
from services.intake.request import Submission
from services.intake.request_status import RecentRequests
from shared.contracts.structs import CaseRouted, ClockStarted, Decision, SupportRequestSubmitted
from shared.messages.catalogues import messages_in
from shared.policy.digest import policy_sha256
from shared.policy.model import Edition
from shared.web.answer_headers import described
from shared.web.openapi_details import Details, models

Json = dict[str, Any]
SERVERS = [
    {"url": "/", "description": "The intake that serves this document"},
    {"url": "http://localhost:8080", "description": "A system on this machine: `frontline up`, or the compose stack"},
]
# By the first part of the address after the version; the order is that of the document.
TAGS = {
    "support-requests": ("Support requests", "Submit a request, and follow what becomes of it."),
    "cases": ("Cases", "Report what happened on a case: replies, statuses, its end. A case has the id of its request."),
    "accounts": ("Entitlements", "Set what an account owns: its plan, and who may ask in its name."),
    "test-clock": ("Test clock", "Advance the time of a system that was started for tests."),
    "editions": ("Editions", "Read the rules behind decisions, and what a form has to ask."),
}
_PARAMETERS = {
    "request_id": examples.REQUEST_ID,
    "case_id": examples.REQUEST_ID,
    "account_id": examples.ACCOUNT,
    "Idempotency-Key": examples.KEY,
    "Last-Event-ID": "submitted",
}
_ID_IN_ANSWER = "$response.body#/request_id"
# From an answer to the calls that go on from it, by operationId.
_LINKS: Mapping[str, Mapping[str, Json]] = {
    "submitSupportRequest": {
        "status": {"operationId": "getSupportRequest", "parameters": {"request_id": _ID_IN_ANSWER}},
        "events": {"operationId": "followSupportRequest", "parameters": {"request_id": _ID_IN_ANSWER}},
        "activity": {"operationId": "recordActivity", "parameters": {"case_id": _ID_IN_ANSWER}},
    },
    "setEntitlement": {
        name: {"operationId": operation, "parameters": {"account_id": "$request.path.account_id"}}
        for name, operation in (("read", "getEntitlement"), ("withdraw", "withdrawEntitlement"))
    },
    "getCurrentEdition": {
        "by_digest": {
            "operationId": "getEdition",
            "parameters": {"policy_sha256": "$response.body#/policy_sha256"},
        }
    },
}
_HEADERS: Mapping[str, Json] = {
    "submitSupportRequest": described(("Location",)),
    "getCurrentEdition": described(("ETag", "Content-Location")),
    "getEdition": described(("ETag",)),
}


def details(edition: Edition) -> Details:
    """Those of intake, in the words of `edition`."""
    of_edition = ExamplesOf(edition, _shown_status(edition))
    digest = policy_sha256(edition)
    return Details(
        servers=SERVERS,
        tags=TAGS,
        parameters={**_PARAMETERS, "policy_sha256": digest, "If-None-Match": f'"{digest}"'},
        bodies=of_edition.bodies(),
        answers=of_edition.answers(),
        texts={"followSupportRequest": of_edition.event_stream()},
        headers=_HEADERS,
        links=_LINKS,
        refusals=refusals(edition),
        problems=_problems,
    )


def _problems(method: str, path: str, call: Json) -> Iterator[tuple[str, list[str]]]:
    """The refusals that a client of this call may meet, by the key of the answer: names of `refusals`."""
    refused, unavailable = ["unauthenticated"], []
    parameters = {parameter["name"] for parameter in call.get("parameters", ())}
    if call["x-scope"] != "any":
        refused.append("missing_scope")
    if method == "get" and "{" in path:
        refused += [name for beginning, name in UNKNOWN.items() if path.startswith(beginning)]
    if "requestBody" in call:
        taken = models(call["requestBody"]["content"]["application/json"])
        refused += ["malformed_json", "body_too_large", "unsupported_media_type"]
        refused += [WRONG_BODY[model] for model in taken if model in WRONG_BODY]
    elif "account_id" in parameters:
        refused.append("invalid_id")
    if "Idempotency-Key" in parameters:
        refused.append("idempotency_conflict")
    if method != "get":
        unavailable.append("kafka_unavailable")
    if method == "get" or Submission.__name__ in str(call.get("requestBody")):
        unavailable.append("catching_up")
    if path.endswith("/events"):
        unavailable.append("too_many_streams")
    yield from (("4XX", refused), ("429", ["rate_limited"]), ("500", ["internal_error"]), ("503", unavailable))


def _shown_status(edition: Edition) -> examples.ShowStatus:
    """Makes the answer about a request as the view of recent requests and its call make it."""

    def show(
        request: SupportRequestSubmitted, case: CaseRouted, decision: Decision, clocks: tuple[ClockStarted, ...]
    ) -> Any:
        view = RecentRequests(1, lambda _case: decision)
        view.submitted(request)
        view.routed(case)
        for offset, clock in enumerate(clocks):
            view.happened(clock, offset)
        status = view.status(request.request_id)
        if status is None:
            raise LookupError("a view of recent requests that has room for one has lost it")
        return status_with_sentences(status.request, status.events, messages_in(), lambda _digest: edition)

    return show
