"""What the demo prints for people: whoever watches can ask about any case that they see."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import httpx
import pytest
from rich.console import Console

from services.cli.demo.agents import Agents
from services.cli.demo.command import STREAM, print_event, program_name
from services.cli.demo.traffic import coverage, varied
from services.cli.demo.try_next import ExampleCase, try_next
from services.cli.demo_accounts import DEMO_ACCOUNTS
from services.cli.logged_event import LoggedEvent
from services.cli.pages import addresses, without_pages
from shared.contracts import wire
from shared.contracts.structs import Account, Contact, Requester
from shared.messages.catalogues import messages_in
from shared.routing.entitlement import covered, terms_of
from shared.routing.rendering import in_words_of
from shared.routing.rulebook import Rulebook
from tests.harness.asking import MONDAY_NOON, request
from tests.harness.decided import decided
from tests.harness.shipped import shipped_edition
from tests.unit.cli.test_feed import ASKED, CASE, CLOCK, RULES

CASE_ID = "20261123" + "0123456789abcdef" * 3  # as intake makes them, with 56 digits
EVENTS: Mapping[str, dict[str, Any]] = {
    "case.routed": CASE,
    **dict.fromkeys((f"clock.{word}" for word in ("warned", "breached", "fulfilled", "paused", "resumed")), CLOCK),
    **dict.fromkeys(("clock.cancelled", "clock.restated", "escalation.raised", "escalation.suppressed"), CLOCK),
    **dict.fromkeys((f"escalation.{word}" for word in ("requested", "refused", "accepted", "rejected")), ASKED),
}


def _event(kind: str, case_id: str = CASE_ID) -> LoggedEvent:
    return LoggedEvent("1", f"frontline.{kind}.v1", {**EVENTS[kind], "case_id": case_id})


def _printed(
    event: LoggedEvent, language: str = "en", *, accounts: Mapping[str, str] | None = None, terminal: bool = False
) -> list[str]:
    out, width = io.StringIO(), 80
    console = Console(file=out, width=width, highlight=False, force_terminal=terminal, color_system=None)
    messages = in_words_of(messages_in(language), RULES.edition)
    print_event(console, event, accounts or {}, messages, RULES)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", EVENTS)
def test_each_line_about_a_case_has_its_case_id(kind: str, language: str) -> None:
    """`frontline explain` and the API take nothing else, and `grep` finds the lines of one case by it."""
    lines = _printed(_event(kind), language, accounts={CASE_ID: "acme"})
    assert len(lines) == (2 if kind == "case.routed" else 1)
    assert [line for line in lines if line.count(CASE_ID) != 1] == []


def _requests() -> Iterator[LoggedEvent]:
    """The decisions on the requests that the demo sends, and on all that it checks with --once."""
    rules = Rulebook(shipped_edition("demo"))
    for ask in [*islice(varied("run"), STREAM), *coverage("run")]:
        body, terms = ask.body, DEMO_ACCOUNTS[ask.body["account_id"]]
        who = Requester(**body["requester"])
        holder = Account(
            account_id=body["account_id"],
            **{**terms, "contacts": tuple(Contact(**contact) for contact in terms["contacts"])},
        )
        asked = request(
            request_id=CASE_ID, account_id=body["account_id"], requester=who, channel=body["channel"],
            fields=body["fields"], received_at=MONDAY_NOON,
        )  # fmt: skip
        entitled = covered(terms_of(holder), who, rules.edition, MONDAY_NOON)
        data = json.loads(wire.encode(decided(asked, entitled, rules, MONDAY_NOON)))
        yield LoggedEvent("1", "frontline.case.routed.v1", data)


@pytest.fixture(scope="module")
def requests() -> list[LoggedEvent]:
    """Decided once for both languages."""
    return list(_requests())


@pytest.mark.parametrize("language", ["en", "es"])
def test_at_80_columns_no_word_of_any_request_is_cut(requests: list[LoggedEvent], language: str) -> None:
    """A terminal cuts at its edge, and goes on at the margin: neither a word nor an id can be read or copied then."""
    assert len(requests) == STREAM + 216
    for event in (*requests, *map(_event, EVENTS)):
        rows = _printed(event, language, terminal=True)
        assert [row for row in rows if len(row) > 80 or row != row.rstrip()] == []
        head, *others = rows
        assert re.fullmatch(rf"\d\d:\d\d:\d\d \S+  {event.data['case_id']}", head)
        assert others
        assert [row for row in others if not row.startswith("  ")] == []
        whole = _printed(event, language)
        assert " ".join(others).split() == " ".join(line.partition(event.data["case_id"])[2] for line in whole).split()


def test_what_goes_on_in_the_next_row_is_indented_further(requests: list[LoggedEvent]) -> None:
    """Else one cannot see where the next event begins."""
    rows = _printed(requests[0], terminal=True)
    indents = [len(row) - len(row.lstrip()) for row in rows[1:]]
    assert (indents[0], set(indents)) == (2, {2, 4})


def test_a_case_whose_decision_was_before_the_demo_has_its_id_once() -> None:
    """Its account is not known then: the id must not stand in its place as well."""
    (line,) = _printed(_event("clock.warned"))
    assert line.count(CASE_ID) == 1


def test_the_example_is_the_case_with_the_most_to_explain() -> None:
    """A case with a deadline, a breach and a call shows what the command is for; the first one stays."""
    example = ExampleCase()
    assert example.case_id == ""
    for kind, case_id in (
        ("case.routed", "plain"),
        ("case.routed", "other"),
        ("clock.fulfilled", "kept"),
    ):
        example.note(_event(kind, case_id))
    assert example.case_id == "plain"
    for kind, case_id in (
        ("clock.breached", "breached"),
        ("escalation.raised", "called"),
        ("escalation.raised", "later"),
        ("clock.breached", "again"),
        ("case.routed", "last"),
    ):
        example.note(_event(kind, case_id))
    assert example.case_id == "called"


URLS = {"intake": "http://127.0.0.1:65535", "board": "http://127.0.0.1:65534"}


@pytest.mark.parametrize("kafka", ["", "127.0.0.1:65535"])
def test_what_to_try_next_fits_80_columns_and_can_be_copied(kafka: str) -> None:
    """From the first start on, a newcomer has pages to open, and a command that names a case of this run."""
    program = ".venv/bin/frontline"
    lines = list(try_next(CASE_ID, program=program, urls=URLS, requests=48, kafka=kafka))
    shown = "\n".join(lines)
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    for page in ("http://127.0.0.1:65535/", "http://127.0.0.1:65535/chat", "http://127.0.0.1:65534/"):
        assert f"  {page}\n" in shown
    assert lines[0] == "Open in a browser, and choose at Sign in who you are:"
    where = f" \\\n    --kafka {kafka}" if kafka else ""
    assert f"  {program} explain \\\n    {CASE_ID}{where}\n" in shown
    assert f"  {program} cases --open{where}\n" in shown
    assert "These were all 48 requests of the demo. The system goes on running until Ctrl-C:\n" in shown
    assert len(shown.splitlines()) < 24, "with the prompt below it, the addresses are still on a screen of 24 rows"
    assert lines[-1] == "send a request of your own by the web form, and watch it here."


def test_the_table_of_addresses_has_each_address_once() -> None:
    """The board stood there twice, as a page and as a service, and a newcomer asked which of the two to open."""
    urls = {**URLS, "router": "http://127.0.0.1:65533", "escalation": "http://127.0.0.1:65532"}
    shown = [*addresses(urls), *without_pages(urls)]
    assert [name for name, _ in without_pages(urls)] == ["router", "escalation"]
    assert len({name for name, _ in shown}) == len({address for _, address in shown}) == len(shown)
    assert {address.split("/")[2] for _, address in shown} == {url.split("/")[2] for url in urls.values()}


def test_without_a_decided_request_no_case_is_named() -> None:
    """An invented id would be a command that fails."""
    assert "explain" not in "".join(try_next("", program="frontline", urls=URLS, requests=48))


@pytest.mark.parametrize(
    ("called", "found", "name"),
    [
        (".venv/bin/frontline", None, ".venv/bin/frontline"),  # make run
        ("/opt/bin/frontline", "/opt/bin/frontline", "frontline"),
        ("/opt/services/cli/__main__.py", None, "frontline"),  # python -m services.cli
    ],
)
def test_a_command_to_copy_calls_the_program_as_it_was_called(called: str, found: str | None, name: str) -> None:
    """`make run` is no reason for the program to be on the path."""
    assert program_name(called, found) == name


async def test_agents_answer_one_of_three_cases_and_pause_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the demo shows no promise that is kept, and no clock that stands still."""
    sent: list[tuple[str, str]] = []

    def take(asked: httpx.Request) -> httpx.Response:
        sent.append((asked.url.path.split("/")[3], json.loads(asked.content)["type"]))
        return httpx.Response(202, json={})

    async def at_once(_seconds: float) -> None:
        return None

    monkeypatch.setattr("services.cli.demo.agents.asyncio.sleep", at_once)
    async with httpx.AsyncClient(transport=httpx.MockTransport(take), base_url="http://intake") as client:
        desk = Agents(client)
        for number in range(3):
            await desk.work_on({**CASE, "case_id": f"c{number}"})
        nothing_promised = {"first_response": {"reason": "no_priority_response"}}
        await desk.work_on({**CASE, "case_id": "c3", "milestones": nothing_promised})
    assert sent == [
        ("c0", "agent_replied"),
        ("c0", "resolved"),
        ("c1", "agent_replied"),
        ("c1", "status_changed"),
        ("c1", "status_changed"),
        ("c1", "restored"),
    ]


async def test_agents_work_only_on_the_cases_of_the_demo() -> None:
    """Whoever tries the system beside the demo asks on the same accounts, and waits for a breach that must come."""
    async with httpx.AsyncClient() as client:
        desk = Agents(client)
        mine, early, others = ({**CASE, "case_id": name} for name in ("mine", "early", "others"))
        assert desk.sent("mine") is None
        assert desk.decided(mine) == mine
        assert desk.decided(early) is None  # the answer to its request is still on its way
        assert desk.sent("early") == early
        assert desk.decided(others) is None
        desk.all_sent()
        assert desk.decided(others) is None
        assert desk.sent("others") is None, "what is of others is forgotten once nothing more is sent"
