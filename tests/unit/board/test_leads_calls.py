"""The calls of leads, over the board's own application after a recorded day."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.board.leads import asking
from services.board.leads.query import BreachQuery
from services.board.period import Period
from tests.harness.board_day import VIEWER, BoardDay, board_day
from tests.harness.csv_table import rows_of
from tests.harness.intake import key_of
from tests.harness.sign_in import AGENT, ANA, token_of

WHOLE_DAY = "from=2026-11-01&to=2026-11-30"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> BoardDay:
    """The board after the day."""
    return board_day(tmp_path_factory.mktemp("board"))


@pytest_asyncio.fixture
async def http(day: BoardDay) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(day.app), base_url="http://board") as client:
        yield client


def by(credential: str) -> dict[str, str]:
    """The header of a caller."""
    return {"Authorization": f"Bearer {credential}"}


async def answer(http: httpx.AsyncClient, address: str) -> dict[str, Any]:
    """What an agent gets."""
    found = await http.get(address, headers=by(token_of(AGENT)))
    assert found.status_code == 200, found.text
    body: dict[str, Any] = json.loads(found.content)
    return body


async def table(http: httpx.AsyncClient, address: str, **headers: str) -> list[dict[str, str]]:
    """A table as CSV."""
    return rows_of(await http.get(address, headers=by(token_of(AGENT)) | headers))


@pytest.mark.parametrize("address", ["/v1/outcomes", "/v1/outcomes.csv", "/v1/breaches", "/v1/breaches.csv"])
@pytest.mark.parametrize(
    ("credential", "status"),
    [
        (key_of("agent"), 200),
        (key_of("admin"), 200),
        (token_of(AGENT), 200),
        (token_of(VIEWER), 200),
        (key_of("submit"), 403),
        (key_of("backfill"), 403),
        (token_of(ANA), 403),
        ("unknown", 401),
    ],
)
async def test_only_who_sees_every_case_sees_reports(
    http: httpx.AsyncClient, address: str, credential: str, status: int
) -> None:
    """They have numbers, subjects and accounts of all customers, as JSON and as CSV alike."""
    found = await http.get(address, headers=by(credential))
    assert (found.status_code, found.headers["cache-control"]) == (status, "no-store")


async def test_every_number_is_that_of_the_file(http: httpx.AsyncClient, day: BoardDay) -> None:
    """In the totals, by each word, over time, and in the table of all counts; objectives apart from commitments."""
    found = await answer(http, f"/v1/outcomes?{WHOLE_DAY}")
    file = await day.service.readers.ask(lambda db: db.execute("SELECT promise, outcome FROM clocks").fetchall())
    truth = Counter((row["promise"], row["outcome"]) for row in file)
    rows = await table(http, f"/v1/outcomes?{WHOLE_DAY}", Accept="text/csv")
    assert sum(truth[promise, outcome] for promise in ("objective", "commitment") for outcome in ("met", "breached"))
    for report in found["promises"]:
        for outcome in ("met", "breached"):
            expected = truth[report["promise"], outcome]
            assert report[outcome] == expected
            assert sum(step[outcome] for step in report["over_time"]) == expected
            for words in report["by"].values():
                assert sum(row[outcome] for row in words) == expected
            assert sum(int(row[outcome]) for row in rows if row["promise"] == report["promise"]) == expected


async def test_a_list_has_what_the_report_counts(http: httpx.AsyncClient) -> None:
    """Page by page, and as one table; each with the case, its account, and by how much it was late."""
    report = await answer(http, f"/v1/outcomes?{WHOLE_DAY}&priority=P1")
    counted = sum(each["breached"] for each in report["promises"])
    listed = list[dict[str, Any]]()
    cursor: str | None = ""
    while cursor is not None:
        page = await answer(
            http, f"/v1/breaches?{WHOLE_DAY}&priority=P1&limit=7&cursor={cursor}".removesuffix("&cursor=")
        )
        listed += page["breaches"]
        cursor = page["next_cursor"]
    rows = await table(http, f"/v1/breaches.csv?{WHOLE_DAY}&priority=P1")
    assert len(listed) == counted > 7
    assert [row["case_id"] for row in rows] == [row["case_id"] for row in listed]
    assert [row["missed_at"] for row in rows] == sorted((row["missed_at"] for row in rows), reverse=True)
    for row in listed:
        assert row["priority"] == "P1"
        assert row["outcome"] == "breached"
        assert row["late_seconds"] >= 0
        assert row["still_owed"] is (row["fulfilled_at"] is None)
        assert row["account_id"].startswith("demo-")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-13-01", "from"),
        ("from=2026-11-30&to=2026-11-01", "from"),
        ("from=2020-01-01&to=2026-11-01", "from"),
        ("zone=Mars", "zone"),
        ("days=0", "days"),
        ("days=100000000000", "days"),
        ("per=hour", "per"),
        ("promise=both", "promise"),
        ("colour=red", "colour"),
    ],
)
async def test_a_wrong_question_names_its_field(http: httpx.AsyncClient, query: str, field: str) -> None:
    """And is not answered with something else, on either call."""
    for call in ("outcomes", "breaches", "outcomes.csv", "breaches.csv"):
        found = await http.get(f"/v1/{call}?{query}", headers=by(token_of(AGENT)))
        assert (found.status_code, [error["field"] for error in found.json()["errors"]]) == (422, [field])


async def test_a_wrong_cursor_is_named(http: httpx.AsyncClient) -> None:
    """It may have been cut when it was copied."""
    for call in ("breaches", "breaches.csv"):
        found = await http.get(f"/v1/{call}?cursor=abc", headers=by(token_of(AGENT)))
        assert (found.status_code, found.json()["errors"][0]["field"]) == (422, "cursor")


def text_of(value: object) -> str:
    """A value of a JSON answer as a cell of a table."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def as_cells(row: dict[str, Any]) -> dict[str, str]:
    """A row of a JSON answer as a row of a table."""
    return {name: text_of(value) for name, value in row.items()}


def counts_in(report: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What a report has of that table."""
    tables: dict[str, list[dict[str, Any]]] = {"time": report["over_time"], "times": report["times"], **report["by"]}
    return tables[name]


@pytest.mark.parametrize("name", ["time", "milestone", "priority", "plan", "calendar", "times"])
async def test_a_table_has_the_values_of_the_report(http: httpx.AsyncClient, name: str) -> None:
    """Each under the name that it has in the JSON answer, of each kind of promise."""
    report = await answer(http, f"/v1/outcomes?{WHOLE_DAY}&per=day")
    expected = [
        {"promise": each["promise"], **as_cells(row)} for each in report["promises"] for row in counts_in(each, name)
    ]
    assert "objective" in {row["promise"] for row in expected}
    assert await table(http, f"/v1/outcomes.csv?{WHOLE_DAY}&per=day&table={name}") == expected


@pytest.mark.parametrize("name", ["milestone", "priority", "plan", "calendar"])
async def test_the_table_of_all_counts_adds_up_to_each_other_table(http: httpx.AsyncClient, name: str) -> None:
    """Whatever else a lead asks is a sum of its rows: by each word, and of each step of the time."""
    report = await answer(http, f"/v1/outcomes?{WHOLE_DAY}&per=day")
    counts = await table(http, f"/v1/outcomes.csv?{WHOLE_DAY}&per=day&table=counts")
    counted = ("met", "breached", "near_misses")
    for each in report["promises"]:
        for word, rows in ((name, each["by"][name]), ("from", each["over_time"])):
            for row in rows:
                same = [
                    cells
                    for cells in counts
                    if (cells["promise"], cells[word]) == (each["promise"], text_of(row[word]))
                ]
                assert [sum(int(cells[of]) for cells in same) for of in counted] == [row[of] for of in counted]
    assert {row["zone"] for row in counts} == {report["zone"]}


@pytest.mark.parametrize("show", ["breached", "near_miss"])
async def test_a_table_of_promises_has_the_values_of_the_list(http: httpx.AsyncClient, show: str) -> None:
    """Each under the name that it has in the JSON answer."""
    listed = (await answer(http, f"/v1/breaches?{WHOLE_DAY}&show={show}&limit=500"))["breaches"]
    assert len(listed) > 7
    assert await table(http, f"/v1/breaches.csv?{WHOLE_DAY}&show={show}") == [as_cells(row) for row in listed]


async def test_a_day_is_that_of_the_zone(http: httpx.AsyncClient) -> None:
    """What happened before midnight in one zone happened on the next day in another; nothing is lost by that."""
    days = {}
    for zone in ("UTC", "Pacific/Auckland"):
        found = await answer(http, f"/v1/outcomes?{WHOLE_DAY}&zone={zone}&per=day")
        steps = [step for report in found["promises"] for step in report["over_time"]]
        days[zone] = Counter({step["from"]: 0 for step in steps})
        for step in steps:
            days[zone][step["from"]] += step["met"] + step["breached"]
    assert days["UTC"] != days["Pacific/Auckland"]
    assert days["UTC"].total() == days["Pacific/Auckland"].total()


FULFILLED = "It was fulfilled after the deadline."
NOT_FULFILLED = {
    "The deadline passed, and it is still owed.",
    "The deadline passed; it is still owed, and stands still now.",
    "The deadline passed, and it ended without being fulfilled.",
}
MOVED = "A change on the case moved the deadline into the past: "
WHY = re.compile(r'href="/cases/(\w+)">.*?<td>([^<]*)<br><small class="muted">[^<]*</small></td>\s*</tr>', re.DOTALL)


async def test_each_breach_says_why_in_a_sentence(http: httpx.AsyncClient) -> None:
    """A lead asks why a promise was broken, and not for a code: on each row, in agreement with the call."""
    person = {"Cookie": f"frontline_person={token_of(VIEWER)}", "Accept-Language": "en"}
    shown = WHY.findall((await http.get(f"/reports/breaches?{WHOLE_DAY}&limit=500", headers=person)).text)
    listed = (await answer(http, f"/v1/breaches?{WHOLE_DAY}&limit=500"))["breaches"]
    assert [case_id for case_id, _ in shown] == [row["case_id"] for row in listed]
    for (_, why), row in zip(shown, listed, strict=True):
        if row["cause"] is not None:
            assert why.startswith(MOVED), row
        else:
            assert why == FULFILLED if row["fulfilled_at"] else why in NOT_FULFILLED, row
    assert {FULFILLED, "The deadline passed, and it is still owed."} <= {why for _, why in shown}


PAGES = ("/reports", "/reports.csv", "/reports/breaches", "/reports/breaches.csv")


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_of_leads_is_for_who_sees_every_case(http: httpx.AsyncClient, address: str) -> None:
    """A customer, and who is not signed in, gets a page that says so."""
    for token, status in ((token_of(VIEWER), 200), (token_of(AGENT), 200), (token_of(ANA), 403), (None, 403)):
        cookies = {} if token is None else {"Cookie": f"frontline_person={token}"}
        found = await http.get(address, headers=cookies)
        assert (found.status_code, found.headers["cache-control"]) == (status, "no-store")


async def test_a_page_says_what_is_wrong_and_shows_the_rest(http: httpx.AsyncClient) -> None:
    """What somebody typed into an address is no reason to show nothing; and never gets into the page as markup."""
    person = {"Cookie": f"frontline_person={token_of(VIEWER)}"}
    for page in ("/reports", "/reports/breaches"):
        found = await http.get(f"{page}?from=<script>&zone=Mars&priority=P1&days=x&<b>=1", headers=person)
        assert found.status_code == 422
        assert 'id="mistakes"' in found.text
        assert "<script>&" not in found.text
        assert '<option value="P1" selected' in found.text
    found = await http.get("/reports/breaches?cursor=nonsense", headers=person)
    assert found.status_code == 200


async def test_a_table_of_several_pages_is_about_one_period(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day may end while it is written: the days would shift, and promises of the first one would be missing."""
    expected = await table(http, f"/v1/breaches.csv?{WHOLE_DAY}&priority=P1")
    assert len(expected) > 7
    period, asked = BreachQuery.period, list[datetime]()

    def shifting(self: BreachQuery, now: datetime) -> Period:
        asked.append(now)
        found, shift = period(self, now), timedelta(days=400 * (len(asked) - 1))
        return found._replace(first=found.first + shift, last=found.last + shift)

    monkeypatch.setattr(BreachQuery, "period", shifting)
    monkeypatch.setattr(asking, "MOST", 7)
    assert await table(http, f"/v1/breaches.csv?{WHOLE_DAY}&priority=P1") == expected
