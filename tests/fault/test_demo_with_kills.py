"""The whole system as a newcomer starts it, with services killed in the middle."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

READY_WITHIN_SECONDS = 90
DONE_WITHIN_SECONDS = 240


async def _until_ready(path: Path, but_not: dict[str, Any] | None = None) -> dict[str, Any]:
    """The ready file, once it is there and says something else than `but_not`."""
    async with asyncio.timeout(READY_WITHIN_SECONDS):
        while True:
            if path.exists() and (ready := json.loads(path.read_text())) != but_not:
                return dict(ready)
            await asyncio.sleep(0.1)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.timeout(READY_WITHIN_SECONDS + DONE_WITHIN_SECONDS)
async def test_a_demo_run_is_right_although_router_and_escalation_are_killed(tmp_path: Path) -> None:
    """Exactly one decision per request and one event per (clock, level), whatever dies when; and nothing stays behind.

    The demo itself compares the log with `frontline decide` and with what the edition promises, and exits with 1 if
    anything differs.
    """
    ready_file = tmp_path / "ready.json"
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "demo", "--once", "--port", "0", "--ready-file", str(ready_file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    talk = asyncio.create_task(demo.communicate())
    pids: set[int] = set()
    try:
        ready = await _until_ready(ready_file)
        for victim in ("router", "escalation"):
            pids |= set(ready["pids"].values())
            os.kill(ready["pids"][victim], signal.SIGKILL)
            ready = await _until_ready(ready_file, but_not=ready)
        pids |= set(ready["pids"].values())
        async with asyncio.timeout(DONE_WITHIN_SECONDS):
            output, errors = await asyncio.shield(talk)
    finally:
        if demo.returncode is None:
            demo.terminate()
            await talk
    assert demo.returncode == 0, f"{output.decode()}\n{errors.decode()[-4000:]}"
    assert [pid for pid in pids if _alive(pid)] == []
