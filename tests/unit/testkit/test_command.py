"""How the kit finds and runs the command `frontline`, and what it says where it cannot."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from frontline_testkit import FrontlineCommand, NotStarted, RunningFrontline
from frontline_testkit.command import found_command
from tests.harness.processes import eventually, is_running

GUARD = Path(__file__).parents[3] / "testkit" / "src" / "frontline_testkit" / "guard.py"


def program(folder: Path, name: str, script: str) -> Path:
    """A program for these tests."""
    file = folder / name
    file.write_text(f"#!{sys.executable}\n{script}")
    file.chmod(0o755)
    return file


def test_without_the_command_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first thing that a newcomer sees."""
    monkeypatch.delenv("FRONTLINE_COMMAND", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotStarted) as caught:
        FrontlineCommand().start()
    assert str(caught.value) == (
        "there is no command 'frontline': install Frontline as a tool of its own (uv tool, pipx), or name its command "
        "in FRONTLINE_COMMAND"
    )


def test_the_variable_names_the_command_with_its_options(tmp_path: Path) -> None:
    """For instance a tool runner in front of it."""
    runner = program(tmp_path, "runner", "")
    found = found_command({"FRONTLINE_COMMAND": "runner 'a b' frontline", "PATH": str(tmp_path)})
    assert found == [str(runner), "a b", "frontline"]


def test_a_command_that_ends_is_an_error_with_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Such as one that is too old to have a test clock."""
    old = program(tmp_path, "frontline", "import sys; print('│ Unknown option: --test-clock. │'); sys.exit(2)")
    monkeypatch.setenv("FRONTLINE_COMMAND", str(old))
    with pytest.raises(NotStarted, match=r"^frontline up ended with exit code 2: Unknown option: --test-clock\.$"):
        FrontlineCommand().start()


def test_the_command_gets_no_packages_of_the_tests_and_no_other_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the PYTHONPATH of a project that has a folder `shared`, it would import that."""
    shown = program(
        tmp_path, "frontline",
        "import os, sys; print({'PYTHONPATH', 'FRONTLINE_NAMESPACE'} & os.environ.keys(), sys.argv[1:-1]); sys.exit(1)",
    )  # fmt: skip
    monkeypatch.setenv("FRONTLINE_COMMAND", str(shown))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("FRONTLINE_NAMESPACE", "acme")
    with pytest.raises(NotStarted) as caught:
        FrontlineCommand(policy="acme.yaml").start()
    assert "set() ['up', '--json', '--port', '0', '--test-clock', '--ready-file'" in str(caught.value)
    assert "'--policy'" in str(caught.value)


def test_a_ready_file_that_is_not_there_says_how_to_start_a_system(tmp_path: Path) -> None:
    """While somebody writes tests, one system serves all runs."""
    with pytest.raises(NotStarted, match=r"start one with frontline up --test-clock --ready-file"):
        RunningFrontline(tmp_path / "ready.json").start()


async def test_what_the_kit_has_started_ends_when_the_tests_are_killed(tmp_path: Path) -> None:
    """A cancelled run in CI must not leave a Kafka behind."""
    pid_file = tmp_path / "pid"
    script = f"import os, pathlib, time; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid())); time.sleep(60)"
    owner_script = (
        "import subprocess, sys, time; "
        f"subprocess.Popen([sys.executable, '-I', '-S', {str(GUARD)!r}, sys.executable, '-c', {script!r}], "
        "stdin=subprocess.PIPE, start_new_session=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", owner_script])  # noqa: ASYNC220 - it takes a millisecond
    await eventually(lambda: pid_file.exists() and pid_file.read_text() != "", 20, "the command runs")
    command = int(pid_file.read_text())
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    await eventually(lambda: not is_running(command), 20, "the command has ended")
