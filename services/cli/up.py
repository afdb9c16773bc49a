"""`frontline up`: the whole system on this machine, until Ctrl-C."""

import asyncio
import json as json_lines
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from services.cli.errors import CommandError
from services.cli.progress import Progress
from services.cli.system import SERVICES, Options, System
from shared.embedded_kafka.errors import KafkaFailed
from shared.kafka.settings import BadSettings
from shared.policy.files import load_edition
from shared.policy.mistakes import PolicyError

DONE, FAILED, BAD_INPUT = 0, 1, 2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    *,
    data: Path | None = None,
    kafka: str | None = None,
    port: int = 8080,
    policy: str | None = None,
    ready_file: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """The whole system on this machine, on a real Kafka; Ctrl-C stops it.

    Parameters
    ----------
    data
        Keep Kafka's data and the logs in this folder; without it they are removed at the end.
    kafka
        HOST:PORT of a Kafka to use instead of starting one.
    port
        Where intake listens on this machine; 0 takes a free port.
    policy
        Run on this edition: the name of one that ships, or a file.
    ready_file
        Write where everything is to this file (JSON) once all is ready, and again after a restart of a part.
    json
        Print where everything is as one line of JSON.
    """
    problems, policies = checked_policy(policy)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return BAD_INPUT

    async def until_stopped(system: System) -> int:
        show(system, as_json=json)
        await asyncio.Event().wait()
        return DONE

    return run(Options(data, kafka, port, policies), ready_file, until_stopped)


def checked_policy(policy: str | None) -> tuple[list[str], str | None]:
    """What is wrong with an edition, one line for each mistake; and how the services are told of it."""
    if policy is None:
        return [], None
    try:
        load_edition(policy)
    except PolicyError as error:
        return [str(mistake) for mistake in error.mistakes], None
    return [], str(Path(policy).absolute()) if Path(policy).is_file() else policy


def run(options: Options, ready_file: Path | None, while_up: Callable[[System], Awaitable[int]]) -> int:
    """Start the system, do `while_up`, stop the system; the exit code.

    It is 0 if a person stopped it (Ctrl-C, SIGTERM, a closed terminal), 1 if the system failed (one line on standard
    error says why), 2 if the environment holds wrong settings, else what `while_up` returned.
    """
    with Progress() as progress:
        try:
            return asyncio.run(_run(System(options, progress, ready_file), progress, while_up))
        except BadSettings as error:
            progress.note(str(error))
            return BAD_INPUT
        except (CommandError, KafkaFailed) as error:
            progress.note(str(error))
            return FAILED


async def _run(system: System, progress: Progress, while_up: Callable[[System], Awaitable[int]]) -> int:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopped.set)
    stopping: asyncio.Future[Any] = asyncio.ensure_future(stopped.wait())
    starting = asyncio.ensure_future(system.start())
    either: list[asyncio.Future[Any]] = [starting, stopping]
    failed = True
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        code = DONE
        if starting.done():
            await starting
            progress.done()
            code = await _first_of(asyncio.ensure_future(while_up(system)), system, stopping)
        failed = False
        return code
    finally:
        progress.say("stopping")
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await system.stop(failed=failed)
        stopping.cancel()


async def _first_of(working: asyncio.Future[int], system: System, stopping: asyncio.Future[Any]) -> int:
    failing = asyncio.ensure_future(system.failed())
    any_of: list[asyncio.Future[Any]] = [working, failing, stopping]
    try:
        await asyncio.wait(any_of, return_when=asyncio.FIRST_COMPLETED)
        if failing.done():
            await failing
        return await working if working.done() else DONE
    finally:
        working.cancel()
        failing.cancel()
        await asyncio.gather(working, failing, return_exceptions=True)


def show(system: System, *, as_json: bool) -> None:
    """Print where everything is."""
    ready = system.ready
    if as_json:
        print(json_lines.dumps({**asdict(ready), "urls": system.urls}), flush=True)
        return
    table = Table(title="Frontline is ready", title_justify="left", show_header=False)
    for name in SERVICES:
        table.add_row(name, system.urls[name])
    table.add_row("API documentation", f"{ready.intake_url}/docs")
    table.add_row("Kafka", ready.bootstrap)
    table.add_row("admin key, for this run", ready.admin_key)
    table.add_row("logs", str(system.logs))
    console = Console(soft_wrap=True)
    console.print(table)
    console.print("Ctrl-C stops everything.", style="dim")
