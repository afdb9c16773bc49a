"""A command of the tests is a process like that of a user, although its imports are done before."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.harness.command_line import frontline_text

SHOW = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ.get('SHOWN'), os.getcwd(), sys.stdin.read()]))"


def test_it_has_its_own_arguments_environment_folder_and_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the call and not of the process that forks."""
    monkeypatch.chdir(tmp_path)
    done = frontline_text("a", "b", stdin="ñ", code=SHOW, environment={"SHOWN": "here"})
    found: list[Any] = json.loads(done.stdout)
    assert (found, done.stderr, done.returncode) == ([["a", "b"], "here", str(tmp_path), "ñ"], "", 0)
    assert "SHOWN" not in os.environ


@pytest.mark.parametrize(
    ("code", "returncode", "error"),
    [
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('no')", 1, "no\n"),
        ("1/0", 1, "ZeroDivisionError: division by zero\n"),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
        ("import atexit, sys; atexit.register(print, 'end', file=sys.stderr)", 0, "end\n"),
    ],
    ids=["code", "text", "error", "signal", "at exit"],
)
def test_it_ends_as_any_process(code: str, returncode: int, error: str) -> None:
    """With an exit code or the signal that killed it, and with what it writes at the end."""
    done = frontline_text(code=code)
    assert (done.returncode, done.stdout) == (returncode, "")
    assert done.stderr.endswith(error)


def test_nothing_of_it_is_left_in_the_next_one() -> None:
    """Neither changes of modules nor the modules of the command line themselves, which may look at the environment."""
    frontline_text(code="import json; json.left = 1")
    loaded = "'services.cli.__main__' in sys.modules, 'aiokafka' in sys.modules"
    code = f"import json, sys; print(hasattr(json, 'left'), {loaded})"
    assert frontline_text(code=code).stdout == "False False True\n"
