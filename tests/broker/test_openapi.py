"""Intake is as its OpenAPI document says: Schemathesis finds nothing, and examples of answers are like answers."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.broker.intake_calls import unique
from tests.harness.examples import SETTING, examples
from tests.harness.fuzzed_intake import fuzzed_intake
from tests.harness.fuzzing import Fuzzing
from tests.harness.intake import Intake, editions, key_of


@pytest.mark.parametrize("calls", ["admitted", "refused"])
async def test_schemathesis_finds_nothing(intake: Intake, tmp_path: Path, calls: str) -> None:
    """Few examples here; `make api-fuzz` tries many, others each time, and each bound of each field."""
    thorough = SETTING in os.environ
    fuzzed = fuzzed_intake(intake.url, key_of("all"), editions().editions[0])
    fuzzing = Fuzzing(fuzzed, tmp_path, examples(2), thorough)
    verdict = await (fuzzing.admitted() if calls == "admitted" else fuzzing.refused())
    assert verdict.is_clean, verdict.report


async def test_an_answer_has_the_fields_of_its_example(intake: Intake) -> None:
    """Whoever writes a client by the examples meets no other answers. Those of a decision are made by intake's code."""
    account = unique()
    async with intake.client() as http:
        document = (await http.get("/openapi.json")).json()

        def example(path: str, method: str, part: str, name: str) -> Any:
            call = document["paths"][path][method]
            content = (call["requestBody"] if part == "body" else call["responses"][part])["content"]
            return content["application/json"]["examples"][name]["value"]

        of_requests, of_a_request = "/v1/support-requests", "/v1/support-requests/{request_id}"
        of_accounts, of_cases = "/v1/accounts/{account_id}/entitlement", "/v1/cases/{case_id}/activity"
        entitlement = example(of_accounts, "put", "body", "contacts")
        answer = (await http.put(f"/v1/accounts/{account}/entitlement", json=entitlement)).json()
        assert answer == {**example(of_accounts, "put", "200", "entitlement"), "account_id": account}

        body = {**example(of_requests, "post", "body", "outage"), "account_id": account}
        accepted = await http.post("/v1/support-requests", json=body, headers={"Idempotency-Key": "1"})
        assert accepted.json().keys() == example(of_requests, "post", "202", "accepted").keys()
        assert accepted.headers["location"] == accepted.json()["status_url"]
        undecided = (await http.get(accepted.json()["status_url"])).json()
        expected = example(of_a_request, "get", "200", "submitted")
        assert undecided.keys() == expected.keys()
        assert undecided["events"][0].keys() == expected["events"][0].keys()

        case = accepted.json()["request_id"]
        reply = example(of_cases, "post", "body", "customer_replied")
        recorded = await http.post(f"/v1/cases/{case}/activity", json=reply)
        assert recorded.json().keys() == example(of_cases, "post", "202", "accepted").keys()
        edition = (await http.get("/v1/editions/current")).json()
        shortened = example("/v1/editions/current", "get", "200", "shortened")
        assert edition.keys() == shortened.keys()
        assert edition["form"].keys() == shortened["form"].keys()
