"""The OpenAPI document: what the calls say of themselves, and the models of what goes in and comes out.

Bodies are read by `body.py`, within its limits and with its own words for mistakes, so FastAPI cannot see their
models: `describe` puts them into the document beside the call.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from services.intake.activity import Activity
from services.intake.entitlement import EntitlementBody
from services.intake.request import Submission
from shared.contracts.base import Instant, Sha256
from shared.contracts.intake import Account

ANY_SCOPE = "any"  # in place of scopes: every key will do
_REF = "#/components/schemas/{model}"


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Submitted(_Answer):
    """A submission that was accepted."""

    request_id: str
    status_url: str
    reminders: list[str] = []


class Recorded(_Answer):
    """An activity that was accepted."""

    activity_id: str


class RequestStatus(_Answer):
    """A request: the decision is null until the router has taken it."""

    request_id: str
    status: str
    account_id: str | None
    channel: str
    received_at: Instant
    decision: dict[str, Any] | None
    events: list[dict[str, Any]]


class EditionDocument(_Answer):
    """An edition. `document` is byte for byte what its SHA-256 is of."""

    policy_sha256: Sha256
    document: dict[str, Any]


class WrongField(_Answer):
    """One field and what is wrong with it; what was sent is not repeated."""

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


_IN = (Submission, Activity, EntitlementBody)
_OUT = (Submitted, Recorded, RequestStatus, Account, EditionDocument, Problem)


def describe(
    scope: str,
    status: int,
    answer: type[BaseModel] | str | None,
    *,
    body: type[BaseModel] | None = None,
    repeatable: bool = False,
    conditional: bool = False,
) -> dict[str, Any]:
    """What a route's decorator needs: the scope that the call asks for, what it takes and what it answers.

    `answer` is a model, a media type, or None for no body. `repeatable` calls take an Idempotency-Key, `conditional`
    ones an If-None-Match.
    """
    extra: dict[str, Any] = {"security": [{"apiKey": []}], "x-scope": scope}
    if body is not None:
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    if repeatable:
        extra["parameters"] = [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "stands for one occurrence: the same call again has the same key; another body under it "
                "is an idempotency_conflict; without a key, every call is a new one",
                "schema": {"type": "string", "maxLength": 200},
            }
        ]
    if conditional:
        extra["parameters"] = [
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "the ETag of the answer that the caller has",
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
        "responses": {
            status: {"description": "Done", "content": content} if content else {"description": "Done"},
            **({304: {"description": "The caller has it"}} if conditional else {}),
            "4XX": {"description": "Refused; nothing was published", "content": problem},
            "503": {"description": "Kafka is unavailable; nothing was acknowledged", "content": problem},
        },
        "openapi_extra": extra,
    }


def install(app: FastAPI) -> None:
    """Let `app` serve the document with the models in it; it is made once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the documented way to change the document


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        license_info=app.license_info,
        routes=app.routes,
    )
    _, taken = models_json_schema([(model, "validation") for model in _IN], ref_template=_REF)
    _, given = models_json_schema([(model, "serialization") for model in _OUT], ref_template=_REF)
    components = document.setdefault("components", {})
    components["schemas"] = {**taken["$defs"], **given["$defs"]}
    components["securitySchemes"] = {
        "apiKey": {"type": "http", "scheme": "bearer", "description": "an API key (`frontline token key`)"}
    }
    return document


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
