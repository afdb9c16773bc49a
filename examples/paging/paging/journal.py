"""What was paged, and what could not be: in one SQLite file, written before the offset is committed."""

import sqlite3
from pathlib import Path

_TABLES = """
create table if not exists paged (source text, id text, primary key (source, id)) without rowid;
create table if not exists kept (topic text, partition integer, "offset" integer, reason text, value blob,
                                 primary key (topic, partition, "offset"));
"""


class Journal:
    """The identities of paged events, and the records that were kept for people to look at."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)  # each statement is durable when it returns
        self._database.executescript(f"pragma journal_mode = wal; {_TABLES}")

    def has(self, identity: tuple[str, str]) -> bool:
        """Whether the event with this source and id was paged."""
        return (
            self._database.execute("select 1 from paged where source = ? and id = ?", identity).fetchone() is not None
        )

    def add(self, identity: tuple[str, str]) -> None:
        """Note that the event with this source and id was paged."""
        self._database.execute("insert or ignore into paged values (?, ?)", identity)

    def keep(self, topic: str, partition: int, offset: int, reason: str, value: bytes) -> None:
        """Keep a record with the reason why it paged nobody."""
        row = (topic, partition, offset, reason, value)
        self._database.execute("insert or replace into kept values (?, ?, ?, ?, ?)", row)

    def kept(self) -> list[tuple[str, int, int, str]]:
        """Topic, partition, offset and reason of each record that was kept."""
        return self._database.execute('select topic, partition, "offset", reason from kept').fetchall()

    async def close(self) -> None:
        """Close the file."""
        self._database.close()
