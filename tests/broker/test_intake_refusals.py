"""Every kind of wrong call is refused with its own problem, and nothing is published."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.topics import ACTIVITY, ENTITLEMENTS, REQUESTS
from shared.kafka.faststream_client import partitions_of
from tests.harness.asking import FIELDS
from tests.harness.intake import CLIENTS, Intake, key_of, running_intake, submission, topics_at

REQUESTS_URL = "/v1/support-requests"
ACTIVITY_URL = "/v1/cases/case-1/activity"
ACCOUNT_URL = "/v1/accounts/acme/entitlement"
ACCOUNT = {"plan": "premier", "account_type": "business", "paid": True}
JSON = "application/json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OWNER = {"requester_id": "u", "role": "owner", "licensed": True}
HOUR = {"target_seconds": 3600, "hours": "elapsed", "promise": "objective"}
NONE = {"target_seconds": None, "reason": "not_promised"}


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """One intake for the tests of this file."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def written(intake: Intake) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """How many records intake's topics hold."""
    counts = await partitions_of(intake.service.settings, [REQUESTS.name, ACTIVITY.name, ENTITLEMENTS.name], 10)
    partitions = [TopicPartition(topic, number) for topic, count in counts.items() for number in range(count)]
    consumer = AIOKafkaConsumer(bootstrap_servers=intake.bootstrap)
    await consumer.start()

    async def count() -> int:
        return sum((await consumer.end_offsets(partitions)).values())

    yield count
    await consumer.stop()


@dataclass(frozen=True)
class Wrong:
    """A call, and how it must be refused. `fields`: the wrong fields, in any order."""

    name: str
    status: int
    kind: str
    fields: tuple[str, ...] = ()
    method: str = "POST"
    url: str = REQUESTS_URL
    body: Any = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    client: str = "all"

    @property
    def content(self) -> bytes | None:
        """The body as it is sent."""
        return self.raw if self.raw is not None or self.body is None else json.dumps(self.body).encode()


def _submission(name: str, *fields: str, **given: Any) -> Wrong:
    return Wrong(name, 422, "invalid_fields", fields, body=submission(**given))


def _activity(name: str, *fields: str, **given: Any) -> Wrong:
    return Wrong(name, 422, "invalid_fields", fields, url=ACTIVITY_URL, body=given)


def _account(name: str, *fields: str, **given: Any) -> Wrong:
    return Wrong(name, 422, "invalid_fields", fields, method="PUT", url=ACCOUNT_URL, body={**ACCOUNT, **given})


def _key(name: str, key: str) -> Wrong:
    headers = {"Idempotency-Key": key}
    return Wrong(name, 422, "invalid_fields", ("Idempotency-Key",), body=submission(), headers=headers)


def _case(name: str, case: str) -> Wrong:
    url = f"/v1/cases/{case}/activity"
    return Wrong(name, 422, "invalid_fields", ("case_id",), url=url, body={"type": "closed"})


WRONG = [
    Wrong("no body", 400, "malformed_json", raw=b""),
    Wrong("broken json", 400, "malformed_json", raw=b'{"subject": '),
    Wrong("not utf-8", 400, "malformed_json", raw=b'{"subject": "\xff"}'),
    Wrong("lone surrogate", 400, "malformed_json", raw=b'{"subject": "\\ud800"}'),
    Wrong("nested without end", 400, "malformed_json", raw=b"[" * 5000),
    Wrong("a list", 422, "invalid_fields", ("body",), raw=b"[]"),
    Wrong("too large", 413, "body_too_large", raw=b" " * 65_537),
    Wrong("no content type", 415, "unsupported_media_type", raw=b"{}", headers={"Content-Type": ""}),
    Wrong("a form", 415, "unsupported_media_type", raw=b"a=1", headers=FORM),
    Wrong("text", 415, "unsupported_media_type", raw=b"{}", headers={"Content-Type": "text/plain; charset=utf-8"}),
    _submission("a field is missing", "subject", subject=...),
    _submission("several words", "fields.impact", "requester.role", "channel", impact="bad", channel="fax",
                requester={**OWNER, "role": "x"}),
    _submission("a word and a text", "fields.impact", "subject", impact="bad", subject=7),
    _submission("a field left out", "fields.workaround", workaround=...),
    _submission("no fields", *(f"fields.{name}" for name in FIELDS), fields={}),
    _submission("an unknown field", "fields.colour", fields={**FIELDS, "colour": "red"}),
    Wrong("a field beside fields", 422, "invalid_fields", ("impact",), body={**submission(), "impact": "down"}),
    _submission("opened by a machine", "opened_by", opened_by="machine"),
    _submission("a claim of a plan", "plan", plan="premier_plus"),
    _submission("a claim of a priority", "priority", priority="P1"),
    _submission("subject too long", "subject", subject="s" * 201),
    _submission("description too long", "description", description="d" * 20_001),
    _submission("blank description", "description", description=" \u0000\n"),
    _submission("unknown country", "country", country="ZZ"),
    _submission("unknown language", "language", language="fr"),
    _submission("control characters in an id", "account_id", account_id="a\u0000b"),
    _submission("a licence that is a number", "requester.licensed", requester={**OWNER, "licensed": 1}),
    _key("empty key", ""),
    _key("long key", "k" * 201),
    _activity("no type", "type"),
    _activity("unknown type", "type", type="sneezed"),
    _activity("a review without an answer", "accepted", type="escalation_reviewed"),
    _activity("a migration to nowhere", "edition", "policy_sha256", type="policy_migrated"),
    _activity("status to nothing", "to", type="status_changed"),
    _activity("text where none belongs", "to", type="agent_replied", to="open"),
    _activity("reprioritised by nothing", "fields", type="reprioritised"),
    _activity("an unknown field", "fields.colour", type="reprioritised", fields={"colour": "red"}),
    _activity("an unknown value", "fields.impact", type="reprioritised", fields={"impact": "bad"}),
    _activity("assigned without an answer", "to", type="assigned"),
    _activity("handed over to nobody", "to", type="handed_over", to=None),
    _activity("no milestone that is reached", "milestone", type="milestone_reached"),
    _activity("an unknown milestone that is reached", "milestone", type="milestone_reached", milestone="lunch"),
    _activity("a reply that is not named", "retracts", type="reply_retracted"),
    _activity("a status that is over", "until", type="status_changed", to="Parked", until="2020-01-01T00:00:00Z"),
    _activity("a status that looks like another", "to", type="status_changed", to="Waiting on customer"),
    _activity("in the future", "at", type="resolved", at="2999-01-01T00:00:00Z"),
    _activity("a time without a zone", "at", type="resolved", at="2026-11-23T10:00:00"),
    _activity("terms of half a target", "milestones.resolution.hours", "milestones.resolution.promise",
              type="reprioritised", milestones={"resolution": {"target_seconds": 60}}),
    _activity("an unknown milestone", "milestones.lunch", type="reprioritised", milestones={"lunch": HOUR}),
    _case("an impossible case", "%00"),
    _case("a broken case", "%ff"),
    _account("unknown plan", "plan", plan="gold"),
    _account("unknown type and role", "account_type", "contacts.0.role", account_type="club",
             contacts=[{**OWNER, "role": "king"}]),
    _account("over before it begins", "valid_until", valid_from="2026-01-02T00:00:00Z",
             valid_until="2026-01-01T00:00:00Z"),
    _account("account_id in the body", "account_id", account_id="acme"),
    _account("unknown calendar", "calendar", calendar="Atlantis"),
    _account("a contact twice", "contacts.1.requester_id", contacts=[OWNER] * 2),
    _account("a contact without a role", "contacts.0.role", contacts=[{"requester_id": "u", "licensed": True}]),
    _account("an email that is none", "contacts.0.email", contacts=[{**OWNER, "email": "x"}]),
    Wrong("an impossible account", 422, "invalid_fields", ("account_id",), "DELETE", "/v1/accounts/%20x/entitlement"),
    Wrong("no such address", 404, "not_found", url="/v1/support-request", body={}),
    Wrong("no such method", 405, "method_not_allowed", method="DELETE", url=ACTIVITY_URL),
    Wrong("no such request", 404, "not_found", method="GET", url=f"{REQUESTS_URL}/{'0' * 32}"),
    Wrong("no such account", 404, "not_found", method="GET", url="/v1/accounts/nobody/entitlement"),
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
async def test_a_wrong_call_is_refused_clearly_and_publishes_nothing(
    intake: Intake, written: Callable[[], Awaitable[int]], wrong: Wrong
) -> None:
    """With a problem by RFC 9457 that has one entry for each wrong field."""
    before = await written()
    async with intake.client(wrong.client) as http:
        answer = await http.request(
            wrong.method, wrong.url, content=wrong.content, headers={"Content-Type": JSON, **wrong.headers}
        )
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (wrong.status, f"urn:frontline:problem:{wrong.kind}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == wrong.status
    assert sorted(error["field"] for error in problem["errors"]) == sorted(wrong.fields)
    assert await written() == before


async def test_a_405_names_the_methods_of_every_route_of_the_address(intake: Intake) -> None:
    """RFC 9110 asks for Allow; the framework names those of its first route."""
    async with intake.client() as http:
        answer = await http.post(ACCOUNT_URL, json={})
    assert answer.headers["allow"] == "DELETE, GET, PUT"


@pytest.mark.parametrize("size", [65_537, 400_000], ids=["by a byte", "by far"])
async def test_a_body_that_is_too_large_is_refused_also_without_a_length(intake: Intake, size: int) -> None:
    """Chunked bodies have no Content-Length to look at."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(size // 4096):
            yield b" " * 4096
        yield b" " * (size % 4096)

    async with intake.client() as http:
        answer = await http.post(REQUESTS_URL, content=chunks(), headers={"Content-Type": JSON})
    assert answer.status_code == 413


async def test_a_body_of_exactly_the_limit_is_accepted(intake: Intake) -> None:
    """64 KiB, white space included."""
    body = json.dumps(submission()).encode()
    async with intake.client() as http:
        answer = await http.post(
            REQUESTS_URL, content=body + b" " * (65_536 - len(body)), headers={"Content-Type": JSON}
        )
    assert answer.status_code == 202


CALLS: list[tuple[str, str, Any, set[str]]] = [
    ("POST", REQUESTS_URL, submission(), {"submit"}),
    ("GET", f"{REQUESTS_URL}/unknown", None, {"submit", "agent", "admin"}),
    ("GET", f"{REQUESTS_URL}/unknown/events", None, {"submit", "agent", "admin"}),
    ("POST", ACTIVITY_URL, {"type": "internal_note"}, {"agent"}),
    ("PUT", ACCOUNT_URL, ACCOUNT, {"admin"}),
    ("GET", ACCOUNT_URL, None, {"admin"}),
    ("DELETE", ACCOUNT_URL, None, {"admin"}),
]
CALL_IDS = [f"{method} {url}" for method, url, _, _ in CALLS]


@pytest.mark.parametrize("scope", ["submit", "agent", "backfill", "admin"])
@pytest.mark.parametrize(("method", "url", "body", "scopes"), CALLS, ids=CALL_IDS)
async def test_a_key_is_admitted_for_its_scopes_only(
    intake: Intake, method: str, url: str, body: Any, scopes: set[str], scope: str
) -> None:
    """Every call with every scope."""
    async with intake.client(scope) as http:
        answer = await http.request(method, url, json=body)
    assert (answer.status_code == 403) is (scope not in scopes)
    if answer.status_code == 403:
        assert answer.json()["type"] == "urn:frontline:problem:missing_scope"


@pytest.mark.parametrize(("method", "url", "body", "scopes"), CALLS, ids=CALL_IDS)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", f"Basic {key_of('all')}", key_of("all")])
async def test_without_a_known_key_every_call_is_refused_with_a_challenge(
    intake: Intake, method: str, url: str, body: Any, scopes: set[str], header: str | None
) -> None:
    """The answer does not reveal whether the resource exists."""
    async with httpx.AsyncClient(base_url=intake.url) as http:
        answer = await http.request(method, url, json=body, headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:frontline:problem:unauthenticated"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("client", "body", "status"),
    [
        ("agent", {"type": "resolved", "at": "2026-01-01T00:00:00Z"}, 403),
        ("agent-backfill", {"type": "resolved", "at": "2026-01-01T00:00:00Z"}, 202),
        ("agent-backfill", {"type": "entitlement_refreshed", "milestones": {"resolution": NONE}}, 403),
        ("all", {"type": "entitlement_refreshed", "milestones": {"resolution": NONE}}, 202),
    ],
)
async def test_instants_and_terms_need_scopes_of_their_own(
    intake: Intake, client: str, body: dict[str, Any], status: int
) -> None:
    """Backdating and setting terms change what a promise means."""
    async with intake.client(client) as http:
        assert (await http.post(ACTIVITY_URL, json=body)).status_code == status


@pytest.mark.parametrize(("client", "status"), [("submit", 403), ("all", 202)])
async def test_only_a_desk_opens_a_case_on_a_customers_behalf(intake: Intake, client: str, status: int) -> None:
    """What an agent opens owes no first response from its submission."""
    async with intake.client(client) as http:
        assert (await http.post(REQUESTS_URL, json=submission(opened_by="agent"))).status_code == status


async def test_a_client_beyond_its_rate_is_refused_with_the_time_to_wait(intake: Intake) -> None:
    """Its key's rate is its own: other clients are admitted."""
    assert CLIENTS["hurried"]["rate"] == "3/hour"
    async with intake.client("hurried") as http:
        answers = [await http.post(REQUESTS_URL, json=submission()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert answers[3].json()["type"] == "urn:frontline:problem:rate_limited"
    assert 0 < int(answers[3].headers["retry-after"]) <= 3600
    async with intake.client("submit") as http:
        assert (await http.post(REQUESTS_URL, json=submission())).status_code == 202


async def test_a_body_that_does_not_arrive_in_time_is_refused(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow client must not hold a connection for ever."""
    monkeypatch.setattr("shared.web.body.BODY_SECONDS", 0.2)
    host, port = intake.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {REQUESTS_URL} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key_of('all')}\r\n"
        f"Content-Type: {JSON}\r\nContent-Length: 100\r\n\r\n{{".encode()
    )
    async with asyncio.timeout(5):
        answer = await reader.read()  # to the end: the connection is closed
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:frontline:problem:body_too_slow" in answer


async def test_a_client_that_disconnects_during_its_call_causes_no_error(
    intake: Intake, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no defect, so the log has no error, and the next call is answered."""
    host, port = intake.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {REQUESTS_URL} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key_of('all')}\r\n"
        f"Content-Type: {JSON}\r\nContent-Length: 100\r\n\r\n{{".encode()
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with intake.client() as http:
        assert (await http.post(REQUESTS_URL, json=submission())).status_code == 202
    captured = capsys.readouterr()
    assert "call.failed" not in captured.out + captured.err


async def test_a_defect_is_answered_as_a_problem_and_logged_with_its_place(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer does not name the cause. The log has the place without the message, which may quote the body."""

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise ValueError("a message with the words of a customer")

    monkeypatch.setattr("services.intake.commands.accept", fail)
    async with intake.client() as http:
        answer = await http.post(REQUESTS_URL, json=submission())
    captured = capsys.readouterr()
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:frontline:problem:internal_error")
    assert "words of a customer" not in answer.text + captured.out + captured.err
    assert "call.failed" in captured.out + captured.err
