"""The requests that intake writes to Kafka: on a real broker, over real HTTP."""

import asyncio

import pytest

from shared.contracts import wire
from shared.contracts.structs import (
    SupportRequestSubmitted,
)
from shared.contracts.topics import CASES, REQUESTS
from shared.kafka.partitioning import partition_for
from shared.policy.editions import EditionLibrary
from shared.wall_clock import utc_now
from tests.broker.intake_calls import ACCOUNT, events_of, output_of, submit, unique
from tests.harness.decided import routed
from tests.harness.intake import Intake, running_intake, submission, topics_at, write
from tests.harness.other_words import other_words

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_202_means_that_the_event_is_on_the_topic(intake: Intake) -> None:
    """As a CloudEvent in binary mode, under the account's key, on the partition where the router looks for it."""
    account = unique()
    answer = await submit(intake, account_id=account, language="es")
    assert answer.status_code == 202
    request_id = answer.json()["request_id"]
    assert answer.headers["location"] == answer.json()["status_url"] == f"/v1/support-requests/{request_id}"
    ((record, envelope, data),) = await events_of(intake, REQUESTS, account)
    headers = dict(record.headers)
    assert set(headers) == {
        *("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "content-type", "traceparent")
    }
    assert len(record.headers) == len(headers)
    assert headers["ce_source"] == b"/frontline/intake"
    assert headers["content-type"] == b"application/json"
    assert (envelope.id, envelope.subject, envelope.type) == (request_id, request_id, SupportRequestSubmitted.TYPE)
    assert record.partition == partition_for(account.encode(), 6)
    event = wire.decode(SupportRequestSubmitted, data)
    assert (event.request_id, event.account_id, event.client) == (request_id, account, "all")
    assert (event.authenticated_by, event.language, event.subject) == ("api_key", "es", "Calls drop")
    assert event.received_at == envelope.time


async def test_a_retry_is_the_same_request_and_is_written_once(intake: Intake) -> None:
    """Whatever the client lost on the way, its next try gets the same answer."""
    account = unique()
    answers = [await submit(intake, "order-17", account_id=account) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len(await events_of(intake, REQUESTS, account)) == 1


async def test_retries_at_the_same_time_are_one_request(intake: Intake) -> None:
    """Two may both be written before either is known; they have one id, and the router accepts one of them."""
    account = unique()
    answers = await asyncio.gather(*(submit(intake, "k", account_id=account) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["request_id"] for answer in answers}) == 1
    written = await events_of(intake, REQUESTS, account)
    assert {envelope.id for _, envelope, _ in written} == {answers[0].json()["request_id"]}


async def test_another_body_under_a_used_key_is_refused(intake: Intake) -> None:
    """A key that is used twice by mistake must not swallow the second request."""
    account = unique()
    await submit(intake, "k", account_id=account)
    answer = await submit(intake, "k", account_id=account, subject="Something else")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:frontline:problem:idempotency_conflict")
    assert len(await events_of(intake, REQUESTS, account)) == 1


async def test_of_two_simultaneous_bodies_under_one_key_one_is_accepted(intake: Intake) -> None:
    """Both reach one intake: to acknowledge both would lose one of them."""
    account = unique()
    subjects = ["A", "B"] * 5
    answers = await asyncio.gather(*(submit(intake, "k", account_id=account, subject=each) for each in subjects))
    taken = {subject for subject, answer in zip(subjects, answers, strict=True) if answer.status_code == 202}
    refused = [answer for answer in answers if answer.status_code != 202]
    assert len(taken) == 1
    assert len(refused) == 5
    assert {answer.json()["type"] for answer in refused} == {"urn:frontline:problem:idempotency_conflict"}
    written = await events_of(intake, REQUESTS, account)
    assert {wire.decode(SupportRequestSubmitted, data).subject for _, _, data in written} == taken


async def test_a_key_belongs_to_its_client_and_account(intake: Intake) -> None:
    """Two clients, or one client for two accounts, may use the same words."""
    accounts = [unique(), unique()]
    answers = [await submit(intake, "k", client, account_id=a) for client in ("all", "submit") for a in accounts]
    assert len({answer.json()["request_id"] for answer in answers}) == 4


async def test_without_a_key_every_call_is_a_new_request(intake: Intake) -> None:
    """Without a key a repetition looks like a second request with the same text."""
    account = unique()
    first, second = [await submit(intake, account_id=account) for _ in range(2)]
    assert first.json()["request_id"] != second.json()["request_id"]


async def test_a_request_without_an_account_has_its_own_id_as_key(intake: Intake) -> None:
    """So anonymous requests spread over the partitions."""
    request_id = (await submit(intake, account_id=...)).json()["request_id"]
    ((record, _, data),) = await events_of(intake, REQUESTS, request_id)
    assert record.partition == partition_for(request_id.encode(), 6)
    assert wire.decode(SupportRequestSubmitted, data).account_id is None


async def test_phone_details_are_asked_for_and_never_kept(intake: Intake) -> None:
    """A request without them is accepted with a reminder, in the language of the request."""
    account = unique()
    given = await submit(
        intake, account_id=account, channel="phone", phone={"meeting_id": "918-273-6455", "host_key": "557331"}
    )
    assert "reminders" not in given.json()
    lacking = await submit(intake, account_id=account, channel="phone", language="es")
    assert lacking.status_code == 202
    assert "clave de anfitrión" in lacking.json()["reminders"][0]
    events = await events_of(intake, REQUESTS, account)
    phones = [wire.decode(SupportRequestSubmitted, data).phone for _, _, data in events]
    assert phones[0] is not None
    assert phones[0].meeting_id_given
    assert phones[0].host_key_given
    assert phones[1] is None
    assert not any(secret in data for _, _, data in events for secret in (b"918-273-6455", b"557331"))


@pytest.mark.parametrize("sent", [PARENT, None, "nonsense"])
async def test_the_event_continues_the_trace_of_the_caller(intake: Intake, sent: str | None) -> None:
    """A child of the caller's span; a new trace if the caller sent no valid one."""
    account = unique()
    async with intake.client(**({} if sent is None else {"traceparent": sent})) as http:
        await http.post("/v1/support-requests", json=submission(account_id=account))
    ((_, envelope, _),) = await events_of(intake, REQUESTS, account)
    assert envelope.traceparent is not None
    assert (envelope.traceparent[:36] == PARENT[:36]) is (sent == PARENT)
    assert envelope.traceparent != PARENT


async def test_a_company_with_other_words_is_served_by_the_same_code(bootstrap: str) -> None:
    """Gold on WhatsApp with a severity: its edition is all that there is of it."""
    await topics_at(bootstrap)
    account = unique()
    who = {"requester_id": "u1", "role": "boss", "licensed": True}
    asked = submission(
        account_id=account, requester=who, channel="whatsapp", fields={"severity": "S1"}, language="pt-BR"
    )
    async with running_intake(bootstrap, library=EditionLibrary.single(other_words())) as intake:
        async with intake.client() as http:
            gold = {"plan": "gold", "account_type": "chain", "paid": True, "contacts": [who]}
            assert (await http.put(f"/v1/accounts/{account}/entitlement", json=gold)).status_code == 200
            contradiction = await http.put(f"/v1/accounts/{account}/entitlement", json={**gold, "paid": False})
            assert contradiction.status_code == 422
            assert "gold.paid" in contradiction.json()["errors"][0]["message"]
            answer = await http.post("/v1/support-requests", json=asked)
            assert answer.status_code == 202
            called = await http.post("/v1/support-requests", json={**asked, "channel": "hotline"})
            assert called.json()["reminders"] == ["Tenha à mão o número do caixa."]
            assert (await http.post("/v1/support-requests", json=submission())).status_code == 422
            form = (await http.get("/v1/editions/current")).json()["form"]
            assert [field["word"] for field in form["fields"]] == ["severity", "product"]
        events = [
            wire.decode(SupportRequestSubmitted, data) for _, _, data in await events_of(intake, REQUESTS, account)
        ]
    assert [(event.channel, event.fields) for event in events] == [
        ("whatsapp", {"severity": "S1"}),
        ("hotline", {"severity": "S1"}),
    ]


async def test_another_instance_reads_what_this_one_wrote(intake: Intake, bootstrap: str) -> None:
    """Views are read from the topics: after a restart, or beside other instances."""
    account = unique()
    async with intake.client() as http:
        await http.put(f"/v1/accounts/{account}/entitlement", json=ACCOUNT)
    request_id = (await submit(intake, "k", account_id=account)).json()["request_id"]
    await write(bootstrap, [output_of(CASES, request_id, routed(request_id, utc_now()))])
    async with running_intake(bootstrap) as other, other.client() as http:
        assert (await http.get(f"/v1/accounts/{account}/entitlement")).json()["plan"] == "premier_plus"
        assert (await http.get(f"/v1/support-requests/{request_id}")).json()["status"] == "routed"
        retried = await http.post(
            "/v1/support-requests", json=submission(account_id=account), headers={"Idempotency-Key": "k"}
        )
        assert retried.json()["request_id"] == request_id
    assert len(await events_of(intake, REQUESTS, account)) == 1
