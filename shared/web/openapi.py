"""The OpenAPI document of a service: the description of each call, and the models of bodies and answers.

Services read bodies and parameters by themselves, with limits and messages of their own, so FastAPI does not know their
models. `describe` adds them to the description of the call. `openapi_details.py` adds examples and what else there is.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import Response

from shared.contracts.identifiers import LONGEST, PATTERN
from shared.identity.scopes import PersonScope
from shared.web.answer_headers import described
from shared.web.answer_model import AnswerModel

Json = dict[str, Any]
_Edition = TypeVar("_Edition")
EVENT_STREAM = "text/event-stream"
ANY_SCOPE = "any"  # instead of scopes: every caller is admitted
_IDENTIFIERS = ("case_id", "account_id")  # in addresses; other ids there are looked up, and unknown ones are 404
_CURRENT = {"description": "The caller has the current answer", "headers": described(("ETag",), ("Content-Location",))}
_REF = "#/components/schemas/{model}"
_LAST_EVENT_ID = "The id of the last event that the caller has."


class WrongField(AnswerModel):
    """One wrong field and the reason. The message does not repeat the value."""

    field: str
    message: str


class Problem(AnswerModel):
    """Problem details by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField]
    idempotency_key: str | None = None


class Refused(NamedTuple):
    """What the answers of a service mean that are not those which were asked for. None = there are none such."""

    refused: str
    too_many: str
    crashed: str
    unavailable: str | None


def operation_id(route: APIRoute) -> str:
    """The name of a call, from that of its function: `submit_support_request` is submitSupportRequest."""
    first, *others = route.name.split("_")
    return first + "".join(word.capitalize() for word in others)


def describe(
    scope: str,
    status: int,
    answer: type[BaseModel] | str | None,
    refused: Refused,
    *,
    body: Json | None = None,
    or_text: str | None = None,
    parameters: Iterable[Json] = (),
    conditional: bool = False,
    repeatable: bool = False,
) -> Json:
    """The arguments of a route's decorator: the scope of the call, its body and its answer.

    `answer` is a model, a media type, or None for no body; `or_text` another media type
    that callers may ask for; `body` is a schema. `conditional` calls accept an
    If-None-Match, and event streams a Last-Event-ID, beside the `parameters`. The answer to a `repeatable` call that
    nobody acknowledged names the key to repeat it with.
    """
    extra: Json = {"security": [{scheme: []} for scheme in _schemes(scope)], "x-scope": scope}
    if body is not None:
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    found = [*parameters]
    if conditional:
        found.append(header("If-None-Match", "The ETag of the answer that the caller has.", {"type": "string"}))
    if answer == EVENT_STREAM:
        found.append(header("Last-Event-ID", _LAST_EVENT_ID, {"type": "string"}))
    if found:
        extra["parameters"] = found
    content: Json = {}
    if isinstance(answer, str):
        content = {answer: {"schema": {"type": "string"}}}
    elif answer is not None:
        content = {"application/json": {"schema": ref(answer)}}
    if or_text is not None:
        content[or_text] = {"schema": {"type": "string"}}
    return {
        "status_code": status,
        "response_model": None,
        "response_class": Response,  # else FastAPI adds JSON to what an answer may be
        "responses": {
            status: {"description": "Done", "content": content} if content else {"description": "Done"},
            **({304: _CURRENT} if conditional else {}),
            **_problems(refused, repeatable=repeatable),
        },
        "openapi_extra": extra,
    }


def _problems(refused: Refused, *, repeatable: bool) -> Json:
    problem = {"application/problem+json": {"schema": ref(Problem)}}
    wait = described(("Retry-After",))
    found = {
        "4XX": {
            "description": refused.refused,
            "headers": described(optional=("WWW-Authenticate",)),
            "content": problem,
        },
        "429": {"description": refused.too_many, "headers": wait, "content": problem},
        "500": {"description": refused.crashed, "content": problem},
    }
    if refused.unavailable is not None:
        headers = {**wait, **described(optional=("Idempotency-Key",))} if repeatable else wait
        found["503"] = {"description": refused.unavailable, "headers": headers, "content": problem}
    return found


def header(name: str, description: str, schema: Json) -> Json:
    """A header that a call may have, as a parameter of the document."""
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def query_parameters(model: type[BaseModel]) -> list[Json]:
    """The parameters of an address, as `model` reads them: those of a list are separated by commas."""
    found = []
    for name, field in model.model_json_schema()["properties"].items():
        kinds = [kind for kind in field.pop("anyOf", ()) if kind != {"type": "null"}]
        schema = {key: value for key, value in field.items() if key not in ("title", "description")}
        schema |= kinds[0] if kinds else {}
        if schema.get("default", ()) in (None, []):
            del schema["default"]
        parameter = {"name": name, "in": "query", "required": False, "description": field["description"]}
        several: Json = {}
        if schema["type"] == "array":
            several, schema["minItems"] = {"style": "form", "explode": False}, 1  # `state=` names none
        found.append({**parameter, "schema": schema, **several})
    return found


def ref(model: type[BaseModel]) -> dict[str, str]:
    """The reference to a model in the document."""
    return {"$ref": _REF.format(model=model.__name__)}


def install(app: FastAPI, edition: Callable[[], _Edition], build: Callable[[_Edition], Json]) -> None:
    """Let `app` serve the document that `build` makes. Its examples have the words of `edition`, that in force.

    It is built once for an edition.
    """
    built_for: _Edition | None = None

    def document() -> Json:
        nonlocal built_for
        in_force = edition()
        if app.openapi_schema is None or built_for is not in_force:
            app.openapi_schema, built_for = build(in_force), in_force
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the documented way to change the document


def document_of_calls(app: FastAPI, bodies: Iterable[type[BaseModel]], answers: Iterable[type[BaseModel]]) -> Json:
    """The document of the calls of `app`, with these models; without examples."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        contact=app.contact,
        license_info=app.license_info,
        routes=app.routes,
    )
    _, taken = models_json_schema([(model, "validation") for model in bodies], ref_template=_REF)
    _, given = models_json_schema([(model, "serialization") for model in answers], ref_template=_REF)
    for call in calls(document):
        for parameter in call.get("parameters", ()):
            if parameter["name"] in _IDENTIFIERS:
                parameter["schema"] |= {"minLength": 1, "maxLength": LONGEST, "pattern": PATTERN}
    components = document.setdefault("components", {})
    components["schemas"] = {**taken.get("$defs", {}), **given["$defs"]}
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


def calls(document: Json) -> Iterator[Json]:
    """Every call of a document."""
    yield from (call for methods in document["paths"].values() for call in methods.values())


def _schemes(scope: str) -> tuple[str, ...]:
    """How a caller can have one of the scopes of a call: a person never has the scopes admin and backfill."""
    of_people = scope == ANY_SCOPE or not set(get_args(PersonScope)).isdisjoint(scope.replace(",", "").split())
    return ("apiKey", "signedToken") if of_people else ("apiKey",)
