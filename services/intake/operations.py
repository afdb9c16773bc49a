"""What the OpenAPI document says of a call beside its schema: a tag, a summary, examples, links, headers of answers.

It follows from the call itself, so a new one gets all of it. `openapi.py` makes the document.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from services.intake import examples
from services.intake.example_refusals import UNKNOWN, WRONG_BODY, refusals
from services.intake.examples import Example, ExamplesOf
from services.intake.presentation import status_with_sentences
from services.intake.request import Submission
from services.intake.request_status import RecentRequests
from shared.contracts.structs import CaseRouted, ClockStarted, Decision, SupportRequestSubmitted
from shared.messages.catalogues import messages_in
from shared.policy.digest import policy_sha256
from shared.policy.model import Edition
from shared.web.problem import document_of

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
_LOCATION = {"Location": {"description": "The address of its status", "required": True, "schema": {"type": "string"}}}
_ETAG = {"ETag": {"description": "The digest, in quotes", "required": True, "schema": {"type": "string"}}}
_HEADERS: Mapping[str, Json] = {
    "submitSupportRequest": _LOCATION,
    "getCurrentEdition": _ETAG,
    "getEdition": _ETAG,
}
_EXAMPLE_REF = "#/components/examples/"


def complete(document: Json, edition: Edition) -> None:
    """Add tags, servers and examples to `document`, in the words of `edition`, and what its calls lack."""
    of_edition = ExamplesOf(edition, _shown_status(edition))
    bodies, answers = of_edition.bodies(), of_edition.answers()
    parameters = {
        **_PARAMETERS,
        "policy_sha256": policy_sha256(edition),
        "If-None-Match": f'"{policy_sha256(edition)}"',
    }
    named: set[str] = set()
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            call["tags"] = [_tag(path)]
            call["summary"] = _summary(call["description"])
            for parameter in call.get("parameters", ()):
                if parameter["name"] in parameters:
                    parameter["example"] = parameters[parameter["name"]]
            _add_body(call, bodies)
            _add_answer(call, answers, of_edition.event_stream())
            problems = dict(_problems(method, path, call))
            for status, names in problems.items():
                content = call["responses"][status]["content"]["application/problem+json"]
                content["examples"] = {name: {"$ref": f"{_EXAMPLE_REF}{name}"} for name in names}
                named |= {*names}
    messages = messages_in()
    document["servers"] = SERVERS
    used = {tag for methods in document["paths"].values() for call in methods.values() for tag in call["tags"]}
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.values() if name in used]
    document["components"]["examples"] = {
        name: {"summary": document_of(refusal, messages)["title"], "value": document_of(refusal, messages)}
        for name, refusal in refusals(edition).items()
        if name in named
    }


def _tag(path: str) -> str:
    part = path.split("/")[2]
    return TAGS.get(part, (part.replace("-", " ").capitalize(),))[0]


def _summary(description: str) -> str:
    """The first sentence, without its end."""
    return re.split(r"[.:;](?:\s|$)", description, maxsplit=1)[0].replace("\n", " ")


def _add_body(call: Json, bodies: Mapping[str, Mapping[str, Example]]) -> None:
    if "requestBody" in call:
        content = call["requestBody"]["content"]["application/json"]
        _add_examples(content, bodies)


def _add_answer(call: Json, answers: Mapping[str, Mapping[str, Example]], event_stream: str) -> None:
    status = min(call["responses"])  # there is one 2xx
    answer = call["responses"][status]
    for media_type, content in answer.get("content", {}).items():
        if media_type == "application/json":
            _add_examples(content, answers)
        else:
            content["example"] = event_stream
    operation = call["operationId"]
    if operation in _HEADERS:
        answer["headers"] = _HEADERS[operation]
    if operation in _LINKS:
        answer["links"] = _LINKS[operation]


def _problems(method: str, path: str, call: Json) -> Iterator[tuple[str, list[str]]]:
    """The refusals that a client of this call may meet, by the key of the answer: names of `refusals`."""
    refused, unavailable = ["unauthenticated"], []
    parameters = {parameter["name"] for parameter in call.get("parameters", ())}
    if call["x-scope"] != "any":
        refused.append("missing_scope")
    if method == "get" and "{" in path:
        refused += [name for beginning, name in UNKNOWN.items() if path.startswith(beginning)]
    if "requestBody" in call:
        models = _models(call["requestBody"]["content"]["application/json"])
        refused += ["malformed_json", "body_too_large", "unsupported_media_type"]
        refused += [WRONG_BODY[model] for model in models if model in WRONG_BODY]
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


def _models(content: Json) -> list[str]:
    """The names of the models that a body or an answer may be of."""
    shapes = content["schema"].get("oneOf", [content["schema"]])
    return [shape["$ref"].rpartition("/")[2] for shape in shapes if "$ref" in shape]


def _add_examples(content: Json, known: Mapping[str, Mapping[str, Example]]) -> None:
    found = {name: example for model in _models(content) for name, example in known.get(model, {}).items()}
    if found:
        content["examples"] = {
            name: {"summary": example.summary, "value": example.value} for name, example in found.items()
        }


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
