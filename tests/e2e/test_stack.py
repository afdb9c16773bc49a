"""The compose stack, driven from the host as its users do, with parts of it killed in the middle.

`make test-e2e` runs this; Docker with Compose v2 must answer. The stack gets a project name and host ports of its own,
so that one already running is left alone.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from services.cli.call_intake import call, load_accounts
from services.cli.demo.run import settled, submit_all
from services.cli.demo.traffic import Ask, coverage
from shared.policy.files import load_edition
from tests.harness.intake import api_keys
from tests.harness.ports import free_port
from tests.harness.processes import answered
from tests.harness.sign_in import token_hosts

ROOT = Path(__file__).parents[2]
KEY = "local-development-only"  # the key that docker-compose.yml admits; it opens nothing but a stack on this machine
SERVICES = ("intake", "board", "router", "escalation")
PORTS = tuple(f"{name.upper()}_PORT" for name in SERVICES)


class Stack:
    """`docker compose` on a project of this test's own."""

    def __init__(self) -> None:
        self.ports = {name: free_port() for name in ("KAFKA_PORT", *PORTS)}
        self.environment = {
            **os.environ,
            **{name: str(port) for name, port in self.ports.items()},
            "FRONTLINE_POLICIES": "demo",
        }
        self.bootstrap = f"localhost:{self.ports['KAFKA_PORT']}"
        self.intake_url = f"http://127.0.0.1:{self.ports['INTAKE_PORT']}"
        self.board_url = f"http://127.0.0.1:{self.ports['BOARD_PORT']}"

    def compose(self, *arguments: str, **variables: str) -> str:
        """Run one compose command; its output, or a failure that shows it."""
        done = subprocess.run(
            ["docker", "compose", "--project-name", "frontline-e2e", *arguments],
            cwd=ROOT,
            env=self.environment | variables,
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
    victims = ("kafka", *SERVICES)
    share = len(asks) // (len(victims) + 1)
    sent: dict[str, Ask] = await submit_all(client, asks[:share], lambda _: None)
    for number, victim in enumerate(victims, start=1):
        part = asks[share * number : None if victim == victims[-1] else share * (number + 1)]
        submitting = asyncio.create_task(submit_all(client, part, lambda _: None))
        await stack.kill(victim)
        sent |= await submitting
    assert len(sent) == len(asks)
    assert await settled(stack.bootstrap, sent, "demo", edition, lambda _: None) == []


async def test_somebody_signs_in_on_the_board_and_sees_a_case(stack: Stack, client: httpx.AsyncClient) -> None:
    """As whoever has just started the stack does: an agent sees every case, a customer those of their account.

    The accounts are there without anybody having loaded them: the customer of a paid plan gets a promise.
    """
    asked = {**coverage("board")[0].body, "account_id": "demo-premier-api", "subject": "Seen on the board"}
    request_id = (await call(client, "POST", "/v1/support-requests", json=asked)).json()["request_id"]
    for who, account in (("agent-1", ""), ("lead", ""), ("admin-licensed", "demo-premier-api")):
        async with httpx.AsyncClient(base_url=stack.board_url, follow_redirects=True, timeout=10) as browser:
            await sign_in(browser, who, account)
            await answered(partial(lists, browser, request_id), 60, "the board has read what the router has decided")
            page = await browser.get(f"/cases/{request_id}")
            assert page.status_code == 200
            assert "Seen on the board" in page.text
            # A browser keeps who is signed in by the host, whatever the port. Agents are led back to the board.
            answer = await browser.get(f"{stack.intake_url}/requests/{request_id}")
            assert (answer.status_code, "Seen on the board" in answer.text) == (200, True)
            if account:
                assert f'href="{stack.intake_url}/"' in page.text
    async with httpx.AsyncClient(base_url=stack.board_url, follow_redirects=True, timeout=10) as browser:
        await sign_in(browser, "admin-licensed", "demo-access-api")
        assert (await browser.get(f"/cases/{request_id}")).status_code in (403, 404)


async def lists(browser: httpx.AsyncClient, request_id: str) -> bool:
    """Whether the list of the board, for whoever is signed in, has the case."""
    return f"/cases/{request_id}" in (await browser.get("/", params={"text": "Seen on the board"})).text


async def test_with_host_applications_of_its_own_nobody_gets_in_by_the_demo(stack: Stack) -> None:
    """Nothing but a setting tells such a stack from one for development."""
    async with httpx.AsyncClient(timeout=10) as browser:
        pages = [f"{url}/demo/sign-in" for url in (stack.intake_url, stack.board_url)]
        assert [(await browser.get(page)).status_code for page in pages] == [200, 200]
        up = ("up", "--detach", "--wait")
        own = {"FRONTLINE_TOKEN_HOSTS": token_hosts(), "FRONTLINE_API_KEYS": api_keys()}
        await asyncio.to_thread(stack.compose, *up, **own)
        assert [(await browser.get(page)).status_code for page in pages] == [404, 404]
        await asyncio.to_thread(stack.compose, *up)
        assert [(await browser.get(page)).status_code for page in pages] == [200, 200]


async def sign_in(browser: httpx.AsyncClient, who: str, account: str) -> None:
    """Choose somebody on the demo sign-in page: of an account, or of the support desk ("")."""
    page = (await browser.get("/demo/sign-in")).text
    form = re.findall(r'name="form" value="([^"]+)"', page)[0]
    heading = page.index(f">{account}<" if account else 'id="agents"')
    number = re.findall(rf'value="(\d+)" data-person="{who}"', page[heading:])[0]
    origin = {"Origin": str(browser.base_url).rstrip("/")}  # as a browser says with every form
    answer = await browser.post("/demo/sign-in", data={"who": number, "form": form}, headers=origin)
    assert answer.status_code == 200, answer.text


async def test_every_service_is_ready_and_says_so(stack: Stack) -> None:
    """Operators watch these from outside the stack."""
    async with httpx.AsyncClient(timeout=10) as client:
        for name in PORTS:
            for route in ("livez", "readyz", "metrics", *(() if name == "BOARD_PORT" else ("asyncapi",))):
                answer = await client.get(f"http://127.0.0.1:{stack.ports[name]}/{route}")
                assert answer.status_code == 200, f"{name} {route}: {answer.text}"
