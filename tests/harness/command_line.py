"""`frontline` as its users run it: a process with arguments, an environment, its input and output, and an exit code."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.harness.fork_server import NUMBER, received

PATIENCE = 90.0  # seconds for one command
# Bytes are read as they are, and texts written as UTF-8, whatever the machine's locale.
_SPOKEN = {"PYTHONUTF8": "1"}


def frontline(
    *arguments: str, stdin: bytes = b"", code: str | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process that is forked where its imports are done. `code` runs in place of the command.

    `environment` is added to that of the tests. Output is UTF-8.
    """
    variables = {**os.environ, **_SPOKEN, **(environment or {})}
    request = {"arguments": arguments, "code": code, "environment": variables, "folder": str(Path.cwd())}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        returncode = _server().run(json.dumps(request).encode(), [given.fileno(), out.fileno(), err.fileno()])
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(["frontline", *arguments], returncode, out.read(), err.read())


def frontline_text(
    *arguments: str, stdin: str = "", code: str | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The same with texts."""
    done = frontline(*arguments, stdin=stdin.encode(), code=code, environment=environment)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def frontline_anew(
    *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The same in a process that begins anew: with hashes of its own, which order sets of texts."""
    variables = {**os.environ, **(environment or {})}
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=PATIENCE, check=False, env=variables)


class _ForkServer:
    """The process that forks; it ends with this one, whose end of the connection closes then."""

    def __init__(self) -> None:
        self._connection, theirs = socket.socketpair()
        self._connection.settimeout(PATIENCE)
        with theirs:
            command = [sys.executable, "-m", "tests.harness.fork_server", str(theirs.fileno())]
            root = Path(__file__).parents[2]
            variables = {**os.environ, **_SPOKEN}
            self._process = subprocess.Popen(
                command, cwd=root, env=variables, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )

    def run(self, request: bytes, descriptors: list[int]) -> int:
        """The exit code of a request. A process that takes too long is killed, and that is an error."""
        socket.send_fds(self._connection, [NUMBER.pack(len(request))], descriptors)
        self._connection.sendall(request)
        process = self._number()
        try:
            return self._number()
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            self._number()
            raise

    def _number(self) -> int:
        found = received(self._connection, NUMBER.size)
        assert len(found) == NUMBER.size, "the process that forks has ended"
        return int(NUMBER.unpack(found)[0])


@cache
def _server() -> _ForkServer:
    return _ForkServer()
