"""What a process takes is counted on when it is killed and started again under another id."""

import subprocess
import sys

from tests.harness.usage import Usage

BUSY = """
import time
block = bytearray(30_000_000)
while time.process_time() < 0.3:
    pass
print("done", flush=True)
input()
"""


def busy() -> "subprocess.Popen[bytes]":
    """A process that has taken 0.3 s and 30 MB, and waits."""
    process = subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_what_a_successor_takes_is_added() -> None:
    """The first look is the beginning; a successor begins at nothing, and one that has ended changes nothing."""
    usage, first, second = Usage(), busy(), busy()
    try:
        usage.look(first.pid)
        assert (usage.cpu_seconds, usage.memory > 30) == (0, True)
        first.kill()
        usage.look(first.pid)
        first.wait()
        usage.look(first.pid)
        assert usage.cpu_seconds < 0.1
        usage.look(second.pid)
        assert 0.25 <= usage.cpu_seconds < 1.0
        assert usage.peak_memory >= usage.memory > 30
    finally:
        for process in (first, second):
            process.kill()
            process.communicate()
