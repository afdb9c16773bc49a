"""`frontline board rebuild`: the file is made anew beside the old one, and replaces it only when it has caught up."""

import asyncio
import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.board.store.schema import connect
from tests.harness.board_log import BoardLog, rows_of
from tests.harness.command_line import frontline_text
from tests.harness.demo_day import demo_day
from tests.harness.recording import Recording
from tests.harness.service_process import service_process


@pytest.fixture(scope="module")
def day() -> Recording:
    """A day of the demo's requests."""
    return demo_day()


@pytest_asyncio.fixture(scope="module")
async def log(bootstrap: str, day: Recording) -> BoardLog:
    """The day, in topics of this file's own."""
    log = BoardLog(bootstrap, day)
    await log.prepare()
    await log.write(log.records)
    return log


async def rebuilt(log: BoardLog, file: Path, *more: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    given = {**log.environment, "FRONTLINE_BOARD_FILE": str(file), **variables}
    return await asyncio.to_thread(frontline_text, "board", "rebuild", *more, environment=given)


def names_in(folder: Path) -> set[str]:
    """What is there, but for the lock."""
    return {each.name for each in folder.iterdir() if not each.name.endswith(".lock")}


async def test_a_file_is_made_anew_and_is_what_the_log_gives(log: BoardLog, tmp_path: Path) -> None:
    """Where there was none, and where there was something else; nothing is left beside it."""
    file = tmp_path / "board.sqlite"
    for before in (None, b"no database " * 1000):
        if before is not None:
            file.write_bytes(before)
            file.with_name("board.sqlite-wal").write_bytes(b"of a file that is no database")
        done = await rebuilt(log, file)
        assert (done.returncode, done.stdout) == (0, f"{file} is made anew, with 400 cases\n"), done.stderr
        assert done.stderr.splitlines()[-1] == "working out cases: 0 to go"
        assert rows_of(file) == log.expected(tmp_path)
        for each in (each for each in tmp_path.glob("*.sqlite*") if not each.name.startswith(file.name)):
            each.unlink()  # what the test itself has made
        assert names_in(tmp_path) - {"board.sqlite-wal", "board.sqlite-shm"} == {"board.sqlite"}
        assert file.stat().st_mode & 0o777 == 0o600
    done = await rebuilt(log, file, "--json")
    assert json.loads(done.stdout) == {"file": str(file), "cases": 400}


async def test_a_log_of_the_old_file_is_not_applied_to_the_new_one(log: BoardLog, tmp_path: Path) -> None:
    """A board that was killed leaves its last transactions beside its file."""
    file = tmp_path / "board.sqlite"
    old = connect(file, writes=True)
    old.execute("PRAGMA wal_autocheckpoint = 0")
    old.execute(
        "CREATE TABLE of_old AS WITH RECURSIVE n(x) AS (SELECT 1 UNION SELECT x + 1 FROM n LIMIT 9999) SELECT * FROM n"
    )
    copies = {end: (tmp_path / f"board.sqlite{end}").read_bytes() for end in ("", "-wal", "-shm")}
    old.close()
    for end, content in copies.items():
        (tmp_path / f"board.sqlite{end}").write_bytes(content)
    assert (await rebuilt(log, file)).returncode == 0
    new = sqlite3.connect(file)
    assert new.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not new.execute("SELECT 1 FROM sqlite_schema WHERE name = 'of_old'").fetchone()
    new.close()


async def test_a_board_that_has_the_file_open_is_not_disturbed(log: BoardLog, tmp_path: Path) -> None:
    """Exit code 1 and one line; once it has ended, the command does it, and the board goes on with the new file."""
    file = tmp_path / "board.sqlite"
    variables: dict[str, Any] = {**log.environment, "FRONTLINE_BOARD_FILE": str(file)}
    async with service_process("board", tmp_path / "log", **variables) as board:
        await board.start()
        await board.until("/readyz", 200)
        before = connect(file).execute("SELECT value FROM meta WHERE name = 'file'").fetchone()[0]
        done = await rebuilt(log, file)
        assert done.returncode == 1
        assert (
            done.stderr == f"another process has {file} open: stop it, or name another file in FRONTLINE_BOARD_FILE\n"
        )
        await board.terminate()
        assert (await rebuilt(log, file)).returncode == 0
        assert connect(file).execute("SELECT value FROM meta WHERE name = 'file'").fetchone()[0] != before
        await board.start()
        await board.until("/readyz", 200)


async def test_what_goes_wrong_leaves_the_old_file_as_it_was(log: BoardLog, tmp_path: Path) -> None:
    """No Kafka, no topics, no folder: one line each, with the exit codes of the other commands."""
    file = tmp_path / "board.sqlite"
    file.write_bytes(b"the old one")
    no_kafka = await rebuilt(log, file, "--kafka", "127.0.0.1:9")
    assert (no_kafka.returncode, "127.0.0.1:9" in no_kafka.stderr) == (1, True)
    no_topics = await rebuilt(log, file, FRONTLINE_NAMESPACE="empty")
    assert (no_topics.returncode, "is missing" in no_topics.stderr) == (1, True)
    no_folder = await rebuilt(log, file, "--file", str(tmp_path / "nowhere" / "board.sqlite"))
    assert (no_folder.returncode, no_folder.stderr.count("\n")) == (2, 1)
    assert file.read_bytes() == b"the old one"
    assert names_in(tmp_path) == {"board.sqlite"}
