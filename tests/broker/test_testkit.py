"""The kit on a running system: its calls, docs/consumers.md, and the example that it tests."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from frontline_testkit import CallRefused, Frontline, FrontlineCommand, NotSeen, TestkitError, UnknownType, events
from tests.harness.consumer_project import COMMAND, ROOT, interpreter, run_tests

PAGE = (ROOT / "docs" / "consumers.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Running:
    """A system, and the file with its addresses."""

    frontline: Frontline
    ready_file: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One system for this file and for the projects that it tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRONTLINE_COMMAND", str(COMMAND))
        system = FrontlineCommand()
        addresses = system.start()
    ready_file = tmp_path_factory.mktemp("running") / "ready.json"
    names = {"bootstrap": addresses.kafka, "intake_url": addresses.url, "admin_key": addresses.admin_key}
    ready_file.write_text(json.dumps(names))
    frontline = Frontline(addresses)
    yield Running(frontline, ready_file)
    frontline.close()
    system.stop()


@pytest.fixture
def frontline(running: Running) -> Frontline:
    """As consumers have it."""
    return running.frontline


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a consumer's project."""
    return interpreter(tmp_path_factory.mktemp("consumer") / "venv")


def p1(frontline: Frontline) -> str:
    """A case with promises that escalates by itself."""
    return frontline.submit(frontline.set_entitlement(plan="premier_plus"), impact="down")


def test_the_whole_chain_of_a_case_is_a_matter_of_seconds(frontline: Frontline) -> None:
    """Time travels, nothing sleeps: warning, breach and every level, each at its instant and none early."""
    case = p1(frontline)
    routed = frontline.wait_for(events.CaseRouted, case=case)
    due = routed.data.milestones["restoration"].due_at
    assert due is not None
    now = frontline.advance(hours=7)
    assert now > due
    last = frontline.wait_for(events.EscalationRaised, case=case, milestone="restoration", level=2)
    assert last.data.called == "technical_account_manager"
    breach = frontline.wait_for("clock.breached", case=case, milestone="restoration")
    assert breach.data.breached_at == due
    chain = [
        event.type for event in frontline.events(case=case, milestone="restoration") if event.type != "case.routed"
    ]
    assert chain == ["clock.started", "clock.warned", "clock.breached", "escalation.raised", "escalation.raised"]


def test_an_event_that_does_not_come_is_an_error_with_what_came_instead(frontline: Frontline) -> None:
    """Whoever reads it knows what to look for, without a log."""
    case = p1(frontline)
    frontline.wait_for("clock.started", case=case)
    with pytest.raises(NotSeen) as caught:
        frontline.wait_for("clock.breached", case=case, milestone="restoration", timeout=0.1)
    first, second, *lines = str(caught.value).splitlines()
    assert first == f"no clock.breached of case {case} with milestone='restoration' within 0.1 s"
    assert second == "what came instead:"
    assert [line.split()[2] for line in lines][:2] == ["request.submitted", "case.routed"]
    assert isinstance(caught.value, AssertionError)
    with pytest.raises(NotSeen, match="nothing came of it at all"):
        frontline.wait_for("case.routed", case="no-such-case", timeout=0)


def test_a_dead_letter_is_part_of_that_error(frontline: Frontline) -> None:
    """An activity that Frontline could not apply would otherwise be a riddle."""
    case = p1(frontline)
    frontline.wait_for("clock.started", case=case)
    frontline.activity(case, "policy_migrated", edition="no-such-edition", policy_sha256="0" * 64)
    deadline = time.monotonic() + 20
    while not frontline.dead_letters(case):
        assert time.monotonic() < deadline, "no dead letter"
    with pytest.raises(NotSeen, match=r"dead letter of support\.activity\.v1: \w+: .*no-such-edition"):
        frontline.wait_for("clock.cancelled", case=case, timeout=0)


def test_a_call_that_intake_refuses_names_the_wrong_fields(frontline: Frontline) -> None:
    """With the words that the edition has."""
    with pytest.raises(CallRefused, match=r"fields\.impact: must be one of down, .*") as caught:
        frontline.submit(impact="sideways")
    assert caught.value.status == 422


def test_names_that_do_not_exist_are_refused_at_once(frontline: Frontline) -> None:
    """Not after thirty seconds of waiting."""
    with pytest.raises(UnknownType, match=r"similar names: clock\.breached"):
        frontline.wait_for("clock.breeched")
    with pytest.raises(TestkitError, match=r"clock\.breached has no field milstone; it has case_id, "):
        frontline.wait_for("clock.breached", milstone="restoration")


def test_the_events_of_an_account_are_those_of_all_its_cases(frontline: Frontline) -> None:
    """What was committed before the call is there, without a wait."""
    account = frontline.set_entitlement(plan="premier")
    cases = {frontline.submit(account, impact="down") for _ in range(3)}
    for case in cases:
        frontline.wait_for("clock.started", case=case)
    assert {event.key for event in frontline.events("case.routed", account=account)} == cases
    assert len(frontline.events("entitlement.set", account=account)) == 1
    frontline.withdraw_entitlement(account)
    assert frontline.events("entitlement.withdrawn", account=account)


def test_every_block_of_the_page_for_consumers_works(running: Running, python: Path, tmp_path: Path) -> None:
    """docs/consumers.md is copied by people who write their first consumer."""
    blocks = re.findall(r"^```python\n# (\S+\.py)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in blocks] == ["breaches.py", "rewind.py", "test_breaches.py"]
    assert PAGE.count("```python") == len(blocks)
    for name, text in blocks:
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert "2 passed" in run_tests(python, tmp_path, FRONTLINE_READY_FILE=str(running.ready_file))


def test_the_example_passes_its_own_tests(running: Running, python: Path) -> None:
    """As in the project of a consumer: without the packages of Frontline."""
    project = ROOT / "examples" / "paging"
    assert " passed" in run_tests(python, project, FRONTLINE_READY_FILE=str(running.ready_file))
