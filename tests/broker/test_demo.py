"""`frontline demo` as people watch it: it leaves their own cases alone, says what to try, and ends with its reader."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.log_reader import read_to_end
from shared.contracts.structs import ClockBreached
from shared.contracts.topics import ACTIVITY, ESCALATIONS
from tests.harness.asking import fields
from tests.harness.board_list import all_cases
from tests.harness.processes import answered, eventually
from tests.harness.up import READY_WITHIN, running

pytestmark = pytest.mark.timeout(300)

OWN_CASES = 6  # the demo's agents work on two of three
SHOWN_WITHIN = 30.0  # seconds for the board to read what the demo has written
BREACHED_WITHIN = 60.0  # seconds; the edition of the demo promises an answer to a P1 in eight
OVER_WITHIN = 180.0  # seconds for the requests of the demo, which take a minute, and for their last events
PATIENCE = 60.0  # seconds for a command that is shown


@asynccontextmanager
async def _demo(folder: Path, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    (folder / "tmp").mkdir()
    with (folder / "stderr.txt").open("w") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", "demo", "--port", "0", *options),
            stdout=asyncio.subprocess.PIPE, stderr=stderr, start_new_session=True,
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _read_on(process: asyncio.subprocess.Process) -> None:
    """Read what it prints, since a pipe holds only so much."""
    assert process.stdout is not None
    while await process.stdout.read(65_536):
        pass


async def test_the_demo_leaves_the_cases_of_others_alone(tmp_path: Path) -> None:
    """A newcomer tries their own P1 beside it, on an account of the demo, and waits for the breach that must come.

    On the board they see theirs among the cases of the demo.
    """
    ready_file = tmp_path / "ready.json"
    async with _demo(tmp_path, "--ready-file", str(ready_file)) as process:
        reading = asyncio.create_task(_read_on(process))
        await eventually(ready_file.exists, READY_WITHIN, "the system is ready")
        ready = json.loads(ready_file.read_text())
        headers = {"Authorization": f"Bearer {ready['admin_key']}"}
        async with httpx.AsyncClient(base_url=ready["intake_url"], headers=headers, timeout=10, trust_env=False) as own:
            mine = {await _asked(own, number) for number in range(OWN_CASES)}

        async def all_breached() -> bool:
            return mine <= await _breached(ready["bootstrap"])

        await answered(all_breached, BREACHED_WITHIN, "the first response is breached on each case of the newcomer")
        activity = (await read_to_end(ready["bootstrap"], ACTIVITY))[ACTIVITY.name]
        assert activity, "the demo's agents have worked on its own cases"
        assert [event.data["case_id"] for event in activity if event.data["case_id"] in mine] == []
        async with httpx.AsyncClient(
            base_url=ready["urls"]["board"], headers=headers, timeout=10, trust_env=False
        ) as board:
            worked_on = {event.data["case_id"] for event in activity}

            async def all_shown() -> bool:
                return mine | worked_on <= {case["case_id"] for case in await all_cases(board, limit=500)}

            await answered(all_shown, SHOWN_WITHIN, "the board shows the cases of the newcomer and of the demo")
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
        await reading


async def _breached(bootstrap: str) -> set[str]:
    """The ids of the cases whose first response is breached."""
    events = (await read_to_end(bootstrap, ESCALATIONS))[ESCALATIONS.name]
    return {
        event.data["case_id"]
        for event in events
        if event.type == ClockBreached.TYPE and event.data["milestone"] == "first_response"
    }


async def _asked(client: httpx.AsyncClient, number: int) -> str:
    body: dict[str, Any] = {
        "account_id": "demo-premier-plus-business",
        "requester": {"requester_id": "newcomer", "role": "admin", "licensed": True},
        "channel": "web_ticket", "subject": f"Mine {number}", "description": "All of it", "fields": fields(),
    }  # fmt: skip
    answer = await client.post("/v1/support-requests", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["request_id"])


async def test_what_the_demo_shows_at_its_end_works(tmp_path: Path) -> None:
    """Whoever has watched opens these pages and types these commands: each page is there, each command succeeds."""
    async with running(tmp_path, command="demo", FRONTLINE_RUNTIME_DIR=str(tmp_path)) as demo:
        async with asyncio.timeout(READY_WITHIN + OVER_WITHIN):
            shown = await _what_to_try(demo.process)
        async with httpx.AsyncClient(timeout=10, trust_env=False, follow_redirects=True) as browser:
            addresses = re.findall(r"http://\S+", shown)
            for home in {"/".join(address.split("/")[:3]) for address in addresses}:
                await _sign_in(browser, home)
            pages = {address: (await browser.get(address)).status_code for address in addresses}
        urls = (await demo.ready())["urls"]
        places = (("intake", "/"), ("intake", "/chat"), ("board", "/"), ("intake", "/docs"))
        assert pages == {urls[service] + path: 200 for service, path in places}
        commands = re.findall(r"^  (.*frontline(?:.*\\\n)*.*)$", shown, re.MULTILINE)
        assert [re.findall(r"frontline (\S+)", command) for command in commands] == [["cases"], ["explain"], ["replay"]]
        for command in commands:
            code, output = await _typed(command, FRONTLINE_RUNTIME_DIR=str(tmp_path))
            assert (code, bool(output)) == (0, True), f"{command}: {output}"
        demo.process.terminate()
        assert await asyncio.wait_for(demo.process.wait(), 30) == 0


async def _what_to_try(process: asyncio.subprocess.Process) -> str:
    """The lines that the demo prints once its requests are over, up to the last one."""
    assert process.stdout is not None
    while b"Open in a browser" not in (line := await process.stdout.readline()):
        assert line, "the demo has ended"
    lines = [line]
    while not line.startswith(b"send a request of your own"):
        line = await process.stdout.readline()
        assert line, "the demo has ended"
        lines.append(line)
    return b"".join(lines).decode()


async def _sign_in(browser: httpx.AsyncClient, home: str) -> None:
    """Choose an agent on the page to which *Sign in* leads."""
    page = (await browser.get(f"{home}/demo/sign-in")).text
    hidden = re.search(r'name="form" value="([^"]+)"', page)
    agent = re.search(r'value="(\d+)" data-person="agent-1"', page)
    assert hidden is not None, page
    assert agent is not None, page
    chosen = {"who": agent[1], "form": hidden[1]}
    answer = await browser.post(f"{home}/demo/sign-in", data=chosen, headers={"Origin": home})
    assert answer.status_code == 200, answer.text


async def _typed(command: str, **variables: str) -> tuple[int | None, str]:
    """The exit code and the output of a command in a shell that has `frontline` in its path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **variables, "PATH": path},
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, output.decode()


async def test_a_reader_who_has_enough_ends_the_demo_quietly(tmp_path: Path) -> None:
    """As `| head -3` does: exit code 0, no word of an error, no folder left behind."""
    async with _demo(tmp_path) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert await asyncio.wait_for(process.stdout.readline(), READY_WITHIN)
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]  # there is no other way
        assert await asyncio.wait_for(process.wait(), 60) == 0
    output = (tmp_path / "stderr.txt").read_text()
    assert output.splitlines()[-1] == "stopping"
    assert "Traceback" not in output
    assert "Broken" not in output
    assert list((tmp_path / "tmp").iterdir()) == []
