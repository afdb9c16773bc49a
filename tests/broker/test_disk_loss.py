"""A broker that comes back without the end of a log: named, accepted by an operator, and nothing written since is lost.

The broker is the file's own, since its log is cut while it stands still, as a power cut does.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.cli.topics import app
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import ClockFulfilled
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.wall_clock import utc_now
from tests.harness.decided import routed
from tests.harness.disk_loss import lose_end
from tests.harness.intake import Intake, is_settled, log_of, running_intake, topics_at, write
from tests.harness.processes import eventually
from tests.harness.service_process import ServiceProcess, service_process

CASE = "a-case"
PARTITION = partition_for(CASE.encode(), 6)
PATIENCE = 60.0  # seconds; a busy machine is slow
READ, KEPT = 8, 5  # activities that escalation has read, and those that the disk has kept

# A broker of its own starts twice, and escalation joins its group twice.
pytestmark = pytest.mark.timeout(300)


async def test_a_log_that_has_lost_its_end_is_named_and_all_that_was_written_since_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Intake acknowledges activity as soon as Kafka is back, long before an operator has accepted the loss.

    It lies below the position of the task, where other activity was before.
    """
    async with EmbeddedKafka(tmp_path / "kafka", jvm_flags=SHORT_LIVED) as kafka:
        await topics_at(kafka.bootstrap)
        await _open_case(kafka.bootstrap)
        log = tmp_path / "escalation.log"
        async with (
            running_intake(kafka.bootstrap) as intake,
            service_process("escalation", log, FRONTLINE_KAFKA_BOOTSTRAP=kafka.bootstrap) as escalation,
        ):
            await escalation.start()
            await escalation.until("/readyz", 200)
            for number in range(READ):
                await _record(intake, "internal_note", str(number))
            await _until_read(escalation, READ)
            await kafka.stop()
            lose_end(tmp_path / "kafka" / "kafka", ACTIVITY.name, PARTITION, KEPT)
            await kafka.start()
            await eventually(lambda: is_settled(intake.service), PATIENCE, "intake has found Kafka again")
            await _record(intake, "agent_replied", "since")

            place = f"{ACTIVITY.name}[{PARTITION}]"
            lost = f"OffsetLost: {place}: the position is {READ}, but its log has 0 to {KEPT + 1}."
            cure = f"frontline topics accept {ACTIVITY.name}"
            await _unready(escalation, lost, cure)
            code, report = await _run(capsys, *cure.split()[2:], "--kafka", kafka.bootstrap, "--json")
            loss = {"partition": PARTITION, "position": READ, "start": KEPT}
            assert (code, report["partitions"]) == (0, {"escalation": [loss]})
            await escalation.until("/readyz", 200)
            assert [event.milestone for event in await _fulfilled(kafka.bootstrap, 1)] == ["first_response"]
            await _record(intake, "restored", "afterwards")
            milestones = [event.milestone for event in await _fulfilled(kafka.bootstrap, 2)]
            assert milestones == ["first_response", "restoration"]

            code, report = await _run(capsys, *cure.split()[2:], "--kafka", kafka.bootstrap, "--json")
            assert (code, report["partitions"]) == (0, {"escalation": []})


async def _open_case(bootstrap: str) -> None:
    now = utc_now()
    event = routed(CASE, now)
    envelope = serde.Envelope("routed", "/test", type_of(event), now, CASE, None)
    await write(bootstrap, [serde.to_output(CASES, CASE, envelope, wire.encode(event))])


async def _record(intake: Intake, kind: str, key: str) -> None:
    """An activity that intake acknowledges, at the latest once its producer was replaced."""
    async with intake.client() as http, asyncio.timeout(PATIENCE):
        while True:
            body, headers = {"type": kind}, {"Idempotency-Key": key}
            answer = await http.post(f"/v1/cases/{CASE}/activity", json=body, headers=headers)
            if answer.status_code != 503:
                assert answer.status_code == 202, answer.text
                return


async def _unready(escalation: ServiceProcess, *words: str) -> None:
    """Until it is not ready for this reason; it may be joining the group before."""
    text = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while not all(each in text for each in words):
                text = (await escalation.until("/readyz", 503)).text
    except TimeoutError:
        raise AssertionError(f"not unready for {words}: {text}; {escalation.tail}") from None


async def _until_read(escalation: ServiceProcess, activities: int) -> None:
    line = f'frontline_records_processed_total{{service="escalation",topic="{ACTIVITY.name}"}} {activities}.0'
    async with asyncio.timeout(PATIENCE):
        while line not in (await escalation.until("/metrics", 200)).text:
            pass


async def _fulfilled(bootstrap: str, count: int) -> list[ClockFulfilled]:
    """The milestones of the case that were reached, once there are so many."""
    async with asyncio.timeout(PATIENCE):
        while True:
            events = [serde.decode(record)[1] for record in await log_of(bootstrap, ESCALATIONS)]
            found = [event for event in events if isinstance(event, ClockFulfilled)]
            if len(found) >= count:
                return found


async def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """`frontline topics` with these words: exit code and what it prints."""
    capsys.readouterr()
    command: Callable[..., Any] = app
    code = await asyncio.to_thread(command, list(words), exit_on_error=False, result_action="return_value")
    return code, json.loads(capsys.readouterr().out)
