"""Carries out faults on a running system; each fault ends before the call returns."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping

from tests.fault.schedule import SERVICES, Fault
from tests.fault.system import System
from tests.fault.tcp_proxy import Mode

HOUR = 3600.0
LINK_MODES: Mapping[str, Mode] = {
    "cut": "cut",
    "slow": "slow",
    "half_open": "half_open",
    "deaf_to_requests": "deaf_to_requests",
    "deaf_to_answers": "deaf_to_answers",
}


class Nemesis:
    """What can go wrong, by kind."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._kinds: Mapping[str, Callable[[Fault], Awaitable[None]]] = {
            "kill": self._kill,
            "terminate": self._terminate,
            "freeze": self._freeze,
            "leave": self._terminate,
            "join": self._join,
            **dict.fromkeys(LINK_MODES, self._disturb_links),
            "clock_ahead": self._shift_clock,
            "clock_behind": self._shift_clock,
            "broker_kill": self._end_broker,
            "broker_stop": self._end_broker,
            "broker_freeze": self._freeze_broker,
            "system_kill": self._kill_system,
        }

    async def inflict(self, fault: Fault) -> None:
        """Let a fault act for its time, end it, and let the system run until the next one."""
        await self._kinds[fault.kind](fault)
        await asyncio.sleep(fault.gap)

    async def _kill(self, fault: Fault) -> None:
        process = self._system.processes[fault.target]
        await process.kill()
        await asyncio.sleep(fault.seconds)
        await process.start()

    async def _terminate(self, fault: Fault) -> None:
        process = self._system.processes[fault.target]
        await process.terminate()
        await asyncio.sleep(fault.seconds)
        await process.start()

    async def _freeze(self, fault: Fault) -> None:
        process = self._system.processes[fault.target]
        process.send(signal.SIGSTOP)
        await asyncio.sleep(fault.seconds)
        process.send(signal.SIGCONT)

    async def _join(self, fault: Fault) -> None:
        process = self._system.processes[fault.target]
        await process.start()
        await asyncio.sleep(fault.seconds)
        await (process.kill() if fault.choice % 2 else process.terminate())

    async def _disturb_links(self, fault: Fault) -> None:
        """All links of a service; with several brokers, sometimes the link to one of them."""
        brokers = self._system.brokers
        one_link = brokers.count > 1 and fault.choice % 2
        chosen = [fault.choice % brokers.count] if one_link else range(brokers.count)
        brokers.set_links(fault.target, LINK_MODES[fault.kind], chosen)
        await asyncio.sleep(fault.seconds)
        brokers.set_links(fault.target, "pass")

    async def _shift_clock(self, fault: Fault) -> None:
        """Of a service that runs: one that starts with a wrong clock has nothing to compare it with."""
        await self._system.processes[fault.target].until("/livez", 200)
        self._system.shift_clock(fault.target, HOUR if fault.kind == "clock_ahead" else -HOUR)
        await asyncio.sleep(fault.seconds)
        self._system.shift_clock(fault.target, 0)

    async def _end_broker(self, fault: Fault) -> None:
        brokers = self._system.brokers
        number = fault.choice % brokers.count
        await (brokers.kill if fault.kind == "broker_kill" else brokers.stop)(number)
        await asyncio.sleep(fault.seconds)
        await brokers.start(number)

    async def _freeze_broker(self, fault: Fault) -> None:
        brokers = self._system.brokers
        number = fault.choice % brokers.count
        brokers.freeze(number)
        await asyncio.sleep(fault.seconds)
        brokers.thaw(number)

    async def _kill_system(self, fault: Fault) -> None:
        """kill -9 of all services and all brokers, and a start of everything."""
        system, brokers = self._system, self._system.brokers
        await asyncio.gather(
            *(system.processes[name].kill() for name in SERVICES),
            *(brokers.kill(number) for number in range(brokers.count)),
        )
        await asyncio.sleep(fault.seconds)
        await system.start()  # before Kafka, as after a power cut
        await asyncio.gather(*(brokers.start(number) for number in range(brokers.count)))
