"""Topics that are deleted and created again, or grown, while the system runs: what is acknowledged is read.

The tests of the whole system have a broker of their own, since they delete and grow topics of the registry.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.cli.topics import app
from shared.contracts.topics import ACTIVITY, changelog
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output
from shared.kafka.settings import KafkaSettings
from shared.streams.accept_topic import AcceptedLoss, accept_loss
from shared.streams.positions import Committed, Offsets
from shared.streams.task_state import OFFSETS_KEY
from shared.streams.transaction import KafkaTransactions, Transactions
from shared.wall_clock import utc_now
from tests.broker.test_takeover import delete_records
from tests.harness.faults import Fault, FaultyTransactions, Plan
from tests.harness.intake import Intake, running_intake, topics_at
from tests.harness.rig import Rig, Running, eventually
from tests.harness.service_process import ServiceProcess, service_process
from tests.harness.topic_surgery import delete, grow, recreate

NOTICED = 10.0  # seconds within which no service may say any more that it is ready
OLD, NEW = 16, 42  # records before and after


def _checks(running: Running) -> str:
    return str(running.readiness.report())


async def test_a_task_never_goes_on_at_an_old_offset_of_a_topic_that_was_created_again(rig: Rig) -> None:
    """The new log may be longer than the old position: the records below it would be skipped without a word."""
    running = rig.start(topics=rig.topics)
    await rig.produce(rig.second, [("a", b"")] * OLD)
    await rig.read(rig.sink, OLD)
    await recreate(rig.settings, rig.second)
    await eventually(lambda: f"{rig.second.name} was deleted and created again" in _checks(running), NOTICED)
    assert not running.readiness.ready
    await eventually(lambda: not running.runtime.tasks)
    await rig.produce(rig.second, [("a", b"")] * NEW)
    await running.stop()

    restarted = rig.start(topics=rig.topics)
    await eventually(lambda: f"TopicRecreated: {rig.second.name}[" in _checks(restarted))
    assert not restarted.readiness.ready
    assert len(await rig.read(rig.sink)) == OLD

    await accept_loss(rig.settings, rig.second, rig.service, rig.stores)
    await restarted.ready(2)
    counts = [record.value for record in await rig.read(rig.sink, OLD + NEW)]
    assert counts == [str(number).encode() for number in range(1, OLD + NEW + 1)]


async def test_accepting_a_topic_twice_never_rewinds_a_task(rig: Rig) -> None:
    """An operator who is not sure whether it was done does it again."""
    running = rig.start(topics=rig.topics)
    await rig.produce(rig.second, [("a", b"")] * OLD)
    await rig.read(rig.sink, OLD)
    await running.stop()
    await recreate(rig.settings, rig.second)
    await rig.produce(rig.second, [("a", b"")] * NEW)
    used = partition_for(b"a", 2)
    assert await accept_loss(rig.settings, rig.second, rig.service, rig.stores) == [AcceptedLoss(used, None, 0)]
    second = rig.start(topics=rig.topics)
    await rig.read(rig.sink, OLD + NEW)
    await second.stop()
    assert await accept_loss(rig.settings, rig.second, rig.service, rig.stores) == []
    third = rig.start(topics=rig.topics)
    await third.ready(2)
    assert len(await rig.read(rig.sink)) == OLD + NEW


@pytest.mark.parametrize("way", ["retention has overtaken", "the log is shorter"])
async def test_a_lost_position_is_accepted_and_stays_accepted_over_a_restart(rig: Rig, way: str) -> None:
    """The task stops by name and names the command. What can be read is read, once: also after a restart, when the
    changelogs still have the positions from before.
    """
    running = rig.start(topics=rig.topics)
    await rig.produce(rig.second, [("a", b"timer 3600")] + [("a", b"")] * OLD)
    await rig.read(rig.sink, OLD)
    await running.stop()
    partition, read = partition_for(b"a", 2), OLD + 1
    if way == "retention has overtaken":
        await rig.produce(rig.second, [("a", b"")] * 5)
        await delete_records(rig, rig.second, partition, read + 2)
        loss, unread = AcceptedLoss(partition, read, read + 2), 3
    else:
        await _set_positions(rig, partition, read + 10)  # as if ten more records had been read
        loss, unread = AcceptedLoss(partition, read + 10, read), 0
    stopped = rig.start(topics=rig.topics)
    await eventually(lambda: f"`frontline topics accept {rig.second.name}`" in _checks(stopped))
    assert await accept_loss(rig.settings, rig.second, rig.service, rig.stores, dry_run=True) == [loss]
    assert await accept_loss(rig.settings, rig.second, rig.service, rig.stores) == [loss]
    await stopped.ready(2)
    await rig.produce(rig.second, [("a", b"")] * NEW)
    await rig.read(rig.sink, OLD + unread + NEW)
    await stopped.stop()
    assert await accept_loss(rig.settings, rig.second, rig.service, rig.stores) == []
    again = rig.start(topics=rig.topics)
    await again.ready(2)
    assert len(await rig.read(rig.sink)) == OLD + unread + NEW


async def _overtaken_by_retention(rig: Rig) -> AcceptedLoss:
    """A task that has read OLD records, of the next 5 of which 2 are deleted; what it has lost."""
    running = rig.start(topics=rig.topics)
    await rig.produce(rig.second, [("a", b"")] * OLD)
    await rig.read(rig.sink, OLD)
    await running.stop()
    partition = partition_for(b"a", 2)
    await rig.produce(rig.second, [("a", b"")] * 5)
    await delete_records(rig, rig.second, partition, OLD + 2)
    return AcceptedLoss(partition, OLD, OLD + 2)


async def _read_all_once(rig: Rig, records: int) -> None:
    counts = [record.value for record in await rig.read(rig.sink, records)]
    assert counts == [str(number).encode() for number in range(1, records + 1)]


FAULTS = [Fault("start", "after"), Fault("send", "after"), Fault("commit", "before"), Fault("commit", "after")]


@pytest.mark.parametrize("fault", [*FAULTS, Fault("send", "after", dies=True)], ids=str)
async def test_a_loss_is_accepted_although_kafka_fails_meanwhile(rig: Rig, fault: Fault) -> None:
    """The running task retries with the same transactional id, and Kafka has errors of its own for that."""
    loss, plan = await _overtaken_by_retention(rig), Plan(deque([fault]))

    def make(transactional_id: str) -> Transactions:
        return FaultyTransactions(KafkaTransactions(rig.settings, transactional_id, "accept"), plan)

    assert await accept_loss(rig.settings, rig.second, rig.service, rig.stores, transactions=make) == [loss]
    assert plan.happened == [fault]
    rig.start(topics=rig.topics)
    await rig.produce(rig.second, [("a", b"")] * NEW)
    await _read_all_once(rig, OLD + 3 + NEW)


async def test_a_task_that_has_continued_after_a_lost_answer_is_not_set_back(rig: Rig) -> None:
    """The commit has happened and its answer is an error; before the next attempt the task reads on."""
    loss, plan = await _overtaken_by_retention(rig), Plan(deque([Fault("commit", "after")]))

    class Interrupted(FaultyTransactions):
        async def discard(self) -> None:
            """Let the task read on, once."""
            await super().discard()
            if len(made) == 1:
                running = rig.start(topics=rig.topics)
                await rig.produce(rig.second, [("a", b"")] * NEW)
                await rig.read(rig.sink, OLD + 3 + NEW)
                await running.stop()

    made: list[Transactions] = []

    def make(transactional_id: str) -> Transactions:
        made.append(Interrupted(KafkaTransactions(rig.settings, transactional_id, "accept"), plan))
        return made[-1]

    assert await accept_loss(rig.settings, rig.second, rig.service, rig.stores, transactions=make) == [loss]
    assert len(made) == 2
    rig.start(topics=rig.topics)
    await rig.produce(rig.second, [("a", b"")])
    await _read_all_once(rig, OLD + 3 + NEW + 1)


async def _set_positions(rig: Rig, partition: int, position: int) -> None:
    """Let the group and every changelog say that the task has read so far."""
    transactions = KafkaTransactions(rig.settings, f"{rig.service}-{partition}", "test")
    offsets = Offsets({rig.second.name: position}).encode()
    await transactions.start()
    await transactions.begin()
    outputs = [Output(changelog(rig.service, store).name, OFFSETS_KEY, offsets) for store in rig.stores]
    await transactions.send(outputs, partition, round(utc_now().timestamp() * 1000))
    await transactions.send_offsets({rig.second.name: Committed(position)}, partition, rig.service)
    await transactions.commit()
    await transactions.discard()


async def test_a_topic_that_is_missing_is_named_and_not_created_behind_the_operators_back(rig: Rig) -> None:
    """A service makes topics when it starts. One that is missing later was deleted by somebody."""
    running = rig.start(topics=rig.topics)
    await running.ready(2)
    await delete(rig.settings, rig.sink)
    await eventually(lambda: f"{rig.sink.name} is missing" in _checks(running), NOTICED)
    await eventually(lambda: not running.runtime.tasks)
    assert not running.readiness.ready


async def test_a_changelog_that_was_created_again_stops_the_tasks_by_name(rig: Rig) -> None:
    """With an empty changelog a task would go on at the group's offsets as if it had never known a case."""
    running = rig.start(topics=rig.topics)
    await rig.produce(rig.second, [("a", b"")] * OLD)
    await rig.read(rig.sink, OLD)
    await running.stop()
    for store in rig.stores:
        await recreate(rig.settings, changelog(rig.service, store))
    restarted = rig.start(topics=rig.topics)
    await eventually(lambda: "ChangelogLost: " in _checks(restarted))
    assert len(await rig.read(rig.sink)) == OLD


async def test_a_new_setting_makes_topics_right_that_were_all_grown(rig: Rig) -> None:
    """Growing is legal while nothing is known yet: every topic, and then the setting."""
    running = rig.start(topics=rig.topics)
    await running.ready(2)
    for topic in rig.topics:
        await grow(rig.settings, topic, 3)
    await eventually(lambda: f"{rig.second.name} has 3 partitions, FRONTLINE_PARTITIONS=2" in _checks(running), NOTICED)
    await running.stop()
    rig.settings = rig.settings.model_copy(update={"partitions": 3})
    await rig.start(topics=rig.topics).ready(3)


# ---- the whole system


@pytest_asyncio.fixture
async def kafka() -> AsyncIterator[str]:
    """A broker of its own, with the topics of the registry."""
    async with EmbeddedKafka(jvm_flags=SHORT_LIVED) as broker:
        await topics_at(broker.bootstrap)
        yield broker.bootstrap


@asynccontextmanager
async def _escalation(bootstrap: str, folder: Path) -> AsyncIterator[ServiceProcess]:
    log = folder / "escalation.log"
    async with service_process("escalation", log, FRONTLINE_KAFKA_BOOTSTRAP=bootstrap) as escalation:
        await escalation.start()
        await escalation.until("/readyz", 200)
        yield escalation


async def _reply(intake: Intake, key: str, language: str = "en") -> httpx.Response:
    async with intake.client() as http:
        return await http.post(
            "/v1/cases/some-case/activity",
            json={"type": "agent_replied"},
            headers={"Idempotency-Key": key, "Accept-Language": language},
        )


async def _refuses(intake: Intake, reason: str) -> None:
    """Until intake refuses activity for `reason`, and says it on /readyz; it never answers anything but 202 or this."""
    number = 0
    async with asyncio.timeout(NOTICED):
        while (answer := await _reply(intake, f"try-{number}")).status_code == 202:
            number += 1
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (503, "urn:frontline:problem:topics_changed")
    assert reason in problem["detail"]
    assert answer.headers["idempotency-key"] == problem["idempotency_key"] == f"try-{number}"
    assert int(answer.headers["retry-after"]) >= 1
    async with intake.client() as http:
        ready = await http.get("/readyz")
    assert (ready.status_code, reason in ready.json()["checks"]["topics"]["detail"]) == (503, True)


async def _unready(escalation: ServiceProcess, reason: str, within: float) -> None:
    """Until it is not ready for this reason; it may be joining the group before."""
    async with asyncio.timeout(within):
        while reason not in (await escalation.until("/readyz", 503)).text:
            pass


async def _says(escalation: ServiceProcess, reason: str) -> None:
    await _unready(escalation, reason, NOTICED)
    metrics = (await escalation.until("/metrics", 200)).text
    assert f'frontline_topics_changed{{service="escalation",topic="{ACTIVITY.name}"}} 1.0' in metrics
    lines = escalation.log.read_text(encoding="utf-8").splitlines()
    assert sum('"topics.changed"' in line and reason in line for line in lines) == 1


@pytest.fixture
def accept(kafka: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """`frontline topics accept` with these words: exit code, standard output and standard error together."""

    async def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        command: Callable[..., Any] = app
        line = ["accept", *words, "--kafka", kafka]
        code = await asyncio.to_thread(command, line, exit_on_error=False, result_action="return_value")
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


async def test_activity_in_a_topic_that_was_created_again_is_refused_until_it_will_be_read(
    kafka: str, tmp_path: Path, accept: Callable[..., Any]
) -> None:
    """Not ready by name, nothing acknowledged; accepted and restarted, the system reads all that was acknowledged."""
    async with _escalation(kafka, tmp_path) as escalation:
        async with running_intake(kafka) as intake:
            for number in range(OLD):
                assert (await _reply(intake, f"old-{number}")).status_code == 202
            await _until_read(escalation, OLD)
            await recreate(KafkaSettings(kafka_bootstrap=kafka), ACTIVITY)
            reason = f"{ACTIVITY.name} was deleted and created again"
            await _refuses(intake, reason)
            spanish = (await _reply(intake, "in-spanish", "es")).json()["detail"]
            assert f"{ACTIVITY.name} se borró y se creó de nuevo; no se confirmó nada" in spanish
            await _says(escalation, reason)
        assert await escalation.terminate() == 0
        async with running_intake(kafka) as intake:
            for number in range(NEW):
                assert (await _reply(intake, f"new-{number}")).status_code == 202
            await escalation.start()
            await _unready(escalation, f"TopicRecreated: {ACTIVITY.name}[", 30)
            code, text = await accept(ACTIVITY.name)
            assert (code, "escalation" in text) == (0, True)
            await escalation.until("/readyz", 200)
            await _until_read(escalation, NEW)


async def test_activity_in_a_topic_that_was_grown_is_refused(kafka: str, tmp_path: Path) -> None:
    """A key would fall on partitions that no task reads: acknowledged, never read, and a false breach later."""
    async with _escalation(kafka, tmp_path) as escalation, running_intake(kafka) as intake:
        assert (await _reply(intake, "before")).status_code == 202
        await grow(KafkaSettings(kafka_bootstrap=kafka), ACTIVITY, 12)
        reason = f"{ACTIVITY.name} has 12 partitions, FRONTLINE_PARTITIONS=6"
        await _refuses(intake, reason)
        await _says(escalation, reason)


async def _until_read(escalation: ServiceProcess, activities: int) -> None:
    """Until escalation has committed so many records of activity in this run of its process."""
    line = f'frontline_records_processed_total{{service="escalation",topic="{ACTIVITY.name}"}} '
    async with asyncio.timeout(30):
        while True:
            metrics = (await escalation.until("/metrics", 200)).text
            counts = [float(each.removeprefix(line)) for each in metrics.splitlines() if each.startswith(line)]
            if counts and counts[0] >= activities:
                return
            await asyncio.sleep(0.05)
