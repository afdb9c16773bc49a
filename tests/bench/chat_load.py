"""`python -m tests.bench.chat_load`: hundreds of chats at once on one intake, and what of them is in Kafka.

Starts the whole system as `frontline up` does, with the settings that ship. Each customer asks the bot, passes the
conversation on, and then writes at random instants; an agent answers each message at once, by a call. With --kill a
process is killed (kill -9) in the middle, and started again; the customers connect again, as the page does. At the
end each conversation must be in Kafka under one id, and each message; and each customer must have seen the messages of
their case once, in the order of the log, or the exit code is 1.
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.contracts.structs import ActivityRecorded, CaseRouted, SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, CASES, REQUESTS
from shared.kafka.settings import KafkaSettings
from tests.bench.intake_account import events_in
from tests.bench.intake_clients import Portal
from tests.bench.under_load import (
    PROCESSES,
    STOPPED,
    VICTIMS,
    figures_of,
    killed,
    look_at,
    rows_of,
    system,
    taken,
    until_stopped,
    watched,
)
from tests.harness.asking import FIELDS
from tests.harness.conversation import Conversation
from tests.harness.http_pool import HttpPool
from tests.harness.up import Up
from tests.harness.usage import Usage

STEPS = ("connected", "bot's answer", "handed over", "decided", "delivered", "agent's answer seen")
PLANS = ("premier", "premier_plus")  # whose accounts chat with people
CONNECTIONS = 50  # of the agents
_SETTLE_SECONDS = 60.0


@dataclass(frozen=True)
class Load:
    """So many chats for so many seconds, of which each customer writes a message every `pause` seconds or so.

    They begin within `ramp` seconds.
    """

    chats: int = 500
    seconds: int = 60
    pause: float = 6.0
    ramp: float = 10.0
    kill: str | None = None


@dataclass
class Customer:
    """A customer, what they and their agents wrote, and how long each step took in seconds."""

    number: int
    conversation: Conversation
    sent: list[str] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Measured:
    """What was measured, and what is wrong: lost, doubled or in another order."""

    load: Load
    took: dict[str, list[float]]
    usage: dict[str, Usage]
    connections: int
    wrong: Sequence[str]


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench.chat_load", description=__doc__)
    parser.add_argument("--chats", type=int, default=Load.chats, help="at once (%(default)s)")
    parser.add_argument("--seconds", type=int, default=Load.seconds, help="how long (%(default)s)")
    parser.add_argument("--pause", type=float, default=Load.pause, help="seconds between messages (%(default)s)")
    parser.add_argument("--kill", choices=VICTIMS, help="what is killed in the middle; it is started again")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of the table")
    options = parser.parse_args(arguments)
    done = until_stopped(measured(Load(options.chats, options.seconds, options.pause, kill=options.kill)))
    if done is None:
        return STOPPED
    print(json.dumps(as_json(done)) if options.json else table(done))
    return 1 if done.wrong else 0


async def measured(load: Load, *options: str, namespace: str = "") -> Measured:
    """Run the system under that load. `options` are those of `frontline up`."""
    portal = Portal(load.chats, [name for name, terms in DEMO_ACCOUNTS.items() if terms["plan"] in PLANS])
    async with system(portal, namespace, *options) as (up, ready):
        return await _under_load(load, up, ready, portal, namespace)


async def _under_load(load: Load, up: Up, ready: dict[str, Any], portal: Portal, namespace: str) -> Measured:
    clock, usage = asyncio.get_running_loop().time, {name: Usage() for name in PROCESSES}
    look_at(up, usage)
    tokens = map(portal.token_of, portal.people)
    customers = [Customer(n, Conversation(ready["intake_url"], token, n)) for n, token in enumerate(tokens)]
    connected: list[asyncio.Task[None]] = []
    print(f"{load.chats} chats for {load.seconds} s", file=sys.stderr)
    began = clock() + 0.5
    killing = asyncio.create_task(killed(load.kill, ready, began + load.ramp + load.seconds / 2))
    end = began + load.ramp + load.seconds
    async with HttpPool(ready["intake_url"], CONNECTIONS) as pool:
        agents = Agents(pool, ready["admin_key"])
        try:
            chats = (_chat(load, each, agents, began, end, connected) for each in customers)
            await watched(_all(chats), up, usage, began)
            await killing
            wrong = await _settled(KafkaSettings(kafka_bootstrap=ready["bootstrap"], namespace=namespace), customers)
        finally:
            for task in connected:
                task.cancel()
            if connected:
                await asyncio.wait(connected)
    look_at(up, usage)
    took = {step: sorted(1000 * each for one in customers for each in one.took[step]) for step in STEPS}
    return Measured(load, took, usage, sum(each.conversation.connections for each in customers), wrong)


async def _all(chats: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*chats)


class Agents:
    """Answers messages, by calls that are repeated until they are answered."""

    def __init__(self, pool: HttpPool, key: str) -> None:
        self._pool, self._key = pool, key

    async def answer(self, case: str, text: str) -> None:
        """Reply on a case."""
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Idempotency-Key": secrets.token_hex(16),
        }
        body = json.dumps({"type": "agent_replied", "text": text}).encode()
        while True:
            try:
                done = await self._pool.call("POST", f"/v1/cases/{case}/activity", headers, body)
            except OSError:
                await asyncio.sleep(0.25)
                continue
            if done.status == 202:
                return
            await asyncio.sleep(float(done.headers.get("retry-after", "1")))


async def _chat(
    load: Load, customer: Customer, agents: Agents, began: float, end: float, tasks: list[asyncio.Task[None]]
) -> None:
    """One customer from the first question to the end of the load."""
    clock, random, conversation = asyncio.get_running_loop().time, Random(customer.number), customer.conversation
    await asyncio.sleep(began + random.random() * load.ramp - clock())
    at = clock()
    tasks.append(asyncio.create_task(conversation.run()))
    await conversation.welcomed.wait()
    customer.took["connected"].append(clock() - at)
    at = clock()
    await conversation.asked(type="ask", text="nobody can hear me")
    customer.took["bot's answer"].append(clock() - at)
    decided = conversation.told(lambda frame: frame["type"] == "case" and frame["state"] != "deciding")
    at = clock()
    turns = [{"text": "nobody can hear me"}, {"topic": "microphone"}]
    handed = await conversation.asked(
        type="hand_over", subject=f"Chat {customer.number}", fields=FIELDS, transcript=turns
    )
    customer.took["handed over"].append(clock() - at)
    at = clock()
    assert (await decided)["live"], "the account of this customer chats with people"
    customer.took["decided"].append(clock() - at)
    for number in count():
        pause = random.expovariate(1 / load.pause)
        if clock() + pause > end:
            return
        await asyncio.sleep(pause)
        await _exchange(customer, agents, handed["request_id"], f"{number} in chat {customer.number}")


async def _exchange(customer: Customer, agents: Agents, case: str, text: str) -> None:
    """The customer writes, and an agent answers."""
    clock, conversation = asyncio.get_running_loop().time, customer.conversation
    asked, answered = f"customer {text}", f"agent {text}"
    at = clock()
    customer.sent.append(asked)
    await conversation.asked(type="report", activity={"type": "customer_replied", "text": asked})
    customer.took["delivered"].append(clock() - at)
    seen = conversation.told(lambda frame: frame["type"] == "said" and frame["message"]["text"] == answered)
    at = clock()
    customer.sent.append(answered)
    await agents.answer(case, answered)
    await seen
    customer.took["agent's answer seen"].append(clock() - at)


async def _settled(settings: KafkaSettings, customers: Sequence[Customer]) -> list[str]:
    """What is wrong once every customer has seen all that is in Kafka, or after _SETTLE_SECONDS."""
    deadline = asyncio.get_running_loop().time() + _SETTLE_SECONDS
    while wrong := [*await _wrong(settings, customers)]:
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.5)
    return wrong


async def _wrong(settings: KafkaSettings, customers: Sequence[Customer]) -> list[str]:
    """What Kafka and the customers do not agree on."""
    requests = {
        event.request_id: event.subject async for event in events_in(settings, REQUESTS.name, SupportRequestSubmitted)
    }
    decided = [event.case_id async for event in events_in(settings, CASES.name, CaseRouted)]
    texts: dict[str, dict[str, str]] = defaultdict(dict)  # by case: activity -> text, the first of an id
    async for event in events_in(settings, ACTIVITY.name, ActivityRecorded):
        texts[event.case_id].setdefault(event.activity_id, event.text or "")
    return [*differences(customers, requests, decided, texts)]


def differences(
    customers: Sequence[Customer],
    requests: Mapping[str, str],
    decided: Sequence[str],
    texts: Mapping[str, Mapping[str, str]],
) -> Iterator[str]:
    """What Kafka and the customers do not agree on, in words.

    `requests` are the subjects by id, `decided` the cases, `texts` by case and activity, in the order of the log.
    """
    if len(requests) != len(customers) or len(decided) != len(customers) or len(set(decided)) != len(decided):
        yield f"{len(requests):,} requests and {len(decided):,} decisions of {len(customers):,} conversations"
    for customer in customers:
        conversation, case = customer.conversation, customer.conversation.request_id or ""
        logged = [*texts.get(case, {}).values()]
        seen = [message["text"] for message in conversation.said if message["id"] != case]
        if sorted(logged) != sorted(customer.sent):
            yield f"chat {customer.number}: {len(customer.sent)} messages were written, {len(logged)} are in Kafka"
        if seen != logged:
            yield f"chat {customer.number}: saw {len(seen)} messages of {len(logged)}, or in another order"
        if conversation.doubled:
            yield f"chat {customer.number}: {conversation.doubled} messages came twice"


def as_json(done: Measured) -> dict[str, Any]:
    """All figures: milliseconds, seconds, megabytes."""
    return {
        "chats": done.load.chats,
        "seconds": done.load.seconds,
        "killed": done.load.kill,
        "latency_ms": {step: figures_of(values) for step, values in done.took.items()},
        "connections": done.connections,
        "processes": {name: taken(each) for name, each in done.usage.items()},
        "load": os.getloadavg()[0],
        "wrong": list(done.wrong),
    }


def table(done: Measured) -> str:
    """The figures for people."""
    figures = as_json(done)
    load, written = done.load, 2 * len(done.took["delivered"])
    head = f"{load.chats} chats at once for {load.seconds} s on one intake; killed: {load.kill or 'nothing'}"
    right = f"each conversation and each of {written:,} messages is in Kafka under one id, and was seen once"
    return "\n".join(
        [
            head,
            "",
            *rows_of(figures["latency_ms"], figures["processes"]),
            f"{done.connections:,} connections",
            *(done.wrong or [right]),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
