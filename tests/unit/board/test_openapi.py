"""The OpenAPI document of the board has every call, and what the board answers is what it says."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.board.app import create_app
from services.board.service import Service
from services.board.settings import Settings
from shared.policy.editions import EditionLibrary
from tests.harness.board_day import VIEWER, BoardDay, board_day
from tests.harness.described_answers import wrong
from tests.harness.intake import ID_SECRET, api_keys, key_of
from tests.harness.json_schema import problems
from tests.harness.sign_in import AGENT, somebody_of, token_of
from tests.unit.board.editions import ALL, OTHER_WORDS, edition

Json = Any
WHOLE_DAY = "from=2026-11-01&to=2026-11-30"
CASE = "/v1/cases/{case_id}"
LETTER = "support.activity.v1:0:999"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> BoardDay:
    """The board after a recorded day."""
    return board_day(tmp_path_factory.mktemp("board"))


@pytest_asyncio.fixture
async def http(day: BoardDay) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(day.app), base_url="http://board") as client:
        yield client


@pytest_asyncio.fixture
async def document(http: httpx.AsyncClient) -> Json:
    """The document, as everybody may read it."""
    answer = await http.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def of_agent(**headers: str) -> dict[str, str]:
    """The headers of an agent."""
    return {"Authorization": f"Bearer {token_of(AGENT)}", **headers}


def opened(name: str) -> Json:
    """The document of a board that does nothing, with that edition in force."""
    settings = Settings(kafka_bootstrap="127.0.0.1:1", api_keys=api_keys(), id_secret=ID_SECRET)
    service = Service(settings, settings.read_callers(), EditionLibrary.single(edition(name)))
    return create_app(service).openapi()


def routes(day: BoardDay) -> Iterator[tuple[str, str]]:
    """Every call of the application: its method and its address."""
    for route in create_app(day.service).routes:
        path = str(getattr(route, "path", ""))
        if path.startswith("/v1/"):
            yield from ((method.lower(), path) for method in getattr(route, "methods", ()))


def test_every_call_is_in_the_document(day: BoardDay, document: Json) -> None:
    """A call that is not there does not exist for whoever makes a client; each has what everybody asks about it."""
    found = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert found == {(method, re.sub(r":path\}", "}", path)) for method, path in routes(day)}
    for methods in document["paths"].values():
        for call in methods.values():
            assert call["x-scope"]
            assert {"apiKey": []} in call["security"]
            assert {"200", "4XX", "429", "500"} <= call["responses"].keys()
            assert call["description"]


@pytest.mark.parametrize("name", [*ALL, OTHER_WORDS])
def test_examples_are_in_the_words_of_the_edition_in_force(name: str) -> None:
    """Whatever its plans and channels are called, and if it promises nothing at all; and they fit the document."""
    document, known = opened(name), edition(name)
    schemas = {"$defs": document["components"]["schemas"]}
    for methods in document["paths"].values():
        for content in (found for call in methods.values() for found in call["responses"]["200"]["content"].values()):
            for example in content.get("examples", {}).values():
                assert list(problems(example["value"], content["schema"], schemas)) == []
    listed = document["paths"]["/v1/cases"]["get"]["responses"]["200"]["content"]["application/json"]["examples"]
    (case,) = listed["for_the_desk"]["value"]["cases"]
    assert case["plan"] in known.plans
    assert case["channel"] in known.channels
    assert case["edition"] == known.edition


def test_every_parameter_says_what_it_means(document: Json) -> None:
    """A name such as `show` says nothing by itself."""
    for methods in document["paths"].values():
        for call in methods.values():
            for parameter in call.get("parameters", ()):
                assert parameter["description"].endswith("."), parameter["name"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/cases", "/v1/cases?limit=500"),
        ("/v1/cases", "/v1/cases?limit=2&sort=newest"),
        ("/v1/cases", "/v1/cases?state=open,waiting&state=closed&breached=true"),
        ("/v1/outcomes", f"/v1/outcomes?{WHOLE_DAY}"),
        ("/v1/outcomes", "/v1/outcomes?from=2020-01-01&to=2020-01-02&per=week"),
        ("/v1/outcomes.csv", f"/v1/outcomes.csv?{WHOLE_DAY}&table=times"),
        ("/v1/breaches", f"/v1/breaches?{WHOLE_DAY}"),
        ("/v1/breaches", f"/v1/breaches?{WHOLE_DAY}&show=near_miss&limit=1"),
        ("/v1/breaches.csv", f"/v1/breaches.csv?{WHOLE_DAY}"),
    ],
)
async def test_an_answer_is_as_described(http: httpx.AsyncClient, document: Json, path: str, asked: str) -> None:
    """Clients are generated from the document; a field that it does not name, or a null, breaks them."""
    answer = await http.get(asked, headers=of_agent())
    assert answer.status_code == 200, answer.text
    assert wrong(document, path, answer) == []


@pytest.mark.parametrize("who", ["agent", "viewer", "customer"])
async def test_every_case_of_a_day_is_as_described(http: httpx.AsyncClient, document: Json, who: str) -> None:
    """With all that can happen to cases; and without what only the desk is told."""
    rows = (await http.get("/v1/cases?limit=500", headers=of_agent())).json()["cases"]
    person = {"agent": AGENT, "viewer": VIEWER, "customer": somebody_of(rows[0]["account_id"])}[who]
    headers = of_agent(Authorization=f"Bearer {token_of(person)}")
    listed = await http.get("/v1/cases?limit=500", headers=headers)
    assert wrong(document, "/v1/cases", listed) == []
    assert listed.json()["cases"]
    for case in listed.json()["cases"][:60]:
        whole = await http.get(f"/v1/cases/{case['case_id']}", headers=headers)
        assert whole.status_code == 200
        assert wrong(document, CASE, whole) == [], case["case_id"]
        assert ("assigned_to" in whole.json()) is (who != "customer")


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/v1/cases", "/v1/cases?state=late", 422),
        ("/v1/cases", "/v1/cases?cursor=x", 422),
        ("/v1/cases", "/v1/cases?colour=red", 422),
        ("/v1/cases/changes", "/v1/cases/changes?limit=0", 422),
        (CASE, "/v1/cases/nobody-has-this", 404),
        ("/v1/outcomes", "/v1/outcomes?zone=Nowhere", 422),
        ("/v1/outcomes.csv", "/v1/outcomes.csv?table=none", 422),
        ("/v1/breaches", "/v1/breaches?from=x", 422),
        ("/v1/breaches.csv", "/v1/breaches.csv?limit=501", 422),
        ("/v1/operations", "/v1/operations?show=some", 422),
        ("/v1/operations", "/v1/operations?after=support.activity.v1-dlt:0:7", 422),
        ("/v1/operations", "/v1/operations?table=nothing", 422),
    ],
)
async def test_a_refusal_is_a_problem_document(
    http: httpx.AsyncClient, document: Json, path: str, asked: str, status: int
) -> None:
    """For every call alike, with a sentence for each wrong parameter, as an agent and as nobody."""
    answer = await http.get(asked, headers=of_agent())
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert wrong(document, path, answer) == []
    nobody = await http.get(asked)
    assert nobody.status_code == 401
    assert wrong(document, path, nobody) == []


async def test_a_replay_is_refused_as_described(http: httpx.AsyncClient, document: Json) -> None:
    """A parameter that is misspelt must not replay a record a second time."""
    path, asked = "/v1/operations/dead-letters/{place}/replay", f"/v1/operations/dead-letters/{LETTER}/replay"
    admin = {"Authorization": f"Bearer {key_of('admin')}"}
    misspelt = await http.post(f"{asked}?replaid=1", headers=admin)
    unscoped = await http.post(asked, headers=of_agent())
    assert [answer.status_code for answer in (misspelt, unscoped)] == [422, 403]
    assert [line for answer in (misspelt, unscoped) for line in wrong(document, path, answer, "post")] == []


async def test_until_the_board_was_complete_every_list_says_so(
    day: BoardDay, http: httpx.AsyncClient, document: Json
) -> None:
    """503 with the seconds to wait, as the document says; until then a list would lack cases."""
    complete, day.service.reading.as_of = day.service.reading.as_of, None
    try:
        for path in ("/v1/cases", "/v1/cases/changes", "/v1/outcomes", "/v1/breaches.csv"):
            answer = await http.get(path, headers=of_agent())
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert wrong(document, path, answer) == []
    finally:
        day.service.reading.as_of = complete


async def test_how_it_runs_is_a_table_for_whoever_asks_for_one(http: httpx.AsyncClient, document: Json) -> None:
    """By the media type, as of the other calls, or by the name: both are the same table."""
    for query in ("", "?table=timers", "?table=letters&show=all"):
        table = await http.get(f"/v1/operations{query}", headers={**of_agent(), "Accept": "text/csv"})
        assert (table.status_code, table.headers["content-type"].partition(";")[0]) == (200, "text/csv")
        assert wrong(document, "/v1/operations", table) == []
        assert table.text == (await http.get(f"/v1/operations.csv{query}", headers=of_agent())).text
    shown = document["paths"]["/v1/operations"]["get"]["responses"]["200"]["content"]["text/csv"]["example"]
    assert header(shown) == header((await http.get("/v1/operations.csv", headers=of_agent())).text)


async def test_an_example_of_csv_has_the_columns_of_the_table(http: httpx.AsyncClient, document: Json) -> None:
    """Whoever writes an import by the example reads the real table."""
    for path in ("/v1/outcomes.csv", "/v1/breaches.csv"):
        shown = document["paths"][path]["get"]["responses"]["200"]["content"]["text/csv"]["example"]
        answer = await http.get(f"{path}?{WHOLE_DAY}", headers=of_agent())
        assert header(shown) == header(answer.text)


def header(table: str) -> list[str]:
    """The names of its columns."""
    return next(csv.reader(io.StringIO(table, newline=""), strict=True))


async def test_the_page_shows_every_call_and_every_parameter(http: httpx.AsyncClient, document: Json) -> None:
    """What is in the document is on the page, which loads nothing."""
    page = await http.get("/docs")
    assert (page.status_code, "<script" in page.text) == (200, False)
    for path, methods in document["paths"].items():
        assert path in page.text
        for call in methods.values():
            for parameter in call.get("parameters", ()):
                assert f"<code>{parameter['name']}</code>" in page.text
    anchors, links = re.findall(r'id="([^"]+)"', page.text), re.findall(r'href="#([^"]+)"', page.text)
    assert set(links) <= set(anchors)
    assert len(set(anchors)) == len(anchors)
