"""The calls of a version may follow those of the released one, and a break of each kind is noticed."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract import api_documents
from tests.contract.openapi_compatibility import complaints

Json = Any
DOCUMENT = json.loads((api_documents.DOCS / "openapi.json").read_text(encoding="utf-8"))
BOARD = json.loads((api_documents.DOCS / "board-openapi.json").read_text(encoding="utf-8"))
LIST, CASES, TABLE = "GET /v1/cases", "CasePage", "GET /v1/breaches.csv"
SUBMIT, STATUS = "POST /v1/support-requests", "GET /v1/support-requests/{request_id}"
ENTITLEMENT = "PUT /v1/accounts/{account_id}/entitlement"


def call(document: Json, name: str) -> Json:
    """A call of the document."""
    method, path = name.split()
    return document["paths"][path][method.lower()]


def parameter(document: Json, name: str, of: str) -> Json:
    """A parameter of a call of the document."""
    (found,) = [each for each in call(document, of)["parameters"] if each["name"] == name]
    return found


def schema(document: Json, name: str) -> Json:
    """A model of the document."""
    return document["components"]["schemas"][name]


def require(document: Json, name: str, field: str) -> None:
    """Require a field of a model."""
    schema(document, name)["required"].append(field)


def assert_found(old: Json, make: Callable[[Json], object], expected: str) -> None:
    """What `make` does to a document is complained of in these words, and maybe more."""
    new = copy.deepcopy(old)
    make(new)
    found = complaints(old, new)
    assert any(line.startswith(expected) for line in found), found


def test_the_calls_may_follow_the_released_ones() -> None:
    """Until the first release there are none; `python -m tests.contract.api_documents --release` makes them."""
    assert api_documents.broken() == []


def test_a_release_has_the_calls_of_every_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command releases both documents, and a later break of a call of either is found, with its file."""
    monkeypatch.setattr(api_documents, "DOCS", tmp_path)
    monkeypatch.setattr(api_documents, "RELEASED", tmp_path / "released")
    assert api_documents.main(["--release"]) == 0
    assert api_documents.broken() == []
    for name, path in (("openapi.json", "/v1/earlier"), ("board-openapi.json", "/v1/cases/earlier")):
        file = tmp_path / "released" / name
        earlier = json.loads(file.read_text(encoding="utf-8"))
        earlier["paths"][path] = earlier["paths"].popitem()[1]
        file.write_text(json.dumps(earlier), encoding="utf-8")
    found = api_documents.broken()
    assert [line.partition(": ")[0] for line in found] == ["openapi.json", "board-openapi.json"]
    assert all("earlier: is gone" in line for line in found)


@pytest.mark.parametrize("document", [DOCUMENT, BOARD], ids=["intake", "board"])
def test_a_document_may_follow_itself(document: Json) -> None:
    """Else nothing could be released."""
    assert complaints(document, document) == []


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
    assert_found(DOCUMENT, *BREAKING[change])


BREAKING_OF_BOARD: dict[str, tuple[Callable[[Json], object], str]] = {
    "a filter is gone": (
        lambda new: call(new, LIST).update(parameters=call(new, LIST)["parameters"][1:]),
        f"{LIST}: the parameter account is gone",
    ),
    "a filter knows a word less": (
        lambda new: parameter(new, "sort", LIST)["schema"]["enum"].remove("oldest"),
        f"{LIST}: the parameter sort admits less than before",
    ),
    "a page is shorter": (
        lambda new: parameter(new, "limit", LIST)["schema"].update(maximum=100),
        f"{LIST}: the parameter limit admits less than before",
    ),
    "a field of a list is gone": (
        lambda new: (
            schema(new, CASES)["properties"].pop("next_cursor"),
            schema(new, CASES)["required"].remove("next_cursor"),
        ),
        f"{LIST}: the answer 200 says what its readers do not expect",
    ),
    "a table does not say of when it is true": (
        lambda new: call(new, TABLE)["responses"]["200"]["headers"].pop("Frontline-As-Of"),
        f"{TABLE}: the answer 200 has Frontline-As-Of no more, or not always",
    ),
}


@pytest.mark.parametrize("change", BREAKING_OF_BOARD)
def test_what_breaks_a_client_of_the_board_is_found(change: str) -> None:
    """Its clients ask by parameters, and send no bodies."""
    assert_found(BOARD, *BREAKING_OF_BOARD[change])
