"""A process with the shifted clock of the fault tests has another wall clock, and the same monotonic clock."""

import os
import subprocess
import sys
from pathlib import Path

from tests.fault.system import CLOCK_FOLDER

ASK = """
import time
from shared.wall_clock import utc_now
from shared.watched_clock import WatchedClock
from pathlib import Path
clock = WatchedClock()
before = utc_now(), time.time(), time.monotonic()
Path({file!r}).write_text("3600")
print(round((utc_now() - before[0]).total_seconds()), round(time.time() - before[1]))
print(round(time.monotonic() - before[2]))
print(clock.read().steady)
"""


def test_a_step_of_the_clock_reaches_all_that_read_it(tmp_path: Path) -> None:
    """Otherwise the faults ahead and behind would test nothing, and nobody would notice."""
    file = tmp_path / "clock"
    environment = {**os.environ, "PYTHONPATH": str(CLOCK_FOLDER), "FRONTLINE_FAULT_CLOCK": str(file)}
    program = [sys.executable, "-c", ASK.format(file=str(file))]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3600", "3600", "0", "False"]
