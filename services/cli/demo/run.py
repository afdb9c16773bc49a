"""Sends the demo's requests to intake, waits until all events are there, and compares them (`check.py`)."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from services.cli.call_intake import GIVE_UP_SECONDS, call
from services.cli.demo import check
from services.cli.demo.traffic import Ask
from services.cli.demo_accounts import DEMO_ACCOUNTS
from services.cli.log_reader import read_to_end
from services.cli.logged_event import LoggedEvent
from shared.contracts.topics import CASES, ESCALATIONS
from shared.policy.model import Edition
from shared.routing.rulebook import Rulebook
from shared.wall_clock import utc_now

MAX_CONCURRENT = 8  # requests at the same time
POLL_SECONDS = 0.5
SLACK = timedelta(seconds=30)  # after the last expected event is due: a takeover takes up to 8 s, a busy machine more

Progress = Callable[[str], None]


async def submit(client: httpx.AsyncClient, ask: Ask) -> str:
    """Send one request; return its request_id once Kafka has it."""
    answer = await call(client, "POST", "/v1/support-requests", json=ask.body, headers={"Idempotency-Key": ask.key})
    return str(answer.json()["request_id"])


async def submit_all(client: httpx.AsyncClient, asks: Sequence[Ask], progress: Progress) -> dict[str, Ask]:
    """Send all requests, a few at a time; return them by request_id."""
    sent: dict[str, Ask] = {}
    gate = asyncio.Semaphore(MAX_CONCURRENT)

    async def one(ask: Ask) -> None:
        async with gate:
            sent[await submit(client, ask)] = ask
            progress(f"{len(sent)} of {len(asks)} requests accepted")

    async with asyncio.TaskGroup() as group:
        for ask in asks:
            group.create_task(one(ask))
    return sent


async def settled(
    bootstrap: str, sent: Mapping[str, Ask], policy: str, edition: Edition, progress: Progress
) -> list[str]:
    """Wait for every event that the requests in `sent` must cause, and list all differences; [] = as promised.

    `policy` is the name or file of `edition`, which `frontline decide` loads itself.
    """
    cases: list[LoggedEvent] = []
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + GIVE_UP_SECONDS
    while loop.time() < give_up_at:
        cases = _of(sent, (await read_to_end(bootstrap, CASES))[CASES.name])
        progress(f"{len(cases)} of {len(sent)} requests decided")
        if len(cases) >= len(sent):
            break
        await asyncio.sleep(POLL_SECONDS)
    data = [case.data for case in cases]
    rules = Rulebook(edition)
    expected = check.expected_events(data, rules)
    last = max((datetime.fromisoformat(case["received_at"]) for case in data), default=utc_now())
    until = last + timedelta(seconds=check.seconds_until_settled(data, rules))
    while utc_now() < until + SLACK:
        events = _of_cases(data, (await read_to_end(bootstrap, ESCALATIONS))[ESCALATIONS.name])
        seen = sum(event.type in (check.WARNED, check.BREACHED, check.RAISED, check.SUPPRESSED) for event in events)
        left = max(0, int((until - utc_now()).total_seconds()))
        progress(f"{seen} of {len(expected)} warnings, breaches and escalations; the last is due in {left} s")
        if seen >= len(expected) and utc_now() > until:
            break
        await asyncio.sleep(POLL_SECONDS)
    # Read again: a duplicate decision or event would come after the first one.
    log = await read_to_end(bootstrap, CASES, ESCALATIONS)
    cases = _of(sent, log[CASES.name])
    differences = check.not_decided_once(sent, cases)
    differences += await _differs_from_decide(sent, cases, policy, rules)
    events = _of_cases([case.data for case in cases], log[ESCALATIONS.name])
    return differences + check.event_differences([case.data for case in cases], events, rules)


async def _differs_from_decide(
    sent: Mapping[str, Ask], cases: Iterable[LoggedEvent], policy: str, rules: Rulebook
) -> list[str]:
    """Decide every case again with `frontline decide`, run as a program, and compare."""
    known = [(sent[case.data["case_id"]], case.data) for case in cases]
    lines = [json.dumps(check.decide_line(ask, DEMO_ACCOUNTS[ask.body["account_id"]], case)) for ask, case in known]
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "decide", "--policy", policy),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await program.communicate("\n".join(lines).encode())
    if program.returncode != 0:
        return [f"`frontline decide` failed with exit code {program.returncode}"]
    answers = [json.loads(line) for line in output.splitlines()]
    if len(answers) != len(known):
        return [f"`frontline decide` answered {len(answers)} of {len(known)} lines"]
    return [
        difference
        for (ask, case), answer in zip(known, answers, strict=True)
        for difference in check.decision_differences(ask, case, answer, rules)
    ]


def _of(sent: Mapping[str, Ask], cases: Iterable[LoggedEvent]) -> list[LoggedEvent]:
    return [case for case in cases if case.data["case_id"] in sent]


def _of_cases(cases: Iterable[Mapping[str, Any]], events: Iterable[LoggedEvent]) -> list[LoggedEvent]:
    ids = {case["case_id"] for case in cases}
    return [event for event in events if event.data["case_id"] in ids]
