"""docs/api.md is correct: every command on it works, and is answered with the fields that it shows."""

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from services.board import errors as board_errors
from services.intake import errors as intake_errors
from services.intake.activity import RULES
from shared import test_clock
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.topics import CASES, ESCALATIONS, Topic
from shared.http import refusals
from shared.kafka import serde
from shared.kafka.record import Output
from shared.wall_clock import utc_now
from shared.web import errors
from tests.harness.curl import TIMED_OUT
from tests.harness.decided import routed, started
from tests.harness.intake import Intake, key_of, running_intake, topics_at, write
from tests.harness.processes import eventually

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A block of shell and the answer that the page shows right after it, if any."""

    text: str
    answer: Any


def commands() -> list[Command]:
    """Every block of shell on the page, in order."""
    blocks = [(found["language"], found["text"]) for found in _BLOCK.finditer(PAGE)]
    following = [*blocks[1:], ("", "")]
    return [
        Command(text, json.loads(after) if language == "json" else None)
        for (kind, text), (language, after) in zip(blocks, following, strict=True)
        if kind == "sh"
    ]


def _shape(value: Any) -> Any:
    """The names of all fields, and the kinds of values; a list is described by the shapes of its items."""
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return type(value).__name__


CURLS = ["stand-in", *(["curl"] if shutil.which("curl") else [])]


@pytest.mark.parametrize("curl", CURLS)
async def test_every_command_on_the_page_works_as_shown(bootstrap: str, tmp_path: Path, curl: str) -> None:
    """In its order, in one shell, as somebody would paste them; with curl, and with a stand-in where there is none."""
    await topics_at(bootstrap)
    if curl == "stand-in":
        program = tmp_path / "curl"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/harness/curl.py "$@"\n')
        program.chmod(0o755)
    test_clock.prepare(tmp_path / "clock", [])  # no other service has to follow
    async with running_intake(bootstrap, test_clock=tmp_path / "clock") as intake:
        environment = os.environ | {
            "FRONTLINE_URL": intake.url,
            "FRONTLINE_KEY": key_of("all"),
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        }
        kept = ""  # what earlier blocks have set
        for command in commands():
            script = f"{kept}{command.text}"
            shell = await asyncio.create_subprocess_exec(
                "sh", "-euc", script, env=environment, stdout=PIPE, stderr=PIPE
            )
            output, complaints = await asyncio.wait_for(shell.communicate(), 60)
            expected = TIMED_OUT if "--max-time" in command.text else 0
            assert shell.returncode == expected, f"{command.text}\n{complaints.decode()}"
            if command.answer is not None:
                assert _shape(json.loads(output)) == _shape(command.answer), command.text
            if "--max-time" in command.text:
                assert output.startswith(b"id: submitted\nevent: frontline.request.submitted.v1\ndata: {")
            if not command.text.startswith("curl"):
                kept = script
            if command.text.startswith("REQUEST="):
                shell = await asyncio.create_subprocess_exec(
                    *("sh", "-euc", f'{script}\necho "$REQUEST"'), env=environment, stdout=PIPE
                )
                request_id = (await shell.communicate())[0].decode().strip()
                await _decide(intake, request_id)


async def _decide(intake: Intake, request_id: str) -> None:
    """What router and escalation would write, once."""

    def known() -> int:
        status = intake.service.recent.status(request_id)
        return len(status.events) if status else 0

    if known() == 1:
        case = _output(CASES, request_id, routed(request_id, utc_now()))
        await write(intake.bootstrap, [case, _output(ESCALATIONS, request_id, started(request_id, utc_now()))])
    await eventually(lambda: known() == 3, 20, "the decision and the first clock are known")


def _output(topic: Topic, key: str, event: Any) -> Output:
    return serde.to_output(
        topic,
        key,
        serde.Envelope(f"{topic.name}-{key}", "/test", type_of(event), utc_now(), key, None),
        wire.encode(event),
    )


def test_the_page_of_the_board_lists_what_only_the_board_refuses() -> None:
    """What every service refuses is on the page of intake's API, to which it leads."""
    page = (ROOT / "docs" / "board.md").read_text(encoding="utf-8")
    assert _listed_on(page) == _kinds_of(board_errors) | {(errors.NotSignedIn.status, errors.NotSignedIn.kind)}
    assert "(api.md#when-something-is-wrong)" in page


def _kinds_of(module: ModuleType) -> set[tuple[int, str]]:
    """The status and the kind of each refusal of a module."""
    return {
        (kind.status, kind.kind)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, errors.Refusal) and hasattr(kind, "kind")
    }


def _listed_on(page: str) -> set[tuple[int, str]]:
    """Those in a table of a page."""
    return {(int(status), kind) for status, kind in re.findall(r"^\| (\d{3}) \| `(\w+)` \|", page, re.MULTILINE)}


def test_the_page_lists_every_problem_and_every_type_of_activity() -> None:
    """A table that is not checked is wrong after the next change."""
    kinds = _kinds_of(errors) | _kinds_of(intake_errors)
    kinds.remove((errors.NotSignedIn.status, errors.NotSignedIn.kind))  # of the board alone
    of_the_server = [refusal for refusal in vars(refusals).values() if isinstance(refusal, refusals.Refusal)]
    of_the_server.remove(refusals.TOO_MANY_PIPELINED)  # nobody sees it: another answer is under way
    kinds |= {(refusal.status, refusal.kind) for refusal in of_the_server}
    assert _listed_on(PAGE) == kinds
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    documented = {name: row[1:] for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    assert set(RULES) <= set(documented)
    for name, rule in RULES.items():
        needs, may = documented[name]
        assert set(re.findall(r"`(\w+)`", needs)) == {*rule.needs, *rule.one_of}
        assert set(re.findall(r"`(\w+)`", may)) == set(rule.may)
