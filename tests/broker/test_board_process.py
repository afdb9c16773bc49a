"""The board as it runs: a process on a real Kafka, killed, cut off and restarted, whose rows are those of the log."""

import asyncio
import json
import os
import random
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.contracts.topics import ACTIVITY
from shared.embedded_kafka.broker import EmbeddedKafka
from tests.harness.board_list import all_cases
from tests.harness.board_log import BoardLog, rows_of
from tests.harness.demo_day import demo_day
from tests.harness.intake import key_of
from tests.harness.ports import free_port
from tests.harness.processes import eventually
from tests.harness.recording import Recording
from tests.harness.service_process import ServiceProcess, service_process
from tests.harness.topic_surgery import recreate

ROUNDS = 4  # kills of one board: at least one at once, one while it catches up, and one while it follows
WITHIN = 40.0  # seconds for a board to have what was written


@pytest.fixture(scope="module")
def day() -> Recording:
    """A day of the demo's requests."""
    return demo_day()


@pytest_asyncio.fixture
async def log(bootstrap: str, day: Recording) -> BoardLog:
    """Topics of this test's own, empty."""
    log = BoardLog(bootstrap, day)
    await log.prepare()
    return log


Boards = Callable[..., AbstractAsyncContextManager[ServiceProcess]]


@pytest_asyncio.fixture
async def boards(log: BoardLog, tmp_path: Path) -> AsyncIterator[Boards]:
    """Makes boards of that log, each with a file of its own unless one is named."""

    def make(name: str = "board", file: str | None = None, **given: str) -> AbstractAsyncContextManager[ServiceProcess]:
        variables: dict[str, Any] = {
            **log.environment,
            "FRONTLINE_BOARD_FILE": str(tmp_path / (file or f"{name}.sqlite")),
        }
        variables |= given
        return service_process("board", tmp_path / f"{name}.log", **variables)

    yield make


async def until_same(log: BoardLog, folder: Path, name: str = "board.sqlite") -> None:
    """Until the file says what the whole log gives."""
    expected = log.expected(folder)
    await eventually(lambda: rows_of(folder / name) == expected, WITHIN, f"{name} says what the log gives")


def errors_in(board: ServiceProcess) -> list[dict[str, Any]]:
    """The lines of its log that are errors."""
    lines = (json.loads(line) for line in board.log.read_text().splitlines() if line.startswith("{"))
    return [line for line in lines if line["level"] == "error"]


async def metric(board: ServiceProcess, name: str) -> float:
    """The sum of a metric over its labels."""
    lines = (await board.until("/metrics", 200)).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + "{", name + " ")))


async def cases_of(board: ServiceProcess) -> list[dict[str, Any]]:
    """What it lists to somebody who sees every case."""
    async with httpx.AsyncClient(base_url=board.url, headers={"Authorization": f"Bearer {key_of('all')}"}) as http:
        return await all_cases(http)


async def test_a_board_catches_up_and_passes_over_what_is_no_event(
    log: BoardLog, boards: Boards, tmp_path: Path
) -> None:
    """Records without a key or value, headers that are no UTF-8 or absent, tombstones: counted, no batch is lost."""
    await log.write(log.records)
    async with boards() as board:
        await board.start()
        await board.until("/readyz", 200)
        await until_same(log, tmp_path)
        listed = await cases_of(board)
        assert len(listed) == len({case["case_id"] for case in listed}) == 400
        assert await metric(board, "frontline_board_unreadable_records_total") == log.others > 100
        assert await metric(board, "frontline_board_records_total") == len(log.records) + log.others
        assert await board.terminate() == 0
        assert errors_in(board) == []


async def test_what_is_written_is_readable_within_a_second(log: BoardLog, boards: Boards) -> None:
    """Nothing shown is older than a second while Kafka is there."""
    await log.write(log.records[:-40])
    async with boards() as board, httpx.AsyncClient(headers={"Authorization": f"Bearer {key_of('all')}"}) as http:
        await board.start()
        await board.until("/readyz", 200)
        took = []
        clock = asyncio.get_running_loop().time
        for record in (each for each in log.records[-40:] if each.topic == ACTIVITY.name):
            assert record.key is not None
            url = f"{board.url}/v1/cases/{record.key.decode()}"
            before = (await http.get(url)).json()["change"]
            await log.write([record])
            began = clock()
            while (await http.get(url)).json()["change"] == before:
                assert clock() - began < 1.0
            took.append(clock() - began)
        assert sorted(took)[len(took) // 2] < 0.5, took


async def test_a_board_that_is_killed_again_and_again_has_each_case_once(
    log: BoardLog, boards: Boards, tmp_path: Path
) -> None:
    """kill -9 while it catches up and while it follows, in the middle of traffic: rows as the whole log gives them."""
    chance = random.Random(11)
    size = len(log.records) // ROUNDS + 1
    async with boards() as board:
        for number in range(ROUNDS):
            part = log.records[number * size : (number + 1) * size]
            await board.start()
            if number % 3:  # else at once: what was written meanwhile is caught up with
                await board.until("/livez" if number % 3 == 1 else "/readyz", 200)
            writing = asyncio.create_task(log.write(part, per_second=200))
            await asyncio.wait([writing], timeout=chance.random() * size / 200)
            await board.kill()
            await writing
        await board.start()
        await board.until("/readyz", 200)
        await until_same(log, tmp_path)
        listed = await cases_of(board)
        assert len(listed) == len({case["case_id"] for case in listed}) == 400
        assert errors_in(board) == []


async def test_two_boards_side_by_side_agree(log: BoardLog, boards: Boards, tmp_path: Path) -> None:
    """Each reads all of the log by itself, into a file of its own; a second one on the same file ends with one line."""
    await log.write(log.records)
    async with boards("one") as one, boards("two") as two, boards("three", "one.sqlite") as three:
        await asyncio.gather(one.start(), two.start())
        await asyncio.gather(one.until("/readyz", 200), two.until("/readyz", 200))
        await asyncio.gather(until_same(log, tmp_path, "one.sqlite"), until_same(log, tmp_path, "two.sqlite"))
        await three.start()
        assert await three.ended() == 1
        (line,) = errors_in(three)
        assert "another process has" in line["event"]
        assert "exception" not in line


async def test_topics_that_were_made_anew_end_the_board_with_one_line(log: BoardLog, boards: Boards) -> None:
    """What its file has is of records that are not there any more: whoever runs it decides what becomes of it."""
    await log.write(log.records[:500])
    async with boards() as board:
        await board.start()
        await board.until("/readyz", 200)
        await board.terminate()
        await recreate(log.settings, ACTIVITY)
        await board.start()
        assert await board.ended() == 1
        (line,) = errors_in(board)
        assert "frontline board rebuild" in line["event"]
        assert "exception" not in line


@pytest.mark.parametrize("content", [b"no database at all, whatever it says" * 100, b""])
async def test_a_file_that_cannot_be_used_is_one_line(
    log: BoardLog, boards: Boards, tmp_path: Path, content: bytes
) -> None:
    """Something else at its place, or a file of another version: exit code 1, and what to do."""
    file = tmp_path / "board.sqlite"
    file.write_bytes(content)
    if not content:
        file.unlink()
        file.mkdir()
    async with boards() as board:
        await board.start()
        assert await board.ended() == 1
        (line,) = errors_in(board)
        assert str(file) in line["event"]
        assert "exception" not in line


async def test_a_board_that_is_frozen_for_a_while_misses_nothing(log: BoardLog, boards: Boards, tmp_path: Path) -> None:
    """SIGSTOP for longer than Kafka keeps a fetch open: it goes on where it was."""
    await log.write(log.records[:1000])
    async with boards() as board:
        await board.start()
        await board.until("/readyz", 200)
        board.send(signal.SIGSTOP)
        await log.write(log.records[1000:])
        board.send(signal.SIGCONT)
        await until_same(log, tmp_path)


async def test_a_board_that_was_frozen_calls_no_kept_promise_late(
    log: BoardLog, boards: Boards, tmp_path: Path
) -> None:
    """It reads what it has missed in batches, and by its clock every promise is overdue of which it has no answer yet.

    A report that counts at that moment, or a program that follows the stream, would have a breach that never was.
    """
    await log.write(log.records[:400])
    async with boards() as board:
        await board.start()
        await board.until("/readyz", 200)
        other = other_connection(tmp_path / "board.sqlite")
        other.executescript(
            "CREATE TABLE seen (case_no INTEGER, milestone TEXT, instance INTEGER, said TEXT);"
            "CREATE TRIGGER sees AFTER INSERT ON clocks BEGIN"
            " INSERT INTO seen VALUES (NEW.case_no, NEW.milestone, NEW.instance, NEW.outcome); END;"
        )
        board.send(signal.SIGSTOP)
        await log.write_none(ACTIVITY, 40)  # more than a fetch has: what the log says of cases is read before it
        await log.write(log.records[400:])
        await asyncio.sleep(6.0)  # an outage, not a wait
        board.send(signal.SIGCONT)
        await until_same(log, tmp_path)
        of_kept = (
            "SELECT DISTINCT case_no, milestone, instance, said FROM seen"
            " JOIN clocks USING (case_no, milestone, instance) WHERE outcome <> 'breached'"
        )
        seen = other.execute(of_kept).fetchall()
        called_late = other.execute(f"{of_kept} AND said = 'breached'").fetchall()
        other.close()
        assert seen, "no promise was kept meanwhile, so none could be called late"
        assert called_late == []


def other_connection(file: Path) -> sqlite3.Connection:
    """Somebody else's, in no transaction."""
    return sqlite3.connect(file, isolation_level=None)


async def test_a_batch_that_fails_ends_the_board_and_the_next_one_goes_on_exactly_there(
    log: BoardLog, boards: Boards, tmp_path: Path
) -> None:
    """FastStream logs and swallows what a handler raises, and would go on with the next batch: that one was lost."""
    await log.write(log.records[:1000])
    async with boards() as board:
        await board.start()
        await board.until("/readyz", 200)
        other = other_connection(tmp_path / "board.sqlite")
        other.execute("ALTER TABLE dirty RENAME TO elsewhere")
        await log.write(log.records[1000:])
        assert await board.ended() == 1
        (line,) = errors_in(board)
        assert line["action"] == "service.failed"
        assert "no such table" in json.dumps(line)
        other.execute("ALTER TABLE elsewhere RENAME TO dirty")
        other.close()
        await board.start()
        await board.until("/readyz", 200)
        await until_same(log, tmp_path)


async def test_a_file_that_somebody_else_holds_is_one_line(log: BoardLog, boards: Boards, tmp_path: Path) -> None:
    """A backup that locks it for longer than a transaction waits, or a full disk: nothing is skipped for that."""
    await log.write(log.records[:1000])
    async with boards() as board:
        await board.start()
        await board.until("/readyz", 200)
        other = other_connection(tmp_path / "board.sqlite")
        other.execute("BEGIN IMMEDIATE")
        await log.write(log.records[1000:])
        assert await board.ended() == 1
        (line,) = errors_in(board)
        assert "database is locked" in line["event"]
        assert "exception" not in line
        other.close()
        await board.start()
        await board.until("/readyz", 200)
        await until_same(log, tmp_path)


async def test_a_board_without_kafka_says_since_when_and_goes_on(day: Recording, tmp_path: Path) -> None:
    """What it has is shown meanwhile, as of when Kafka last answered; afterwards nothing is missing."""
    broker = EmbeddedKafka(tmp_path / "kafka", port=free_port())
    await broker.start()
    try:
        log = BoardLog(broker.bootstrap, day)
        await log.prepare()
        await log.write(log.records[:1000])
        variables: dict[str, Any] = {**log.environment, "FRONTLINE_BOARD_FILE": str(tmp_path / "board.sqlite")}
        async with (
            service_process("board", tmp_path / "board.log", **variables) as board,
            httpx.AsyncClient(base_url=board.url, headers={"Authorization": f"Bearer {key_of('all')}"}) as http,
        ):
            await board.start()
            await board.until("/readyz", 200)
            os.kill(broker.pid, signal.SIGSTOP)
            await asyncio.sleep(2.0)  # an outage, not a wait
            first = (await http.get("/v1/cases")).json()
            await asyncio.sleep(1.0)
            second = (await http.get("/v1/cases")).json()
            assert first["as_of"] == second["as_of"]
            assert first["cases"] == second["cases"] != []
            assert await metric(board, "frontline_board_age_seconds") > 2
            os.kill(broker.pid, signal.SIGKILL)
            await broker.died()
            await broker.stop()
            await broker.start()
            await log.write(log.records[1000:])
            await until_same(log, tmp_path)
            assert (await http.get("/v1/cases")).json()["as_of"] > second["as_of"]
            assert errors_in(board) == []
    finally:
        await broker.stop()
