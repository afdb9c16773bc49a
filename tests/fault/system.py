"""The system of a run: brokers, and the real services as processes, each with its own links and its own clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import httpx

from shared.kafka.topic_admin import apply_topics
from tests.fault.brokers import Brokers
from tests.fault.schedule import SERVICES, SPARES
from tests.harness.intake import ID_SECRET, api_keys
from tests.harness.service_process import ServiceProcess

EDITION = Path(__file__).with_name("seconds.yaml")
CLOCK_FOLDER = Path(__file__).with_name("shifted_clock")
READY_SECONDS = 120.0  # after all faults; a busy machine is slow, a broken system never gets there
_POLL = 0.1


class System:
    """Services by name (`router-1`); `processes` has those that should run at the moment, and the spare ones."""

    def __init__(self, folder: Path, brokers: Brokers) -> None:
        self.folder = folder
        self.brokers = brokers
        self.processes: dict[str, ServiceProcess] = {name: self._process(name) for name in (*SERVICES, *SPARES)}
        self.ended_by_themselves: list[str] = []  # what a supervisor had to start again

    @property
    def intake_url(self) -> str:
        """Where clients call."""
        return self.processes["intake"].url

    async def start(self, names: Iterable[str] = SERVICES) -> None:
        """Start services; they are not ready yet."""
        for name in names:
            await self.processes[name].start()

    async def ready(self, within: float = READY_SECONDS) -> None:
        """Until every service is ready; one that has ended is started again, as a supervisor does."""
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            deadline = asyncio.get_running_loop().time() + within
            while waiting := [name for name in SERVICES if not await self.is_ready(client, name)]:
                if asyncio.get_running_loop().time() > deadline:
                    raise NotReady(f"not ready after {within:.0f} s: {', '.join(waiting)}")
                await self.supervise()
                await asyncio.sleep(_POLL)

    async def is_ready(self, client: httpx.AsyncClient, name: str) -> bool:
        """Whether a service says so."""
        status, _ = await self.readiness(client, name)
        return status == 200

    async def readiness(self, client: httpx.AsyncClient, name: str) -> tuple[int, str]:
        """The answer of /readyz; (0, "") without one."""
        try:
            answer = await client.get(f"{self.processes[name].url}/readyz")
        except httpx.TransportError:
            return 0, ""
        return answer.status_code, answer.text

    async def supervise(self) -> None:
        """Start what has ended by itself."""
        for name in SERVICES:
            if not self.processes[name].running:
                self.ended_by_themselves.append(name)
                await self.processes[name].start()

    def shift_clock(self, name: str, seconds: float) -> None:
        """Step the wall clock of one service."""
        changed = self._clock(name).with_suffix(".new")
        changed.write_text(str(seconds), encoding="ascii")
        changed.replace(self._clock(name))

    async def stop(self) -> None:
        """End every process."""
        await asyncio.gather(*(process.stop() for process in self.processes.values()))

    def _clock(self, name: str) -> Path:
        return self.folder / f"{name}.clock"

    def _process(self, name: str) -> ServiceProcess:
        service, _, number = name.partition("-")
        environment = {
            "FRONTLINE_KAFKA_BOOTSTRAP": self.brokers.bootstrap_of(name),
            "FRONTLINE_REPLICATION": str(self.brokers.count),
            "FRONTLINE_POLICIES": str(EDITION),
            "FRONTLINE_LOG_LEVEL": "info",
            "FRONTLINE_TRANSACTION_TIMEOUT_MS": "4000",
            "FRONTLINE_FAULT_CLOCK": str(self._clock(name)),
            "PYTHONPATH": str(CLOCK_FOLDER),
        }
        if service == "intake":
            environment |= {
                "FRONTLINE_API_KEYS": api_keys(),
                "FRONTLINE_ID_SECRET": ID_SECRET,
                "FRONTLINE_PUBLISH_TIMEOUT_SECONDS": "3",
            }
        elif number == "1":
            environment["FRONTLINE_INSTANCE"] = name  # static membership; the others are dynamic members
        return ServiceProcess(name, environment, self.folder / f"{name}.log", module=f"services.{service}")


class NotReady(Exception):
    """The system does not recover although no fault acts any more."""


@contextlib.asynccontextmanager
async def running_system(folder: Path, brokers: int) -> AsyncIterator[System]:
    """A system that is ready, and ends with the block."""
    async with Brokers(folder, brokers, (*SERVICES, *SPARES)) as cluster:
        system = System(folder, cluster)
        try:
            await apply_topics(cluster.settings)
            await system.start()
            await system.ready()
            yield system
        finally:
            await system.stop()
