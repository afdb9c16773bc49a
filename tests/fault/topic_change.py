"""An operator deletes a topic and creates it again, or grows it, while the system runs; and then cures it.

The services that write or read it must name the change, and acknowledge nothing that would not be read. The cure is
that of docs/operations.md: restart the services, and `frontline topics accept`.
"""

import asyncio
import sys

import httpx

from shared.contracts.topics import TASK_SOURCES, TOPICS, Topic
from tests.fault.schedule import SERVICES, Fault
from tests.fault.system import System
from tests.fault.workload import Workload
from tests.harness.topic_surgery import grow, recreate

NAMED_SECONDS = 30.0
TRAFFIC_SECONDS = 6.0  # after the cure


class NotNamed(Exception):
    """A service does not name the topic that was changed."""


async def change_and_cure(system: System, fault: Fault, workload: Workload) -> None:
    """Change a topic, wait until its services name it, and cure it. Afterwards the workload runs until it is stopped.

    Records of a deleted topic that nobody has read are lost, as documented. So calls begin where their records stay:
    after a topic was created again, but before anybody has noticed; after the cure of one that was grown.
    """
    topic = next(each for each in TOPICS if each.name == fault.target)
    settings = system.brokers.settings
    if fault.kind == "topic_grown":
        await grow(settings, topic, 2 * settings.partitions)
        await _until_named(system, topic)
        await recreate(settings, topic)
    else:
        await recreate(settings, topic)
        workload.start()
        await _until_named(system, topic)
    await asyncio.gather(*(system.processes[name].terminate() for name in SERVICES))
    await system.start()
    await _accept(system, topic)
    await system.ready()
    if fault.kind == "topic_grown":
        workload.start()
    await asyncio.sleep(TRAFFIC_SECONDS)


async def _until_named(system: System, topic: Topic) -> None:
    deadline = asyncio.get_running_loop().time() + NAMED_SECONDS
    task_service = next(service for service, sources in TASK_SOURCES.items() if topic in sources)
    async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
        for name in (name for name in SERVICES if name.startswith(("intake", task_service))):
            while True:
                status, text = await system.readiness(client, name)
                if status == 503 and topic.name in text:
                    break
                if asyncio.get_running_loop().time() > deadline:
                    raise NotNamed(
                        f"{name} does not name {topic.name} after {NAMED_SECONDS:.0f} s: {status} {text[:300]}"
                    )
                await asyncio.sleep(0.1)


async def _accept(system: System, topic: Topic) -> None:
    command = (sys.executable, "-m", "services.cli", "topics", "accept", topic.name)
    process = await asyncio.create_subprocess_exec(
        *command, "--kafka", system.brokers.bootstrap, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
