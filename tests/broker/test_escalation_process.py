"""Escalation as it runs: a process on a real Kafka with targets of seconds, killed in the middle, and nothing twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import CaseRouted, Event
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, Topic, dead_letter
from shared.kafka import dead_letters, serde
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings, load
from shared.kafka.topic_admin import apply_topics
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition
from shared.wall_clock import utc_now
from tests.harness.service_process import ServiceProcess, service_process
from tests.topology.escalation.desk import TaskDesk

# The broker may be shared with tests that route cases by the editions that ship.
SHIPPED = "guidelines-2021,objectives-2024"
SECONDS = {"first_response": 2, "restoration": 4}
EDITION = """\
edition: seconds
extends: guidelines-2021
effective_from: "2022-01-01T00:00:00Z"
targets:
""" + "".join(
    f"  - {{plans: [premier, premier_plus], priorities: [P1], milestone: {milestone}, target_seconds: {seconds},"
    " hours: elapsed, promise: objective}\n"
    for milestone, seconds in SECONDS.items()
)
SETTLE_SECONDS = 60.0
UNANSWERED = {
    "premier_plus": ("started", "warned", "breached", "raised 1", "raised 2"),
    "premier": ("started", "warned", "breached", "suppressed 1"),
    "access": (),
}


Events = list[tuple[str, Any]]  # (id, event), in order for each case


class Log:
    """What this test writes and reads; its ids carry its own mark."""

    def __init__(self, producer: AIOKafkaProducer, reader: AIOKafkaConsumer, bootstrap: str, edition: Path) -> None:
        self.bootstrap = bootstrap
        self.mark = uuid4().hex[:12]
        self.edition = edition
        self._producer = producer
        self._reader = reader
        self._desk = TaskDesk(EditionLibrary.single(load_edition(edition)))
        self._written = 0
        self._said: Events = []
        self._dead_lettered: list[DeadLetter] = []

    async def opens(self, number: int, **given: Any) -> str:
        """A case is routed that was received now; returns its id."""
        case_id = f"{self.mark}{number:020x}"
        await self.write(CASES, case_id, self._desk.case(case_id, **({"received_at": utc_now()} | given)))
        return case_id

    async def record_activity(self, case_id: str, kind: str, **given: Any) -> None:
        """Somebody does something to a case now."""
        now = utc_now()
        self._written += 1
        usual = {"activity_id": f"{self.mark}{self._written:020x}", "at": now, "recorded_at": now}
        await self.write(ACTIVITY, case_id, self._desk.activity(kind, case_id, **(usual | given)))

    async def write(self, topic: Topic, key: str, event: Event) -> None:
        """One event, acknowledged."""
        envelope = serde.Envelope(uuid4().hex, "/test", type_of(event), utc_now(), key, None)
        output = serde.to_output(topic, key, envelope, wire.encode(event))
        await self._producer.send_and_wait(output.topic, output.value, output.key, headers=list(output.headers))

    async def until(self, enough: Callable[[Events], bool]) -> Events:
        """What was committed about this test's cases, once that is enough."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while not enough(self._said):
                await self._read()
        return self._said

    async def to_the_end(self) -> tuple[Events, list[DeadLetter]]:
        """Everything committed so far, and what was dead-lettered."""
        ends = await self._reader.end_offsets(self._reader.assignment())
        while any([await self._reader.position(place) < end for place, end in ends.items()]):
            await self._read()
        return self._said, self._dead_lettered

    async def _read(self) -> None:
        for batch in (await self._reader.getmany(timeout_ms=100)).values():
            for r in batch:
                record = Record.of(r.topic, r.partition, r)
                if self.mark.encode() not in (record.key or b""):
                    continue
                if record.topic == ESCALATIONS.name:
                    envelope, event = serde.decode(record)
                    self._said.append((envelope.id, event))
                else:
                    self._dead_lettered.append(dead_letters.parse(record.key, record.value, record.headers))


@pytest_asyncio.fixture
async def log(bootstrap: str, tmp_path: Path) -> AsyncIterator[Log]:
    """The broker with the topics of the registry, and an edition of seconds."""
    edition = tmp_path / "seconds.yaml"
    edition.write_text(EDITION)
    settings = load(KafkaSettings, kafka_bootstrap=bootstrap)
    await apply_topics(settings)
    topics = (ESCALATIONS, dead_letter(CASES), dead_letter(ACTIVITY))
    async with (
        AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer,
        AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed") as reader,
    ):
        reader.assign([TopicPartition(topic.name, p) for topic in topics for p in range(settings.partitions)])
        await reader.seek_to_beginning()
        yield Log(producer, reader, bootstrap, edition)


@pytest_asyncio.fixture
async def escalation(log: Log, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """Escalation on that broker, not started."""
    async with service_process(
        "escalation",
        tmp_path / "escalation.log",
        FRONTLINE_KAFKA_BOOTSTRAP=log.bootstrap,
        FRONTLINE_POLICIES=f"{SHIPPED},{log.edition}",
    ) as process:
        yield process


def words(event: Any) -> str:
    """An event without its milestone."""
    kind: str = event.TYPE.split(".")[2]
    return f"{kind} {event.level}" if kind in ("raised", "suppressed") else kind


def count(events: Events, *kinds: str) -> int:
    """How many events of those kinds there are."""
    return sum(words(event) in kinds for _, event in events)


async def test_escalation_killed_in_the_middle_publishes_everything_once(log: Log, escalation: ServiceProcess) -> None:
    """kill -9 while warnings and breaches fire: one event for each clock and level, ascending, none early."""
    await escalation.start()
    await escalation.until("/readyz", 200)
    plans: dict[str, str] = {}

    async def routed() -> None:
        for number, plan in zip(range(90), cycle(UNANSWERED), strict=False):
            plans[await log.opens(number, plan=plan)] = plan
            await asyncio.sleep(0.05)  # so that timers are due all the time

    routing = asyncio.create_task(routed())
    await log.until(lambda events: count(events, "breached") > 5)
    await escalation.kill()
    await escalation.start()
    await routing
    expected = Counter(
        (case_id, milestone, kind)
        for case_id, plan in plans.items()
        for milestone in SECONDS
        for kind in UNANSWERED[plan]
    )
    await log.until(lambda events: len(events) >= expected.total())
    assert await escalation.terminate() == 0

    events, dead_lettered = await log.to_the_end()
    assert Counter((event.case_id, event.milestone, words(event)) for _, event in events) == expected
    assert len({event_id for event_id, _ in events}) == len(events)
    for clock in {(event.case_id, event.milestone) for _, event in events}:
        of_clock = [event for _, event in events if (event.case_id, event.milestone) == clock]
        assert [words(event) for event in of_clock] == list(UNANSWERED[plans[clock[0]]])
        assert all(event.at < event.observed_at for event in of_clock[1:])
    assert dead_lettered == []


async def test_replies_count_before_and_after_a_restart(log: Log, escalation: ServiceProcess) -> None:
    """Answered before the case was known, in time, and while the task was down: the verdict is by event time."""
    early, opened = f"{log.mark}{1:020x}", utc_now()
    await log.record_activity(early, "agent_replied", at=opened, recorded_at=opened)
    await log.opens(1, received_at=opened)
    prompt, meanwhile = await log.opens(2), await log.opens(3)
    await log.record_activity(prompt, "agent_replied")
    await escalation.start()
    await log.until(lambda events: count(events, "started") == 6 and count(events, "fulfilled") == 2)
    await escalation.kill()
    down = utc_now()
    await log.record_activity(meanwhile, "agent_replied", at=down, recorded_at=down)
    for case_id in (early, prompt, meanwhile):
        await log.record_activity(case_id, "restored", at=down, recorded_at=down)
    await escalation.start()
    events = await log.until(lambda events: count(events, "fulfilled") == 6)
    verdicts = {(event.case_id, event.milestone): event.met for _, event in events if words(event) == "fulfilled"}
    starts = {(event.case_id, event.milestone): event.at for _, event in events if words(event) == "started"}
    for clock, met in verdicts.items():
        replied = down if clock[0] == meanwhile or clock[1] == "restoration" else opened
        assert met == (replied - starts[clock] <= timedelta(seconds=SECONDS[clock[1]]))
    await asyncio.wait_for(escalation.terminate(), SETTLE_SECONDS)
    assert (await log.to_the_end())[1] == []


async def test_what_was_acknowledged_counts_or_is_found_among_the_dead_letters(
    log: Log, escalation: ServiceProcess
) -> None:
    """A reply dated by a clock that is behind counts; of two contents under one key the second is dead-lettered, also
    where escalation was killed between them."""
    case_id = await log.opens(1)
    behind = utc_now() - timedelta(seconds=5)
    await log.record_activity(case_id, "agent_replied", at=behind, recorded_at=behind, activity_id=f"{log.mark}-t1")
    await escalation.start()
    await log.until(lambda events: count(events, "fulfilled") == 1)
    await escalation.kill()
    await log.record_activity(case_id, "agent_replied", at=behind, recorded_at=behind, activity_id=f"{log.mark}-t1")
    await log.record_activity(case_id, "closed", activity_id=f"{log.mark}-t1", activity_digest="of another body")
    await log.record_activity(case_id, "restored")
    await escalation.start()
    events = await log.until(lambda events: count(events, "fulfilled") == 2)
    assert [
        event.met for _, event in events if event.milestone == "first_response" and words(event) == "fulfilled"
    ] == [True]
    await asyncio.wait_for(escalation.terminate(), SETTLE_SECONDS)
    events, dead_lettered = await log.to_the_end()
    assert [each.cause for each in dead_lettered] == ["conflict"]
    assert count(events, "cancelled") == 0


async def test_open_cases_keep_their_edition_when_it_is_no_longer_configured(
    log: Log, escalation: ServiceProcess, tmp_path: Path
) -> None:
    """The saved edition comes back from the changelog, and its levels and priorities still apply."""
    await escalation.start()
    case_id = await log.opens(1)
    await log.until(lambda events: count(events, "started") == 2)
    assert await escalation.terminate() == 0
    async with service_process(
        "escalation",
        tmp_path / "without.log",
        FRONTLINE_KAFKA_BOOTSTRAP=log.bootstrap,
        FRONTLINE_POLICIES=SHIPPED,
    ) as without:
        await without.start()
        await log.until(lambda events: count(events, "raised 2") == 2)
        await log.record_activity(case_id, "reprioritised", impact="general")
        events = await log.until(lambda events: count(events, "cancelled") == 2)
    assert {event.priority for _, event in events} == {"P1", "P3"}


async def test_timers_of_an_idle_task_fire_within_a_moment(log: Log, escalation: ServiceProcess) -> None:
    """Far below a second from due to committed, or the task sleeps in the wrong place; the metrics say so too."""
    await escalation.start()
    await escalation.until("/readyz", 200)
    await log.opens(1)
    events = await log.until(lambda events: len(events) == 10)
    late = [event.observed_at - event.at for _, event in events if words(event) != "started"]
    assert timedelta(0) < min(late)
    assert sorted(late)[len(late) // 2] < timedelta(seconds=0.5), late
    metrics = (await escalation.until("/metrics", 200)).text
    assert 'frontline_timers_due_but_unfired{service="escalation"' in metrics
    assert "frontline_timer_fired_late_seconds_count" in metrics


async def test_escalation_reports_what_is_wrong_and_ends(log: Log, escalation: ServiceProcess, tmp_path: Path) -> None:
    """Settings that cannot be meant are an exit code and one line each, before anything is started."""
    async with service_process(
        "escalation", tmp_path / "wrong.log", FRONTLINE_POLICIES="nowhere", FRONTLINE_OVERDUE_ALARM_SECONDS="0"
    ) as wrong:
        await wrong.start()
        assert await wrong.ended() == 2
        assert "FRONTLINE_OVERDUE_ALARM_SECONDS" in wrong.log.read_text()


def test_the_case_of_this_test_is_routed_by_its_edition(tmp_path: Path) -> None:
    """Targets of seconds, or the other tests would wait for hours."""
    edition = tmp_path / "seconds.yaml"
    edition.write_text(EDITION)
    case: CaseRouted = TaskDesk(EditionLibrary.single(load_edition(edition))).case(
        received_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    due = case.milestones["first_response"].due_at
    assert due == case.received_at + timedelta(seconds=SECONDS["first_response"])
