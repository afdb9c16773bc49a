"""What loads have in common: the processes that they watch and kill, and the figures of what they measure."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from tests.bench.intake_clients import Portal
from tests.harness.up import Up, running
from tests.harness.usage import Usage

STOPPED = 130  # as a shell says that a command was stopped
_END_SECONDS = 20.0
T = TypeVar("T")
VICTIMS = ("intake", "kafka")
PROCESSES = ("intake", "router", "escalation", "kafka")
_LOOK_EVERY = 0.5


def until_stopped(measuring: Coroutine[Any, Any, T]) -> T | None:
    """What it measures; None if it was stopped: SIGTERM, too, ends the system, which has a session of its own."""

    async def run() -> T:
        task = asyncio.ensure_future(measuring)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    try:
        return asyncio.run(run())
    except (KeyboardInterrupt, asyncio.CancelledError):
        return None


@asynccontextmanager
async def system(portal: Portal, namespace: str, *options: str) -> AsyncIterator[tuple[Up, dict[str, Any]]]:
    """`frontline up` that admits the people of `portal`, and its ready file; it has ended when the block is left."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {"FRONTLINE_TOKEN_HOSTS": portal.setting, "FRONTLINE_NAMESPACE": namespace}
        async with running(Path(folder), *options, **variables) as up:
            try:
                ready = await up.ready()
                print(f"ready at {ready['intake_url']}", file=sys.stderr)
                yield up, ready
            finally:
                up.process.terminate()
                await asyncio.wait_for(up.process.wait(), _END_SECONDS)


async def killed(name: str | None, ready: dict[str, Any], at: float) -> float | None:
    """kill -9 at that instant; returns when it was."""
    if name is None:
        return None
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(at - clock())
    os.kill(ready["pids"][name], signal.SIGKILL)
    print(f"killed {name}", file=sys.stderr)
    return clock()


async def look(up: Up, usage: dict[str, Usage], since: float) -> NoReturn:
    """Look at the processes of the system; never returns. Fails, with its last words, if it has ended."""
    await asyncio.sleep(since - asyncio.get_running_loop().time())
    while True:
        look_at(up, usage)
        await asyncio.sleep(_LOOK_EVERY)


async def watched(work: Coroutine[Any, Any, T], up: Up, usage: dict[str, Usage], since: float) -> T:
    """What the work returns, while the processes are looked at from `since` on. Fails if the system has ended."""
    working, looking = asyncio.ensure_future(work), asyncio.create_task(look(up, usage, since))
    try:
        await asyncio.wait([working, looking], return_when=asyncio.FIRST_COMPLETED)
        return await (working if working.done() else looking)
    finally:
        working.cancel()
        looking.cancel()
        await asyncio.wait([working, looking])


def look_at(up: Up, usage: dict[str, Usage]) -> None:
    assert up.process.returncode is None, up.output
    pids = json.loads(up.ready_file.read_text(encoding="utf-8"))["pids"]
    for name, each in usage.items():
        if pids[name] is not None:
            each.look(pids[name])


def rows_of(latencies: Mapping[str, Mapping[str, float]], processes: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The figures as two tables: latencies in milliseconds, and what each process has taken."""
    return [
        f"{'milliseconds':<28}{'number':>8}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}",
        *(
            f"{name:<28}{row['number']:>8,}" + "".join(f"{row[at]:>10,.1f}" for at in _SHARES)
            for name, row in latencies.items()
        ),
        "",
        f"{'process':<28}{'CPU-s':>8}{'MB before':>10}{'MB after':>10}{'MB peak':>10}",
        *(
            f"{name:<28}{row['cpu_seconds']:>8.1f}{row['mb_before']:>10.0f}{row['mb_after']:>10.0f}{row['mb_peak']:>10.0f}"
            for name, row in processes.items()
        ),
    ]


_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def figures_of(values: Sequence[float]) -> dict[str, float]:
    """The number of sorted values, and those below which such a share of them is."""
    shown = {name: round(_at(values, share), 2) for name, share in _SHARES.items()}
    return {"number": len(values), **shown}


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def taken(usage: Usage) -> dict[str, float]:
    return {
        "cpu_seconds": round(usage.cpu_seconds, 2),
        "mb_before": round(usage.first_memory, 1),
        "mb_after": round(usage.memory, 1),
        "mb_peak": round(usage.peak_memory, 1),
    }
