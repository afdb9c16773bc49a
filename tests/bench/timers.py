"""`python -m tests.bench.timers`: how late timers are on a real Kafka, with the goals of the design beside the figures.

Starts the embedded Kafka, writes open cases into escalation's changelog, and runs escalation as a process of its own.
Some timers are due all the time, and activity arrives all the time. Lateness is from due to readable (read_committed).
Measured are a quiet while, a herd that is due in one instant, and the while after a restart. Every timer has to be
published once and not early, or the exit code is 1. It exits 0 whatever the figures, as machines differ and are busy;
with --strict it exits 1 if a goal is missed by more than a quarter.
"""

import argparse
import asyncio
import logging
import os
import platform
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec
from aiokafka.structs import TopicPartition

from shared.business_time.instants import MINUTE, SECOND, Micros, to_micros
from shared.contracts.topics import ACTIVITY, ESCALATION_STORES, ESCALATIONS, changelog
from shared.embedded_kafka.broker import EmbeddedKafka
from shared.kafka.consumer import Consumer
from shared.kafka.partitioning import partition_for
from shared.kafka.producer import Producer
from shared.kafka.record import Headers
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics
from shared.sla import case_state
from shared.sla.packing import pack_id
from shared.wall_clock import utc_now
from tests.harness.service_process import ServiceProcess, service_process
from tests.topology.escalation.desk import TaskDesk, as_record

GOALS = {"p99": 30.0, "p99.9": 60.0, "herd": 3_000.0, "inputs": 200.0}  # milliseconds
TOLERANCE = 0.25
_QUIET, _AFTER_HERD, _AFTER_RESTART = 20, 25, 20  # seconds
_BATCH = 2_000
_EDITIONS = "editions"  # the store of the editions that cases pin


@dataclass(frozen=True)
class Plan:
    """What is open, and when it is due (microseconds since 1970 UTC)."""

    base: Micros
    far: list[str]
    steady: dict[str, Micros]
    herd: dict[str, Micros]

    @property
    def herd_at(self) -> Micros:
        """When the herd is due."""
        return self.base + _QUIET * SECOND

    @property
    def restart_at(self) -> Micros:
        """When escalation is ended and started again."""
        return self.herd_at + _AFTER_HERD * SECOND


@dataclass
class Seen:
    """What a reader of committed records has received: for each case the instants, in order."""

    arrivals: dict[str, list[Micros]] = field(default_factory=dict)
    sent: dict[str, Micros] = field(default_factory=dict)  # when the activity of a case was sent

    def lateness(self, due: dict[str, Micros], since: Micros, until: Micros) -> list[float]:
        """Milliseconds from due to readable, of the timers that are due in the span."""
        return sorted(
            (self.arrivals[case][0] - at) / 1000
            for case, at in due.items()
            if since <= at < until and case in self.arrivals
        )

    def inputs(self, since: Micros, until: Micros) -> list[float]:
        """Milliseconds from sending an activity to its event, of those sent in the span."""
        return sorted(
            (self.arrivals[case][0] - at) / 1000
            for case, at in self.sent.items()
            if since <= at < until and case in self.arrivals
        )


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench.timers", description=__doc__)
    parser.add_argument("--open", type=int, default=1_000_000, help="cases that are open (%(default)s)")
    parser.add_argument("--herd", type=int, default=100_000, help="timers that are due in one instant (%(default)s)")
    parser.add_argument("--rate", type=int, default=500, help="other timers, and activities, a second (%(default)s)")
    parser.add_argument("--margin", type=int, help="seconds for a start with these cases (20 and 1 for each 40,000)")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a goal is missed by more than a quarter")
    options = parser.parse_args(arguments)
    if options.open < 200 * options.rate or options.rate % 100:
        parser.error("--rate has to be a multiple of 100, and --open at least 200 times as many")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it logs each retry while topics get their leaders
    margin = options.margin or 20 + options.open // 40_000
    plan, seen, ready = asyncio.run(_measured(options.open, options.herd, options.rate, margin))
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {load}; escalation is one process")
    print(f"{options.open:,} open cases, {options.rate} timers and as many activities a second; milliseconds\n")
    missed = _print_figures(plan, seen, ready)
    wrong = list(_wrong(plan, seen))
    print()
    print("\n".join(wrong) or f"{len(plan.steady) + len(plan.herd):,} timers: none lost, doubled or early")
    return 1 if wrong or (options.strict and missed) else 0


async def _measured(opened: int, herd: int, rate: int, margin: int) -> tuple[Plan, Seen, Micros]:
    async with EmbeddedKafka() as kafka:
        settings = KafkaSettings(kafka_bootstrap=kafka.bootstrap)
        await apply_topics(settings)
        random, made = Random(1), utc_now()
        far = [random.randbytes(16).hex() for _ in range(opened)]
        desk = TaskDesk()
        await _seed(settings, desk, {case: to_micros(made) + random.randrange(25, 40) * MINUTE for case in far})
        plan = _plan(random, far, herd, rate, margin)
        await _seed(settings, desk, plan.steady | plan.herd, editions=True)
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "escalation.log"
            async with service_process("escalation", log, FRONTLINE_KAFKA_BOOTSTRAP=kafka.bootstrap) as escalation:
                return await _run(settings, escalation, plan, desk, rate, margin)


def _plan(random: Random, far: list[str], herd: int, rate: int, margin: int) -> Plan:
    # A start takes the margin, and so does the restart.
    base = to_micros(utc_now()) + (margin + (herd + rate * 200) // 50_000) * SECOND
    seconds = _QUIET + _AFTER_HERD + margin + _AFTER_RESTART
    steady = {random.randbytes(16).hex(): base + n * SECOND // rate for n in range(rate * seconds)}
    return Plan(base, far, steady, {random.randbytes(16).hex(): base + _QUIET * SECOND for _ in range(herd)})


async def _seed(settings: KafkaSettings, desk: TaskDesk, due: dict[str, Micros], *, editions: bool = False) -> None:
    """Write cases whose first timer is due at these instants, as escalation itself would have written them."""
    template, first = _template(desk)
    producer = Producer(settings, client_id="bench", linger_ms=0, max_batch_size=1024 * 1024)
    await producer.start()
    try:
        cases = changelog("escalation", case_state.STORE).name
        by_partition: dict[int, list[tuple[bytes, bytes]]] = {number: [] for number in range(settings.partitions)}
        for number, (case, at) in enumerate(due.items(), 1):
            state = msgspec.structs.replace(template, opened_at=at - first)
            place = by_partition[partition_for(case.encode(), settings.partitions)]
            place.append((pack_id(case), case_state.encode(state, at)))
            if number % (_BATCH * settings.partitions) == 0 or number == len(due):
                await _write(producer, cases, by_partition)
            if number % 100_000 == 0 or number == len(due):
                print(f"{number:,} of {len(due):,} cases written", file=sys.stderr)
        if editions:
            saved = list(desk.driver.contents(_EDITIONS).items())
            topic = changelog("escalation", _EDITIONS).name
            await _write(producer, topic, {number: list(saved) for number in range(settings.partitions)})
    finally:
        await producer.stop()


def _template(desk: TaskDesk) -> tuple[case_state.CaseState, Micros]:
    """A case whose target counts elapsed time, and how long after its opening its first timer is due."""
    if not desk.driver.changelogs[case_state.STORE]:
        desk.opens("0" * 32, plan="premier_plus", impact="down")
    (value,) = desk.driver.contents(case_state.STORE).values()
    state, due = case_state.decode(value), case_state.due_of(value)
    assert due is not None
    assert set(ESCALATION_STORES) >= {case_state.STORE, _EDITIONS}
    return state, due - state.opened_at


async def _write(producer: Producer, topic: str, records: dict[int, list[tuple[bytes, bytes]]]) -> None:
    """Write the records of each partition, and empty the lists."""
    futures = []
    for partition, entries in records.items():
        batch = producer.create_batch()
        for key, value in entries:
            while batch.append(timestamp=None, key=key, value=value, headers=[]) is None:
                futures.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
        if entries:
            futures.append(await producer.send_batch(batch, topic, partition=partition))
        entries.clear()
    await asyncio.gather(*futures)


async def _run(
    settings: KafkaSettings, escalation: ServiceProcess, plan: Plan, desk: TaskDesk, rate: int, margin: int
) -> tuple[Plan, Seen, Micros]:
    seen = Seen()
    consumer = Consumer(settings, client_id="bench-reader", isolation_level="read_committed", fetch_max_wait_ms=5)
    await consumer.start()
    reading = asyncio.create_task(_read(consumer, settings, seen))
    try:
        began = to_micros(utc_now())
        await escalation.start()
        await escalation.until("/readyz", 200, margin * 2.0)
        took = (to_micros(utc_now()) - began) / SECOND
        if to_micros(utc_now()) > plan.base:
            raise SystemExit(f"escalation was ready after {took:.0f} s: give a larger --margin than {margin}")
        print(f"ready after {took:.1f} s", file=sys.stderr)
        sending = asyncio.create_task(_send(settings, seen, plan, desk, rate))
        await _until(plan.restart_at)
        await escalation.terminate()
        await escalation.start()
        await escalation.until("/readyz", 200, margin * 2.0)
        ready = to_micros(utc_now())
        print(f"ready again {(ready - plan.restart_at) / SECOND:.1f} s after the restart began", file=sys.stderr)
        await sending
        await _until(max(plan.steady.values()) + 10 * SECOND)
    finally:
        reading.cancel()
        await asyncio.wait([reading])
        await consumer.stop()
    return plan, seen, ready


async def _read(consumer: Consumer, settings: KafkaSettings, seen: Seen) -> None:
    places = [TopicPartition(ESCALATIONS.name, number) for number in range(settings.partitions)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    while True:
        fetched = await consumer.getmany(timeout_ms=100)
        now = to_micros(utc_now())
        for records in fetched.values():
            for record in records:
                seen.arrivals.setdefault((record.key or b"").decode(), []).append(now)
        await asyncio.sleep(0)


async def _send(settings: KafkaSettings, seen: Seen, plan: Plan, desk: TaskDesk, rate: int) -> None:
    """Reply to cases that are due much later, at a steady rate, over the restart too."""
    producer = Producer(settings, client_id="bench-activity", linger_ms=0)
    await producer.start()
    try:
        cases = iter(plan.far)
        for tick in range((max(plan.steady.values()) - plan.base) // SECOND * 100):
            await _until(plan.base + tick * SECOND // 100)
            now = utc_now()
            by_partition: dict[int, list[tuple[bytes, bytes, Headers]]] = {}
            for _ in range(rate // 100):
                case = next(cases)
                activity = desk.activity("agent_replied", case, at=now, recorded_at=now, activity_id=uuid.uuid4().hex)
                value, headers = as_record(ACTIVITY, case, activity)
                by_partition.setdefault(partition_for(case.encode(), settings.partitions), []).append(
                    (case.encode(), value, headers)
                )
                seen.sent[case] = to_micros(now)
            for partition, records in by_partition.items():
                batch = producer.create_batch()
                for key, value, headers in records:
                    batch.append(timestamp=None, key=key, value=value, headers=list(headers))
                await producer.send_batch(batch, ACTIVITY.name, partition=partition)
    finally:
        await producer.stop()


async def _until(instant: Micros) -> None:
    await asyncio.sleep(max(0.0, (instant - to_micros(utc_now())) / SECOND))


def _print_figures(plan: Plan, seen: Seen, ready: Micros) -> bool:
    """The table; returns whether a goal is missed by more than the tolerance."""
    drained = (max(times[0] for case in plan.herd if (times := seen.arrivals.get(case))) - plan.herd_at) / 1000
    calm = plan.herd_at + int(drained * 1000)
    spans = {
        "timers before the herd": seen.lateness(plan.steady, plan.base, plan.herd_at),
        "timers while the herd drains": seen.lateness(plan.steady, plan.herd_at, calm),
        "timers right after a restart": seen.lateness(plan.steady, ready, ready + _AFTER_RESTART * SECOND),
        "inputs before the herd": seen.inputs(plan.base, plan.herd_at),
        "inputs while the herd drains": seen.inputs(plan.herd_at, calm),
    }
    print(f"{'':<30}{'number':>8}{'p50':>10}{'p99':>10}{'p99.9':>10}{'max':>10}  goal")
    missed = False
    for name, values in spans.items():
        if not values:
            print(f"{name:<30}{0:>8}")
            continue
        figures = {"p50": _at(values, 0.5), "p99": _at(values, 0.99), "p99.9": _at(values, 0.999), "max": values[-1]}
        goals = _goals(name)
        missed = missed or any(figures[each] > goal * (1 + TOLERANCE) for each, goal in goals.items())
        words = ", ".join(
            f"{each} <= {goal:g} {'met' if figures[each] <= goal else 'missed'}" for each, goal in goals.items()
        )
        print(f"{name:<30}{len(values):>8}" + "".join(f"{value:>10,.1f}" for value in figures.values()) + f"  {words}")
    goal = GOALS["herd"]
    print(
        f"{'the herd drains in':<30}{len(plan.herd):>8}{'':>30}{drained:>10,.1f}  <= {goal:g} "
        f"{'met' if drained <= goal else 'missed'}"
    )
    return missed or drained > goal * (1 + TOLERANCE)


def _goals(name: str) -> dict[str, float]:
    if name == "inputs while the herd drains":
        return {"p99": GOALS["inputs"]}
    return {each: GOALS[each] for each in ("p99", "p99.9")} if name in _PUNCTUAL else {}


_PUNCTUAL = ("timers before the herd", "timers right after a restart")


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def _wrong(plan: Plan, seen: Seen) -> Iterator[str]:
    """What was lost, doubled or early, counted."""
    found = Counter[str]()
    for case, due in (plan.steady | plan.herd).items():
        arrivals = seen.arrivals.get(case, [])
        found["lost"] += not arrivals
        found["doubled"] += len(arrivals) > 1
        found["early"] += bool(arrivals) and arrivals[0] <= due
    found["activities without an event"] = sum(case not in seen.arrivals for case in seen.sent)
    return (f"{number:,} {what}" for what, number in found.items() if number)


if __name__ == "__main__":
    sys.exit(main())
