"""People with signed tokens, on a real intake and a real Kafka: what they say about themselves comes from the token."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.contracts import wire
from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, REQUESTS
from shared.identity.minting import new_key_pair
from shared.identity.person import Person
from shared.wall_clock import utc_now
from tests.broker.intake_calls import events_of, unique
from tests.harness.intake import Intake, running_intake, submission, topics_at
from tests.harness.sign_in import AGENT, ORIGIN, somebody_of, token_hosts, token_of

OWN = {"account_id": ..., "requester": ...}


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake that knows one host application, and pages of one other origin."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap, token_hosts=token_hosts(), cors_origins=ORIGIN) as running:
        yield running


def _as(intake: Intake, person: Person | str, **headers: str) -> httpx.AsyncClient:
    token = person if isinstance(person, str) else token_of(person)
    return httpx.AsyncClient(base_url=intake.url, headers={"Authorization": f"Bearer {token}", **headers}, timeout=20)


async def _submit(intake: Intake, person: Person | str, key: str | None = None, **given: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    async with _as(intake, person, **headers) as http:
        return await http.post("/v1/support-requests", json=submission(**(OWN | given)))


async def _request_of(intake: Intake, account_id: str) -> SupportRequestSubmitted:
    ((_, _, data),) = await events_of(intake, REQUESTS, account_id)
    return wire.decode(SupportRequestSubmitted, data)


async def test_account_and_requester_are_those_of_the_token(intake: Intake) -> None:
    """The router then joins the account's entitlement, and its contact list outranks the token."""
    ana = somebody_of(unique())
    assert ana.account_id is not None
    answer = await _submit(intake, ana)
    assert answer.status_code == 202, answer.text
    event = await _request_of(intake, ana.account_id)
    assert (event.client, event.authenticated_by, event.account_id) == ("portal", "signed_token", ana.account_id)
    who = event.requester
    assert (who.requester_id, who.role, who.licensed, who.name) == ("u1", "admin", True, "Ana")
    assert event.country == "ES"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"account_id": "globex"}, "account_id"),
        ({"requester": {"requester_id": "boss", "role": "owner", "licensed": True}}, "requester"),
        ({"plan": "premier_plus"}, "plan"),
        ({"priority": "P1"}, "priority"),
        ({"opened_by": "agent"}, "opened_by"),
    ],
)
async def test_a_body_that_claims_who_asks_is_refused(intake: Intake, given: dict[str, Any], wrong: str) -> None:
    """Not ignored: whoever sends it believes that it counts."""
    ana = somebody_of(unique())
    answer = await _submit(intake, ana, **given)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [wrong])
    assert ana.account_id is not None
    assert await events_of(intake, REQUESTS, ana.account_id) == []


@pytest.mark.parametrize(
    ("token", "word"),
    [
        (token_of(key=new_key_pair("k1")), "signature"),
        (token_of(key=new_key_pair("k2")), "kid"),
        (token_of(audience="another"), "aud"),
        (token_of(now=utc_now() - timedelta(hours=1)), "expired"),
    ],
    ids=["forged", "unknown-key", "audience", "expired"],
)
async def test_a_token_that_is_not_good_enough_is_refused(intake: Intake, token: str, word: str) -> None:
    """With the reason, and without the token."""
    answer = await _submit(intake, token)
    assert answer.status_code == 401
    assert word in answer.json()["detail"]
    assert token not in answer.text
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


async def test_a_case_of_another_account_is_not_there(intake: Intake) -> None:
    """Neither to see nor to follow nor to act upon; a colleague of the same account may."""
    account = unique()
    ana, bo, other = somebody_of(account), somebody_of(account, "u2"), somebody_of(unique())
    case = (await _submit(intake, ana)).json()["request_id"]
    url, reply = f"/v1/support-requests/{case}", {"type": "customer_replied", "text": "It happens again."}
    async with _as(intake, other) as stranger, _as(intake, bo) as colleague:
        assert (await stranger.get(url)).status_code == 404
        assert (await stranger.get(f"{url}/events")).status_code == 404
        assert (await stranger.post(f"/v1/cases/{case}/activity", json=reply)).status_code == 403
        assert (await colleague.get(url)).json()["account_id"] == account
        assert (await colleague.post(f"/v1/cases/{case}/activity", json=reply)).status_code == 202
    ((_, _, data),) = await events_of(intake, ACTIVITY, case)
    event = wire.decode(ActivityRecorded, data)
    assert (event.client, event.actor.kind, event.actor.id) == ("portal", "customer", "u2")


async def test_a_person_may_say_what_a_customer_may_say_and_an_agent_the_rest(intake: Intake) -> None:
    """The scope of the token decides; nothing that a customer sends is taken for the desk's word."""
    case = (await _submit(intake, somebody_of(account := unique()))).json()["request_id"]
    url = f"/v1/cases/{case}/activity"
    async with _as(intake, somebody_of(account)) as customer, _as(intake, AGENT) as agent:
        assert (await customer.post(url, json={"type": "agent_replied"})).status_code == 403
        assert (await agent.post(url, json={"type": "agent_replied", "text": "We look at it."})).status_code == 202
        assert (await agent.post("/v1/support-requests", json=submission(**OWN))).status_code == 403
        assert (await agent.put(f"/v1/accounts/{account}/entitlement", json={})).status_code == 403
    ((_, _, data),) = await events_of(intake, ACTIVITY, case)
    assert wire.decode(ActivityRecorded, data).actor.kind == "agent"


async def test_the_same_key_of_two_people_names_two_requests(intake: Intake) -> None:
    """And of one person the same request, also with a newer token."""
    account = unique()
    ana, bo = somebody_of(account), somebody_of(account, "u2")
    first, again, other = [(await _submit(intake, person, "1")).json()["request_id"] for person in (ana, ana, bo)]
    assert first == again != other


async def test_a_role_that_the_edition_does_not_have_is_said(intake: Intake) -> None:
    """The host application has to be corrected; the message lists the roles."""
    ghost = Person("portal", "u1", ("submit",), unique(), "ghost")
    answer = await _submit(intake, ghost)
    assert answer.status_code == 422
    ((place, message),) = [(error["field"], error["message"]) for error in answer.json()["errors"]]
    assert place == "role"
    assert "admin" in message


async def test_pages_of_listed_origins_may_call(intake: Intake) -> None:
    """With a token of their own; a cookie would not count."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    async with httpx.AsyncClient(base_url=intake.url) as browser:
        allowed = await browser.options("/v1/support-requests", headers={"Origin": ORIGIN, **asked})
        refused = await browser.options("/v1/support-requests", headers={"Origin": "https://evil.example", **asked})
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    assert refused.status_code == 400
    assert "Access-Control-Allow-Origin" not in refused.headers
    async with _as(intake, somebody_of(unique()), Origin=ORIGIN) as page:
        answer = await page.post("/v1/support-requests", json=submission(**OWN))
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (202, ORIGIN)
    assert "location" in answer.headers["Access-Control-Expose-Headers"].lower()
