"""The OpenAPI document: the description of each call, and the models of bodies and answers.

`body.py` reads the bodies, with its own limits and messages, so FastAPI does not know their models. `describe` adds
them to the description of the call.
"""

from collections.abc import Callable
from typing import Any, Literal, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema
from starlette.responses import Response

from services.intake.activity import Activity
from services.intake.entitlement import EntitlementBody
from services.intake.form import Form
from services.intake.operations import complete
from services.intake.request import OwnSubmission, Submission
from shared.contracts.base import Instant, Sha256
from shared.contracts.identifiers import LONGEST, PATTERN
from shared.contracts.intake import Account
from shared.identity.scopes import PersonScope
from shared.policy.model import Edition

KEY_PATTERN = "^[!-~](?:[ -~]*[!-~])?$"  # an identifier in ASCII
_IDENTIFIERS = ("case_id", "account_id")  # in addresses; other ids there are looked up, and unknown ones are 404
EVENT_STREAM = "text/event-stream"
ANY_SCOPE = "any"  # instead of scopes: every caller is admitted
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait. Then repeat the call, with the same Idempotency-Key if it has one",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}
_REF = "#/components/schemas/{model}"


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Submitted(_Answer):
    """The answer to an accepted submission.

    `key_valid_until` is there if the client sent an Idempotency-Key: until then, exclusive, the key names this request.
    """

    request_id: str
    status_url: str
    key_valid_until: Instant | None = None
    reminders: list[str] = []


class Recorded(_Answer):
    """The answer to an accepted activity.

    `case_status` is there where intake knows that the case was closed, or withdrawn, when it took the activity.
    """

    activity_id: str
    case_status: Literal["closed"] | None = None


class RequestStatus(_Answer):
    """A request. `decision` is null until the router has decided."""

    request_id: str
    status: str
    account_id: str | None
    channel: str
    received_at: Instant
    decision: dict[str, Any] | None
    events: list[dict[str, Any]]


class EditionDocument(_Answer):
    """An edition. `policy_sha256` is the SHA-256 of the bytes of `document`.

    `form` is what it gives a form to ask and to show; null if this version of intake cannot use the edition.
    """

    policy_sha256: Sha256
    form: Form | None
    document: dict[str, Any]


class WrongField(_Answer):
    """One wrong field and the reason. The message does not repeat the value."""

    field: str
    message: str


class Problem(_Answer):
    """Problem details by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField]
    idempotency_key: str | None = None


def operation_id(route: APIRoute) -> str:
    """The name of a call, from that of its function: `submit_support_request` is submitSupportRequest."""
    first, *others = route.name.split("_")
    return first + "".join(word.capitalize() for word in others)


_IN = (Submission, OwnSubmission, Activity, EntitlementBody)
_OUT = (Submitted, Recorded, RequestStatus, Account, EditionDocument, Problem)


def describe(
    scope: str,
    status: int,
    answer: type[BaseModel] | str | None,
    *,
    body: type[BaseModel] | None = None,
    own: type[BaseModel] | None = None,
    repeatable: bool = False,
    conditional: bool = False,
) -> dict[str, Any]:
    """The arguments of a route's decorator: the scope of the call, its body and its answer.

    `answer` is a model, a media type, or None for no body. `own` is the body that a person with a signed token sends
    in place of `body`. `repeatable` calls accept an Idempotency-Key, `conditional` ones an If-None-Match.
    """
    extra: dict[str, Any] = {"security": [{scheme: []} for scheme in _schemes(scope)], "x-scope": scope}
    if body is not None:
        schema = _ref(body) if own is None else {"oneOf": [_ref(body), _ref(own)]}
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if repeatable:
        extra["parameters"] = [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Names one occurrence. A repeated call has the same key. Another body under the same "
                "key is an idempotency_conflict. Without a key, every call is a new one.",
                "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": KEY_PATTERN},
            }
        ]
    if conditional:
        extra["parameters"] = [
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "The ETag of the answer that the caller has.",
                "schema": {"type": "string"},
            }
        ]
    if answer == EVENT_STREAM:
        extra["parameters"] = [
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "description": "The id of the last event that the caller has.",
                "schema": {"type": "string"},
            }
        ]
    content: dict[str, Any] = {}
    if isinstance(answer, str):
        content = {answer: {"schema": {"type": "string"}}}
    elif answer is not None:
        content = {"application/json": {"schema": _ref(answer)}}
    problem = {"application/problem+json": {"schema": _ref(Problem)}}
    return {
        "status_code": status,
        "response_model": None,
        "response_class": Response,  # else FastAPI adds JSON to what an answer may be
        "responses": {
            status: {"description": "Done", "content": content} if content else {"description": "Done"},
            **({304: {"description": "The caller has the current answer"}} if conditional else {}),
            "4XX": {"description": "Refused. Nothing was published", "content": problem},
            "429": {
                "description": "Too many calls with this key, or of this address without a known one",
                "headers": _RETRY_AFTER,
                "content": problem,
            },
            "500": {"description": "A defect of intake. Repeat the call with its Idempotency-Key", "content": problem},
            "503": {
                "description": "Kafka is unavailable. Nothing was acknowledged",
                "headers": _RETRY_AFTER,
                "content": problem,
            },
        },
        "openapi_extra": extra,
    }


def install(app: FastAPI, edition: Callable[[], Edition]) -> None:
    """Let `app` serve the document with the models in it. Its examples have the words of `edition`, that in force.

    It is built once for an edition.
    """
    built_for: Edition | None = None

    def document() -> dict[str, Any]:
        nonlocal built_for
        in_force = edition()
        if app.openapi_schema is None or built_for is not in_force:
            app.openapi_schema, built_for = _document(app), in_force
            complete(app.openapi_schema, in_force)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the documented way to change the document


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        contact=app.contact,
        license_info=app.license_info,
        routes=app.routes,
    )
    _, taken = models_json_schema([(model, "validation") for model in _IN], ref_template=_REF)
    _, given = models_json_schema([(model, "serialization") for model in _OUT], ref_template=_REF)
    for call in (call for methods in document["paths"].values() for call in methods.values()):
        for parameter in call.get("parameters", ()):
            if parameter["name"] in _IDENTIFIERS:
                parameter["schema"] |= {"minLength": 1, "maxLength": LONGEST, "pattern": PATTERN}
    components = document.setdefault("components", {})
    components["schemas"] = {**taken["$defs"], **given["$defs"]}
    components["securitySchemes"] = {
        "apiKey": {"type": "http", "scheme": "bearer", "description": "an API key (`frontline token key`)"},
        "signedToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "a signed token of a host application, for a signed-in person (docs/sign-in.md)",
        },
    }
    return document


def _schemes(scope: str) -> tuple[str, ...]:
    """How a caller can have one of the scopes of a call: a person never has the scopes admin and backfill."""
    of_people = scope == ANY_SCOPE or not set(get_args(PersonScope)).isdisjoint(scope.replace(",", "").split())
    return ("apiKey", "signedToken") if of_people else ("apiKey",)


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
