"""Runs Frontline by its command, which is a tool of its own and shares no package with the tests."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from frontline_testkit.errors import NotStarted
from frontline_testkit.system import Addresses, addresses_in

VARIABLE = "FRONTLINE_COMMAND"
START_SECONDS = 180.0  # the first start downloads Kafka
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
_GUARD = Path(__file__).with_name("guard.py")
# The tests' packages are not those of the command: with them, it would import a folder `shared` of the project.
_NOT_FOR_THE_COMMAND = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV")
# The kit reads the topics by the names that the documentation has, on the Kafka that the command starts.
_NOTES = "FRONTLINE_RUNTIME_DIR"  # the note of a system of tests is not for the developer's own commands
_NOT_FOR_THE_SYSTEM = ("FRONTLINE_NAMESPACE", "FRONTLINE_KAFKA_BOOTSTRAP")


def found_command(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The words of the command that `FRONTLINE_COMMAND` names, by default `frontline`. Raises NotStarted."""
    words = shlex.split(environment.get(VARIABLE, "")) or ["frontline"]
    program = shutil.which(words[0], path=environment.get("PATH"))
    if program is None:
        raise NotStarted(
            f"there is no command {words[0]!r}: install Frontline as a tool of its own (uv tool, pipx), "
            f"or name its command in {VARIABLE}"
        )
    return [program, *words[1:]]


class FrontlineCommand:
    """`frontline up` in a process of its own: a real Kafka and all services, on free ports of this machine.

    `policy` is the name or the file of an edition; None = the one that ships. It ends with this process at the latest.
    """

    def __init__(self, policy: str | None = None) -> None:
        self._policy = policy
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> Addresses:
        """Return when the system is ready. Raises NotStarted."""
        command = found_command()
        self._folder = tempfile.TemporaryDirectory(prefix="frontline-testkit-")
        ready_file, output = Path(self._folder.name, "ready.json"), Path(self._folder.name, "output.txt")
        options = ["up", "--json", "--port", "0", "--test-clock", "--ready-file", str(ready_file)]
        if self._policy is not None:
            options += ["--policy", self._policy]
        try:
            with output.open("wb") as opened:
                self._process = subprocess.Popen(  # noqa: S603 - the command that the environment names
                    [sys.executable, "-I", "-S", str(_GUARD), *command, *options],
                    stdin=subprocess.PIPE, stdout=opened, stderr=opened,
                    env=_environment() | {_NOTES: self._folder.name}, start_new_session=True,
                )  # fmt: skip
            return self._until_ready(self._process, ready_file, output)
        except BaseException:
            self.stop()
            raise

    def _until_ready(self, process: subprocess.Popen[bytes], ready_file: Path, output: Path) -> Addresses:
        deadline = time.monotonic() + START_SECONDS
        while not ready_file.exists():  # it is written as a whole
            if process.poll() is not None:
                raise NotStarted(f"frontline up ended with exit code {process.returncode}: {_last_lines(output)}")
            if time.monotonic() > deadline:
                raise NotStarted(f"frontline up was not ready within {START_SECONDS:.0f} s: {_last_lines(output)}")
            time.sleep(POLL_SECONDS)
        return addresses_in(ready_file.read_text(encoding="utf-8"))

    def stop(self) -> None:
        """End the command and all that it has started."""
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)  # its Kafka and services notice, and end by themselves
                self._process.wait()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _environment() -> dict[str, str]:
    left_out = {*_NOT_FOR_THE_COMMAND, *_NOT_FOR_THE_SYSTEM}
    return {name: value for name, value in os.environ.items() if name not in left_out}


def _last_lines(output: Path) -> str:
    lines = [line.strip(" \t╭─╮│╰╯") for line in output.read_text(encoding="utf-8", errors="replace").splitlines()]
    return " ".join([line for line in lines if line][-3:]) or "it printed nothing"
