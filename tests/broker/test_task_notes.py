"""What tasks do is seen by whoever looks, on a real Kafka: how far a restore is, who runs, and that nobody does."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiokafka.structs import TopicPartition

from services.board.operations import tasks
from shared.contracts.topics import ESCALATION_SOURCES, ESCALATIONS, changelog
from shared.kafka.committed_reader import CommittedReader, Span
from shared.kafka.record import Consumed
from shared.observability.health import Readiness
from shared.streams.runtime import Runtime
from tests.harness.csv_table import rows_of
from tests.harness.operations_board import PARTITIONS, WITHIN, OperationsBoard, running_operations_board
from tests.harness.processes import answered
from tests.harness.processors import Counter

RECORDS = 5_000  # of the changelog of each task; a restore reads 2,000 at once
STORES = ("counts", "timers")
LOGS = tuple(changelog("escalation", store) for store in STORES)


@pytest_asyncio.fixture
async def board(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OperationsBoard]:
    """A board whose topics nobody else uses."""
    async with running_operations_board(bootstrap, tmp_path_factory.mktemp("board")) as running:
        yield running


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Until it is set, a restore waits behind its first batch, as it would for a slow broker."""
    opened, batches = asyncio.Event(), CommittedReader.batches

    async def held(
        self: CommittedReader, spans: Iterable[Span], progress: Callable[[int], None] = lambda _remaining: None
    ) -> AsyncIterator[tuple[TopicPartition, Sequence[Consumed]]]:
        begun = False
        async for place, messages in batches(self, spans, progress):
            if begun and place.topic == LOGS[0].name:
                await opened.wait()
            begun = True
            yield place, messages

    monkeypatch.setattr(CommittedReader, "batches", held)
    return opened


@asynccontextmanager
async def _escalation(board: OperationsBoard) -> AsyncIterator[None]:
    """Tasks as those of escalation, whose state is a number for each key."""
    runtime = Runtime(
        "escalation",
        lambda _partition: Counter(ESCALATION_SOURCES, (ESCALATIONS,), STORES),
        board.kafka,
        Readiness(),
        topics=(*ESCALATION_SOURCES, ESCALATIONS, *LOGS),
    )
    running = asyncio.create_task(runtime.run())
    try:
        yield
    finally:
        runtime.stop()
        await running


async def _sentences(board: OperationsBoard) -> str:
    """What the page says, each sentence on one line."""
    return " ".join((await board.page("/operations")).split())


async def _table(board: OperationsBoard, name: str, **only: str) -> list[dict[str, str]]:
    """A table of the page, by its link; the rows that have that."""
    async with board.client() as http:
        links = re.findall(r'href="(/operations\.csv[^"]*)"', (await http.get("/operations")).text)
        (link,) = [link for link in links if f"table={name}" in link]
        rows = rows_of(await http.get(html.unescape(link)))
        return [row for row in rows if all(row[key] == value for key, value in only.items())]


async def _with_phase(board: OperationsBoard, phase: str) -> list[dict[str, Any]]:
    """The tasks of escalation, once all are in that phase."""

    async def there() -> list[dict[str, Any]]:
        found = (await board.state())["tasks"]["escalation"]
        return found if {each["phase"] for each in found} == {phase} else []

    each: list[dict[str, Any]] = await answered(there, WITHIN, f"all tasks of escalation are {phase}")
    assert [task["task"] for task in each] == [*range(PARTITIONS)]
    return each


async def test_a_restore_shows_how_far_it_is_then_that_the_task_runs_then_that_nobody_runs_it(
    board: OperationsBoard, gate: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a start or a move nothing of a partition is worked on until then: an operator asks how long it still takes.

    Kafka is all that the services share, so the tasks say it there, and no address of theirs is needed.
    """
    unknown = await _with_phase(board, "unknown")  # nobody has run them yet, which is no trouble by itself
    assert {each["records"] for each in unknown} == {None}
    assert "operations.trouble.tasks" not in (await board.state())["troubles"]
    assert "What its tasks do is not known" in await _sentences(board)
    async with _escalation(board):
        await _with_phase(board, "running")  # its topics are there now
    name = board.kafka.names.physical(LOGS[0].name)
    for partition in range(PARTITIONS):
        for number in range(RECORDS):
            await board.producer.send(name, b"1", key=b"key-%d" % number, partition=partition)
    await board.producer.flush()
    async with _escalation(board):

        async def read() -> list[dict[str, Any]]:
            found = await _with_phase(board, "restoring")
            return found if all(each["records"] for each in found) else []

        for each in await answered(read, WITHIN, "each task says how many records it has read"):
            assert 0 < each["records"] < RECORDS
            assert each["records"] + each["remaining_offsets"] >= RECORDS
        (row, _) = await _table(board, "tasks", service="escalation")
        assert (row["phase"], int(row["records"]) + int(row["remaining_offsets"]) >= RECORDS) == ("restoring", True)
        page = await _sentences(board)
        assert f"Task 1 is restoring its state: {each['records']} records read, {each['remaining_offsets']}" in page
        assert "2 tasks of the service escalation do not run" in page
        gate.set()
        running = await _with_phase(board, "running")
        assert {(each["records"], each["remaining_offsets"]) for each in running} == {(None, None)}
        assert "All 2 tasks run." in await _sentences(board)
    monkeypatch.setattr(tasks, "SILENT_AFTER", timedelta(seconds=1))
    silent = await _with_phase(board, "silent")
    assert all(each["instance"].startswith("escalation-") for each in silent)
    assert "operations.trouble.tasks" in (await board.state())["troubles"]
    assert "Nothing was heard of task 0 for 1 s: perhaps nothing runs it" in await _sentences(board)
