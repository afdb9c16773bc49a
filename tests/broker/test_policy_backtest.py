"""`frontline policy backtest --from-topic` on the log of a running system, and on the same log in a file."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.call_intake import call
from services.cli.demo.run import submit_all
from services.cli.demo.traffic import coverage
from tests.harness import command_line
from tests.harness.up import running

SETTLE_SECONDS = 60
REQUESTS = 40
ANSWERED = 10

# A whole system starts; other tests keep this machine busy.
pytestmark = pytest.mark.timeout(300)


async def frontline(*arguments: str) -> tuple[int, bytes]:
    """Run the command, as people do; returns its exit code and what it printed."""
    done = await asyncio.to_thread(command_line.frontline, *arguments)
    return done.returncode, done.stdout


async def settled(bootstrap: str, *arguments: str) -> dict[str, Any]:
    """The answer once every request is decided and every reply is there."""
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while True:
        code, printed = await frontline(
            "policy", "backtest", *arguments, "--from-topic", "--kafka", bootstrap, "--policy", "demo", "--json"
        )
        found: dict[str, Any] = json.loads(printed)
        assert code == 0, found
        if found["counts"]["cases"] == REQUESTS and found["events"] >= REQUESTS + ANSWERED:
            return found
        assert asyncio.get_running_loop().time() < deadline, found
        await asyncio.sleep(0.5)


async def test_a_running_system_is_backtested_from_its_topics(tmp_path: Path) -> None:
    """Its own edition changes nothing; the guidelines give P1 hours instead of seconds. A saved log says the same."""
    async with running(tmp_path, "--policy", "demo") as up:
        ready = await up.ready()
        headers = {"Authorization": f"Bearer {ready['admin_key']}"}
        asks = [ask for ask in coverage("backtest") if ask.body["channel"] == "web_ticket"][:REQUESTS]
        async with httpx.AsyncClient(
            base_url=ready["intake_url"], headers=headers, timeout=10, trust_env=False
        ) as client:
            sent = sorted(await submit_all(client, asks, lambda _: None))
            for case_id in sent[:ANSWERED]:
                await call(client, "POST", f"/v1/cases/{case_id}/activity", json={"type": "agent_replied"})
        bootstrap = ready["bootstrap"]
        same = await settled(bootstrap, "demo")
        assert (same["counts"]["affected"], same["counts"]["not_comparable"]) == (0, 0)

        log = tmp_path / "log.jsonl"
        arguments = ("replay", "--from-topic", "--kafka", bootstrap, "--policy", "demo", "--save", str(log))
        assert (await frontline(*arguments))[0] == 0
        other = await settled(bootstrap, "guidelines-2021")

    assert other["counts"]["promises_longer"] > 0
    assert {name: counts["promises_longer"] > 0 for name, counts in other["by_priority"].items()}["P1"]
    assert other["baseline"]["editions"][0]["edition"] == "demo"
    found = await frontline(
        *("policy", "backtest", "guidelines-2021", "--from-file", str(log), "--policy", "demo", "--json")
    )
    of_the_file = json.loads(found[1])
    names = ("cases", "decided_otherwise", "promises_new", "promises_gone", "promises_longer", "promises_shorter")
    assert {name: of_the_file["counts"][name] for name in names} == {name: other["counts"][name] for name in names}
