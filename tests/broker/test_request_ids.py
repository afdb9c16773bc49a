"""Request ids on a real Kafka: the window of an Idempotency-Key, and what a client may do with its own ids alone."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.intake.activity import OF_CUSTOMERS
from shared.contracts import wire
from shared.contracts.base import format_instant
from shared.contracts.request_ids import is_of_account, is_of_client, request_id
from shared.contracts.structs import ActivityRecorded, Actor, SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, REQUESTS
from shared.kafka import serde
from shared.wall_clock import utc_now
from tests.harness.asking import request
from tests.harness.intake import ID_SECRET, Intake, catching_up, log_of, running_intake, submission, topics_at, write
from tests.harness.processes import eventually

MIDNIGHT = datetime.combine(utc_now().date() + timedelta(days=1), datetime.min.time(), UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
OTHER_SECRET = "another secret that is long enough too"


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = MIDNIGHT - SECOND

    def __call__(self) -> datetime:
        return self.now


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """One intake for the tests of this file that need one."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap) as running:
        yield running


async def _submit(intake: Intake, account: str, key: str | None = "k", client: str = "all") -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    async with intake.client(client, **headers) as http:
        return await http.post("/v1/support-requests", json=submission(account_id=account))


async def _written(intake: Intake, account: str) -> list[str]:
    log = [record for record in await log_of(intake.bootstrap, REQUESTS) if record.key == account.encode()]
    return [wire.decode(SupportRequestSubmitted, serde.read(record)[1]).request_id for record in log]


def _account() -> str:
    return f"acct-{secrets.token_hex(6)}"


async def test_a_retry_across_midnight_through_another_instance_is_the_same_request(bootstrap: str) -> None:
    """At every instant until `key_valid_until`, after a restart and with a new secret as well."""
    await topics_at(bootstrap)
    clocks, account = [Clock(), Clock()], _account()
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(running_intake(bootstrap, clock=clock)) for clock in clocks]
        first = (await _submit(one, account)).json()
        assert first["key_valid_until"] == format_instant(MIDNIGHT + DAY)
        for now in (MIDNIGHT, MIDNIGHT + SECOND, MIDNIGHT + DAY - timedelta(microseconds=1)):
            for instance, clock in zip((other, one), reversed(clocks), strict=True):
                clock.now = now
                assert (await _submit(instance, account)).json() == first
        clocks[1].now = MIDNIGHT + SECOND
        rotated = f"{OTHER_SECRET},{ID_SECRET}"
        third = await stack.enter_async_context(running_intake(bootstrap, clock=clocks[1], id_secret=rotated))
        assert (await _submit(third, account)).json() == first
        assert await _written(one, account) == [first["request_id"]]
        clocks[0].now = MIDNIGHT + DAY
        second = (await _submit(one, account)).json()
        assert second["request_id"] != first["request_id"]
        assert second["key_valid_until"] == format_instant(MIDNIGHT + 3 * DAY)
        assert await _written(one, account) == [first["request_id"], second["request_id"]]


async def test_retries_that_race_midnight_through_two_instances_are_one_request(bootstrap: str) -> None:
    """The other instance reads the topic up to its end before it gives a key of a new day an id of that day."""
    await topics_at(bootstrap)
    before, after = Clock(), Clock(MIDNIGHT + SECOND)
    async with running_intake(bootstrap, clock=before) as one, running_intake(bootstrap, clock=after) as other:
        accounts = [_account() for _ in range(20)]
        for account in accounts:
            first = (await _submit(one, account)).json()
            assert (await _submit(other, account)).json() == first


async def test_while_ids_are_being_read_only_an_unknown_key_of_a_client_is_refused(bootstrap: str) -> None:
    """It could be a retry from before midnight. A call without a key can be none, and a known key is answered."""
    await topics_at(bootstrap)
    account = _account()
    async with running_intake(bootstrap) as intake:
        first = await _submit(intake, account)
        with catching_up(intake.service.request_ids.tail):
            refused = await _submit(intake, account, "other")
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:frontline:problem:catching_up")
            assert (refused.headers["retry-after"], refused.headers["idempotency-key"]) == ("2", "other")
            assert (await _submit(intake, account)).json() == first.json()
            without = await _submit(intake, account, None)
        assert (without.status_code, "key_valid_until" in without.json()) == (202, False)


async def test_an_id_names_its_owners_to_whoever_has_the_secret(intake: Intake) -> None:
    """Nobody else can derive or verify it."""
    account = _account()
    made = (await _submit(intake, account)).json()["request_id"]
    assert is_of_client([ID_SECRET.encode()], made, "all")
    assert is_of_account([ID_SECRET.encode()], made, account)
    assert not is_of_client([OTHER_SECRET.encode()], made, "all")


def _forged(client: str) -> str:
    """An id that a client without the secret makes for itself."""
    return request_id(OTHER_SECRET.encode(), client=client, account_id="acme", key="k", day=utc_now().date())


async def _report(intake: Intake, client: str, case: str, kind: str) -> httpx.Response:
    body = {"type": kind, **({"to": "open"} if kind == "status_changed" else {})}
    async with intake.client(client) as http:
        return await http.post(f"/v1/cases/{case}/activity", json=body)


async def test_on_its_own_case_a_client_says_what_a_customer_may_say(intake: Intake) -> None:
    """By the tag in the id, whatever intake remembers: here the request is none that it knows."""
    own = request_id(ID_SECRET.encode(), client="submit", account_id="acme", key="k", day=utc_now().date())
    answers = {kind: await _report(intake, "submit", own, kind) for kind in (*OF_CUSTOMERS, "agent_replied")}
    assert {kind: answer.status_code for kind, answer in answers.items()} == {
        **dict.fromkeys(OF_CUSTOMERS, 202),
        "agent_replied": 403,
    }
    assert "agent" in answers["agent_replied"].json()["detail"]


async def test_the_refusal_of_another_case_does_not_reveal_whether_it_exists(intake: Intake, bootstrap: str) -> None:
    """Existing or not, of another client, forged, or of a producer that writes to Kafka by itself."""
    existing = (await _submit(intake, _account())).json()["request_id"]
    by_a_producer = request(request_id=f"own-{secrets.token_hex(6)}", client="submit", account_id="acme")
    envelope = serde.Envelope("e1", "/shop", SupportRequestSubmitted.TYPE, utc_now(), "acme", None)
    await write(bootstrap, [serde.to_output(REQUESTS, "acme", envelope, wire.encode(by_a_producer))])
    another = request_id(ID_SECRET.encode(), client="all", account_id="acme", key="none", day=utc_now().date())
    foreign = [existing, another, by_a_producer.request_id, _forged("submit"), "nothing"]
    activity = [await _report(intake, "submit", case, "customer_replied") for case in foreign]
    async with intake.client("submit") as http:
        read = [await http.get(f"/v1/support-requests/{case}") for case in foreign]
    for answers, status in ((activity, 403), (read, 404)):
        assert {(answer.status_code, answer.text) for answer in answers} == {(status, answers[0].text)}
    async with intake.client("agent") as http:
        url = f"/v1/support-requests/{by_a_producer.request_id}"
        await eventually(
            lambda: intake.service.recent.submitted_at(by_a_producer.request_id) is not None, 10, "the view has it"
        )
        assert (await http.get(url)).status_code == 200
    assert (await _report(intake, "agent", by_a_producer.request_id, "resolved")).status_code == 202


@pytest.mark.parametrize(("client", "kind"), [("all", "agent"), ("agent", "agent"), ("robot", "bot")])
async def test_the_event_of_an_activity_says_who_acted(intake: Intake, client: str, kind: Any) -> None:
    """As the key says; a body that claims an actor is refused as an unknown field."""
    case = f"case-{secrets.token_hex(6)}"
    async with intake.client(client) as http:
        body = {"type": "agent_replied", "actor": {"kind": "agent", "id": "ana"}}
        refused = await http.post(f"/v1/cases/{case}/activity", json=body)
    assert [error["field"] for error in refused.json()["errors"]] == ["actor"]
    await _report(intake, client, case, "agent_replied")
    log = [record for record in await log_of(intake.bootstrap, ACTIVITY) if record.key == case.encode()]
    (event,) = [wire.decode(ActivityRecorded, serde.read(record)[1]) for record in log]
    assert event.actor == Actor(kind=kind, id=client)
