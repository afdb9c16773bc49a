"""`frontline up` in a process of its own, as people start it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.harness.processes import eventually

READY_WITHIN = 90.0


class Up:
    """One `frontline up` and what it has written."""

    def __init__(self, process: asyncio.subprocess.Process, ready_file: Path, stderr: Path) -> None:
        self.process = process
        self.ready_file = ready_file
        self._stderr = stderr

    @property
    def output(self) -> str:
        """Its standard error so far."""
        return self._stderr.read_text()

    async def says(self, words: bytes) -> None:
        """Wait until a line of its standard output has these words; whoever calls it sets a time limit."""
        assert self.process.stdout is not None
        while words not in await self.process.stdout.readline():
            assert not self.process.stdout.at_eof(), self.output

    async def ready(self, but_not: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The ready file, once it is there and says something else than `but_not`."""

        def there() -> bool:
            assert self.process.returncode is None, self.output
            return self.ready_file.exists() and json.loads(self.ready_file.read_text()) != but_not

        await eventually(there, READY_WITHIN, "the ready file is written")
        return dict(json.loads(self.ready_file.read_text()))


def _free_ports(options: Sequence[str]) -> tuple[str, ...]:
    """Tests run side by side: whoever does not choose ports has free ones."""
    return () if "--port" in options else ("--port", "0")


@asynccontextmanager
async def running(folder: Path, *options: str, command: str = "up", **variables: str) -> AsyncIterator[Up]:
    """`frontline up`, or `command`, in a process group of its own like one started from a terminal."""
    ready_file, stderr = folder / "ready.json", folder / "stderr.txt"
    with stderr.open("w") as open_stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", command, "--ready-file", str(ready_file)),
            *_free_ports(options), *options,
            stdout=asyncio.subprocess.PIPE, stderr=open_stderr, env={**os.environ, **variables}, start_new_session=True,
        )  # fmt: skip
    try:
        yield Up(process, ready_file, stderr)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
