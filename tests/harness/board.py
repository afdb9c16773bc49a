"""A real board for tests: in this process, over real HTTP, beside a real intake on the same Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from services.board.app import server_of
from services.board.service import Service
from services.board.settings import Settings
from services.board.store import cases, complete
from services.board.store.cases import EVERYTHING, StoredCase
from services.board.store.complete import AsOf
from services.board.store.schema import connect
from shared import process
from shared.business_time.instants import to_micros
from shared.http.server import listen
from tests.harness.intake import ID_SECRET, Intake, api_keys, editions, key_of
from tests.harness.processes import eventually

NOWHERE = "127.0.0.1:1"  # where no Kafka answers


@dataclass(frozen=True)
class Board:
    """A running board, and the intake to which it reports."""

    url: str
    service: Service
    intake: Intake

    def client(self, name: str = "all", **headers: str) -> httpx.AsyncClient:
        """An HTTP client with the key of one of the CLIENTS of `tests/harness/intake.py`."""
        return httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {key_of(name)}", **headers}, timeout=20
        )

    async def find(self, case_id: str) -> StoredCase | None:
        """A case as the board has it now."""
        return await self.service.readers.ask(cases.load, case_id, EVERYTHING, self.service.shelf.published)

    async def change_of(self, case_id: str) -> int:
        """The number of the last change of a case; 0 = the board does not have it."""
        found = await self.find(case_id)
        return 0 if found is None else int(found.row["change"])

    async def has(self, case_id: str, activity_id: str) -> None:
        """Wait until the board has that activity of a case."""
        with self.service.watchers.watch(case_id) as changed:
            async with asyncio.timeout(10):
                while (
                    (found := await self.find(case_id)) is None
                    or found.logged is None
                    or found.logged.lacks(activity_id)
                ):
                    await changed.wait()
                    changed.clear()

    async def changed(self, case_id: str, before: int) -> None:
        """Wait until the board has another record of a case than at the change `before`."""
        with self.service.watchers.watch(case_id) as changed:
            async with asyncio.timeout(10):
                while await self.change_of(case_id) <= before:
                    await changed.wait()
                    changed.clear()


def aged(file: Path, as_of: datetime) -> None:
    """Let the file of a board that has ended have all of that instant and nothing later, as after a long outage."""
    database, micros = connect(file, writes=True), to_micros(as_of)
    complete.note(database, AsOf(micros, micros))
    database.close()


@asynccontextmanager
async def running_board(
    intake: Intake, folder: Path, *, wait: bool = True, port: int = 0, **given: Any
) -> AsyncIterator[Board]:
    """A board beside `intake`, with its file in `folder`; it has read the log, unless `wait` is false."""
    usual: dict[str, Any] = {
        "kafka_bootstrap": intake.bootstrap,
        "api_keys": api_keys(),
        "id_secret": ID_SECRET,
        "intake_url": intake.url,
        "board_file": folder / "board.sqlite",
    }
    settings = Settings(**usual | given)
    service = Service(settings, settings.read_callers(), editions())
    runnable = server_of(service)
    server = process.web_server(runnable)
    with listen("127.0.0.1", port) as listener:
        serving = asyncio.create_task(process.serve(runnable, server, listener))
        try:
            await eventually(lambda: server.started, 30, "the board listens")
            if wait:
                await eventually(lambda: service.reading.caught_up.is_set(), 60, "the board has read the log")
            yield Board(f"http://127.0.0.1:{listener.getsockname()[1]}", service, intake)
        finally:
            server.should_exit = True
            await serving
