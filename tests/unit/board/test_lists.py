"""Every list is what a plain filter over all cases gives, in its order, each case once: calls, pages and tables.

The reference reads all cases of a recorded day once, and filters and sorts them in Python.
"""

import html
import random
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio

from services.board import case_table
from services.board.pages import case_list
from services.board.store import case_numbers, cases
from services.board.store.cases import EVERYTHING, Visible, Wanted
from services.board.store.schema import PREFIX
from services.cli.demo.traffic import varied
from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.contracts.structs import Account, Actor, Contact, Requester
from tests.harness.board_day import BoardDay, board_day
from tests.harness.board_list import all_cases, next_page
from tests.harness.csv_table import rows_of
from tests.harness.recording import Recording
from tests.harness.shipped import shipped_library
from tests.harness.sign_in import AGENT, somebody_of, token_of

CASES = 60
LIMIT = 7  # of a page, so that lists have several
LIVING = ("open", "waiting", "undecided")
FORMULA = "=HYPERLINK(1)"
# By parameter of the call: the field of a case that it is about.
FIELDS = {
    **{"account": "account_id", "state": "state", "status": "status", "plan": "plan", "priority": "priority"},
    **{"channel": "channel", "tier": "tier", "milestone": "milestone", "escalation_request": "escalation_request"},
    **{"assigned_to": "assigned_to", "breached": "breached", "paused": "paused", "needs_triage": "needs_triage"},
}
SHOWS: Mapping[str, Callable[[Any], bool]] = {
    "open": lambda case: case["state"] in LIVING,
    "mine": lambda case: case["state"] in LIVING and case["assigned_to"] == "desk-7",
    "untaken": lambda case: case["state"] in LIVING and case["assigned_to"] is None,
    "late": lambda case: case["state"] in LIVING and case["breached"],
    "waiting": lambda case: case["state"] == "waiting",
    "asked": lambda case: case["state"] in LIVING and case["escalation_request"] == "requested",
    "triage": lambda case: case["state"] in LIVING and case["needs_triage"],
    "resolved": lambda case: case["state"] == "resolved",
    "closed": lambda case: case["state"] == "closed",
    "all": lambda case: True,
}
SORTS = {"resolved": "changed", "closed": "changed", "all": "newest"}  # of the pages; the others by the time left
# What happens to every so many cases, in this order.
_HAPPENS: tuple[tuple[int, str, Mapping[str, Any]], ...] = (
    (3, "assigned", {"to": "desk-7"}),
    (5, "assigned", {"to": "desk-8"}),
    (2, "agent_replied", {"text": "Please send the fourteenth protocol"}),
    (3, "customer_replied", {"actor": Actor(kind="customer", id="u1"), "text": "Attached, see protocols"}),
    (5, "status_changed", {"to": "waiting_on_customer"}),
    (9, "status_changed", {"to": "With the lab"}),
    (11, "internal_note", {"text": "Zebra: nobody outside reads this"}),
    (8, "resolved", {}),
    (16, "closed", {}),
)


def _recording() -> Recording:
    """Sixty cases: late and not, waiting, taken, resolved, closed; some have a formula as their subject."""
    recording = Recording(shipped_library("guidelines-2021"), partitions=3)
    for account_id, body in DEMO_ACCOUNTS.items():
        contacts = tuple(Contact(**each) for each in body["contacts"])
        recording.sets_entitlement(Account(account_id=account_id, **{**body, "contacts": contacts}))
    for number, ask in enumerate(islice(varied("lists"), CASES), 1):
        body = {name: value for name, value in ask.body.items() if name != "phone"}
        if number % 10 == 0:
            body["subject"] = f"{FORMULA} and {body['subject']}"
        if number % 13 == 0:
            body["account_id"] = "nobody-knows"
        recording.asks(number, **{**body, "requester": Requester(**body["requester"])})
        recording.runs()
        recording.passes(timedelta(minutes=20))
        for every, kind, given in _HAPPENS:
            if number % every == 0:
                recording.record_activity(kind, f"{number:032x}", **given)
        recording.runs()
    recording.passes(timedelta(days=1))
    for number in range(1, CASES):
        recording.record_activity("escalation_requested", f"{number:032x}", actor=Actor(kind="customer", id="u1"))
    recording.runs()
    return recording


class Known(NamedTuple):
    """All cases of the day, as the call answers them to an agent, and the texts of each."""

    cases: Sequence[Mapping[str, Any]]
    texts: Mapping[str, Sequence[str]]

    def ids(self, fits: Callable[[Any], bool], sort: str) -> list[str]:
        """Those that fit, in that order. Where it leaves two equal, any order is right: see `_in_order`."""
        return [case["case_id"] for case in sorted(filter(fits, self.cases), key=_KEYS[sort])]

    def have(self, case: Mapping[str, Any], words: str, *, for_desk: bool = True) -> bool:
        """Whether one text of a case has all these words, the last of them perhaps as a beginning."""
        *whole, last = _words(words)
        for text in self.texts[case["case_id"]]:
            found = _words(text)
            begins = any(word.startswith(last) if len(last) >= PREFIX else word == last for word in found)
            if begins and set(whole) <= set(found) and (for_desk or "Zebra" not in text):
                return True
        return False


def _time_left(case: Mapping[str, Any]) -> tuple[int, str]:
    over, due = case["state"] in ("resolved", "closed"), case["due_at"]
    return (2, "") if over else (0, due) if due is not None else (1, "")


_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "time_left": _time_left,
    "newest": lambda case: _reversed(case["received_at"]),
    "oldest": lambda case: case["received_at"],
    "changed": lambda case: -case["change"],
}


def _reversed(instant: str) -> tuple[int, ...]:
    return tuple(-ord(mark) for mark in instant)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> BoardDay:
    """A board after that day."""
    recording = _recording()
    return board_day(tmp_path_factory.mktemp("board"), recording.now, recording)


@pytest_asyncio.fixture
async def http(day: BoardDay) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(day.app), base_url="http://board") as client:
        yield client


@pytest_asyncio.fixture
async def known(day: BoardDay, http: httpx.AsyncClient) -> Known:
    """The reference."""
    found = await all_cases(http, limit=500, headers=_authorised())
    assert len(found) == CASES
    nothing = {"milestone": None, "due_at": None, "paused": False}
    return Known([{**case, **(case["next"] or nothing)} for case in found], {
        case["case_id"]: await _texts(day, case["case_id"]) for case in found
    })  # fmt: skip


async def _texts(day: BoardDay, case_id: str) -> list[str]:
    found = await day.service.readers.ask(cases.load, case_id, EVERYTHING, day.service.shelf.published)
    assert found is not None
    assert found.request is not None
    asked = found.request
    said = [activity.text for _, activity in found.log.activity if activity.text]
    return [f"{asked.subject} {asked.description} {asked.requester.name or ''}", *said]


def _authorised(token: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {token or token_of(AGENT)}"}


async def _called(http: httpx.AsyncClient, asked: Mapping[str, str], token: str = "") -> list[str]:
    """All pages of the call, in their order."""
    return [case["case_id"] for case in await all_cases(http, limit=LIMIT, headers=_authorised(token), **asked)]


async def _shown(http: httpx.AsyncClient, asked: Mapping[str, str], token: str = "") -> list[str]:
    """All pages as a browser without scripts shows them, by the links of each to the next."""
    found, address = list[str](), f"/?{urlencode(asked)}"
    while address:
        page = await _get(http, address, token)
        rows = re.findall(r'<tr id="case-([^"]+)"', page)
        assert len(rows) <= LIMIT
        found += rows
        address = next_page(page)
    return found


async def _get(http: httpx.AsyncClient, address: str, token: str = "") -> str:
    answer = await http.get(address, headers={"Cookie": f"frontline_person={token or token_of(AGENT)}"})
    assert answer.status_code == 200, answer.text
    return answer.text


async def _table(
    http: httpx.AsyncClient, address: str, headers: Mapping[str, str], complete: str = "true"
) -> list[dict[str, str]]:
    answer = await http.get(address, headers=headers)
    rows = rows_of(answer)
    assert answer.headers["frontline-complete"] == complete
    return rows


def _in_order(known: Known, found: Sequence[str], expected: Sequence[str], sort: str, asked: object) -> None:
    """The same cases, each once, and none before one that has to be before it."""
    assert sorted(found) == sorted(expected), asked
    by_id = {case["case_id"]: case for case in known.cases}
    keys = [_KEYS[sort](by_id[case_id]) for case_id in found]
    assert keys == sorted(keys), (asked, sort)


def _fits(asked: Mapping[str, str]) -> Callable[[Any], bool]:
    """Whether a case has what parameters of the call ask for, but for the text."""

    def fits(case: Mapping[str, Any]) -> bool:
        return all(_written(case[FIELDS[name]]) == value for name, value in asked.items() if name in FIELDS)

    return fits


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _values(known: Known, name: str) -> list[str]:
    """All that a parameter can be asked for. `assigned_to` alone can be asked for empty."""
    found = {_written(case[FIELDS[name]]) for case in known.cases}
    return sorted(found if name == "assigned_to" else found - {""})


async def test_the_day_has_cases_on_both_sides_of_every_filter(known: Known) -> None:
    """Else the rest would say nothing."""
    assert {name: len(_values(known, name)) for name in FIELDS if len(_values(known, name)) < 2} == {
        "escalation_request": 1
    }
    assert all(len(known.ids(fits, "newest")) > 0 for fits in SHOWS.values())


@pytest.mark.parametrize("name", FIELDS)
async def test_a_call_lists_by_each_filter_what_the_cases_themselves_say(
    http: httpx.AsyncClient, known: Known, name: str
) -> None:
    """For each value that there is, over all its pages; nothing is missing, and nothing is there twice."""
    for value in _values(known, name):
        asked = {name: value}
        _in_order(known, await _called(http, asked), known.ids(_fits(asked), "time_left"), "time_left", asked)


@pytest.mark.parametrize("sort", _KEYS)
async def test_a_call_lists_in_each_order_what_several_filters_leave(
    http: httpx.AsyncClient, known: Known, sort: str
) -> None:
    """All conditions hold together, whatever the order, over the cursors of its pages."""
    chance = random.Random(sort)
    _in_order(known, await _called(http, {"sort": sort}), known.ids(lambda _case: True, sort), sort, "all")
    for _ in range(25):
        case = chance.choice(known.cases)  # what it has is asked for, so something is found
        names = [
            name for name in chance.sample([*FIELDS], 2) if name == "assigned_to" or case[FIELDS[name]] is not None
        ]
        asked = {name: _written(case[FIELDS[name]]) for name in names}
        found = await _called(http, {**asked, "sort": sort})
        assert case["case_id"] in found, asked
        _in_order(known, found, known.ids(_fits(asked), sort), sort, asked)


@pytest.mark.parametrize(
    "text", ["protocol", "protocols", "fourteenth protoc", "zebra", "ZEBRA nobody", FORMULA, "qqq"]
)
async def test_a_text_finds_the_cases_in_which_it_was_written(
    http: httpx.AsyncClient, known: Known, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """In the request or in what was said; what agents note is found by agents, and not by the customer."""
    monkeypatch.setattr(case_list, "SIZE", LIMIT)
    asked = {"text": text, "sort": "oldest"}
    expected = known.ids(lambda case: known.have(case, text), "oldest")
    assert bool(expected) == (text != "qqq")
    _in_order(known, await _called(http, asked), expected, "oldest", text)
    assert sorted(await _shown(http, {"show": "all", "text": text})) == sorted(expected)
    own = known.cases[0]["account_id"]
    found = await _called(http, asked, token_of(somebody_of(own)))
    assert sorted(found) == sorted(
        known.ids(lambda case: case["account_id"] == own and known.have(case, text, for_desk=False), "oldest")
    )


@pytest.mark.parametrize("show", SHOWS)
async def test_a_page_lists_what_its_address_says(
    http: httpx.AsyncClient, known: Known, monkeypatch: pytest.MonkeyPatch, show: str
) -> None:
    """Alone, and with each filter of the form, over the links to the next page; for customers their own cases."""
    monkeypatch.setattr(case_list, "SIZE", LIMIT)
    sort, shows = SORTS.get(show, "time_left"), SHOWS[show]
    _in_order(known, await _shown(http, {"show": show}), known.ids(shows, sort), sort, show)
    for name in case_list.FILTERS:
        for value in _values(known, name):
            asked = {"show": show, name: value}
            expected = known.ids(lambda case: shows(case) and _fits(asked)(case), sort)  # noqa: B023 - at once
            _in_order(known, await _shown(http, asked), expected, sort, asked)
    if show in case_list.OF_CUSTOMERS:
        for own in {case["account_id"] for case in known.cases} - {None}:
            found = await _shown(http, {"show": show, "priority": "P1"}, token_of(somebody_of(own)))
            expected = known.ids(lambda case: shows(case) and case["account_id"] == own, sort)  # noqa: B023 - at once
            _in_order(known, found, expected, sort, (show, own))


@pytest.mark.parametrize(
    "asked", [{}, {"sort": "oldest", "breached": "true"}, {"state": "open,waiting", "text": "pro"}]
)
async def test_a_table_has_the_whole_list_in_its_order(
    http: httpx.AsyncClient, known: Known, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    """Whatever the size of a page, by either way to ask for it; each row is what the call answers of its case."""
    monkeypatch.setattr(case_table, "AT_ONCE", LIMIT)
    key = _authorised()
    listed = await _called(http, asked)
    by_name = await _table(http, f"/v1/cases.csv?{urlencode(asked)}&limit=2", key)
    assert [row["case_id"] for row in by_name] == listed
    assert await _table(http, f"/v1/cases?{urlencode(asked)}", {**key, "Accept": "text/csv"}) == by_name
    by_id = {case["case_id"]: case for case in known.cases}
    for row in by_name:
        case = by_id[row["case_id"]]
        assert row["subject"].removeprefix("'") == case["subject"]
        assert row["subject"].startswith("'") == case["subject"].startswith("=")  # no spreadsheet runs it
        for name in ("account_id", "state", "priority", "tier", "received_at", "breached", "assigned_to"):
            assert row[name] == _written(case[name])
        assert (row["next_milestone"], row["next_due_at"]) == (_written(case["milestone"]), _written(case["due_at"]))


async def test_the_table_of_a_page_is_what_the_page_lists(
    http: httpx.AsyncClient, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the link on it, with its filters. A customer's has their own cases, and no column that is the desk's."""
    monkeypatch.setattr(case_list, "SIZE", LIMIT)
    for person, asked in ((AGENT, {"show": "late", "priority": "P1"}), (somebody_of("demo-premier-plus-business"), {})):
        cookie = {"Cookie": f"frontline_person={token_of(person)}"}
        page = await _get(http, f"/?{urlencode(asked)}", token_of(person))
        (link,) = re.findall(r'<a href="(/cases\.csv[^"]*)">', page)
        rows = await _table(http, html.unescape(link), cookie)
        assert [row["case_id"] for row in rows] == await _shown(http, asked, token_of(person))
        assert rows
        assert ("assigned_to" in rows[0]) == (person is AGENT)
    refused = await http.get("/v1/cases.csv?needs_triage=true", headers=_authorised(token_of(person)))
    assert refused.status_code == 403
    assert (await http.get("/cases.csv")).status_code == 403  # nobody is signed in


async def test_a_table_that_is_cut_says_so(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a header for programs, and in the name of the file for people."""
    monkeypatch.setattr(case_table, "MOST", CASES - 1)
    key = _authorised()
    assert len(await _table(http, "/v1/cases.csv", key, complete="false")) == CASES - 1
    named = (await http.get("/v1/cases.csv", headers=key)).headers["content-disposition"]
    assert f"cases-first-{CASES - 1}.csv" in named


async def test_rows_of_a_table_are_those_that_its_reader_may_see(day: BoardDay) -> None:
    """Numbers may be those of other cases once the former ones were deleted, while a long table is being written."""
    ask = day.service.readers.ask
    numbers = await ask(case_numbers.numbers, Wanted(), EVERYTHING, "newest", CASES)
    rows = await ask(case_numbers.rows, numbers, EVERYTHING)
    assert [row["case_no"] for row in rows] == [*numbers]
    account = rows[0]["account_id"]
    theirs = await ask(case_numbers.rows, numbers, Visible(account_id=account))
    assert theirs == [row for row in rows if row["account_id"] == account]
    assert 0 < len(theirs) < len(rows)
