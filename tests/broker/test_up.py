"""`frontline up`, as people start it: everything runs, stays running, and is gone afterwards."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.demo_accounts import DEMO_ACCOUNTS
from services.cli.ports import PortUnavailable
from services.cli.progress import Progress
from services.cli.system import Options, System
from tests.harness.asking import fields
from tests.harness.processes import eventually, is_running, parent_of
from tests.harness.up import READY_WITHIN, running

NARROW = 80  # columns of a terminal
GONE_WITHIN = 12.0  # ten seconds are promised; the rest is this machine's other tests

LOJA = str(Path(__file__).parents[1] / "unit" / "cli" / "data" / "loja.yaml")

# Java's and our own loops take their time on a machine that is busy with other tests.
pytestmark = pytest.mark.timeout(300)


def everyone(ready: Mapping[str, Any]) -> set[int]:
    """The processes that the ready file names, and those that hold them."""
    return {pid for named in ready["pids"].values() for pid in (named, parent_of(named))}


async def test_it_runs_stays_running_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A newcomer's whole session: ready, used, two parts killed, Ctrl-C."""
    async with running(tmp_path, "--json", TMPDIR=str(tmp_path)) as up:
        ready = await up.ready()
        assert ready.keys() == {"bootstrap", "intake_url", "admin_key", "pids", "urls"}
        assert ready["urls"].keys() == {"intake", "board", "router", "escalation"}
        assert ready["pids"].keys() == {"kafka", "intake", "board", "router", "escalation"}
        assert (tmp_path / "ready.json").stat().st_mode & 0o077 == 0, "it holds a key"
        assert up.process.stdout is not None
        printed = json.loads(await up.process.stdout.readline())
        assert {name: printed[name] for name in ready} == ready
        await _is_usable(ready, printed["urls"])
        seen = everyone(ready)

        os.kill(ready["pids"]["router"], signal.SIGKILL)
        again = await up.ready(but_not=ready)
        assert again["pids"]["router"] != ready["pids"]["router"]
        assert again["pids"]["kafka"] == ready["pids"]["kafka"]
        assert "router ended (killed by signal 9); last line of its log: " in up.output

        seen |= everyone(again)

        os.kill(again["pids"]["kafka"], signal.SIGKILL)
        at_last = await up.ready(but_not=again)
        assert at_last["pids"]["kafka"] != ready["pids"]["kafka"]
        assert at_last["bootstrap"] == ready["bootstrap"]
        assert "The Kafka process ended (killed by signal 9)" in up.output
        await _is_usable(at_last, printed["urls"])
        seen |= everyone(at_last)

        os.killpg(up.process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
        assert await asyncio.wait_for(up.process.wait(), GONE_WITHIN) == 0
        assert not [pid for pid in seen if is_running(pid)]
        assert {path.name for path in tmp_path.iterdir()} == {"stderr.txt"}


async def _is_usable(ready: Mapping[str, Any], urls: Mapping[str, str]) -> None:
    """Every service is ready, the demo accounts are loaded, a request comes in and is decided."""
    headers = {"Authorization": f"Bearer {ready['admin_key']}"}
    async with httpx.AsyncClient(base_url=ready["intake_url"], headers=headers, timeout=10, trust_env=False) as client:
        for url in urls.values():
            assert (await client.get(f"{url}/readyz")).status_code == 200
            assert (await client.post(f"{url}/v1/test-clock", json={"advance_seconds": 1})).status_code == 404
        for account_id in DEMO_ACCOUNTS:
            assert (await client.get(f"/v1/accounts/{account_id}/entitlement")).status_code == 200
        account = next(iter(DEMO_ACCOUNTS))
        request = {
            "account_id": account, "requester": {"requester_id": "u1", "role": "admin", "licensed": True},
            "channel": "web_ticket", "subject": "Down", "description": "All of it",
            "fields": fields(),
        }  # fmt: skip
        taken = await _until(lambda: client.post("/v1/support-requests", json=request), lambda a: a.status_code == 202)
        status_url = taken.json()["status_url"]
        await _until(lambda: client.get(status_url), lambda a: "P1" in a.text)


async def _until(
    ask: Callable[[], Awaitable[httpx.Response]], good: Callable[[httpx.Response], bool]
) -> httpx.Response:
    """Ask until the answer is good: after a kill, Kafka or a service has just come back."""
    deadline = asyncio.get_running_loop().time() + 30
    while not good(answer := await ask()):
        assert asyncio.get_running_loop().time() < deadline, answer.text
        await asyncio.sleep(0.1)
    return answer


async def test_an_edition_of_other_words_runs_with_accounts_of_its_own(tmp_path: Path) -> None:
    """Intake refuses accounts whose plan no edition has; a request in the edition's own words is decided.

    What is printed meanwhile fits a terminal of the usual width: an address that is broken cannot be copied.
    """
    short = "/tmp"  # noqa: S108 - where the logs are is never cut, so it has to be short
    async with running(tmp_path, "--policy", LOJA, "--test-clock", TMPDIR=short) as up:
        ready = await up.ready()
        headers = {"Authorization": f"Bearer {ready['admin_key']}"}
        async with httpx.AsyncClient(base_url=ready["intake_url"], headers=headers, trust_env=False) as client:
            account = next(iter(DEMO_ACCOUNTS))
            assert (await client.get(f"/v1/accounts/{account}/entitlement")).status_code == 404
            shown = await _start_up_lines(up.process)
            assert any("demo-gold-grande and 5 more" in line for line in shown)
            rows = [line for line in shown if line.startswith("│")]
            assert [row for row in rows if not all(map(str.strip, row.strip("│").split("│")))] == [], "no row is broken"
            assert [line for line in (*shown, *up.output.splitlines()) if len(line) > NARROW] == []
            held = await client.get("/v1/accounts/demo-gold-grande/entitlement")
            assert held.json()["plan"] == "gold"
            request = {
                "account_id": "demo-gold-grande", "requester": {"requester_id": "u1", "role": "dono", "licensed": True},
                "channel": "whatsapp", "subject": "Parou", "description": "Tudo", "fields": {"severidade": "s1"},
            }  # fmt: skip
            taken = await _until(
                lambda: client.post("/v1/support-requests", json=request), lambda a: a.status_code == 202
            )
            await _until(lambda: client.get(taken.json()["status_url"]), lambda a: "primeira_resposta" in a.text)


async def _start_up_lines(process: asyncio.subprocess.Process) -> list[str]:
    """What it prints until it is ready, to the last line."""
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(10):
        while not lines or not lines[-1].startswith("Ctrl-C"):
            line = await process.stdout.readline()
            assert line, "it has ended"
            lines.append(line.decode().removesuffix("\n"))
    return lines


async def test_a_kill_9_of_it_leaves_no_process_and_no_data_is_lost(tmp_path: Path) -> None:
    """The data folder can be used again at once."""
    data = ("--data", str(tmp_path / "data"))
    async with running(tmp_path, *data) as up:
        ready = await up.ready()
        seen = everyone(ready)
        up.process.kill()
        await up.process.wait()
        await eventually(lambda: not [pid for pid in seen if is_running(pid)], GONE_WITHIN, "all have ended")

    async with running(tmp_path, *data) as up:
        ready = await up.ready(but_not=ready)  # which a killed one cannot take away
        up.process.terminate()
        assert await asyncio.wait_for(up.process.wait(), GONE_WITHIN) == 0
        assert not [pid for pid in ready["pids"].values() if is_running(pid)]
    assert (tmp_path / "data" / "logs" / "router.log").stat().st_size > 0


async def test_ctrl_c_during_the_start_leaves_nothing_behind(tmp_path: Path) -> None:
    """People change their minds."""
    async with running(tmp_path, TMPDIR=str(tmp_path)) as up:
        await eventually(lambda: "starting Kafka" in up.output, READY_WITHIN, "Kafka is being started")
        os.killpg(up.process.pid, signal.SIGINT)
        assert await asyncio.wait_for(up.process.wait(), GONE_WITHIN) == 0
        assert {path.name for path in tmp_path.iterdir()} == {"stderr.txt"}


@pytest.mark.parametrize(
    ("options", "variables", "code", "line"),
    [
        (("--policy", "no-such"), {}, 2, r"^no-such: there is no edition 'no-such' .*allowed: .*guidelines-2021"),
        ((), {"FRONTLINE_PARTITIONS": "0"}, 2, r"^FRONTLINE_PARTITIONS='0': .*greater than or equal to 1"),
        ((), {"FRONTLINE_API_KEYS_FILE": "/none"}, 2, r"^FRONTLINE_API_KEYS_FILE=/none: cannot be read: No such file"),
        (("--data", "."), {}, 1, r"holds files but no data of an embedded Kafka"),
    ],
    ids=["policy", "setting", "keys", "data"],
)
async def test_bad_input_is_one_line_and_starts_nothing(
    tmp_path: Path, options: tuple[str, ...], variables: dict[str, str], code: int, line: str
) -> None:
    """2 for what was asked, 1 for what the machine lacks."""
    async with running(tmp_path, *options, **variables) as up:
        assert await asyncio.wait_for(up.process.wait(), 30) == code
    lines = up.output.strip().splitlines()
    assert re.search(line, lines[-1])
    assert "Traceback" not in up.output
    assert not any(sentence.startswith("starting Kafka") for sentence in lines)


async def test_a_taken_port_is_one_line_and_starts_nothing(tmp_path: Path) -> None:
    """With the way out."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(PortUnavailable, match=rf"^port {port} \(intake\) is used by another program: .*--port 0"):
            await System(Options(tmp_path / "data", port=port), Progress()).start()
    assert not (tmp_path / "data").exists()


async def test_on_a_kafka_of_ones_own_everything_else_runs_and_that_is_left_alone(
    tmp_path: Path, bootstrap: str
) -> None:
    """Its process is not ours: the ready file has null there."""
    async with running(tmp_path, "--kafka", bootstrap) as up:
        ready = await up.ready()
        assert ready["bootstrap"] == bootstrap
        assert ready["pids"]["kafka"] is None
        doctor = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli", "doctor", "--json", "--kafka", bootstrap,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await doctor.communicate()
        found = {check["name"]: check["status"] for check in json.loads(output)["checks"]}
        assert (doctor.returncode, found["Kafka"], found["Topics"]) == (0, "ok", "ok")
        up.process.terminate()
        assert await asyncio.wait_for(up.process.wait(), GONE_WITHIN) == 0
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.get(f"{ready['intake_url']}/livez")

    # its topics are there now: with another partition count every record would seem to be on the wrong partition
    async with running(tmp_path, "--kafka", bootstrap, FRONTLINE_PARTITIONS="3") as up:
        assert await asyncio.wait_for(up.process.wait(), READY_WITHIN) == 1
        assert re.search(r"partitions is 6, expected 3.*set FRONTLINE_PARTITIONS", up.output)
