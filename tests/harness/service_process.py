"""A service as its users run it: `python -m services.<name>`, a process of its own, health over HTTP."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from shared.embedded_kafka.guarded_process import GuardedProcess
from tests.harness.ports import free_port

READY_SECONDS = 60.0  # with a predecessor that was killed: its session of 6 s has to end first
END_SECONDS = 20.0
_GRACE = 5.0


class ServiceProcess:
    """One run of a service after the other: start, kill, start again. Its words go to a file."""

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str],
        log: Path,
        open_files: int | None = None,
        module: str | None = None,
    ) -> None:
        self.name = name
        self._module = module or f"services.{name}"
        self.open_files = open_files  # a limit, as `ulimit -n` sets it
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = log
        self._environment = {
            **os.environ,
            "FRONTLINE_HTTP_PORT": self.url.rpartition(":")[2],
            "FRONTLINE_LOG_FORMAT": "json",
            **environment,
        }
        self._child: GuardedProcess | None = None

    async def start(self) -> None:
        """Start it; it is not ready yet."""
        with self.log.open("ab") as output:
            command: tuple[str, ...] = (sys.executable, "-m", self._module)
            if self.open_files is not None:
                command = ("sh", "-c", f'ulimit -n {self.open_files} && exec "$@"', "sh", *command)
            self._child = await GuardedProcess.start(
                command, output=output.fileno(), grace=_GRACE, env=self._environment, folder=Path.cwd()
            )

    async def until(self, path: str, status: int, within: float = READY_SECONDS) -> httpx.Response:
        """The answer to GET `path` once it has that status. Fails, with the log's end, if that takes too long."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=2.0) as client:
            try:
                async with asyncio.timeout(within):
                    while self.running:
                        try:
                            answer = await client.get(path)
                            if answer.status_code == status:
                                return answer
                        except httpx.TransportError:
                            pass
                        await asyncio.sleep(0.05)
            except TimeoutError:
                raise AssertionError(f"{self.name}: no {status} at {path} within {within} s; {self.tail}") from None
        raise AssertionError(f"{self.name} ended; {self.tail}")

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._child is not None and self._child.running

    @property
    def pid(self) -> int:
        """Its process, running or ended."""
        assert self._child is not None
        return self._child.pid

    @property
    def peak_memory(self) -> int:
        """The most memory that it has had resident, in bytes, as Linux counts it."""
        assert self._child is not None
        status = Path(f"/proc/{self._child.pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    @property
    def tail(self) -> str:
        """The end of what it said."""
        return "its last words:\n" + "\n".join(self.log.read_text(encoding="utf-8").splitlines()[-8:])

    async def kill(self) -> None:
        """kill -9: no chance to finish anything."""
        await self._signalled(signal.SIGKILL)

    def send(self, sign: signal.Signals) -> None:
        """Send a signal, and do not wait for what follows."""
        assert self._child is not None
        os.kill(self._child.pid, sign)

    async def terminate(self) -> int:
        """SIGTERM; returns the exit code, once it has ended in its own time."""
        return await self._signalled(signal.SIGTERM)

    async def ended(self) -> int:
        """The exit code of a run that ends by itself."""
        assert self._child is not None
        async with asyncio.timeout(END_SECONDS):
            return await self._child.wait()

    async def stop(self) -> None:
        """Whatever state it is in: gone."""
        if self._child is not None:
            await self._child.stop()

    async def _signalled(self, sign: signal.Signals) -> int:
        assert self._child is not None
        os.kill(self._child.pid, sign)
        return await self.ended()


@asynccontextmanager
async def service_process(
    name: str, log: Path, *, open_files: int | None = None, **environment: str
) -> AsyncIterator[ServiceProcess]:
    """A service that is gone when the block is left, however it is left. Not started yet."""
    process = ServiceProcess(name, environment, log, open_files)
    try:
        yield process
    finally:
        await process.stop()
