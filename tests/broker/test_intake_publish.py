"""The records that intake writes to Kafka, and its views of them: on a real broker, over real HTTP."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.contracts import wire
from shared.contracts.base import parse_instant
from shared.contracts.registry import type_of
from shared.contracts.structs import (
    ActivityRecorded,
    EntitlementSet,
    EntitlementWithdrawn,
    Event,
    SupportRequestSubmitted,
)
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, Topic
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output, Record
from shared.policy.editions import EditionLibrary
from shared.routing.entitlement_order import AHEAD
from shared.wall_clock import utc_now
from tests.harness.asking import account as some_account
from tests.harness.decided import breached, closed, reopened, routed, started, warned
from tests.harness.intake import Intake, log_of, running_intake, submission, topics_at, write
from tests.harness.other_words import other_words

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ACCOUNT = {
    "plan": "premier_plus",
    "account_type": "enterprise",
    "paid": True,
    "country": "ES",
    "contacts": [{"requester_id": "u1", "role": "admin", "licensed": True, "email": "ana@acme.test"}],
}


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """One intake for the tests of this file; each test uses accounts and cases of its own."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap) as running:
        yield running


def _unique(prefix: str = "acct") -> str:
    return f"{prefix}-{secrets.token_hex(6)}"


async def _submit(intake: Intake, key: str | None = None, client: str = "all", **given: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    async with intake.client(client, **headers) as http:
        return await http.post("/v1/support-requests", json=submission(**given))


async def _events(intake: Intake, topic: Topic, key: str) -> list[tuple[Record, serde.Envelope, bytes]]:
    """The events of `topic` under one key, in order."""
    log = [record for record in await log_of(intake.bootstrap, topic) if record.key == key.encode()]
    return [(record, *serde.read(record)) for record in log if not serde.is_tombstone(record)]


def _output(topic: Topic, key: str, event: Event) -> Output:
    envelope = serde.Envelope(secrets.token_hex(8), "/test", type_of(event), utc_now(), key, None)
    return serde.to_output(topic, key, envelope, wire.encode(event))


async def test_a_202_means_that_the_event_is_on_the_topic(intake: Intake) -> None:
    """As a CloudEvent in binary mode, under the account's key, on the partition where the router looks for it."""
    account = _unique()
    answer = await _submit(intake, account_id=account, language="es")
    assert answer.status_code == 202
    request_id = answer.json()["request_id"]
    assert answer.headers["location"] == answer.json()["status_url"] == f"/v1/support-requests/{request_id}"
    ((record, envelope, data),) = await _events(intake, REQUESTS, account)
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
    account = _unique()
    answers = [await _submit(intake, "order-17", account_id=account) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len(await _events(intake, REQUESTS, account)) == 1


async def test_retries_at_the_same_time_are_one_request(intake: Intake) -> None:
    """Two may both be written before either is known; they have one id, and the router accepts one of them."""
    account = _unique()
    answers = await asyncio.gather(*(_submit(intake, "k", account_id=account) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["request_id"] for answer in answers}) == 1
    written = await _events(intake, REQUESTS, account)
    assert {envelope.id for _, envelope, _ in written} == {answers[0].json()["request_id"]}


async def test_another_body_under_a_used_key_is_refused(intake: Intake) -> None:
    """A key that is used twice by mistake must not swallow the second request."""
    account = _unique()
    await _submit(intake, "k", account_id=account)
    answer = await _submit(intake, "k", account_id=account, subject="Something else")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:frontline:problem:idempotency_conflict")
    assert len(await _events(intake, REQUESTS, account)) == 1


async def test_of_two_simultaneous_bodies_under_one_key_one_is_accepted(intake: Intake) -> None:
    """Both reach one intake: to acknowledge both would lose one of them."""
    account = _unique()
    subjects = ["A", "B"] * 5
    answers = await asyncio.gather(*(_submit(intake, "k", account_id=account, subject=each) for each in subjects))
    taken = {subject for subject, answer in zip(subjects, answers, strict=True) if answer.status_code == 202}
    refused = [answer for answer in answers if answer.status_code != 202]
    assert len(taken) == 1
    assert len(refused) == 5
    assert {answer.json()["type"] for answer in refused} == {"urn:frontline:problem:idempotency_conflict"}
    written = await _events(intake, REQUESTS, account)
    assert {wire.decode(SupportRequestSubmitted, data).subject for _, _, data in written} == taken


async def test_a_key_belongs_to_its_client_and_account(intake: Intake) -> None:
    """Two clients, or one client for two accounts, may use the same words."""
    accounts = [_unique(), _unique()]
    answers = [await _submit(intake, "k", client, account_id=a) for client in ("all", "submit") for a in accounts]
    assert len({answer.json()["request_id"] for answer in answers}) == 4


async def test_without_a_key_every_call_is_a_new_request(intake: Intake) -> None:
    """Without a key a repetition looks like a second request with the same text."""
    account = _unique()
    first, second = [await _submit(intake, account_id=account) for _ in range(2)]
    assert first.json()["request_id"] != second.json()["request_id"]


async def test_a_request_without_an_account_has_its_own_id_as_key(intake: Intake) -> None:
    """So anonymous requests spread over the partitions."""
    request_id = (await _submit(intake, account_id=...)).json()["request_id"]
    ((record, _, data),) = await _events(intake, REQUESTS, request_id)
    assert record.partition == partition_for(request_id.encode(), 6)
    assert wire.decode(SupportRequestSubmitted, data).account_id is None


async def test_phone_details_are_asked_for_and_never_kept(intake: Intake) -> None:
    """A request without them is accepted with a reminder, in the language of the request."""
    account = _unique()
    given = await _submit(
        intake, account_id=account, channel="phone", phone={"meeting_id": "918-273-6455", "host_key": "557331"}
    )
    assert "reminders" not in given.json()
    lacking = await _submit(intake, account_id=account, channel="phone", language="es")
    assert lacking.status_code == 202
    assert "clave de anfitrión" in lacking.json()["reminders"][0]
    events = await _events(intake, REQUESTS, account)
    phones = [wire.decode(SupportRequestSubmitted, data).phone for _, _, data in events]
    assert phones[0] is not None
    assert phones[0].meeting_id_given
    assert phones[0].host_key_given
    assert phones[1] is None
    assert not any(secret in data for _, _, data in events for secret in (b"918-273-6455", b"557331"))


@pytest.mark.parametrize("sent", [PARENT, None, "nonsense"])
async def test_the_event_continues_the_trace_of_the_caller(intake: Intake, sent: str | None) -> None:
    """A child of the caller's span; a new trace if the caller sent no valid one."""
    account = _unique()
    async with intake.client(**({} if sent is None else {"traceparent": sent})) as http:
        await http.post("/v1/support-requests", json=submission(account_id=account))
    ((_, envelope, _),) = await _events(intake, REQUESTS, account)
    assert envelope.traceparent is not None
    assert (envelope.traceparent[:36] == PARENT[:36]) is (sent == PARENT)
    assert envelope.traceparent != PARENT


async def test_activity_is_written_under_its_case(intake: Intake) -> None:
    """With the instant of receipt, and the same id for the same call."""
    case = _unique("case")
    before = utc_now()
    async with intake.client(**{"Idempotency-Key": "reply-1"}) as http:
        first, again = [
            await http.post(f"/v1/cases/{case}/activity", json={"type": "agent_replied", "text": "On it."})
            for _ in range(2)
        ]
        another = await http.post(
            f"/v1/cases/{case}/activity", json={"type": "resolved"}, headers={"Idempotency-Key": "2"}
        )
    assert first.status_code == 202
    assert first.json() == again.json() != another.json()
    (record, envelope, data), *_ = await _events(intake, ACTIVITY, case)
    event = wire.decode(ActivityRecorded, data)
    assert envelope.type == "frontline.activity.agent_replied.v1"
    assert (envelope.id, envelope.subject, record.key) == (first.json()["activity_id"], case, case.encode())
    assert event.at == event.recorded_at >= before


async def _report(intake: Intake, case: str, key: str, **body: Any) -> httpx.Response:
    async with intake.client() as http:
        return await http.post(f"/v1/cases/{case}/activity", json=body, headers={"Idempotency-Key": key})


async def test_a_retried_activity_is_the_same_activity(intake: Intake) -> None:
    """The next try gets the same answer, and its event the same id and digest: escalation drops it as a retry."""
    case = _unique("case")
    answers = [await _report(intake, case, "t1", type="agent_replied", text="On it.") for _ in range(3)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    events = [wire.decode(ActivityRecorded, data) for _, _, data in await _events(intake, ACTIVITY, case)]
    (same,) = {(event.activity_id, event.activity_digest) for event in events}
    assert len(same[1] or "") == 64


async def test_another_activity_under_the_key_of_the_first_is_refused(intake: Intake) -> None:
    """Clients use one key a ticket: the resolution must not be acknowledged and lost behind the reply."""
    case = _unique("case")
    assert (await _report(intake, case, "t1", type="agent_replied", text="on it")).status_code == 202
    refused = await _report(intake, case, "t1", type="resolved")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:frontline:problem:idempotency_conflict")
    assert "new key" in refused.json()["detail"]
    assert (await _report(intake, case, "t2", type="resolved")).status_code == 202
    assert (await _report(intake, _unique("case"), "t1", type="resolved")).status_code == 202
    assert len(await _events(intake, ACTIVITY, case)) == 2


async def test_of_two_simultaneous_activities_under_one_key_one_is_accepted(intake: Intake) -> None:
    """The same rule as for requests."""
    case = _unique("case")
    kinds = ["agent_replied", "resolved"] * 5
    answers = await asyncio.gather(*(_report(intake, case, "t1", type=kind) for kind in kinds))
    taken = {kind for kind, answer in zip(kinds, answers, strict=True) if answer.status_code == 202}
    assert len(taken) == 1
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [422] * 5
    written = await _events(intake, ACTIVITY, case)
    assert {wire.decode(ActivityRecorded, data).type for _, _, data in written} == taken


async def test_another_instance_accepts_a_conflict_that_it_cannot_know(intake: Intake, bootstrap: str) -> None:
    """It has not seen the first body. Its event has the same id and another digest, by which escalation finds it."""
    case = _unique("case")
    async with running_intake(bootstrap) as other:
        answers = [
            await _report(intake, case, "t1", type="agent_replied"),
            await _report(other, case, "t1", type="resolved"),
        ]
    assert [answer.status_code for answer in answers] == [202, 202]
    events = [wire.decode(ActivityRecorded, data) for _, _, data in await _events(intake, ACTIVITY, case)]
    assert len({event.activity_id for event in events}) == 1
    assert len({event.activity_digest for event in events}) == 2


async def test_backfilled_activity_keeps_its_instant(intake: Intake) -> None:
    """A help desk can import its history."""
    case, at = _unique("case"), utc_now() - timedelta(days=3)
    async with intake.client("agent-backfill") as http:
        answer = await http.post(f"/v1/cases/{case}/activity", json={"type": "restored", "at": at.isoformat()})
    assert answer.status_code == 202
    ((_, _, data),) = await _events(intake, ACTIVITY, case)
    event = wire.decode(ActivityRecorded, data)
    assert event.at == at
    assert event.recorded_at > at


async def test_activity_cannot_be_dated_before_its_case(intake: Intake) -> None:
    """Where intake knows the case; for others escalation checks it."""
    case = (await _submit(intake)).json()["request_id"]
    async with intake.client("agent-backfill") as http:
        answer = await http.post(
            f"/v1/cases/{case}/activity",
            json={"type": "agent_replied", "at": (utc_now() - timedelta(hours=1)).isoformat()},
        )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "at"
    assert await _events(intake, ACTIVITY, case) == []


async def test_the_answer_to_an_activity_says_that_the_case_is_closed(intake: Intake, bootstrap: str) -> None:
    """Taken like any other, and its sender learns that nobody owes an answer; known from the events of escalation."""
    case = (await _submit(intake)).json()["request_id"]
    open_case = await _report(intake, case, "m1", type="customer_replied")
    assert (open_case.status_code, "case_status" in open_case.json()) == (202, False)
    await write(
        bootstrap,
        [
            _output(CASES, case, routed(case, utc_now())),
            _output(ESCALATIONS, case, closed(case, utc_now())),
        ],
    )
    async with intake.client() as http:
        await _until_events(http, case, 3)
    answer = await _report(intake, case, "m2", type="customer_replied")
    assert (answer.status_code, answer.json()["case_status"]) == (202, "closed")
    await write(bootstrap, [_output(ESCALATIONS, case, reopened(case, utc_now()))])
    async with intake.client() as http:
        await _until_events(http, case, 4)
    assert "case_status" not in (await _report(intake, case, "m3", type="customer_replied")).json()
    assert len(await _events(intake, ACTIVITY, case)) == 3


async def test_an_entitlement_keeps_its_term(intake: Intake) -> None:
    """It is answered in UTC, as it is in the event."""
    account = _unique()
    term = {"valid_from": "2026-01-01T00:00:00+01:00", "valid_until": "2027-01-01T00:00:00Z"}
    async with intake.client("admin") as http:
        put = await http.put(f"/v1/accounts/{account}/entitlement", json={**ACCOUNT, **term})
        got = await http.get(f"/v1/accounts/{account}/entitlement")
    assert (put.status_code, got.json()) == (200, put.json())
    assert got.json()["valid_from"] == "2025-12-31T23:00:00Z"
    assert got.json()["valid_until"] == "2027-01-01T00:00:00Z"


async def test_a_company_with_other_words_is_served_by_the_same_code(bootstrap: str) -> None:
    """Gold on WhatsApp with a severity: its edition is all that there is of it."""
    await topics_at(bootstrap)
    account = _unique()
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
        events = [wire.decode(SupportRequestSubmitted, data) for _, _, data in await _events(intake, REQUESTS, account)]
    assert [(event.channel, event.fields) for event in events] == [
        ("whatsapp", {"severity": "S1"}),
        ("hotline", {"severity": "S1"}),
    ]


async def test_an_entitlement_is_set_read_and_withdrawn(intake: Intake) -> None:
    """A withdrawal writes first its event, then the tombstone that removes the account from the topic."""
    account = f"{_unique()}/eu 1"
    url = f"/v1/accounts/{httpx.URL(path=account).raw_path.decode().replace('/', '%2F')}/entitlement"
    async with intake.client("admin") as http:
        put = await http.put(url, json=ACCOUNT)
        assert (put.status_code, put.json()) == (200, {"account_id": account, **ACCOUNT})
        assert (await http.get(url)).json() == put.json()
        assert (await http.put(url, json={**ACCOUNT, "plan": "premier"})).status_code == 200
        assert (await http.get(url)).json()["plan"] == "premier"
        assert (await http.delete(url)).status_code == 204
        assert (await http.get(url)).status_code == 404
        assert (await http.delete(url)).status_code == 204  # it had none already
    log = [record for record in await log_of(intake.bootstrap, ENTITLEMENTS) if record.key == account.encode()]
    kinds = ["tombstone" if serde.is_tombstone(record) else serde.read(record)[0].type for record in log]
    assert kinds == [
        *(EntitlementSet.TYPE, EntitlementSet.TYPE),
        *(EntitlementWithdrawn.TYPE, "tombstone", EntitlementWithdrawn.TYPE, "tombstone"),
    ]
    assert {record.partition for record in log} == {partition_for(account.encode(), 6)}


async def _dated(intake: Intake, account: str) -> list[tuple[datetime, int]]:
    """The instant and the timestamp in ms of each event of an account, in order."""
    found = []
    for record, _, data in await _events(intake, ENTITLEMENTS, account):
        fields = json.loads(data)
        found.append((parse_instant(fields.get("set_at") or fields["withdrawn_at"]), record.timestamp_ms))
    return found


async def test_a_call_replaces_what_another_writer_with_a_faster_clock_set(intake: Intake, bootstrap: str) -> None:
    """A billing system is almost five minutes ahead. The call counts over it and is not refused itself."""
    account = _unique()
    fast = utc_now() + AHEAD - timedelta(seconds=10)
    billing = EntitlementSet(account=some_account(account_id=account, plan="access"), set_at=fast)
    await write(bootstrap, [_output(ENTITLEMENTS, account, billing)])
    url = f"/v1/accounts/{account}/entitlement"
    async with intake.client() as http:
        (record,) = [each for each in await log_of(bootstrap, ENTITLEMENTS) if each.key == account.encode()]
        tail = intake.service.accounts_tail
        await asyncio.wait_for(tail.read_past(ENTITLEMENTS, record.partition, record.offset), 10)
        assert (await http.put(url, json=ACCOUNT)).status_code == 200
        assert (await http.get(url)).json()["plan"] == "premier_plus"
        assert (await http.delete(url)).status_code == 204
        assert (await http.get(url)).status_code == 404
        assert (await http.put(url, json=ACCOUNT)).status_code == 200
        assert (await http.get(url)).json()["plan"] == "premier_plus"
    instants = [at for at, _ in await _dated(intake, account)]
    assert instants == [fast + n * timedelta(microseconds=1) for n in range(4)]
    log = [record for record in await log_of(bootstrap, ENTITLEMENTS) if record.key == account.encode()]
    (tombstone,) = (record for record in log if serde.is_tombstone(record))
    assert tombstone.timestamp_ms == int(instants[2].timestamp() * 1000)


async def test_a_call_that_follows_a_call_counts_whatever_the_clocks_of_the_instances(
    intake: Intake, bootstrap: str
) -> None:
    """The second instance is a minute behind, and its view some milliseconds: it dates its call again if need be."""
    account = _unique()
    url = f"/v1/accounts/{account}/entitlement"
    async with running_intake(bootstrap) as behind, intake.client() as first, behind.client() as second:
        behind.service.entitlement_calls.clock = lambda: utc_now() - timedelta(minutes=1)
        for plan, other in (("access", "premier"), ("premier_plus", "access"), ("premier", "premier_plus")):
            assert (await first.put(url, json={**ACCOUNT, "plan": plan})).status_code == 200
            assert (await second.put(url, json={**ACCOUNT, "plan": other})).status_code == 200
            assert (await second.get(url)).json()["plan"] == other
    events = [wire.decode(EntitlementSet, data) for _, _, data in await _events(intake, ENTITLEMENTS, account)]
    counting = max(enumerate(events), key=lambda each: (each[1].set_at, each[0]))
    assert counting == (len(events) - 1, events[-1])
    assert events[-1].account.plan == "premier_plus"


async def test_another_instance_reads_what_this_one_wrote(intake: Intake, bootstrap: str) -> None:
    """Views are read from the topics: after a restart, or beside other instances."""
    account = _unique()
    async with intake.client() as http:
        await http.put(f"/v1/accounts/{account}/entitlement", json=ACCOUNT)
    request_id = (await _submit(intake, "k", account_id=account)).json()["request_id"]
    await write(bootstrap, [_output(CASES, request_id, routed(request_id, utc_now()))])
    async with running_intake(bootstrap) as other, other.client() as http:
        assert (await http.get(f"/v1/accounts/{account}/entitlement")).json()["plan"] == "premier_plus"
        assert (await http.get(f"/v1/support-requests/{request_id}")).json()["status"] == "routed"
        retried = await http.post(
            "/v1/support-requests", json=submission(account_id=account), headers={"Idempotency-Key": "k"}
        )
        assert retried.json()["request_id"] == request_id
    assert len(await _events(intake, REQUESTS, account)) == 1


async def test_the_status_has_the_course_of_a_request(intake: Intake, bootstrap: str) -> None:
    """Submitted, then decided, then warned and breached."""
    request_id = (await _submit(intake)).json()["request_id"]
    async with intake.client() as http:
        before = (await http.get(f"/v1/support-requests/{request_id}")).json()
        assert (before["status"], before["decision"], len(before["events"])) == ("submitted", None, 1)
        await write(
            bootstrap,
            [
                _output(CASES, request_id, routed(request_id, utc_now())),
                _output(ESCALATIONS, request_id, started(request_id, utc_now())),
                _output(ESCALATIONS, request_id, warned(request_id, utc_now())),
                _output(ESCALATIONS, request_id, breached(request_id, utc_now())),
            ],
        )
        after = await _until_events(http, request_id, 5)
    assert (after["status"], after["decision"]["priority"], after["decision"]["assigned_tier"]) == (
        "routed",
        "P1",
        "tier2",
    )
    assert [event["type"] for event in after["events"]] == [
        "frontline.request.submitted.v1",
        "frontline.case.routed.v1",
        "frontline.clock.started.v1",
        "frontline.clock.warned.v1",
        "frontline.clock.breached.v1",
    ]


async def _until_events(http: httpx.AsyncClient, request_id: str, count: int) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            status: dict[str, Any] = (await http.get(f"/v1/support-requests/{request_id}")).json()
            if len(status["events"]) >= count:
                return status
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("path", ["", "/events"])
async def test_a_client_sees_its_own_requests_only(intake: Intake, path: str) -> None:
    """A request of another client is 404, whichever account it has; an admin and an agent see all."""
    request_id = (await _submit(intake, client="submit")).json()["request_id"]
    url = f"/v1/support-requests/{request_id}{path}"
    seen = {}
    for client in ("submit", "other", "admin", "agent", "backfill"):
        async with intake.client(client) as http, http.stream("GET", url) as answer:
            seen[client] = answer.status_code
    assert seen == {"submit": 200, "other": 404, "admin": 200, "agent": 200, "backfill": 403}


async def test_the_404_of_an_old_request_names_the_limit(bootstrap: str) -> None:
    """The view is bounded; the log is not."""
    async with running_intake(bootstrap, recent_requests=2) as small, small.client() as http:
        ids = [(await _submit(small)).json()["request_id"] for _ in range(3)]
        missing = await http.get(f"/v1/support-requests/{ids[0]}")
        assert (await http.get(f"/v1/support-requests/{ids[2]}")).status_code == 200
    assert missing.status_code == 404
    assert "most recent 2" in missing.json()["detail"]


async def _read_stream(answer: httpx.Response, count: int) -> list[tuple[str, str, dict[str, Any]]]:
    """The next `count` events of an event stream: id, type, data."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        found.append((fields["id"], fields["event"], json.loads(fields["data"])))
        fields = {}
        if len(found) == count:
            break
    return found


async def test_an_event_stream_has_past_events_and_then_new_ones(intake: Intake, bootstrap: str) -> None:
    """Their order is the same at every instance."""
    request_id = (await _submit(intake)).json()["request_id"]
    async with (
        asyncio.timeout(20),
        intake.client() as http,
        http.stream("GET", f"/v1/support-requests/{request_id}/events") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        reading = asyncio.create_task(_read_stream(answer, 3))
        await write(
            bootstrap,
            [
                _output(CASES, request_id, routed(request_id, utc_now())),
                _output(ESCALATIONS, request_id, started(request_id, utc_now())),
            ],
        )
        seen = await reading
    assert [kind for _, kind, _ in seen] == [
        "frontline.request.submitted.v1",
        "frontline.case.routed.v1",
        "frontline.clock.started.v1",
    ]
    assert seen[1][2]["decision"]["assigned_channel"] == "web_ticket"
    assert seen[2][2]["milestone"] == "first_response"


async def test_an_event_stream_continues_after_the_last_event_id(intake: Intake, bootstrap: str) -> None:
    """A browser that lost the connection sends Last-Event-ID; no event is repeated or omitted."""
    request_id = (await _submit(intake)).json()["request_id"]
    await write(
        bootstrap,
        [
            _output(CASES, request_id, routed(request_id, utc_now())),
            _output(ESCALATIONS, request_id, started(request_id, utc_now())),
        ],
    )
    url = f"/v1/support-requests/{request_id}/events"
    async with asyncio.timeout(20), intake.client() as http:
        await _until_events(http, request_id, 3)
        async with http.stream("GET", url, headers={"Last-Event-ID": "submitted"}) as answer:
            seen = await _read_stream(answer, 2)
        assert [kind for _, kind, _ in seen] == ["frontline.case.routed.v1", "frontline.clock.started.v1"]
        async with http.stream("GET", url, headers={"Last-Event-ID": "not one of ours"}) as answer:
            assert len(await _read_stream(answer, 3)) == 3


async def test_event_streams_are_limited(bootstrap: str) -> None:
    """Each holds a connection; the answer beyond the limit recommends the status call."""
    async with running_intake(bootstrap, event_streams=1) as small, small.client() as http:
        request_id = (await _submit(small)).json()["request_id"]
        url = f"/v1/support-requests/{request_id}/events"
        async with http.stream("GET", url) as answer:
            await _read_stream(answer, 1)
            refused = await http.get(url)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
