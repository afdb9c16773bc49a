"""Keeps programs running: starts them, waits until they are ready, restarts those that end, and stops all.

A watchdog (`shared/embedded_kafka/watchdog.py`) ends each program with this process, even after a kill -9.
"""

import asyncio
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.cli.options import CommandFailed
from services.cli.progress import Progress
from shared.backoff import Backoff
from shared.embedded_kafka.guarded_process import GuardedProcess, how_it_ended

STOP_GRACE = 5.0  # seconds between SIGTERM and SIGKILL
READY_TIMEOUT = 90.0  # seconds from a start to ready
POLL_SECONDS = 0.1  # between two requests to /readyz
STEADY = 30.0  # seconds; after a program was ready for so long, its next restart has the shortest pause
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0  # seconds before a restart
MAX_START_ATTEMPTS = 3  # of a program that was never ready
_TAIL = 64 * 1024  # bytes of a log that are read for its last line
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
BAD_SETTINGS = 2  # exit code of a program whose settings are wrong: it is not restarted


class ProgramFailed(CommandFailed):
    """A program did not become ready; the message is one line with the reason."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run. Its output goes to `log`; it is ready when `url`/readyz answers 200."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    url: str


class Supervisor:
    """Runs programs side by side. `ready_again` is called each time one is ready after a restart."""

    def __init__(self, progress: Progress, ready_again: Callable[[], None] = lambda: None) -> None:
        self._progress = progress
        self._ready_again = ready_again
        self._running: dict[str, GuardedProcess] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._ready: dict[str, asyncio.Event] = {}  # was ready at least once
        self._up: set[str] = set()  # is ready now
        self._client = httpx.AsyncClient(timeout=2.0, trust_env=False)  # the programs run on this machine: no proxy

    @property
    def pids(self) -> dict[str, int]:
        """The current process id of each program."""
        return {name: child.pid for name, child in self._running.items()}

    @property
    def all_up(self) -> bool:
        """Whether every program has become ready since its latest start."""
        return self._up == self._ready.keys()

    async def start(self, programs: Sequence[Program]) -> None:
        """Start all programs and return when all are ready. Raises ProgramFailed; the caller then calls `stop`."""
        for program in programs:
            program.log.write_bytes(b"")
            self._ready[program.name] = asyncio.Event()
            self._keepers[program.name] = asyncio.create_task(self._keep(program))
        self._show_not_ready()
        all_ready = asyncio.gather(*(event.wait() for event in self._ready.values()))
        either: list[asyncio.Future[Any]] = [all_ready, *self._keepers.values()]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not all_ready.done():
                await self.failed()
        finally:
            all_ready.cancel()
            await asyncio.gather(all_ready, return_exceptions=True)

    def _show_not_ready(self) -> None:
        missing = [name for name, event in self._ready.items() if not event.is_set()]
        if missing:
            self._progress.update(f"waiting for {', '.join(missing)}")

    async def failed(self) -> None:
        """Wait until a program cannot be kept running; never returns. Raises ProgramFailed."""
        done, _ = await asyncio.wait(self._keepers.values(), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task

    async def all_ready(self, programs: Sequence[Program]) -> None:
        """Return when all are ready at the same time. Raises ProgramFailed after READY_TIMEOUT."""
        for program in programs:
            await self._until_ready(program, READY_TIMEOUT)

    async def stop(self) -> None:
        """End all programs; those that still run after STOP_GRACE seconds are killed."""
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        await asyncio.gather(*(child.stop() for child in self._running.values()))
        await self._client.aclose()

    async def _keep(self, program: Program) -> None:
        early_ends, backoff = 0, Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            child = await self._start(program)
            steady_for = await self._watch(program, child)
            code = await child.wait()
            if steady_for > STEADY:
                early_ends = 0
                backoff.reset()
            early_ends += 1
            ending = f"{program.name} ended ({how_it_ended(code)}); {_last_line(program.log)}"
            never_ready = not self._ready[program.name].is_set()
            if never_ready and (code == BAD_SETTINGS or early_ends >= MAX_START_ATTEMPTS):
                raise ProgramFailed(ending)
            self._progress.note(f"{ending}; restarting it")
            await asyncio.sleep(backoff.next())

    async def _start(self, program: Program) -> GuardedProcess:
        output = os.open(program.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            starting = asyncio.ensure_future(
                GuardedProcess.start(program.command, output=output, grace=STOP_GRACE, env=program.env)
            )
            child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._running[program.name] = await starting  # so that `stop` ends it
            raise
        finally:
            os.close(output)
        self._running[program.name] = child
        return child

    async def _watch(self, program: Program, child: GuardedProcess) -> float:
        """Wait until the program ends; return for how many seconds it was ready. Raises ProgramFailed if it never is.

        A program that was ready before may take any time: what it waits for, such as Kafka, may become available.
        """
        ready = self._ready[program.name]
        ended = asyncio.ensure_future(child.wait())
        becoming_ready = asyncio.ensure_future(self._until_ready(program, None if ready.is_set() else READY_TIMEOUT))
        try:
            await asyncio.wait([ended, becoming_ready], return_when=asyncio.FIRST_COMPLETED)
            if not becoming_ready.done():
                return 0.0
            await becoming_ready
            since = asyncio.get_running_loop().time()
            self._up.add(program.name)
            if ready.is_set():
                self._progress.note(f"{program.name} is ready again (process {child.pid})")
                self._ready_again()
            else:
                ready.set()
                self._show_not_ready()
            await ended
            return asyncio.get_running_loop().time() - since
        finally:
            self._up.discard(program.name)
            becoming_ready.cancel()
            ended.cancel()
            await asyncio.gather(becoming_ready, ended, return_exceptions=True)

    async def _until_ready(self, program: Program, timeout: float | None) -> None:
        problem = "it does not answer"
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while True:
                    with suppress(httpx.TransportError):
                        response = await self._client.get(f"{program.url}/readyz")
                        if response.status_code == httpx.codes.OK:
                            return
                        problem = _unready_checks(response)
                    await asyncio.sleep(POLL_SECONDS)
        raise ProgramFailed(f"{program.name} is not ready after {timeout:g} s: {problem}; {_last_line(program.log)}")


def _unready_checks(response: httpx.Response) -> str:
    """The checks of a /readyz response that are not ready, with their details."""
    try:
        checks: dict[str, Any] = response.json()["checks"]
        return ", ".join(f"{name} ({c['detail']})" for name, c in checks.items() if not c["ready"])
    except (ValueError, KeyError, TypeError):
        return f"/readyz answers {response.status_code}"


def _last_line(log: Path) -> str:
    """The last line of a program's log for display: the message of a JSON line, otherwise the line itself."""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    if not lines:
        return f"its log is empty ({log})"
    line = _COLOURS.sub("", lines[-1].strip())
    with suppress(ValueError, AttributeError):
        line = str(json.loads(line).get("event", line))
    return f"last line of its log: {line[:300]} ({log})"
