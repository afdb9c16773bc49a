"""The descriptions of the interfaces are valid and complete, and the committed files are those of today.

The official tools for Node check them as well, in `make api-lint`.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from services.intake.activity import Activity
from services.intake.app import server_of
from services.intake.entitlement import EntitlementBody
from services.intake.request import Submission
from services.intake.service import Service
from services.intake.settings import Settings
from shared.contracts.registry import TYPES
from shared.contracts.topics import ENTITLEMENTS, TOPICS
from shared.kafka.asyncapi import asyncapi
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.process import with_health
from shared.web.server import CallServer
from tests.contract import api_documents
from tests.contract.tree import ROOT
from tests.harness.intake import ID_SECRET, api_keys, key_of
from tests.harness.json_schema import problems
from tests.harness.other_words import other_words
from tests.harness.shipped import shipped_edition

Json = Any
EDITIONS = {"shipped": shipped_edition("guidelines-2021"), "of another company": other_words()}
CALLS = {
    Submission.__name__: ("POST", "/v1/support-requests"),
    Activity.__name__: ("POST", "/v1/cases/case-1/activity"),
    EntitlementBody.__name__: ("PUT", "/v1/accounts/acme/entitlement"),
}
OPERATIONS = {
    "intake": {
        "submitSupportRequest",
        "getSupportRequest",
        "followSupportRequest",
        "recordActivity",
        "setEntitlement",
        "getEntitlement",
        "withdrawEntitlement",
        "getCurrentEdition",
        "getEdition",
    },
    "board": {
        "listCases",
        "followCases",
        "getCase",
        "getOutcomes",
        "getOutcomesCsv",
        "listBreaches",
        "listBreachesCsv",
        "listCasesCsv",
        "getOperations",
        "getOperationsCsv",
        "replayDeadLetter",
    },
}
SERVICES = pytest.mark.parametrize("service", OPERATIONS)


def intake_of(edition: Edition) -> CallServer:
    """An intake without a Kafka, which refuses what passes all its checks with 503."""
    settings = Settings(kafka_bootstrap="127.0.0.1:1", api_keys=api_keys(), id_secret=ID_SECRET)
    return server_of(Service(settings, settings.read_callers(), EditionLibrary.single(edition)))


def caller(edition: Edition) -> httpx.AsyncClient:
    """A client of it."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(with_health(intake_of(edition))),
        base_url="http://intake",
        headers={"Authorization": f"Bearer {key_of('all')}"},
    )


@cache
def openapi(service: str) -> Json:
    """The document as it is served today."""
    return {"intake": api_documents.openapi_document, "board": api_documents.board_document}[service]()


def operations(service: str) -> Iterator[tuple[str, Json]]:
    """Each call with its name."""
    for methods in openapi(service)["paths"].values():
        for call in methods.values():
            yield call["operationId"], call


def contents(service: str) -> Iterator[tuple[str, str, Json]]:
    """Each body and each answer: where it is, its media type, and what the document says of it."""
    for name, call in operations(service):
        parts = {"body": call.get("requestBody", {}), **call["responses"]}
        for part, found in parts.items():
            for media_type, content in found.get("content", {}).items():
                yield f"{name} {part}", media_type, content


def test_the_committed_documents_are_those_of_today() -> None:
    """The diff of a commit shows what it changes for others; `make schemas` writes them."""
    assert api_documents.stale() == []


@SERVICES
def test_the_openapi_document_is_valid(service: str) -> None:
    """By the JSON Schema of OpenAPI 3.1 and the rules that no schema can say."""
    validate(openapi(service), cls=OpenAPIV31SpecValidator)


@SERVICES
def test_calls_have_names_that_read_well_in_generated_clients(service: str) -> None:
    """A client's methods are these names; changing one breaks its callers."""
    names = [name for name, _ in operations(service)]
    assert len(names) == len(set(names))
    assert {*names} == OPERATIONS[service]


@SERVICES
def test_each_call_has_one_tag_with_a_description_and_a_summary(service: str) -> None:
    """Generators make a class or a chapter of each tag."""
    described = {tag["name"] for tag in openapi(service)["tags"] if tag["description"]}
    assert {tag for _, call in operations(service) for tag in call["tags"]} == described
    assert all(len(call["tags"]) == 1 and call["summary"] for _, call in operations(service))


@SERVICES
def test_every_body_and_every_answer_has_examples_that_fit(service: str) -> None:
    """An example is what people copy."""
    document = openapi(service)
    schemas = {"$defs": document["components"]["schemas"]}
    for place, media_type, content in contents(service):
        shown = content.get("examples") or {"": {"value": content["example"]}}
        for name, example in shown.items():
            reference = example.get("$ref", "").rpartition("/")[2]
            value = document["components"]["examples"][reference]["value"] if reference else example["value"]
            wrong = list(problems(value, content["schema"], schemas))
            assert wrong == [], f"{place} {media_type} {name}"


@SERVICES
def test_an_answer_has_one_media_type(service: str) -> None:
    """FastAPI adds JSON to an event stream, unless it is told not to. A table is JSON or CSV, as callers ask."""
    for name, call in operations(service):
        for status, answer in call["responses"].items():
            kinds = {*answer.get("content", {})}
            assert len(kinds) <= 1 or kinds == {"application/json", "text/csv"}, f"{name} {status}"


@SERVICES
def test_an_example_of_a_problem_is_where_its_status_is(service: str) -> None:
    """Whoever handles 429 must not find a 503 there."""
    examples = openapi(service)["components"]["examples"]
    for place, media_type, content in contents(service):
        if media_type == "application/problem+json":
            statuses = {
                str(examples[each["$ref"].rpartition("/")[2]]["value"]["status"])
                for each in content["examples"].values()
            }
            key = place.split()[1]
            assert all(re.fullmatch(key.replace("X", r"\d"), status) for status in statuses), place
            assert key == "429" or "429" not in statuses, place


@pytest.mark.parametrize("which", EDITIONS)
@pytest.mark.parametrize("model", CALLS)
async def test_intake_admits_every_example_of_a_body(which: str, model: str) -> None:
    """In the words of the edition in force, whatever they are."""
    async with caller(EDITIONS[which]) as http:
        document = (await http.get("/openapi.json")).json()
        contents = (
            content
            for methods in document["paths"].values()
            for call in methods.values()
            for content in call.get("requestBody", {}).get("content", {}).values()
        )
        (examples,) = (each["examples"] for each in contents if f"/{model}'" in str(each["schema"]))
        examples.pop("own", None)  # for callers with a signed token; its shape is tested above
        method, url = CALLS[model]
        for name, example in examples.items():
            answer = await http.request(method, url, json=example["value"])
            assert answer.status_code == 503, f"{name}: {answer.text}"


async def test_the_document_has_the_words_of_the_edition_in_force() -> None:
    """Examples in the words of another company would be refused."""
    async with caller(EDITIONS["of another company"]) as http:
        text = (await http.get("/openapi.json")).text
    assert '"gold"' in text
    assert "premier" not in text


def test_the_event_documents_are_the_same_each_time() -> None:
    """A diff must show changes only."""
    topics = TOPICS[:6]
    assert len({asyncapi("t", "d", api_documents.KAFKA, topics, topics) for _ in range(3)}) == 1


def test_a_topic_is_a_channel_and_a_type_of_event_a_message_with_its_headers() -> None:
    """Consumers subscribe to topics, and choose by the type in the header."""
    document = api_documents.asyncapi_document()
    messages = document["components"]["messages"]
    assert {*document["channels"]} == {topic.name for topic in TOPICS if topic.events}
    for topic in (topic for topic in TOPICS if topic.events):
        channel = document["channels"][topic.name]
        assert {*channel["messages"]} == {event.__name__ for event in topic.events}
    types = [kind for each in messages.values() for kind in each["headers"]["properties"]["ce_type"]["enum"]]
    assert sorted(types) == sorted(TYPES)
    for message in messages.values():
        assert {"ce_id", "ce_source", "ce_type", "ce_specversion"} == {*message["headers"]["required"]}
        assert message["bindings"]["kafka"]["key"] == {"type": "string"}


def test_the_event_document_says_who_sends_and_who_receives() -> None:
    """A billing system writes entitlements; whatever else is published is Frontline's own."""
    operations = api_documents.asyncapi_document()["operations"]
    received = [name for name, operation in operations.items() if operation["action"] == "receive"]
    assert received == [f"receive:{ENTITLEMENTS.name}"]


def test_the_tools_for_node_are_locked_by_hashes_and_name_no_host() -> None:
    """They are installed as they were when the lock file was made, from whatever registry npm uses."""
    lock = json.loads((ROOT / "tests/contract/api_tools/package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
