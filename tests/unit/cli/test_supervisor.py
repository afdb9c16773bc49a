"""The supervisor keeps programs running and reports restarts; the programs here are real, small HTTP servers."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from services.cli import supervisor as module
from services.cli.progress import Progress
from services.cli.supervisor import Program, ProgramFailed, Supervisor
from tests.harness.processes import eventually, is_running

# READY: seconds after which /readyz answers 200; END: it ends by itself so many seconds after the start
SERVER = """
import http.server, os, sys, threading, time
started = time.monotonic()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = time.monotonic() - started > float(os.environ.get("READY", "0"))
        body = b'{"ready": false, "checks": {"kafka": {"ready": false, "detail": "not yet"}}}'
        self.send_response(200 if ready else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

if "WORDS" in os.environ:
    print(os.environ["WORDS"], flush=True)
if "END" in os.environ:
    threading.Timer(float(os.environ["END"]), lambda: os._exit(int(os.environ.get("CODE", "3")))).start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Notes(Progress):
    """Keeps the notes that are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


Made = Callable[..., Program]


@pytest.fixture
def program(tmp_path: Path) -> Made:
    """Makes a program called `name` with these variables."""

    def make(name: str = "it", **variables: str) -> Program:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        env = {**os.environ, **variables}
        command = (sys.executable, "-c", SERVER, str(port))
        return Program(name, command, env, tmp_path / f"{name}.log", f"http://127.0.0.1:{port}")

    return make


@pytest.fixture
async def progress() -> Notes:
    """Collects what people are progress."""
    return Notes()


@pytest.fixture
async def supervisor(progress: Notes) -> AsyncIterator[Supervisor]:
    """A supervisor; whatever it still runs is stopped at the end."""
    made = Supervisor(progress)
    yield made
    await made.stop()


async def test_start_returns_when_all_are_ready(supervisor: Supervisor, program: Made) -> None:
    """A program is ready when /readyz answers 200, not when it runs."""
    began = asyncio.get_running_loop().time()
    await supervisor.start([program("a"), program("b", READY="0.7")])
    assert asyncio.get_running_loop().time() - began > 0.7
    assert supervisor.all_up
    assert all(is_running(pid) for pid in supervisor.pids.values())


async def test_a_program_that_dies_is_restarted_and_reported(
    supervisor: Supervisor, program: Made, progress: Notes
) -> None:
    """The others keep running; the notes have its exit, the last line of its log, and when it is ready again."""
    await supervisor.start([program("a", WORDS='{"event": "Joined", "level": "info"}'), program("b")])
    before = supervisor.pids
    os.kill(before["a"], signal.SIGKILL)
    await eventually(lambda: len(progress.notes) == 2, 20, "the restart was progress")
    assert progress.notes[0].startswith("a ended (killed by signal 9); last line of its log: Joined (")
    assert progress.notes[0].endswith("); restarting it")
    assert progress.notes[1] == f"a is ready again (process {supervisor.pids['a']})"
    assert supervisor.pids["a"] != before["a"]
    assert supervisor.pids["b"] == before["b"]
    assert supervisor.all_up


async def test_one_that_keeps_dying_is_started_again_and_again(
    supervisor: Supervisor, program: Made, progress: Notes
) -> None:
    """Once it was ready, it is never given up: what it lacks may come back."""
    await supervisor.start([program("a", END="0.5")])
    await eventually(lambda: sum("restarting it" in note for note in progress.notes) >= 4, 30, "four restarts")


async def test_bad_settings_are_not_tried_again(supervisor: Supervisor, program: Made) -> None:
    """Exit code 2 means that another start would fail as well: one line with the reason, at once."""
    with pytest.raises(ProgramFailed) as error:
        await supervisor.start([program("a", END="0", CODE="2", READY="99", WORDS="FRONTLINE_X=1: no"), program("b")])
    assert str(error.value).startswith("a ended (exit code 2); last line of its log: FRONTLINE_X=1: no (")


async def test_one_that_never_becomes_ready_is_given_up(supervisor: Supervisor, program: Made, progress: Notes) -> None:
    """After three starts that came to nothing."""
    with pytest.raises(ProgramFailed, match=r"^a ended \(exit code 3\); its log is empty"):
        await supervisor.start([program("a", END="0.1", READY="99")])
    assert len(progress.notes) == module.MAX_START_ATTEMPTS - 1


async def test_one_that_runs_but_is_not_ready_in_time_is_given_up_with_what_it_waits_for(
    supervisor: Supervisor, program: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has the failed checks of /readyz."""
    monkeypatch.setattr("services.cli.supervisor.READY_TIMEOUT", 1.5)
    with pytest.raises(ProgramFailed, match=r"^a is not ready after 1\.5 s: kafka \(not yet\); its log is empty"):
        await supervisor.start([program("a", READY="99")])


async def test_stopping_leaves_no_process(program: Made, progress: Notes) -> None:
    """Also when a program is just being started again."""
    supervisor = Supervisor(progress)
    await supervisor.start([program("a"), program("b")])
    pids = list(supervisor.pids.values())
    os.kill(pids[0], signal.SIGKILL)
    await eventually(lambda: supervisor.pids["a"] != pids[0], 10, "it is being started again")
    await supervisor.stop()
    assert not [pid for pid in {*pids, *supervisor.pids.values()} if is_running(pid)]


async def test_failed_waits_until_a_program_cannot_be_kept(supervisor: Supervisor, program: Made) -> None:
    """As long as all run there is nothing to report."""
    await supervisor.start([program("a")])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(supervisor.failed(), 0.3)
    assert supervisor.all_up
