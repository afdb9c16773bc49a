"""`python -m tests.bench.intake_load`: submissions at a steady rate on one intake, and what of them is in Kafka.

Starts the whole system as `frontline up` does, on a Kafka of its own, with the settings that ship. Submissions arrive
at random instants, at a rate that does not depend on the answers: a quarter with an API key, a quarter with people's
tokens, half by the form of the pages. Latency is from the instant at which a submission was meant to begin to its
answer, waits and repetitions included. With --kill a process is killed (kill -9) in the middle, and started again as
`frontline up` does; calls are repeated until they are answered. At the end one submission of ten is sent once more
and must get the same id, and each accepted request must be in Kafka, under one id, and decided once, or the exit code
is 1.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from shared.kafka.settings import KafkaSettings
from tests.bench.intake_account import Account, account_of
from tests.bench.intake_clients import KINDS, Clients, Outcome, Portal, Prepared
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
from tests.harness.http_pool import HttpPool
from tests.harness.up import Up
from tests.harness.usage import Usage

SENT_AGAIN = 10  # one submission of so many is sent once more at the end
CONNECTIONS = 400  # fewer than intake gives one address where `ulimit -n` is 1,024


@dataclass(frozen=True)
class Load:
    """What is sent: so many submissions a second for so many seconds, and what is killed in the middle.

    Before that, it is sent for as many seconds of `warm_up`, whose latencies do not count.
    """

    rate: int = 200
    seconds: int = 60
    kill: str | None = None
    warm_up: int = 5

    @property
    def people(self) -> int:
        """Each sends some 20 a minute: the rate that a host application has if it says nothing is 60."""
        return max(4, self.rate * 9 // 4)


@dataclass(frozen=True)
class Measured:
    """What was measured. Seconds of the loop's clock; `killed_at` None: nothing was killed.

    `other_ids`: how many submissions were sent once more at the end and got another id than before.
    """

    load: Load
    outcomes: Sequence[Outcome]
    began: float
    killed_at: float | None
    usage: dict[str, Usage]
    client_cpu_seconds: float
    account: Account
    other_ids: int = 0

    @property
    def wrong(self) -> list[str]:
        """What was lost or counted twice. A request may be written again under its id only if a call was repeated."""
        found = list(self.account.wrong(self.outcomes, once=not any(each.failed for each in self.outcomes)))
        return [*found, *([f"{self.other_ids:,} submissions sent again got another id"] if self.other_ids else [])]

    @property
    def outage(self) -> float | None:
        """Seconds from the kill until a submission that began after it was accepted."""
        if self.killed_at is None:
            return None
        after = [each.ended for each in self.outcomes if each.intended > self.killed_at and each.request_id is not None]
        return min(after, default=float("inf")) - self.killed_at

    def latencies(self, kind: str | None = None) -> list[float]:
        """Milliseconds of the submissions of that kind, or of all, that were answered; without those of the warm-up."""
        counted = (each for each in self.outcomes if each.intended >= self.began and kind in (None, each.kind))
        return sorted((each.ended - each.intended) * 1000 for each in counted)

    def late_starts(self) -> list[float]:
        """Milliseconds by which the client itself began late: where that is much, the machine measures the client."""
        return sorted((each.began - each.intended) * 1000 for each in self.outcomes if each.intended >= self.began)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench.intake_load", description=__doc__)
    parser.add_argument("--rate", type=int, default=Load.rate, help="submissions a second (%(default)s)")
    parser.add_argument("--seconds", type=int, default=Load.seconds, help="how long (%(default)s)")
    parser.add_argument("--kill", choices=VICTIMS, help="what is killed in the middle; it is started again")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of the table")
    options = parser.parse_args(arguments)
    done = until_stopped(measured(Load(options.rate, options.seconds, options.kill)))
    if done is None:
        return STOPPED
    print(json.dumps(as_json(done)) if options.json else table(done))
    return 1 if done.wrong else 0


async def measured(load: Load, *options: str, namespace: str = "") -> Measured:
    """Run the system under that load until everything is decided. `options` are those of `frontline up`."""
    portal = Portal(load.people)
    async with system(portal, namespace, *options) as (up, ready):
        return await _under_load(load, up, ready, portal, namespace)


async def _under_load(load: Load, up: Up, ready: dict[str, Any], portal: Portal, namespace: str) -> Measured:
    clock, usage = asyncio.get_running_loop().time, {name: Usage() for name in PROCESSES}
    async with HttpPool(ready["intake_url"], CONNECTIONS) as pool:
        clients = Clients(pool, ready["intake_url"], ready["admin_key"], portal)
        await clients.open_forms()
        print(f"sending {load.rate} submissions a second for {load.seconds} s", file=sys.stderr)
        first = clock() + 0.5
        began = first + load.warm_up
        killing = asyncio.create_task(killed(load.kill, ready, began + load.seconds / 2))
        cpu = os.times()
        sent = await watched(_send(clients, load, first), up, usage, began)
        outcomes = [outcome for _, outcome in sent]
        client_cpu = sum(os.times()[:2]) - sum(cpu[:2])
        killed_at = await killing
        other_ids = await _send_again(clients, sent[::SENT_AGAIN])
    if killed_at is not None:
        await up.ready(but_not=ready)
    look_at(up, usage)
    settings = KafkaSettings(kafka_bootstrap=ready["bootstrap"], namespace=namespace)
    account = await account_of(settings, outcomes)
    return Measured(load, outcomes, began, killed_at, usage, client_cpu, account, other_ids)


async def _send(clients: Clients, load: Load, first: float) -> list[tuple[Prepared, Outcome]]:
    """Begin each submission at its instant, whatever has become of those before; returns when all are answered."""
    clock, random = asyncio.get_running_loop().time, Random(load.rate)
    calls: list[Prepared] = []
    sending: list[asyncio.Task[Outcome]] = []
    intended, end = first, first + load.warm_up + load.seconds
    while intended < end:
        await asyncio.sleep(intended - clock())
        calls.append(clients.prepared(len(calls)))
        sending.append(asyncio.create_task(clients.send(calls[-1], intended)))
        intended += random.expovariate(load.rate)
    return list(zip(calls, await asyncio.gather(*sending), strict=True))


async def _send_again(clients: Clients, sent: Sequence[tuple[Prepared, Outcome]]) -> int:
    """Send each of these once more, as a client does that has not seen the answer. Returns how many got another id."""
    now = asyncio.get_running_loop().time()
    again = await asyncio.gather(*(clients.send(call, now) for call, _ in sent))
    return sum(new.request_id != outcome.request_id for new, (_, outcome) in zip(again, sent, strict=True))


def as_json(done: Measured) -> dict[str, Any]:
    """All figures: milliseconds, seconds, megabytes."""
    accepted = sum(each.request_id is not None for each in done.outcomes)
    failed = sum((each.failed for each in done.outcomes), Counter[str]())
    return {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()[0]},
        "rate": done.load.rate,
        "seconds": done.load.seconds,
        "killed": done.load.kill,
        "latency_ms": {kind: figures_of(done.latencies(kind)) for kind in KINDS}
        | {"all": figures_of(done.latencies())},
        "late_start_ms": figures_of(done.late_starts()),
        "accepted": accepted,
        "refused": len(done.outcomes) - accepted,
        "attempts_repeated": dict(failed),
        "outage_seconds": None if done.outage is None else round(done.outage, 2),
        "records_repeated": done.account.repeated,
        "processes": {name: taken(each) for name, each in done.usage.items()},
        "client_cpu_seconds": round(done.client_cpu_seconds, 2),
        "wrong": done.wrong,
    }


def table(done: Measured) -> str:
    """The figures for people."""
    figures = as_json(done)
    machine, processes = figures["machine"], figures["processes"]
    lines = [
        f"Python {machine['python']}, {machine['cores']} cores, load {machine['load']:.1f}; one intake, one Kafka",
        f"{done.load.rate} submissions a second for {done.load.seconds} s; killed: {done.load.kill or 'nothing'}",
        "",
    ]
    latencies = {**figures["latency_ms"], "how late the client began": figures["late_start_ms"]}
    lines += rows_of(latencies, processes)
    lines += [f"{'the client':<28}{figures['client_cpu_seconds']:>8.1f}", ""]
    if done.outage is not None:
        lines.append(f"{done.outage:.1f} s from the kill to the next answer")
    repeated = ", ".join(f"{count:,} x {reason}" for reason, count in figures["attempts_repeated"].items())
    lines.append(f"attempts that were repeated: {repeated or 'none'}; records written again: {done.account.repeated}")
    right = f"{figures['accepted']:,} accepted: each in Kafka under one id, each decided once"
    return "\n".join([*lines, *(done.wrong or [right])])


if __name__ == "__main__":
    sys.exit(main())
