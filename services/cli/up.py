"""`frontline up`: runs the whole system on this machine until Ctrl-C."""

import asyncio
import json as json_lines
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.table import Table

from services.cli.options import BAD_INPUT, CommandFailed
from services.cli.output import output
from services.cli.pages import addresses, without_pages
from services.cli.ports import HTTP_PORTS, INTAKE
from services.cli.progress import Progress
from services.cli.system import Options, System
from shared.embedded_kafka.errors import KafkaFailed
from shared.kafka.settings import BadSettings, load
from shared.policy.files import load_edition
from shared.policy.mistakes import PolicyError
from shared.policy.settings import PolicySettings

DONE, FAILED = 0, 1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    *,
    data: Path | None = None,
    kafka: str | None = None,
    port: int = HTTP_PORTS[INTAKE],
    kafka_port: int | None = None,
    policy: str | None = None,
    ready_file: Path | None = None,
    test_clock: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Run the whole system on a real Kafka; Ctrl-C stops it.

    Parameters
    ----------
    data
        Keep Kafka's data and the logs in this folder. By default they are deleted at the end.
    kafka
        HOST:PORT of a Kafka to use instead of starting one.
    port
        The port of intake on this machine; the other services have ports near it. 0 chooses free ones for all, Kafka's
        included.
    kafka_port
        The port of Kafka on this machine: 29092 by default. 0 chooses a free one.
    policy
        The edition to use: a name (in FRONTLINE_POLICY_DIR or a shipped one), or a file.
    ready_file
        Write the addresses to this file (JSON) when everything is ready, and again when a part was restarted.
    test_clock
        Let tests advance the time of all services: POST /v1/test-clock (docs/api.md). For tests only.
    json
        Print the addresses as one line of JSON.
    """
    problems, policies = checked_policy(policy)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return BAD_INPUT

    async def until_stopped(system: System) -> int:
        show(system, as_json=json)
        await asyncio.Event().wait()
        return DONE

    return run(Options(data, kafka, port, policies, test_clock, kafka_port), ready_file, until_stopped)


def checked_policy(policy: str | None) -> tuple[list[str], str | None]:
    """The mistakes of an edition, one line each, and the value for FRONTLINE_POLICIES that selects it."""
    if policy is None:
        return [], None
    try:
        load_edition(policy, load(PolicySettings).policy_dir)
    except PolicyError as error:
        return [str(mistake) for mistake in error.mistakes], None
    except BadSettings as error:
        return [str(error)], None
    return [], str(Path(policy).absolute()) if Path(policy).is_file() else policy


def run(options: Options, ready_file: Path | None, while_up: Callable[[System], Awaitable[int]]) -> int:
    """Start the system, run `while_up` and stop the system; return the exit code.

    The code is 0 if the system was stopped (Ctrl-C, SIGTERM, a closed terminal), 1 if it failed (standard error has the
    reason in one line), 2 if a setting of the environment is wrong, otherwise the result of `while_up`. Raises
    BrokenPipeError if nobody reads the output any more.
    """
    with Progress() as progress:
        try:
            return asyncio.run(_run(System(options, progress, ready_file), progress, while_up))
        except BadSettings as error:
            progress.note(str(error))
            return BAD_INPUT
        except (BrokenPipeError, BaseExceptionGroup) as error:
            if not _reader_has_left(error):
                raise
            raise BrokenPipeError from None
        except CommandFailed as error:
            progress.note(str(error))
            return error.code
        except KafkaFailed as error:
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
    except (BrokenPipeError, BaseExceptionGroup) as error:
        failed = not _reader_has_left(error)
        raise
    finally:
        if not starting.done() or starting.exception() is None:  # else nothing runs
            progress.update("stopping")
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await system.stop(failed=failed)
        stopping.cancel()


def _reader_has_left(error: BrokenPipeError | BaseExceptionGroup[BaseException]) -> bool:
    """Whether nothing is wrong but that nobody reads standard output any more, as after `| head`."""
    return isinstance(error, BrokenPipeError) or error.split(BrokenPipeError)[1] is None


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
    """Print the addresses, the development key and the folder of the logs."""
    ready = system.ready
    if as_json:
        print(json_lines.dumps(asdict(ready)), flush=True)
        return
    table = Table(title="Frontline is ready", title_justify="left", show_header=False)
    for name, address in addresses(system.urls):
        table.add_row(name, address)
    for name, address in without_pages(system.urls):
        table.add_row(name, address)
    table.add_row("Kafka", ready.bootstrap)
    table.add_row("development key", ready.admin_key)
    if system.accounts:
        *others, shown = system.accounts
        table.add_row("accounts to ask with", f"{shown} and {len(others)} more" if others else shown)
    if system.has_test_clock:
        table.add_row("test clock", f"POST {ready.intake_url}/v1/test-clock")
    table.add_row("logs", str(system.logs))
    console = output()
    console.print(table)
    console.print("Ctrl-C stops everything.", style="dim")
