"""docs/backtest.md shows what the command prints, names every count and key, and its workflow runs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from services.cli.policy.backtest.command import NAMES, backtest
from shared.messages.catalogues import FALLBACK, catalogue
from tests.contract.backtest_page import PAGE, commands, recorded_day, with_output
from tests.contract.tree import ROOT
from tests.harness.command_line import frontline

TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def day() -> Iterator[Path]:
    """The recorded day."""
    with recorded_day() as log:
        yield log


def test_the_page_shows_what_its_commands_print(day: Path) -> None:
    """`python -m tests.contract.backtest_page` writes it again."""
    assert len(commands(TEXT)) == 2
    assert with_output(TEXT, day) == TEXT


def test_the_page_names_every_count() -> None:
    """They are what --fail-on takes."""
    section = TEXT.partition("## Conditions")[2].partition("\n## ")[0]
    named = [
        name for row in re.findall(r"^\| (`.+`) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]
    assert sorted(named) == sorted(NAMES)


def test_the_page_names_every_reason() -> None:
    """A case that is not compared must not be a riddle."""
    codes = {
        code
        for code in catalogue(FALLBACK).texts
        if re.fullmatch(r"backtest\.(unknown|not_decided|request|edition|entitlement|refused).*", code)
    }
    assert set(re.findall(r"`(backtest\.\w+)`", TEXT)) == codes


def test_the_page_names_every_option() -> None:
    """Those of the help page."""
    options = {f"--{name.replace('_', '-')}" for name in backtest.__annotations__} - {"--edition", "--return"}
    renamed = {"--as-json": "--json", "--show-at-most": "--show", "--policies": ""}
    for option in options:
        assert renamed.get(option, option) in TEXT


def test_the_page_names_every_key_of_the_answer(day: Path) -> None:
    """Of the whole and of a case; programs rely on them."""
    done = _run("policy", "backtest", "objectives-2024", "--from-file", str(day), "--json", "--show", "1")
    answer: dict[str, Any] = json.loads(done.stdout)
    section = TEXT.partition("## The answer as JSON")[2]
    (case,) = answer["cases"]
    assert _named(section.partition("| key of a case")[0]) == {*answer} - {"counts"} | {"counts"}
    assert _named(section.partition("| key of a case")[2]) == {*case}
    inner = {
        *case["promises"][0],
        *case["promises"][0]["after"],
        *case["breaches"][0],
        *case["calls"][0],
        *case["why"][0],
    }
    for key in inner | {*case["why"][0]["after"]}:
        assert f"`{key}`" in section, key


@pytest.mark.timeout(300)  # four commands
def test_the_workflow_runs_on_a_recorded_log(day: Path, tmp_path: Path) -> None:
    """Each of its commands of Frontline, as written. The edition breaches no commitment on the demo day; a condition
    that holds fails the job.
    """
    workflow = YAML(typ="safe").load(TEXT.partition("```yaml\n")[2].partition("```")[0])
    job = workflow["jobs"]["backtest"]
    steps = [step["run"] for step in job["steps"] if "frontline" in step.get("run", "").partition("#")[0]]
    steps.append(steps[-1].replace("newly_breached_commitments>0", "newly_breached>0"))
    variables = {**os.environ, **job["env"], "LOG": str(day), "EDITION": str(ROOT / job["env"]["EDITION"])}
    written = {".venv/bin/frontline": f"{sys.executable} -m services.cli", "> backtest.json": f"> {tmp_path}/found"}
    codes = []
    for step in steps:
        for as_written, here in written.items():
            step = step.replace(as_written, here)
        command = ["/bin/sh", "-c", step]
        done = subprocess.run(command, cwd=ROOT, env=variables, check=False, timeout=120, capture_output=True)
        codes.append(done.returncode)
    assert codes == [0, 0, 0, 1]
    assert json.loads((tmp_path / "found").read_bytes())["failed_on"] == ["newly_breached>0"]


def _named(rows: str) -> set[str]:
    """The words in the first column."""
    return {name for row in re.findall(r"^\| (`.+?`) \|", rows, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}


def _run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    done = frontline(*arguments)
    done.check_returncode()
    return done
