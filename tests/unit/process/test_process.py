"""The life of a service process, which all services share: run here with a service of the smallest kind."""

import asyncio
import json
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.harness.processes import eventually
from tests.harness.service_process import ServiceProcess

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def board(tmp_path: Path, **environment: str) -> AsyncIterator[ServiceProcess]:
    """A board, not started yet."""
    process = ServiceProcess("board", environment, tmp_path / "log", module="tests.unit.process.board")
    try:
        yield process
    finally:
        await process.stop()


def actions(process: ServiceProcess) -> list[str]:
    """What it has logged."""
    return [str(json.loads(line)["action"]) for line in process.log.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"FRONTLINE_CARDS": "0", "FRONTLINE_LOG_LEVEL": "loud"},
            ["FRONTLINE_CARDS='0'", "FRONTLINE_LOG_LEVEL='loud'"],
        ),
        ({"FRONTLINE_CARDS": "13"}, ["FRONTLINE_CARDS=13: nobody wants so many"]),
        ({"FRONTLINE_CARDS": "14"}, ["FRONTLINE_POLICIES: "]),
        ({"FRONTLINE_MESSAGES": "/dev/null"}, ["FRONTLINE_MESSAGES=/dev/null: "]),
    ],
)
async def test_what_is_wrong_at_the_start_is_one_line_each_and_exit_code_2(
    tmp_path: Path, environment: dict[str, str], words: list[str]
) -> None:
    """A supervisor must know that starting it again is no use."""
    async with board(tmp_path, **environment) as process:
        await process.start()
        assert await process.ended() == 2
        lines = sorted(process.log.read_text().splitlines())
    assert [line.startswith(word) for line, word in zip(lines, words, strict=True)] == [True] * len(words)


async def test_a_port_that_is_taken_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """The settings are right; another run has the port, most likely."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with board(tmp_path, FRONTLINE_HTTP_PORT=str(taken.getsockname()[1])) as process:
            await process.start()
            assert await process.ended() == 1
            assert actions(process) == ["http.failed"]


async def test_a_service_that_fails_ends_with_exit_code_1_and_its_error_in_the_log(tmp_path: Path) -> None:
    """Whoever starts it again later finds the reason."""
    async with board(tmp_path, BOARD="fails") as process:
        await process.start()
        assert await process.ended() == 1
        assert actions(process) == ["http.listening", "service.failed"]
        assert "the board fell off the wall" in process.log.read_text()


async def test_an_instance_that_was_replaced_ends_with_exit_code_1_and_one_plain_line(tmp_path: Path) -> None:
    """It is a mistake of whoever started it: the line names the setting, and a traceback would say nothing more."""
    async with board(tmp_path, BOARD="replaced") as process:
        await process.start()
        assert await process.ended() == 1
        assert actions(process) == ["http.listening", "instance.replaced"]
        last = json.loads(process.log.read_text(encoding="utf-8").splitlines()[-1])
    assert last["event"].startswith("FRONTLINE_INSTANCE=same: another process has joined with this name")
    assert (last["level"], "exception" in last, "stack" in last) == ("error", False, False)


async def test_what_somebody_else_has_to_mend_is_one_plain_line(tmp_path: Path) -> None:
    """Also where a task beside others has found it; a traceback would say nothing more to whoever mends it."""
    async with board(tmp_path, BOARD="cannot") as process:
        await process.start()
        assert await process.ended() == 1
        assert actions(process) == ["http.listening", "service.cannot_run"]
        last = json.loads(process.log.read_text(encoding="utf-8").splitlines()[-1])
    assert last["event"] == "the wall is not there: build one"
    assert (last["level"], "exception" in last, "stack" in last) == ("error", False, False)


async def test_health_and_metrics_are_answered_beside_the_services_own_paths(tmp_path: Path) -> None:
    """A service brings an application and a coroutine, and nothing else."""
    async with board(tmp_path) as process:
        await process.start()
        ready = await process.until("/readyz", 200)
        assert ready.json()["checks"] == {"board": {"ready": True, "detail": "hung up"}}
        assert (await process.until("/livez", 200)).json() == {"live": True}
        assert "process_open_fds" in (await process.until("/metrics", 200)).text
        assert (await process.until("/cards", 200)).text == "board"
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.post(f"{process.url}/livez")).text == "board"


async def test_a_service_without_http_of_its_own_is_a_coroutine_and_its_readiness(tmp_path: Path) -> None:
    """Health is answered, every other path is 404, and at the end the coroutine is cancelled and cleans up."""
    cleaned = tmp_path / "cleaned"
    environment = {"FOLLOWER_FILE": str(cleaned)}
    process = ServiceProcess("follower", environment, tmp_path / "log", module="tests.unit.process.follower")
    try:
        await process.start()
        assert (await process.until("/readyz", 200)).json()["ready"]
        for path in ("/", "/v1/requests"):
            await process.until(path, 404)
        assert await process.terminate() == 0
    finally:
        await process.stop()
    assert cleaned.exists()
    assert actions(process) == ["http.listening", "service.ending", "service.ended"]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("flush", [{}, {"BOARD_FLUSH": "5"}], ids=["work_ends_first", "calls_end_first"])
async def test_a_signal_ends_it_in_order_with_the_call_in_progress_answered(
    tmp_path: Path, sign: signal.Signals, flush: dict[str, str]
) -> None:
    """Whichever of the two ends first, both have ended, and the work has cleaned up."""
    flushed, called = tmp_path / "flushed", tmp_path / "called"
    async with board(tmp_path, BOARD_FILE=str(flushed), BOARD_CALLED=str(called), **flush) as process:
        await process.start()
        await process.until("/readyz", 200)
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            call = asyncio.create_task(client.get(f"{process.url}/slow"))
            await eventually(called.exists, 20, "the call is in progress")
            assert not call.done()
            process.send(sign)
            assert await process.ended() == 0
            assert (await call).text == "board"
        assert actions(process) == ["http.listening", "service.ending", "service.ended"]
    assert flushed.exists()


@pytest.mark.parametrize("flush", [{}, {"BOARD_FLUSH": "5"}], ids=["work_ends_first", "calls_end_first"])
async def test_a_signal_closes_websockets_with_1012_and_the_process_ends(tmp_path: Path, flush: dict[str, str]) -> None:
    """They would stay open for days; their clients are to connect again. Health has its paths on HTTP only."""
    async with board(tmp_path, **flush) as process:
        await process.start()
        await process.until("/readyz", 200)
        async with connect(f"{process.url.replace('http', 'ws')}/livez", proxy=None) as client:
            await client.send("hello")
            assert await client.recv() == "hello"
            began = asyncio.get_running_loop().time()
            assert await process.terminate() == 0
            assert asyncio.get_running_loop().time() - began < 5
            await client.wait_closed()
            assert client.close_code == 1012
        assert actions(process) == ["http.listening", "service.ending", "service.ended"]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT], ids=lambda sign: sign.name)
async def test_a_second_signal_does_not_wait(sign: signal.Signals, tmp_path: Path) -> None:
    """What hangs at the end must not need a kill -9, also where it does not end when it is cancelled."""
    async with board(tmp_path, BOARD="never ends") as process:
        await process.start()
        await process.until("/readyz", 200)
        process.send(sign)
        await eventually(lambda: "service.ending" in actions(process), 10, "it has taken the first signal")
        process.send(sign)
        assert await process.ended() == 128 + sign


async def test_work_that_does_not_end_gets_its_time_to_flush_and_no_more(tmp_path: Path) -> None:
    """An unreachable Kafka must not hold up the end."""
    async with board(tmp_path, BOARD="clings", BOARD_FLUSH="0.1") as process:
        await process.start()
        await process.until("/readyz", 200)
        assert await process.terminate() == 0


def test_no_other_file_makes_an_event_loop_of_a_service_or_configures_its_logs() -> None:
    """A second life cycle would drift from the first."""
    own = re.compile(r"\bimport uvloop\b|\buvloop\.|\blogs\.configure\(|\bWebServer\(")
    files = [path for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix() for path in files if own.search(path.read_text(encoding="utf-8"))}
    # `frontline board rebuild` runs what the board runs, and keeps its log off the terminal.
    others = {"shared/http/server.py", "shared/observability/logs.py", "services/cli/board/commands.py"}
    assert found - others == {"shared/process.py"}
