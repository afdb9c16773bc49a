"""The table of subcommands: each has help, takes --json, and ends with exit code 2 for bad input."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.__main__ import COMMANDS

# of those that have subcommands, the ones to ask
LEAVES = {
    "policy": ("check", "show", "diff"),
    "topics": ("apply", "check"),
    "dead-letters": ("list", "show", "replay"),
    "token": ("key",),
}


def _frontline(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", *arguments]
    variables = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=variables)


def test_an_unknown_command_is_bad_input() -> None:
    """Scripts distinguish a typing mistake (2) from a check that failed (1)."""
    done = _frontline("nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nonsense" in done.stderr


@pytest.mark.parametrize(
    "command",
    [(name, leaf) if leaf else (name,) for name in COMMANDS for leaf in LEAVES.get(name, ("",))],
    ids=" ".join,
)
def test_every_command_has_help_and_takes_json(command: tuple[str, ...]) -> None:
    """Programs read every answer, people every help page."""
    done = _frontline(*command, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout


def test_a_check_that_would_seem_to_hang_is_refused() -> None:
    """P1 takes six hours to its last escalation in the shipped guidelines; nobody waits for that."""
    done = _frontline("demo", "--once", "--policy", "guidelines-2021")
    assert (done.returncode, done.stdout) == (2, "")
    assert "21600 s" in done.stderr


def test_a_catalogue_that_cannot_be_read_is_one_line_and_bad_input(tmp_path: Path) -> None:
    """Found at the start, not by the first sentence that a command shows."""
    (tmp_path / "pt.po").write_text('msgid "ledger.break"\nmsgstr "{pausa"\n', encoding="utf-8")
    done = _frontline("policy", "show", FRONTLINE_MESSAGES=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{tmp_path}/pt.po: ledger.break: ")
    assert done.stderr.count("\n") == 1
