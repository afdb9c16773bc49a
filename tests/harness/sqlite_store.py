"""A second implementation of the state store, on SQLite: it shows that tasks need nothing but the port."""

import sqlite3
from collections.abc import Iterable

from shared.streams.state_store import Change, StateStore

_ON_DISK = ""  # SQLite makes a file of its own and deletes it with the connection


class SqliteStore:
    """One table in a temporary file. A call of `apply` is one transaction."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._database = sqlite3.connect(_ON_DISK, isolation_level=None)
        self._database.execute("CREATE TABLE entry (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
        self.applied = 0

    @property
    def name(self) -> str:
        """The store's name."""
        return self._name

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None if there is none."""
        row = self._database.execute("SELECT value FROM entry WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def apply(self, changes: Iterable[Change]) -> None:
        """Apply changes in order."""
        self.applied += 1
        with self._database:
            self._database.execute("BEGIN")
            for key, value in changes:
                if value is None:
                    self._database.execute("DELETE FROM entry WHERE key = ?", (key,))
                else:
                    self._database.execute("REPLACE INTO entry VALUES (?, ?)", (key, value))

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Every key with its value, in the order of the keys."""
        return self._database.execute("SELECT key, value FROM entry")

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM entry").fetchone()[0])


def on_sqlite(name: str, _partition: int) -> StateStore:
    """A `StoreFactory`."""
    return SqliteStore(name)
