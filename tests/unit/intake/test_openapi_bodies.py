"""The OpenAPI document admits the bodies that intake admits, and no others.

Random bodies go to the real application, without a Kafka: what passes every check is 503, what does not is 422. Words
are those of the edition, persons are named once, and instants are in order: that is for intake to say, no schema can.
"""

import asyncio
import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.intake.activity import RULES
from services.intake.app import server_of
from services.intake.service import Service
from services.intake.settings import Settings
from shared.contracts.vocabulary import WORD_PATTERN
from shared.process import with_health
from tests.harness.asking import FIELDS
from tests.harness.examples import examples
from tests.harness.intake import ID_SECRET, api_keys, editions, key_of, submission
from tests.harness.json_schema import problems

Json = Any
CALLS = {
    "Submission": ("POST", "/v1/support-requests"),
    "Activity": ("POST", "/v1/cases/case-1/activity"),
    "EntitlementBody": ("PUT", "/v1/accounts/acme/entitlement"),
}
EDITION = editions().editions[0]
CALENDAR = next(iter(EDITION.calendars))
SHA = "0" * 64
PAST, FUTURE = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00+02:00"

# --- bodies that are right


def _some_of(needed: Mapping[str, st.SearchStrategy[Json]], maybe: Mapping[str, st.SearchStrategy[Json]]) -> Any:
    return st.fixed_dictionaries(dict(needed), optional=dict(maybe))


def _or_null(kind: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.none() | kind


IDS = st.sampled_from(["u1", "a b", "客户", "x" * 200, "a/b", "🙂"])
TEXTS = st.sampled_from(["Calls drop", " \n a \u0000", "ñ" * 200, "e\u0301", ".", "x" * 200])
LONG_TEXTS = TEXTS | st.just("x" * 20_000)
EMAILS = st.sampled_from(["a@b", "ana@acme.test", "x" * 64 + "@" + "y" * 255])
WHOLE = st.sampled_from([1, 3600, 1.0, 60.0])
PHONE = _some_of({}, {"meeting_id": _or_null(st.text(max_size=5)), "host_key": _or_null(st.just(""))})
REQUESTER = _some_of(
    {"requester_id": IDS, "role": st.sampled_from(sorted(EDITION.roles)), "licensed": st.booleans()},
    {"name": _or_null(TEXTS), "email": _or_null(EMAILS)},
)
SUBMISSIONS = _some_of(
    {
        "requester": REQUESTER,
        "channel": st.sampled_from(sorted(EDITION.channels)),
        "subject": TEXTS,
        "description": LONG_TEXTS,
        "fields": st.just(FIELDS),
    },
    {
        "account_id": _or_null(IDS),
        "language": _or_null(st.sampled_from(["es", "en", "en-GB"])),
        "country": _or_null(st.sampled_from(["ES", "US"])),
        "phone": _or_null(PHONE),
        "opened_by": st.sampled_from(["customer", "agent"]),
    },
)
ENTITLEMENTS = _some_of(
    {"plan": st.just("premier"), "account_type": st.just("business"), "paid": st.just(True)},
    {
        "country": _or_null(st.sampled_from(["ES", "JP"])),
        "contacts": st.lists(
            _some_of(
                {"requester_id": IDS, "role": st.just("admin"), "licensed": st.booleans()}, {"email": _or_null(EMAILS)}
            ),
            max_size=3,
            unique_by=lambda contact: contact["requester_id"],
        ),
        "calendar": _or_null(st.just(CALENDAR)),
        "valid_from": _or_null(st.just(PAST)),
        "valid_until": _or_null(st.just(FUTURE)),
    },
)
STATUSES = st.sampled_from(["Parked", "En espera", "x" * 60])
TERMS_FIELDS = {
    "target_seconds": _or_null(WHOLE),
    "target_business_days": _or_null(WHOLE),
    "until": _or_null(st.sampled_from(["same_time", "end_of_day"])),
    "hours": _or_null(st.sampled_from(["elapsed", "business", "elapsed_then_next_open"])),
    "open_at_least": _or_null(WHOLE),
    "calendar": _or_null(st.just(CALENDAR)),
    "promise": _or_null(st.sampled_from(["objective", "commitment"])),
    "reason": _or_null(st.just("not_promised")),
    "paused_by": st.lists(STATUSES, max_size=3, unique=True),
    "reopen": st.sampled_from(["resume", "new_cycle"]),
}
ANY_TERMS = _some_of({}, TERMS_FIELDS)  # right or wrong in their shape
ACTIVITY_FIELDS = {
    "text": _or_null(LONG_TEXTS),
    "to": _or_null(IDS | STATUSES),
    "until": _or_null(st.just(FUTURE)),
    "milestone": _or_null(st.just("resolution")),
    "retracts": _or_null(IDS),
    "milestones": _or_null(st.dictionaries(st.sampled_from(sorted(EDITION.milestones)), ANY_TERMS, max_size=2)),
    "fields": _or_null(st.just({}) | st.just({"impact": "down"})),
    "reason": _or_null(TEXTS),
    "accepted": _or_null(st.booleans()),
    "plan": _or_null(st.just("premier")),
    "edition": _or_null(st.just("guidelines-2021")),
    "policy_sha256": _or_null(st.just(SHA)),
}


@st.composite
def activities(draw: st.DrawFn) -> Json:
    """Of any type, with what it needs, and at times with what it does not have."""
    kind = draw(st.sampled_from(sorted(RULES)))
    rule = RULES[kind]
    names = {
        *rule.needs,
        *rule.one_of,
        *draw(st.sets(st.sampled_from([*rule.may, *sorted(ACTIVITY_FIELDS)]), max_size=2)),
    }
    body = {name: draw(ACTIVITY_FIELDS[name]) for name in sorted(names)}
    return {"type": kind, **({"at": PAST} if draw(st.booleans()) else {}), **body}


# --- bodies that are nearly right

WRONG = st.sampled_from(
    [
        None, True, 0, 1, -1, 1.5, 1.0, 10**20, [], {}, [None], {"a b": 1}, "", " ", "\t\n", "\u0000", "\u00a0",
        " a!", "a! ", "a!\n", "a\u0000!", "a\u200b!", "a\ufe0f!", "a\ufeff!", "\ue000", "a\u00a0!", "x" * 41, "x" * 61,
        "x" * 201, "x" * 20_001, "a@", "@b", "a@b@c", "\u2028", "a b@c", "a@b ", "x" * 65 + "@b",
        "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01",
        "24:00", "zz", "ESP", "ZZ", "0" * 63, "0" * 64 + "\n", "G" * 64, "!word",
    ]
)  # fmt: skip


def _places(value: Json, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from _places(item, (*at, key))


def _changed(draw: st.DrawFn, body: Json) -> Json:
    """`body` with one value replaced, left out or added."""
    place = draw(st.sampled_from(list(_places(body))))
    value = copy.deepcopy(draw(WRONG))
    if isinstance(value, str) and re.fullmatch(WORD_PATTERN, value) and place[-1:] != ("country",):
        value = "!word"  # only its form can be wrong by the document
    if not place:
        return value if draw(st.integers(0, 9)) == 0 else {**body, draw(st.sampled_from(["plan!", "priority"])): value}
    body = copy.deepcopy(body)
    parent = body
    for key in place[:-1]:
        parent = parent[key]
    if draw(st.booleans()) and isinstance(parent, dict):
        del parent[place[-1]]
    else:
        parent[place[-1]] = value
    return body


@st.composite
def nearly(draw: st.DrawFn, bodies: st.SearchStrategy[Json]) -> Json:
    """A body of `bodies`, changed in none to two places."""
    body = draw(bodies)
    for _ in range(draw(st.integers(0, 2))):
        if isinstance(body, dict):
            body = _changed(draw, body)
    return body


BODIES = {"Submission": SUBMISSIONS, "Activity": activities(), "EntitlementBody": ENTITLEMENTS}

# --- what is said of them


class _Intake:
    """The application of an intake whose Kafka is away, on a loop of its own."""

    def __init__(self) -> None:
        given = Settings(kafka_bootstrap="127.0.0.1:1", api_keys=api_keys(), id_secret=ID_SECRET)
        app = with_health(server_of(Service(given, given.read_callers(), editions())))
        self._runner = asyncio.Runner()
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://intake",
            headers={"Authorization": f"Bearer {key_of('all')}", "Content-Type": "application/json"},
        )

    def ask(self, method: str, url: str, body: Json = None, **headers: str) -> httpx.Response:
        content = None if body is None and method == "GET" else json.dumps(body).encode()
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        return self._runner.run(self._http.request(method, url, content=content, headers=sent))


@pytest.fixture(scope="module")
def intake() -> _Intake:
    """One for the tests of this file."""
    return _Intake()


@pytest.fixture(scope="module")
def document(intake: _Intake) -> Json:
    """The OpenAPI document."""
    return intake.ask("GET", "/openapi.json").json()


def _is_only_for_intake(name: str, body: Json) -> bool:
    """Whether a body can be wrong by what no schema can say: the edition's fields, and a person who is named twice."""
    if not isinstance(body, dict):
        return False
    fields, contacts = body.get("fields", {}), body.get("contacts", ())
    if name == "Submission" and isinstance(fields, dict) and not FIELDS.keys() <= fields.keys():
        return True
    listed = contacts if isinstance(contacts, list) else []
    persons = [str(each.get("requester_id")) for each in listed if isinstance(each, dict)]
    return len({*persons}) < len(persons)


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_body_is_admitted_if_and_only_if_the_document_admits_it(
    intake: _Intake, document: Json, name: str, data: st.DataObject
) -> None:
    """Generated clients check by the document; what it admits and intake refuses is an error at their customers."""
    body = data.draw(nearly(BODIES[name]))
    assume(not _is_only_for_intake(name, body))
    schemas = document["components"]["schemas"]
    wrong = list(problems(body, schemas[name], {"$defs": schemas}))
    answer = intake.ask(*CALLS[name], body)
    assert answer.status_code in (422, 503), answer.text
    assert (answer.status_code == 422) is bool(wrong), f"{body}\nschema: {wrong[:3]}\nintake: {answer.text[:600]}"


@pytest.mark.parametrize(
    "key", ["order-1", "a b", "~", "k" * 200, "", "k" * 201, "a\tb", "ñ", "a\u200bb", "!", "\x7f"], ids=ascii
)
def test_a_key_is_admitted_if_and_only_if_the_document_admits_it(intake: _Intake, document: Json, key: str) -> None:
    """The Idempotency-Key; white space around a header's value is none of it."""
    (parameter,) = document["paths"]["/v1/support-requests"]["post"]["parameters"]
    wrong = list(problems(key, parameter["schema"], {}))
    answer = intake.ask("POST", "/v1/support-requests", submission(), **{"Idempotency-Key": key})
    assert (answer.status_code == 422) is bool(wrong), answer.text


@pytest.mark.parametrize(
    "text", ["acme", "a b", "a/b", "客户", "x" * 200, " a", "a ", "x" * 201, "\0", "a\ufe0f"], ids=ascii
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/cases/{case_id}/activity", {"type": "closed"}),
        ("DELETE", "/v1/accounts/{account_id}/entitlement", {}),
    ],
)
def test_an_id_in_an_address_is_admitted_if_and_only_if_the_document_admits_it(
    intake: _Intake, document: Json, method: str, path: str, body: Json, text: str
) -> None:
    """An account that cannot be set must not be documented as one that can."""
    parameters = document["paths"][path][method.lower()]["parameters"]
    schema = next(each["schema"] for each in parameters if each["in"] == "path")
    wrong = list(problems(text, schema, {}))
    answer = intake.ask(method, re.sub(r"\{\w+\}", quote(text, safe=""), path), body)
    assert (answer.status_code == 422) is bool(wrong), answer.text


@pytest.mark.parametrize("text", ["e\u0301", "\u0378"], ids=["not in form C", "unassigned"])
def test_a_schema_cannot_say_what_only_unicode_knows(intake: _Intake, document: Json, text: str) -> None:
    """The two exceptions, which docs/contracts.md names: intake refuses them although the document admits them."""
    schemas = document["components"]["schemas"]
    body = submission(account_id=text)
    assert not list(problems(body, schemas["Submission"], {"$defs": schemas}))
    assert intake.ask(*CALLS["Submission"], body).status_code == 422
