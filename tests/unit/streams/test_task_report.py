"""What the tasks do is reported beside the work: whatever fails in that is tried again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.kafka.settings import KafkaSettings
from shared.streams import task_report
from shared.streams.task import Task
from shared.streams.task_report import TaskReport
from tests.harness.processes import eventually


async def test_an_unexpected_error_is_logged_once_and_the_report_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would end unnoticed: the page of operators then says that nobody runs the tasks, while all of them run."""
    looked = 0

    @asynccontextmanager
    async def no_writer(*_: Any) -> AsyncIterator[None]:
        yield

    def tasks() -> Mapping[int, Task]:
        nonlocal looked
        looked += 1
        raise LookupError("a defect")

    monkeypatch.setattr(task_report, "note_writer", no_writer)
    monkeypatch.setattr(task_report, "FIRST_RETRY", 0.01)
    report = TaskReport(KafkaSettings(kafka_bootstrap="127.0.0.1:1"), "escalation", "support.cases.v1", "one", tasks)
    with capture_logs() as logged:
        running = asyncio.create_task(report.run())
        await eventually(lambda: looked >= 3 or running.done(), 5, "the tasks are looked at three times")
        running.cancel()
        await asyncio.wait([running])
    assert looked >= 3
    assert [(each["action"], each["log_level"]) for each in logged] == [("task_report.failed", "error")]
