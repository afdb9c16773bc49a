"""Keeps programs running: starts them, waits until they are ready, starts one that dies again, stops them all.

Each program is guarded (`shared/embedded_kafka/watchdog.py`), so none outlives this process, not even after a kill -9.
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

from services.cli.errors import CommandError
from services.cli.progress import Progress
from shared.backoff import Backoff
from shared.embedded_kafka.guarded_process import GuardedProcess, how_it_ended

STOP_GRACE = 5.0  # seconds between asking a program to end and making it
READY_TIMEOUT = 90.0  # seconds from a start to ready
ASK_EVERY = 0.1  # seconds between two questions whether a program is ready
STEADY = 30.0  # seconds; a program that was ready for so long starts again at once if it dies
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0  # seconds before a restart
TRIES_TO_START = 3
_TAIL = 64 * 1024  # bytes of a log that are read for its last line
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
BAD_SETTINGS = 2  # exit code of a program that cannot work with its settings: starting it again is no use


class ProgramFailed(CommandError):
    """A program could not be brought to ready; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. Both output streams go to `log`; it is ready when `url`/readyz answers 200."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    url: str


class Supervisor:
    """Runs programs side by side. `ready_again` is called each time that one is ready after a restart."""

    def __init__(self, progress: Progress, ready_again: Callable[[], None] = lambda: None) -> None:
        self._progress = progress
        self._ready_again = ready_again
        self._running: dict[str, GuardedProcess] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._ready: dict[str, asyncio.Event] = {}  # was ready at least once
        self._up: set[str] = set()  # is ready now
        self._client = httpx.AsyncClient(timeout=2.0, trust_env=False)  # always this machine, never a proxy

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each program, of its latest start."""
        return {name: child.pid for name, child in self._running.items()}

    @property
    def all_up(self) -> bool:
        """Whether every program has become ready since its latest start."""
        return self._up == self._ready.keys()

    async def start(self, programs: Sequence[Program]) -> None:
        """Start all and return when all are ready. Raises ProgramFailed; the caller then stops the others."""
        for program in programs:
            program.log.write_bytes(b"")
            self._ready[program.name] = asyncio.Event()
            self._keepers[program.name] = asyncio.create_task(self._keep(program))
        self._say_who_is_missing()
        all_ready = asyncio.gather(*(event.wait() for event in self._ready.values()))
        either: list[asyncio.Future[Any]] = [all_ready, *self._keepers.values()]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not all_ready.done():
                await self.failed()
        finally:
            all_ready.cancel()
            await asyncio.gather(all_ready, return_exceptions=True)

    def _say_who_is_missing(self) -> None:
        missing = [name for name, event in self._ready.items() if not event.is_set()]
        if missing:
            self._progress.say(f"waiting for {', '.join(missing)}")

    async def failed(self) -> None:
        """Wait until a program cannot be kept running. Raises ProgramFailed."""
        done, _ = await asyncio.wait(self._keepers.values(), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task

    async def all_ready(self, programs: Sequence[Program]) -> None:
        """Return when all are ready at the same time. Raises ProgramFailed after READY_TIMEOUT."""
        for program in programs:
            await self._until_ready(program, READY_TIMEOUT)

    async def stop(self) -> None:
        """Ask all programs to end, make those end that have not after STOP_GRACE seconds."""
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
            how = f"{program.name} ended ({how_it_ended(code)}); {_last_words(program.log)}"
            never_ready = not self._ready[program.name].is_set()
            if never_ready and (code == BAD_SETTINGS or early_ends >= TRIES_TO_START):
                raise ProgramFailed(how)
            self._progress.note(f"{how}; starting it again")
            await asyncio.sleep(backoff.next())

    async def _start(self, program: Program) -> GuardedProcess:
        output = os.open(program.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            starting = asyncio.ensure_future(
                GuardedProcess.start(program.command, output=output, grace=STOP_GRACE, env=program.env)
            )
            child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._running[program.name] = await starting  # so that `stop` knows of it
            raise
        finally:
            os.close(output)
        self._running[program.name] = child
        return child

    async def _watch(self, program: Program, child: GuardedProcess) -> float:
        """Wait until it ends; seconds that it was ready. Raises ProgramFailed if it never becomes ready.

        One that was ready before is left to run: what it waits for, such as a Kafka that is away, may yet come.
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
                self._say_who_is_missing()
            await ended
            return asyncio.get_running_loop().time() - since
        finally:
            self._up.discard(program.name)
            becoming_ready.cancel()
            ended.cancel()
            await asyncio.gather(becoming_ready, ended, return_exceptions=True)

    async def _until_ready(self, program: Program, timeout: float | None) -> None:
        answer = "it does not answer"
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while True:
                    with suppress(httpx.TransportError):
                        response = await self._client.get(f"{program.url}/readyz")
                        if response.status_code == httpx.codes.OK:
                            return
                        answer = _what_it_waits_for(response)
                    await asyncio.sleep(ASK_EVERY)
        raise ProgramFailed(f"{program.name} is not ready after {timeout:g} s: {answer}; {_last_words(program.log)}")


def _what_it_waits_for(response: httpx.Response) -> str:
    """The checks of a /readyz answer that do not hold, in words."""
    try:
        checks: dict[str, Any] = response.json()["checks"]
        return ", ".join(f"{name} ({c['detail']})" for name, c in checks.items() if not c["ready"])
    except (ValueError, KeyError, TypeError):
        return f"/readyz answers {response.status_code}"


def _last_words(log: Path) -> str:
    """What a program's log ends with, for people: the sentence of a JSON line, else the line as it is."""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    if not lines:
        return f"it said nothing (its log: {log})"
    words = _COLOURS.sub("", lines[-1].strip())
    with suppress(ValueError, AttributeError):
        words = str(json.loads(words).get("event", words))
    return f"its last words: {words[:300]} (its log: {log})"
