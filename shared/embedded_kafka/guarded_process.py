"""The holder's side of `watchdog.py`: start a program that cannot outlive this process, wait for it, stop it."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_WATCHDOG = Path(__file__).with_name("watchdog.py")


class GuardedProcess:
    """A running program. It ends at the latest `grace` seconds after `stop`, or after the end of this process."""

    def __init__(self, watchdog: asyncio.subprocess.Process, pid: int, grace: float) -> None:
        self._watchdog = watchdog
        self._grace = grace
        self.pid = pid  # of the program itself

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        output: int,
        grace: float,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        pass_fds: Sequence[int] = (),
        cleanup_folder: Path | None = None,
    ) -> "GuardedProcess":
        """Start `command`. Both its output streams go to the file descriptor `output`; its standard input is empty.

        `pass_fds` stay open in the program until it ends. `cleanup_folder` is removed after the program's end if this
        process has ended by then. Raises OSError if no process can be created. A program that does not exist ends at
        once with code 127 and an error line in `output`.
        """
        watchdog = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", str(_WATCHDOG), str(grace), str(cleanup_folder or ""), *command,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=output,
            env=env, cwd=folder, pass_fds=pass_fds, start_new_session=True,
        )  # fmt: skip
        assert watchdog.stdout is not None  # noqa: S101 - a pipe, by the arguments above
        pid = await watchdog.stdout.readline()
        if not pid:
            raise OSError(f"{command[0]} could not be started; its watchdog process ended at once")
        return cls(watchdog, int(pid), grace)

    @property
    def running(self) -> bool:
        """Whether the program runs, as far as this process knows."""
        return self._watchdog.returncode is None

    async def wait(self) -> int:
        """The program's exit code, once it has ended; 128 + n if signal n ended it."""
        code = await self._watchdog.wait()
        if code >= 0:
            return code
        # The watchdog itself was killed. On Linux the kernel has ended the program; elsewhere this process does it.
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return 128 - code

    async def stop(self) -> int:
        """End the program, after the grace period by SIGKILL; returns its exit code. May be called twice."""
        assert self._watchdog.stdin is not None  # noqa: S101 - a pipe since `start`
        if not self._watchdog.stdin.is_closing():
            with suppress(ConnectionError):  # it has ended by itself
                self._watchdog.stdin.write(b"1")
                await self._watchdog.stdin.drain()
            self._watchdog.stdin.close()
        return await self.wait()


def how_it_ended(code: int) -> str:
    """An exit code in words, such as "exit code 1" or "killed by signal 9"."""
    return f"killed by signal {code - 128}" if code > 128 else f"exit code {code}"
