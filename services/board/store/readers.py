"""The threads that ask the board's file: the event loop goes on meanwhile, and none waits for the writer."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from services.board.store.schema import connect
from shared.web.errors import CatchingUp

_P = ParamSpec("_P")
_T = TypeVar("_T")
THREADS = 4


class Readers:
    """Connections that only read, one for each thread. Each question sees the file as of one transaction."""

    def __init__(self, file: Path, threads: int = THREADS) -> None:
        self._file = file
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="board-reader")
        self._own = threading.local()

    async def ask(
        self, question: Callable[Concatenate[sqlite3.Connection, _P], _T], *given: _P.args, **named: _P.kwargs
    ) -> _T:
        """What `question` answers with a connection and these arguments. Raises CatchingUp while there is no file."""
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, lambda: self._ask(question, *given, **named)
        )

    def close(self) -> None:
        """End the threads, once they have answered."""
        self._pool.shutdown()

    def _ask(
        self, question: Callable[Concatenate[sqlite3.Connection, _P], _T], *given: _P.args, **named: _P.kwargs
    ) -> _T:
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            return question(connection, *given, **named)
        finally:
            connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if found is None and not self._file.exists():
            raise CatchingUp("refusal.board_reading", retry_after=2)  # the reading makes it as it starts
        if found is None:
            found = self._own.connection = connect(self._file)
        return found
