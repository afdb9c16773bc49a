"""The example of docs/support-managers.md does what the page says."""

import re
from pathlib import Path

import pytest

from tests.harness.command_line import frontline_text
from tests.harness.demo_day import main as write_demo_day
from tests.harness.page import DOCS, blocks

PAGE = "support-managers.md"
(EDITION,) = [block.text for block in blocks(PAGE, "yaml")]
SHOWN = re.findall(r"^ *\$ \.venv/bin/frontline (\S.*)\n((?:(?! *[`$]).*\n)*)", (DOCS / PAGE).read_text(), re.MULTILINE)


@pytest.fixture
def edition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The edition of the page, in the current folder."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "ours-2027.yaml"
    file.write_text(EDITION, encoding="utf-8")
    return file


@pytest.mark.parametrize("command", ["policy check", "policy diff"])
def test_a_command_prints_what_the_page_shows(edition: Path, command: str) -> None:
    """Whoever follows the page compares. What it leaves out is marked."""
    ((arguments, shown),) = [(typed, out) for typed, out in SHOWN if typed.startswith(command)]
    done = frontline_text(*arguments.split(), environment={"COLUMNS": "200"})
    assert done.returncode == 0, done.stderr
    printed = [line.strip() for line in done.stdout.splitlines()]
    for line in shown.splitlines():
        pattern = ".*".join(map(re.escape, line.strip().split("…")))
        assert any(re.fullmatch(pattern, each) for each in printed), line


def test_the_recorded_day_has_two_new_breaches(edition: Path, tmp_path: Path) -> None:
    """The page says how many, and that they are those of the new commitment."""
    log = tmp_path / "day.jsonl"
    assert write_demo_day([str(log)]) == 0
    condition = "newly_breached_commitments!=2"
    done = frontline_text("policy", "backtest", edition.name, "--from-file", log.name, "--fail-on", condition)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
