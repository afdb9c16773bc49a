"""The pages on a real intake and a real Kafka, as any HTTP client sees them: what they accept, refuse and escape.

tests/browser drives them with a real browser.
"""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from html import escape, unescape
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.contracts import wire
from shared.contracts.request_ids import keyed_hash
from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, REQUESTS
from shared.pages.visit import PERSON, VISITOR
from shared.wall_clock import utc_now
from tests.broker.intake_calls import events_of, unique
from tests.harness.asking import FIELDS
from tests.harness.intake import ID_SECRET, Intake, log_of, running_intake, topics_at
from tests.harness.sign_in import ORIGIN, somebody_of, token_hosts, token_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&"
TYPED = {"subject": "Calls drop", "description": "Since ten o'clock.", "channel": "web_ticket"} | {
    f"fields.{name}": value for name, value in FIELDS.items()
}


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake that knows one host application."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap, token_hosts=token_hosts(), anonymous_rate="1000/minute") as running:
        yield running


def browser(intake: Intake, account_id: str | None = None, **headers: str) -> httpx.AsyncClient:
    """What keeps cookies and says its origin, as a browser does; signed in for an account, if one is given."""
    cookies = {} if account_id is None else {PERSON: token_of(somebody_of(account_id))}
    return httpx.AsyncClient(
        base_url=intake.url, headers={"Origin": intake.url, **headers}, cookies=cookies, timeout=20
    )


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return unescape(found[1])


def carried(page: str) -> dict[str, str]:
    """What every form carries."""
    return {name: hidden(page, name) for name in ("form", "identity", "key")}


async def send(http: httpx.AsyncClient, typed: Mapping[str, str] = TYPED, **changes: str) -> httpx.Response:
    """Open the form, fill it in and send it."""
    page = (await http.get("/")).text
    fields = {**carried(page), **typed, **changes}
    return await http.post("/requests", data=fields)


async def requests_of(intake: Intake, account_id: str) -> list[SupportRequestSubmitted]:
    """The requests of an account on Kafka."""
    return [wire.decode(SupportRequestSubmitted, data) for _, _, data in await events_of(intake, REQUESTS, account_id)]


async def test_a_signed_in_person_sends_a_request_once(intake: Intake) -> None:
    """The same form sent again, by a second click or a reload, is the same request."""
    account = unique()
    async with browser(intake, account) as http:
        page = (await http.get("/")).text
        fields = {**carried(page), **TYPED}
        first, second = [await http.post("/requests", data=fields) for _ in range(2)]
        assert (first.status_code, first.headers["Location"]) == (303, second.headers["Location"])
        shown = await http.get(first.headers["Location"])
    assert "Calls drop" in shown.text
    (event,) = await requests_of(intake, account)
    assert (event.authenticated_by, event.requester.requester_id, event.channel) == ("signed_token", "u1", "web_ticket")
    assert first.headers["Location"] == f"/requests/{event.request_id}"


async def test_an_anonymous_visitor_owns_what_they_sent(intake: Intake) -> None:
    """By a cookie; nothing that they claim is believed, and no other visitor finds it."""
    async with browser(intake) as http, browser(intake) as stranger:
        sent = await send(http, account_id="acme", role="owner", plan="premier_plus", priority="P1")
        assert sent.status_code == 303
        page = sent.headers["Location"]
        assert (await http.get(page)).status_code == 200
        for path in (page, f"{page}/live"):
            assert (await stranger.get(path)).status_code == 404
        request_id = page.rpartition("/")[2]
        hash_of_stranger = hidden((await stranger.get("/")).text, "form")
        act = {"form": hash_of_stranger, "key": "k", "type": "withdrawn"}
        assert (await stranger.post(f"{page}/activity", data=act)).status_code == 404
    ((_, _, data),) = await events_of(intake, REQUESTS, request_id)
    event = wire.decode(SupportRequestSubmitted, data)
    assert (event.authenticated_by, event.account_id, event.requester.licensed) == ("anonymous", None, False)
    assert event.client.startswith("visitor/")


async def test_a_request_of_another_account_is_not_there(intake: Intake) -> None:
    """A colleague sees it, a person of another account does not."""
    account = unique()
    async with browser(intake, account) as mine, browser(intake, unique()) as other:
        page = (await send(mine)).headers["Location"]
        assert (await other.get(page)).status_code == 404
    async with browser(intake) as colleague:
        colleague.cookies.set(PERSON, token_of(somebody_of(account, "u2")))
        assert (await colleague.get(page)).status_code == 200


@pytest.mark.parametrize("language", ["en", "es"])
async def test_a_wrong_form_comes_back_as_it_was_typed(intake: Intake, language: str) -> None:
    """Each mistake beside its field, in the reader's language, and nothing published."""
    account = unique()
    typed = {name: value for name, value in TYPED.items() if name != "fields.impact"} | {"subject": "  "}
    async with browser(intake, account, **{"Accept-Language": language}) as http:
        answer = await send(http, typed)
    assert answer.status_code == 422
    assert answer.headers["Content-Language"] == language
    assert re.search(r'id="wrong-subject">[^<]+<', answer.text)
    assert re.search(r'id="wrong-fields.impact">[^<]+<', answer.text)
    assert "Since ten o&#39;clock." in answer.text
    assert re.search(r'value="none" required checked', answer.text)
    assert await requests_of(intake, account) == []


async def test_the_same_form_with_other_words_is_asked_about(intake: Intake) -> None:
    """Somebody went back and wrote something else: it is a new request only if they send it again."""
    async with browser(intake, account := unique()) as http:
        page = (await http.get("/")).text
        fields = {**carried(page), **TYPED}
        await http.post("/requests", data=fields)
        asked = await http.post("/requests", data={**fields, "subject": "Something else"})
        assert (asked.status_code, hidden(asked.text, "key") != fields["key"]) == (422, True)
        assert "Something else" in asked.text
        fields |= {"key": hidden(asked.text, "key"), "subject": "Something else"}
        assert (await http.post("/requests", data=fields)).status_code == 303
    assert len(await requests_of(intake, account)) == 2


@pytest.mark.parametrize("field", ["subject", "description"])
async def test_markup_is_shown_as_it_was_typed(intake: Intake, field: str) -> None:
    """In the form that comes back, and on the page of the request: a text is a text."""
    async with browser(intake, unique()) as http:
        back = await send(http, {**TYPED, field: MARKUP, "fields.impact": ""})
        page = await http.get((await send(http, {**TYPED, field: MARKUP})).headers["Location"])
    for answer in (back, page):
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert escape(MARKUP, quote=False).split("'")[0] in answer.text


@pytest.mark.parametrize("change", [{"form": ""}, {"form": "0" * 32}, {"form": "ñ"}], ids=["none", "made-up", "text"])
@pytest.mark.parametrize("path", ["/requests", "/requests/x/activity", "/session/end"])
async def test_a_form_without_the_hash_of_its_visitor_is_refused(
    intake: Intake, path: str, change: dict[str, str]
) -> None:
    """A page elsewhere can let a browser send a form, but cannot know the hash."""
    before = len(await log_of(intake.bootstrap, REQUESTS)) + len(await log_of(intake.bootstrap, ACTIVITY))
    async with browser(intake, unique()) as http:
        await http.get("/")
        answer = await http.post(path, data={"key": "k", **TYPED, **change})
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert len(await log_of(intake.bootstrap, REQUESTS)) + len(await log_of(intake.bootstrap, ACTIVITY)) == before


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
@pytest.mark.parametrize("path", ["/requests", "/session/end"])
async def test_a_form_of_another_origin_is_refused(intake: Intake, path: str, origin: str | None) -> None:
    """Even with the right hash: the browser says where a form comes from."""
    async with browser(intake, unique()) as http:
        fields = {"form": hidden((await http.get("/")).text, "form"), "key": "k", **TYPED}
        http.headers.pop("Origin")
        headers = {} if origin is None else {"Origin": origin}
        assert (await http.post(path, data=fields, headers=headers)).status_code == 403


async def test_the_form_of_another_visitor_is_refused(intake: Intake) -> None:
    """A hash fits the cookie of its own browser alone."""
    async with browser(intake) as one, browser(intake) as other:
        fields = {"form": hidden((await one.get("/")).text, "form"), "key": "k", **TYPED}
        await other.get("/")
        assert (await other.post("/requests", data=fields)).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [(ORIGIN, 303), ("https://evil.example", 403), (None, 403)],
    ids=["the-host", "another", "none"],
)
async def test_a_host_application_hands_a_person_over(intake: Intake, origin: str | None, status: int) -> None:
    """By a form of one of its own origins: from elsewhere, somebody could sign a visitor in as themselves."""
    headers = {} if origin is None else {"Origin": origin}
    async with httpx.AsyncClient(base_url=intake.url) as http:
        answer = await http.post("/session", data={"token": token_of(somebody_of("acme"))}, headers=headers)
        assert answer.status_code == status
        assert (PERSON in http.cookies) is (status == 303)
        if status == 303:
            cookie = answer.headers["Set-Cookie"].lower()
            assert all(word in cookie for word in ("httponly", "samesite=lax", "secure", "max-age="))


async def test_a_token_that_has_ended_signs_out(intake: Intake) -> None:
    """The page says so, and the browser forgets it; a forged one is no sign-in either."""
    async with browser(intake, **{"Accept-Language": "en"}) as http:
        http.cookies.set(PERSON, "a.b.c")
        page = await http.get("/")
        assert "You have been signed out" in page.text
        assert PERSON in page.headers["Set-Cookie"]
        refused = await http.post("/session", data={"token": "a.b.c"})
    assert refused.status_code == 422
    assert "a.b.c" not in refused.text


async def test_a_form_that_was_shown_to_somebody_else_is_shown_again(intake: Intake) -> None:
    """A sign-in ends while somebody types, or another begins in another tab: nobody sends it as somebody else."""
    account, other = unique(), unique()
    async with browser(intake, account, **{"Accept-Language": "en"}) as http:
        fields = {**carried((await http.get("/")).text), **TYPED}
        for cookie in (
            token_of(somebody_of(other)),
            token_of(somebody_of(account), now=utc_now() - timedelta(hours=1)),
        ):
            http.cookies.clear()
            http.cookies.set(PERSON, cookie)
            http.cookies.set(VISITOR, visitor := "0" * 32)
            fields["form"] = keyed_hash(ID_SECRET.encode(), "form", visitor)[:32]
            asked = await http.post("/requests", data=fields)
            assert asked.status_code == 409
            assert "Since ten o&#39;clock." in asked.text
            assert "signed in as somebody else, since you opened this page" in asked.text
        assert (await http.post("/requests", data={**carried(asked.text), **TYPED})).status_code == 303
    assert await requests_of(intake, account) == await requests_of(intake, other) == []


async def test_a_reply_that_is_refused_is_still_there(intake: Intake) -> None:
    """With the reason, and the key by which it counts once."""
    async with browser(intake, unique()) as http:
        page = (await send(http)).headers["Location"]
        fields = {**carried((await http.get("/")).text), "type": "customer_replied", "text": "It happens again."}
        first = await http.post(f"{page}/activity", data=fields)
        assert first.status_code == 303
        refused = await http.post(f"{page}/activity", data={**fields, "text": "Something else."})
        assert refused.status_code == 422
        assert "Something else." in refused.text


async def test_what_customers_do_is_recorded_as_theirs(intake: Intake) -> None:
    """Reply, it works again, withdraw, escalate; and nothing that only the desk may say."""
    async with browser(intake, unique()) as http:
        page = (await send(http)).headers["Location"]
        form = carried((await http.get("/")).text)
        done = {}
        for kind in ("customer_replied", "escalation_requested", "resolved", "withdrawn", "agent_replied", "closed"):
            fields = {**form, "type": kind, "text": "It happens again."}
            done[kind] = (await http.post(f"{page}/activity", data=fields)).status_code
        empty = {**form, "type": "customer_replied", "text": " "}
        assert (await http.post(f"{page}/activity", data=empty)).status_code == 422
    assert done == {
        "customer_replied": 303,
        "escalation_requested": 303,
        "resolved": 303,
        "withdrawn": 303,
        "agent_replied": 403,
        "closed": 403,
    }
    written = [
        wire.decode(ActivityRecorded, data) for _, _, data in await events_of(intake, ACTIVITY, page.rpartition("/")[2])
    ]
    assert [(each.type, each.actor.kind, each.actor.id) for each in written] == [
        (kind, "customer", "u1") for kind, status in done.items() if status == 303
    ]


@pytest.mark.parametrize("path", ["/", "/requests/20260101" + "0" * 48, "/nowhere"])
async def test_a_page_loads_and_runs_nothing_but_its_own(intake: Intake, path: str) -> None:
    """The policy forbids what the page does not contain either: no inline script or style, no other host, no frame."""
    async with browser(intake, Accept="text/html") as http:
        answer = await http.get(path)
    if "text/html" not in answer.headers["Content-Type"]:
        assert answer.status_code == 404
        return
    policy = answer.headers["Content-Security-Policy"]
    assert all(part in policy for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"))
    assert "unsafe" not in policy
    assert not re.search(r"<style|style=|<script(?! src=)|\son\w+=|javascript:", answer.text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    # A deferred htmx would begin before its extension is there, and sometimes not follow the request.
    scripts = re.findall(r'<script src="/assets/([\w-]+)[^>]*"( defer)?>', answer.text)
    assert scripts == [("htmx", ""), ("hx-sse", ""), ("live", "")]


async def test_assets_never_change_under_their_address(intake: Intake) -> None:
    """So that browsers keep them; an address that was made up is not there."""
    async with browser(intake) as http:
        page = (await http.get("/")).text
        addresses = re.findall(r'"(/assets/[^"]+)"', page)
        assert len(addresses) >= 5
        for address in addresses:
            answer = await http.get(address)
            assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, True)
        for wrong in ("/assets/frontline.css", "/assets/..%2frendering.py", "/assets/x.js"):
            assert (await http.get(wrong)).status_code == 404
        sizes = [len((await http.get(each)).content) for each in addresses]
        assert sum(sizes) < 80_000


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": b"x" * 300_000, "headers": FORM}, 413),
        ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, 415),
        ({"content": b"a=%ff", "headers": FORM}, 422),
        ({"content": b"&".join(b"a=1" for _ in range(300)), "headers": FORM}, 422),
        ({"files": {"a": b"x"}}, 415),
    ],
    ids=["too-large", "json", "not-utf8", "too-many", "multipart"],
)
async def test_what_is_no_form_is_refused_with_a_page(intake: Intake, sent: dict[str, Any], status: int) -> None:
    """As every other body, within the same limits."""
    async with browser(intake) as http:
        answer = await http.post("/requests", **sent)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")


async def test_nothing_typed_ends_up_in_a_header(intake: Intake) -> None:
    """Neither in an address to go to nor in a cookie."""
    async with browser(intake) as http:
        for lang in ("es\r\nX-Evil: 1", "xx", "es;x"):
            answer = await http.get("/", params={"lang": lang})
            assert answer.status_code == 303
            assert "x-evil" not in answer.headers
            assert "frontline_language" not in answer.headers.get("Set-Cookie", "")
        http.cookies.set(VISITOR, "not-a-visitor")
        assert re.search(rf"{VISITOR}=[0-9a-f]{{32}};", (await http.get("/")).headers["Set-Cookie"])
        for key in ("k\r\nX: 1", "", "ñ" * 201):
            sent = await send(http, key=key)
            assert (sent.status_code, "x" in sent.headers) == (303, False)  # a key of its own instead


async def test_a_visitor_who_sends_a_lot_waits(bootstrap: str) -> None:
    """All visitors of one address together, since a cookie is soon thrown away. The form keeps what was typed."""
    async with running_intake(bootstrap, anonymous_rate="2/hour") as limited:
        for status in (303, 303, 429):
            async with browser(limited) as http:
                answer = await send(http)
                assert answer.status_code == status
        assert int(answer.headers["Retry-After"]) > 3000
        assert "Since ten o&#39;clock." in answer.text


async def test_kafka_is_away_and_nothing_is_lost(bootstrap: str) -> None:
    """The form comes back as it was, with the same key: sent again, it is the same request."""
    async with running_intake("127.0.0.1:1", wait=False) as lonely, browser(lonely) as http:
        page = (await http.get("/")).text
        key = hidden(page, "key")
        answer = await http.post("/requests", data={**carried(page), **TYPED})
    assert (answer.status_code, hidden(answer.text, "key")) == (503, key)
    assert "Retry-After" in answer.headers
    assert "Since ten o&#39;clock." in answer.text
