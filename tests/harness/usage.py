"""What a process takes, as Linux counts it: processor time and memory; also of one that is killed and started again."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1_000_000


class Usage:
    """One process after the other under one name. `look` at it about once a second: what it did since is added.

    `pid` is that of the last look, `cpu_seconds` are since the first one, of the user and the kernel.
    Memory is resident, in megabytes.
    """

    def __init__(self) -> None:
        self.cpu_seconds = 0.0
        self.memory = self.peak_memory = self.first_memory = 0.0
        self.pid = 0
        self._seen = 0.0

    def look(self, pid: int) -> None:
        """Add what the process has taken since the last look; one with another id has begun at nothing."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return  # it has ended
        if fields[0] == "Z":
            return  # it has ended, and waits to be collected
        cpu = (int(fields[11]) + int(fields[12])) / _TICKS
        if pid != self.pid:
            is_first = not self.pid
            self.pid, self._seen = pid, cpu if is_first else 0.0
        self.cpu_seconds += cpu - self._seen
        self._seen = cpu
        self.memory = int(fields[21]) * _PAGE / _MEGABYTE
        self.first_memory = self.first_memory or self.memory
        self.peak_memory = max(self.peak_memory, self.memory)
