"""`python -m tests.oracle` as people run it: a process that is stopped, and run again."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.contract.tree import ROOT

DEADLINE = 60.0  # seconds


def started(record: Path, cases: int) -> subprocess.Popen[str]:
    """A run with two questions to each calendar, so that parts are finished soon."""
    arguments = ["--cases", str(cases), "--questions", "2", "--workers", "1", "--record", str(record)]
    command = [sys.executable, "-m", "tests.oracle", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def parts(record: Path) -> list[list[int]]:
    """What the record says is done."""
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    return [json.loads(line)["part"] for line in lines[1:]]


def test_stopped_with_ctrl_c_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """No part that was begun is lost, and none is done twice."""
    record = tmp_path / "oracle.jsonl"
    run = started(record, 1_000_000)
    until = time.monotonic() + DEADLINE
    while not parts(record):
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < until, "no part was finished"
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    said, aside = run.communicate(timeout=DEADLINE)
    assert run.returncode == 130, aside
    assert "goes on from here" in aside
    before = parts(record)
    assert sorted(before) == [[10 * n, 10, 2] for n in range(len(before))]

    more = len(before) + 1
    run = started(record, 20 * more)
    said, aside = run.communicate(timeout=DEADLINE)
    assert run.returncode == 0, aside
    assert parts(record) == [*before, [10 * len(before), 10, 2]]
    figures = dict(line.strip().rsplit(maxsplit=1) for line in said.splitlines() if line.startswith("  "))
    assert figures["cases"] == f"{20 * more:,}"
    assert figures["calendars"] == f"{10 * more:,}"
    assert figures["differences"] == "0"
