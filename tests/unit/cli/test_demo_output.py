"""What the demo prints for people: whoever watches can ask about any case that they see."""

import io
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from rich.console import Console

from services.cli.demo import command
from services.cli.demo.command import print_event, program_name
from services.cli.demo.try_next import ExampleCase, try_next
from services.cli.logged_event import LoggedEvent
from shared.contracts.ids import deterministic_id
from shared.messages.catalogues import messages_in
from tests.unit.cli.test_feed import ASKED, CASE, CLOCK, RULES

CASE_ID = deterministic_id("request", "demo", "acme", "1")
EVENTS: Mapping[str, dict[str, Any]] = {
    "case.routed": CASE,
    **dict.fromkeys((f"clock.{word}" for word in ("warned", "breached", "fulfilled", "paused", "resumed")), CLOCK),
    **dict.fromkeys(("clock.cancelled", "clock.restated", "escalation.raised", "escalation.suppressed"), CLOCK),
    **dict.fromkeys((f"escalation.{word}" for word in ("requested", "refused", "accepted", "rejected")), ASKED),
}


def _event(kind: str, case_id: str = CASE_ID) -> LoggedEvent:
    return LoggedEvent("1", f"frontline.{kind}.v1", {**EVENTS[kind], "case_id": case_id})


def _printed(kind: str, accounts: dict[str, str], language: str = "en") -> list[str]:
    out = io.StringIO()
    print_event(Console(file=out, width=80, highlight=False), _event(kind), accounts, messages_in(language), RULES)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", EVENTS)
def test_each_line_about_a_case_has_its_case_id(kind: str, language: str) -> None:
    """`frontline explain` and the API take nothing else, and the lines of one case are found by it."""
    lines = _printed(kind, {CASE_ID: "acme"}, language)
    assert len(lines) == (2 if kind == "case.routed" else 1)
    assert [line for line in lines if line.count(CASE_ID) != 1] == []


@pytest.mark.parametrize("kind", EVENTS)
def test_at_80_columns_the_case_id_is_on_one_line_and_nothing_is_cut(kind: str) -> None:
    """A terminal goes on with a long line in the next row: an id that is broken there cannot be copied."""
    wide = io.StringIO()
    print_event(Console(file=wide, width=1_000, highlight=False), _event(kind), {}, messages_in("en"), RULES)
    lines = _printed(kind, {})
    assert lines == wide.getvalue().splitlines()
    assert all(line.index(CASE_ID) + len(CASE_ID) <= 80 for line in lines)
    assert not any("…" in line for line in lines)


def test_a_case_whose_decision_was_before_the_demo_has_its_id_once() -> None:
    """Its account is not known then: the id must not stand in its place as well."""
    (line,) = _printed("clock.warned", {})
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


def test_what_to_try_next_fits_80_columns_and_can_be_copied() -> None:
    """From the first start on, a newcomer has a command that works: it names a case of this run, and its Kafka."""
    lines = list(
        try_next(
            CASE_ID, program=".venv/bin/frontline", bootstrap="127.0.0.1:65535", intake_url="http://127.0.0.1:65535"
        )
    )
    assert [line for line in lines if len(line) > 80] == []
    assert f"  .venv/bin/frontline explain {CASE_ID} \\\n    --kafka 127.0.0.1:65535\n" in "\n".join(lines)


def test_without_a_decided_request_no_case_is_named() -> None:
    """An invented id would be a command that fails."""
    lines = list(try_next("", program="frontline", bootstrap="127.0.0.1:9092", intake_url="http://127.0.0.1:8080"))
    assert "explain" not in "".join(lines)


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

    monkeypatch.setattr("services.cli.demo.command.asyncio.sleep", at_once)
    async with httpx.AsyncClient(transport=httpx.MockTransport(take), base_url="http://intake") as client:
        agents = command.Agents(client)
        for number in range(3):
            await agents.work_on({**CASE, "case_id": f"c{number}"})
        nothing_promised = {"first_response": {"reason": "no_priority_response"}}
        await agents.work_on({**CASE, "case_id": "c3", "milestones": nothing_promised})
    assert sent == [
        ("c0", "agent_replied"),
        ("c0", "resolved"),
        ("c1", "agent_replied"),
        ("c1", "status_changed"),
        ("c1", "status_changed"),
        ("c1", "restored"),
    ]
