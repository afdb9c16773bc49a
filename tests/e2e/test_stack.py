"""The compose stack, driven from the host as its users do, with parts of it killed in the middle.

`make test-e2e` runs this; Docker with Compose v2 must answer. The stack gets a project name and host ports of its own,
so that one already running is left alone.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from services.cli.demo.run import settled, submit_all
from services.cli.demo.traffic import Ask, coverage
from services.cli.system import load_accounts
from shared.policy.files import load_edition
from tests.harness.ports import free_port

ROOT = Path(__file__).parents[2]
KEY = "local-development-only"  # the key that docker-compose.yml admits; it opens nothing but a stack on this machine
SERVICES = ("intake", "router", "escalation")


class Stack:
    """`docker compose` on a project of this test's own."""

    def __init__(self) -> None:
        self.ports = {name: free_port() for name in ("KAFKA_PORT", "INTAKE_PORT", "ROUTER_PORT", "ESCALATION_PORT")}
        self._environment = {
            **os.environ,
            **{name: str(port) for name, port in self.ports.items()},
            "FRONTLINE_POLICIES": "demo",
        }
        self.bootstrap = f"localhost:{self.ports['KAFKA_PORT']}"
        self.intake_url = f"http://localhost:{self.ports['INTAKE_PORT']}"

    def compose(self, *arguments: str) -> str:
        """Run one compose command; its output, or a failure that shows it."""
        done = subprocess.run(
            ["docker", "compose", "--project-name", "frontline-e2e", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.fail(f"docker compose {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    async def kill(self, service: str) -> None:
        """kill -9 the container and start it again; returns when it is healthy."""
        await asyncio.to_thread(self.compose, "kill", "--signal", "KILL", service)
        await asyncio.to_thread(self.compose, "up", "--detach", "--no-deps", "--wait", service)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The stack, up and ready; taken down with its data whatever happens."""
    stack = Stack()
    stack.compose("down", "--volumes", "--remove-orphans")
    try:
        stack.compose("up", "--detach", "--build", "--wait")
        yield stack
    finally:
        sys.stderr.write(stack.compose("logs", "--no-color", "--tail", "40"))
        stack.compose("down", "--volumes", "--remove-orphans")


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client of intake, from the host."""
    async with httpx.AsyncClient(
        base_url=stack.intake_url, headers={"Authorization": f"Bearer {KEY}"}, timeout=10
    ) as client:
        yield client


async def test_nothing_is_lost_or_doubled_when_every_container_is_killed(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    """The promise of the whole system: whatever dies, each request is decided once and each promise kept track of.

    The broker first, then each service, each while requests are coming in.
    """
    edition = load_edition("demo")
    await load_accounts(client)
    asks = coverage("e2e")
    share = len(asks) // 5
    sent: dict[str, Ask] = await submit_all(client, asks[:share], lambda _: None)
    for number, victim in enumerate(("kafka", *SERVICES), start=1):
        part = asks[share * number : share * (number + 1)] if number < 4 else asks[share * 4 :]
        submitting = asyncio.create_task(submit_all(client, part, lambda _: None))
        await stack.kill(victim)
        sent |= await submitting
    assert len(sent) == len(asks)
    assert await settled(stack.bootstrap, sent, "demo", edition, lambda _: None) == []


async def test_every_service_is_ready_and_says_so(stack: Stack) -> None:
    """Operators watch these from outside the stack."""
    async with httpx.AsyncClient(timeout=10) as client:
        for name in ("INTAKE_PORT", "ROUTER_PORT", "ESCALATION_PORT"):
            for route in ("livez", "readyz", "metrics", "asyncapi"):
                answer = await client.get(f"http://localhost:{stack.ports[name]}/{route}")
                assert answer.status_code == 200, f"{name} {route}: {answer.text}"
