"""The calls of a version may follow those of the released one, and a break of each kind is noticed."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract import api_documents
from tests.contract.openapi_compatibility import complaints

Json = Any
DOCUMENT = json.loads((api_documents.DOCS / "openapi.json").read_text(encoding="utf-8"))
SUBMIT, STATUS = "POST /v1/support-requests", "GET /v1/support-requests/{request_id}"
ENTITLEMENT = "PUT /v1/accounts/{account_id}/entitlement"


def call(document: Json, name: str) -> Json:
    """A call of the document."""
    method, path = name.split()
    return document["paths"][path][method.lower()]


def schema(document: Json, name: str) -> Json:
    """A model of the document."""
    return document["components"]["schemas"][name]


def require(document: Json, name: str, field: str) -> None:
    """Require a field of a model."""
    schema(document, name)["required"].append(field)


def test_the_calls_may_follow_the_released_ones() -> None:
    """Until the first release there are none; `python -m tests.contract.api_documents --release` makes them."""
    if api_documents.RELEASED.exists():
        assert complaints(json.loads(api_documents.RELEASED.read_text(encoding="utf-8")), DOCUMENT) == []


def test_a_document_may_follow_itself() -> None:
    """Else nothing could be released."""
    assert complaints(DOCUMENT, DOCUMENT) == []


COMPATIBLE: dict[str, Callable[[Json], object]] = {
    "a new call": lambda new: new["paths"].update({"/v1/new": {"get": call(new, STATUS)}}),
    "an optional field of a body": lambda new: schema(new, "Submission")["properties"].update(note={"type": "string"}),
    "a field of an answer": lambda new: schema(new, "Submitted")["properties"].update(note={"type": "string"}),
    "a longer text of a body": lambda new: schema(new, "Submission")["properties"]["subject"].update(maxLength=400),
    "another country": lambda new: schema(new, "EntitlementBody")["properties"]["country"]["anyOf"][0]["enum"].append(
        "XX"
    ),
    "another example": lambda new: call(new, SUBMIT)["requestBody"]["content"]["application/json"].pop("examples"),
    "other words": lambda new: call(new, SUBMIT).update(description="Otherwise.", summary="Otherwise"),
}
BREAKING: dict[str, tuple[Callable[[Json], object], str]] = {
    "a call is gone": (lambda new: new["paths"].pop("/v1/editions/current"), "GET /v1/editions/current: is gone"),
    "a call has another name": (
        lambda new: call(new, SUBMIT).update(operationId="submit"),
        f"{SUBMIT}: was called submitSupportRequest",
    ),
    "a field of a body is gone": (
        lambda new: schema(new, "Submission")["properties"].pop("country"),
        f"{SUBMIT}: the body admits less than before",
    ),
    "a field of a body is required": (
        lambda new: require(new, "Submission", "account_id"),
        f"{SUBMIT}: the body admits less than before",
    ),
    "a body is narrower": (
        lambda new: schema(new, "Submission")["properties"]["subject"].update(maxLength=100),
        f"{SUBMIT}: the body admits less than before",
    ),
    "a word of a body is gone": (
        lambda new: schema(new, "EntitlementBody")["properties"]["country"]["anyOf"][0]["enum"].remove("ES"),
        f"{ENTITLEMENT}: the body admits less than before",
    ),
    "a pattern is another": (
        lambda new: schema(new, "EntitlementBody")["properties"]["plan"].update(pattern="^[a-z]$"),
        f"{ENTITLEMENT}: the body.plan: the pattern changed",
    ),
    "a parameter is required": (
        lambda new: call(new, SUBMIT)["parameters"][0].update(required=True),
        f"{SUBMIT}: the parameter Idempotency-Key is required now",
    ),
    "a parameter is gone": (
        lambda new: call(new, SUBMIT).update(parameters=[]),
        f"{SUBMIT}: the parameter Idempotency-Key is gone",
    ),
    "a field of an answer is gone": (
        lambda new: (
            schema(new, "Submitted")["properties"].pop("request_id"),
            schema(new, "Submitted")["required"].remove("request_id"),
        ),
        f"{SUBMIT}: the answer 202 says what its readers do not expect",
    ),
    "a field of an answer may be null": (
        lambda new: schema(new, "RequestStatus")["properties"].update(channel={"type": ["string", "null"]}),
        f"{STATUS}: the answer 200 says what its readers do not expect",
    ),
    "a field of an answer has another type": (
        lambda new: schema(new, "Problem")["properties"].update(status={"type": "string"}),
        f"{SUBMIT}: the answer 4XX says what its readers do not expect",
    ),
    "an answer is gone": (lambda new: call(new, SUBMIT)["responses"].pop("503"), f"{SUBMIT}: the answer 503 is gone"),
    "an answer is new": (
        lambda new: call(new, SUBMIT)["responses"].update({"201": {"description": "Done"}}),
        f"{SUBMIT}: the answer 201 is new",
    ),
    "a header is gone": (
        lambda new: call(new, SUBMIT)["responses"]["503"].pop("headers"),
        f"{SUBMIT}: the answer 503 has Retry-After no more, or not always",
    ),
    "a media type is another": (
        lambda new: call(new, SUBMIT)["responses"]["202"].update(content={"text/plain": {"schema": {}}}),
        f"{SUBMIT}: the answer 202 application/json is gone",
    ),
}


@pytest.mark.parametrize("change", COMPATIBLE)
def test_what_no_client_notices_is_no_break(change: str) -> None:
    """A check that complains of everything is switched off."""
    new = copy.deepcopy(DOCUMENT)
    COMPATIBLE[change](new)
    assert new != DOCUMENT
    assert complaints(DOCUMENT, new) == []


@pytest.mark.parametrize("change", BREAKING)
def test_what_breaks_a_client_is_found(change: str) -> None:
    """By its place."""
    new = copy.deepcopy(DOCUMENT)
    make, expected = BREAKING[change]
    make(new)
    found = complaints(DOCUMENT, new)
    assert any(line.startswith(expected) for line in found), found
