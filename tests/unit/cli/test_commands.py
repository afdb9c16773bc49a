"""The table of subcommands: every one is there, takes --json, and tells bad input by its exit code."""

import subprocess
import sys

import pytest

from services.cli.__main__ import COMMANDS

# of those that have subcommands, the ones to ask
LEAVES = {
    "policy": ("check", "show", "diff"),
    "topics": ("apply", "check"),
    "dead-letters": ("list", "show", "replay"),
    "token": ("key",),
}


def _frontline(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_command_that_is_not_there_is_bad_input() -> None:
    """Scripts tell a typing mistake (2) from a check that failed (1)."""
    done = _frontline("nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nonsense" in done.stderr


@pytest.mark.parametrize(
    "command",
    [(name, leaf) if leaf else (name,) for name in COMMANDS for leaf in LEAVES.get(name, ("",))],
    ids=" ".join,
)
def test_every_command_explains_itself_and_takes_json(command: tuple[str, ...]) -> None:
    """Programs read every answer, people every help page."""
    done = _frontline(*command, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout


def test_a_check_that_would_seem_to_hang_is_refused() -> None:
    """P1 takes six hours to its last escalation in the shipped guidelines; nobody waits for that."""
    done = _frontline("demo", "--once", "--policy", "guidelines-2021")
    assert (done.returncode, done.stdout) == (2, "")
    assert "21600 s" in done.stderr
