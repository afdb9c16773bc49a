"""`frontline demo`: runs the whole system with demo requests, to watch or, with --once, to check."""

import asyncio
import os
import secrets
import shutil
import sys
from asyncio import TaskGroup
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from services.cli import feed
from services.cli.demo import run as demo_run
from services.cli.demo.agents import Agents, Case
from services.cli.demo.check import last_call
from services.cli.demo.layout import laid_out
from services.cli.demo.traffic import MOST_URGENT, coverage, unknown_words, varied
from services.cli.demo.try_next import ExampleCase, try_next
from services.cli.log_reader import follow
from services.cli.logged_event import LoggedEvent
from services.cli.options import BAD_INPUT, language_of
from services.cli.output import output
from services.cli.ports import HTTP_PORTS, INTAKE
from services.cli.progress import Progress
from services.cli.system import Options, System
from services.cli.up import checked_policy, run, show
from shared.contracts.topics import CASES, ESCALATIONS
from shared.kafka.settings import KafkaSettings, load
from shared.messages.catalogues import messages_in
from shared.messages.messages import Messages
from shared.policy.files import load_edition
from shared.policy.model import Edition
from shared.policy.settings import PolicySettings
from shared.routing.rendering import in_words_of
from shared.routing.rulebook import Rulebook
from shared.wall_clock import utc_now

DEMO_EDITION = "demo"  # the shipped guidelines with P1 targets of seconds
LONGEST_WAIT = 600  # seconds; with an edition whose P1 takes longer, --once would seem to hang
STREAM = 48  # requests to watch
PAUSES = (0.4, 1.5)  # seconds between requests: the first dozen quickly, then at a pace that can be read
# After the last request, until its last lines are there: agents need 11 s, and P1 promises so long in DEMO_EDITION.
LAST_LINES_WITHIN = 30.0
DIFFERENT, AS_PROMISED = 1, 0


def demo(
    *,
    once: bool = False,
    data: Path | None = None,
    kafka: str | None = None,
    port: int = HTTP_PORTS[INTAKE],
    kafka_port: int | None = None,
    policy: str = DEMO_EDITION,
    ready_file: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Run the whole system with demo requests; Ctrl-C stops it.

    Parameters
    ----------
    once
        Send 216 requests, wait for their events, compare the log with what was promised, and end: exit code 0 if all is
        as promised, 1 if anything differs (one line for each difference).
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
        A name (in FRONTLINE_POLICY_DIR or a shipped edition), or a file. By default the guidelines with P1 targets of
        seconds.
    ready_file
        Write the addresses to this file (JSON) when everything is ready, and again when a part was restarted.
    json
        Print events (with --once: the result) as JSON lines.
    """
    console = Console(stderr=True, highlight=False)
    problems, policies = checked_policy(policy)
    if problems or policies is None:
        console.print("\n".join(problems), markup=False)
        return BAD_INPUT
    edition = load_edition(policy, load(PolicySettings).policy_dir)
    if unknown := unknown_words(edition):
        console.print(
            f"the demo's requests have words that edition {edition.edition} does not know ({', '.join(unknown)}): "
            f"run `frontline up --policy {policy}`, which has an account for each plan and account type, and send your "
            "own requests",
            markup=False,
        )
        return BAD_INPUT
    longest = _longest_p1_wait(edition)
    if once and longest > LONGEST_WAIT:
        console.print(
            f"edition {edition.edition} needs {longest:.0f} s until the last escalation of a P1, and --once waits "
            f"{LONGEST_WAIT} s at most: choose an edition with shorter targets, such as {DEMO_EDITION}"
        )
        return BAD_INPUT
    work: Callable[[System], Awaitable[int]] = (
        partial(_check, policy=policies, edition=edition, as_json=json)
        if once
        else partial(_watch, edition=edition, quiet_after=min(longest + 1, LAST_LINES_WITHIN), as_json=json)
    )
    return run(Options(data, kafka, port, policies, kafka_port=kafka_port), ready_file, work)


def _longest_p1_wait(edition: Edition) -> float:
    urgent = [target for target in edition.targets if MOST_URGENT in (target.priorities or edition.priorities)]
    return max((last_call(edition, each.target_seconds) for each in urgent if each.target_seconds), default=0)


async def _check(system: System, *, policy: str, edition: Edition, as_json: bool) -> int:
    asks = coverage(secrets.token_hex(4))
    with Progress() as progress:
        async with system.client() as client:
            sent = await demo_run.submit_all(client, asks, progress.update)
        differences = await demo_run.settled(system.ready.bootstrap, sent, policy, edition, progress.update)
    console = output()
    if as_json:
        result = {"requests": len(sent), "as_promised": not differences, "differences": differences}
        print(msgspec.json.encode(result).decode(), flush=True)
    elif differences:
        console.print("\n".join(differences), markup=False)
        console.print(f"{len(differences)} differences in {len(sent)} requests", style="bold red")
    else:
        console.print(
            f"{len(sent)} requests: each decided once and as by `frontline decide`; each unanswered P1 promise "
            "warned of, breached and escalated or suppressed once; no events without a promise.",
            style="bold green",
        )
    return DIFFERENT if differences else AS_PROMISED


async def _watch(system: System, *, edition: Edition, quiet_after: float, as_json: bool) -> int:
    """Show what happens to the demo's requests; `quiet_after` seconds after the last one nothing more is expected."""
    show(system, as_json=as_json)
    console = output()
    if not as_json:
        console.print(
            f"\n{STREAM} requests follow. P1 targets are seconds here, so that some\n"
            "promises are kept and others are missed.\n",
            style="dim",
        )
    started, rules = utc_now(), Rulebook(edition)
    account_of: dict[str, str] = {}
    example, messages = ExampleCase(), in_words_of(messages_in(language_of(os.environ)), edition)
    async with system.client() as client, TaskGroup() as group:
        agents = Agents(client)

        def work(case: Case | None) -> None:
            if case is not None:
                group.create_task(agents.work_on(case))

        async def send() -> None:
            for number, ask in enumerate(islice(varied(secrets.token_hex(4)), STREAM)):
                work(agents.sent(await demo_run.submit(client, ask)))
                await asyncio.sleep(PAUSES[number > 12])
            agents.all_sent()
            if not as_json:
                console.print("\nThat was the last request of the demo; its last events follow.\n", style="dim")
                await asyncio.sleep(quiet_after)
                _show_what_to_try(system, console, example)

        group.create_task(send())
        async for topic, event in follow(system.ready.bootstrap, CASES, ESCALATIONS):
            if datetime.fromisoformat(event.data["observed_at"]) < started:
                continue  # of an earlier run on the same data
            example.note(event)
            if topic == CASES.name:
                account_of[event.data["case_id"]] = event.data["account_id"] or "-"
                work(agents.decided(event.data))
            if as_json:
                print(msgspec.json.encode({"type": event.type, "data": event.data}).decode(), flush=True)
            else:
                print_event(console, event, account_of, messages, rules)
    return AS_PROMISED


def print_event(
    console: Console,
    event: LoggedEvent,
    account_of: Mapping[str, str],
    messages: Messages,
    rules: Rulebook | None = None,
) -> None:
    """Print the lines of an event, no word of which is cut."""
    for row in laid_out(feed.lines(event, account_of, messages, rules), console):
        console.print(row, soft_wrap=True)


def program_name(called: str, found: str | None) -> str:
    """How to call this program again: as it was `called`, by its name alone if the path has it (`found`)."""
    return called if Path(called).name == "frontline" and called != found else "frontline"


def _show_what_to_try(system: System, console: Console, example: ExampleCase) -> None:
    program, kafka = program_name(sys.argv[0], shutil.which("frontline")), ""
    settings = load(KafkaSettings)
    if "kafka_bootstrap" in settings.model_fields_set:  # it outranks the note of this system
        kafka = system.ready.bootstrap
        program = f"FRONTLINE_NAMESPACE={settings.namespace} {program}" if settings.namespace else program
    lines = try_next(example.case_id, program=program, urls=system.urls, requests=STREAM, kafka=kafka)
    console.print("\n" + "\n".join(lines), markup=False)
