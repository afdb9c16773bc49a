"""A guarded program ends with its holder, whatever ends the holder; everything here runs real processes."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.embedded_kafka.guarded_process import GuardedProcess, how_it_ended
from tests.harness.processes import eventually, is_running, parent_of

SLEEPER = (sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)",
)
HOLDER = """
import asyncio, os, sys
from shared.embedded_kafka.guarded_process import GuardedProcess

async def main():
    child = await GuardedProcess.start(sys.argv[2:], output=os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), grace=1.0)
    print(child.pid, flush=True)
    await child.wait()

asyncio.run(main())
"""


@pytest.fixture
def output(tmp_path: Path) -> Iterator[int]:
    """An open file for a program's output; `written` reads it."""
    number = os.open(tmp_path / "output", os.O_RDWR | os.O_CREAT)
    yield number
    os.close(number)


def written(output: int) -> str:
    """What the program has written so far."""
    return os.pread(output, 100_000, 0).decode()


@pytest.mark.parametrize(
    ("code", "ends_with", "in_words"),
    [
        ("pass", 0, "exit code 0"),
        ("raise SystemExit(7)", 7, "exit code 7"),
        ("import os; os.kill(os.getpid(), 9)", 137, "killed by signal 9"),
    ],
)
async def test_the_exit_code_is_that_of_the_program(output: int, code: str, ends_with: int, in_words: str) -> None:
    """Whoever restarts programs has to know how they ended."""
    child = await GuardedProcess.start((sys.executable, "-c", code), output=output, grace=1.0)
    ended = await child.wait()
    assert (ended, how_it_ended(ended)) == (ends_with, in_words)


async def test_both_streams_of_a_program_go_to_its_output(output: int) -> None:
    """Last words are on either."""
    code = "import os; os.write(1, b'one '); os.write(2, b'two'); assert not os.read(0, 1)"
    child = await GuardedProcess.start((sys.executable, "-c", code), output=output, grace=1.0)
    assert await child.wait() == 0
    assert written(output) == "one two"


async def test_a_program_that_does_not_exist_is_reported_in_its_output(output: int) -> None:
    """One line instead of a traceback."""
    child = await GuardedProcess.start(("no-such-program",), output=output, grace=1.0)
    assert await child.wait() == 127
    assert written(output) == "cannot start no-such-program: [Errno 2] No such file or directory\n"


async def test_a_stop_sends_sigterm(output: int) -> None:
    """SIGTERM comes first: a broker has a log to close."""
    child = await GuardedProcess.start(SLEEPER, output=output, grace=30.0)
    assert await child.stop() == 128 + signal.SIGTERM
    assert await child.stop() == 128 + signal.SIGTERM  # a second time does no harm
    assert not is_running(child.pid)


async def test_a_program_that_ignores_sigterm_is_killed(output: int) -> None:
    """Ctrl-C has to end within ten seconds, whatever a program thinks of it."""
    child = await GuardedProcess.start(STUBBORN, output=output, grace=0.3)
    await eventually(lambda: written(output) == "ready\n", 10, "the program ignores SIGTERM")
    assert how_it_ended(await child.stop()) == "killed by signal 9"
    assert not is_running(child.pid)


@pytest.mark.parametrize("program", [SLEEPER, STUBBORN], ids=["obedient", "stubborn"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_program_does_not_outlive_its_holder(
    tmp_path: Path, program: tuple[str, ...], how: signal.Signals
) -> None:
    """A holder that is killed can clean up nothing; the watchdog notices its closed end of the pipe."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(tmp_path / "output"), *program, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    pid = int(await holder.stdout.readline())
    watchdog = parent_of(pid)
    holder.send_signal(how)
    await holder.wait()
    await eventually(lambda: not is_running(pid), 5, "the program has ended")
    await eventually(lambda: not is_running(watchdog), 5, "the process between has ended")


async def test_ctrl_c_in_the_holders_terminal_does_not_reach_the_program(tmp_path: Path) -> None:
    """Ctrl-C goes to the whole process group of a terminal; the holder decides what ends when."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{HOLDER}",
        str(tmp_path / "output"), *SLEEPER,
        stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert holder.stdout is not None
    pid = int(await holder.stdout.readline())
    assert os.getpgid(pid) != os.getpgid(holder.pid)
    holder.kill()
    await holder.wait()
    await eventually(lambda: not is_running(pid), 5, "the program has ended")


async def test_a_program_does_not_outlive_the_watchdog(output: int) -> None:
    """Someone may kill -9 that one by mistake."""
    child = await GuardedProcess.start(SLEEPER, output=output, grace=1.0)
    os.kill(parent_of(child.pid), signal.SIGKILL)
    await child.wait()
    await eventually(lambda: not is_running(child.pid), 5, "the program has ended")


async def test_a_temporary_folder_is_removed_only_after_the_end_of_the_holder(tmp_path: Path, output: int) -> None:
    """A holder that lives decides by itself what stays: a log that an error names, for one."""
    kept, orphaned = tmp_path / "kept", tmp_path / "orphaned"
    for folder in (kept, orphaned):
        folder.mkdir()
        (folder / "file").touch()
    child = await GuardedProcess.start(SLEEPER, output=output, grace=1.0, cleanup_folder=kept)
    await child.stop()
    assert (kept / "file").exists()

    code = HOLDER.replace("grace=1.0", f"grace=1.0, cleanup_folder={str(orphaned)!r}")
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path / "output"), *SLEEPER, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    holder.kill()
    await holder.wait()
    await eventually(lambda: not orphaned.exists(), 5, "the folder is removed")
