"""Makes the board's file anew from the log, for `frontline board rebuild`.

1. Nobody else has the file while this runs (`store/lock.py`).
2. A new file is made beside it, by the board's own reading, until that has caught up.
3. The old file takes in its own log (WAL), which would otherwise be applied to the new one.
4. The new file takes the place of the old one in one step. Before that, the old one is as it was.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from services.board.edition_shelf import EditionShelf
from services.board.faults import BoardFault, UnusableFile
from services.board.reading import NAMES, Reading
from services.board.store.lock import locked
from services.board.store.schema import UNKNOWN, connect
from shared.kafka.faults import TopicsDiffer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_watch import TopicWatch
from shared.observability.health import Readiness
from shared.wall_clock import utc_now

__all__ = ["BoardFault", "TopicsDiffer", "rebuild"]

LeftToDo = Callable[[Literal["offsets", "cases"], int], None]
_LOOK_EVERY = 0.2
_BESIDE = ("", "-wal", "-shm")


async def rebuild(kafka: KafkaSettings, file: Path, left: LeftToDo) -> int:
    """Make `file` anew; `left` is called with how much there is to do. Returns the number of cases.

    Raises BoardFault, TopicsDiffer, KafkaError, OSError, TimeoutError; then the old file is as it was.
    """
    await _check_topics(kafka)
    with locked(file), _new_file(file) as new:
        await _read(kafka, new, left)
        number = await asyncio.to_thread(_finish, new)
        await asyncio.to_thread(_replace, file, new)
        return number


async def _check_topics(kafka: KafkaSettings) -> None:
    watch = TopicWatch(kafka, "board", NAMES, Readiness())
    try:
        await watch.look()
        watch.check()
    finally:
        await watch.close()


@contextmanager
def _new_file(file: Path) -> Iterator[Path]:
    new = file.with_name(file.name + ".new")
    everything = [new.with_name(new.name + end) for end in (*_BESIDE, ".lock")]
    for each in everything:
        each.unlink(missing_ok=True)  # of one that was killed
    try:
        yield new
    finally:
        for each in everything:
            each.unlink(missing_ok=True)


async def _read(kafka: KafkaSettings, new: Path, left: LeftToDo) -> None:
    reading = Reading(kafka, new, None, EditionShelf(), utc_now, Readiness(), lambda _: None)
    caught_up = asyncio.ensure_future(reading.caught_up.wait())
    running = asyncio.ensure_future(reading.run())
    try:
        while not caught_up.done() and not running.done():
            if reading.left is not None:
                left(*reading.left)
            await asyncio.wait((caught_up, running), timeout=_LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        if reading.left is not None:  # a small log is read between two looks: each step is told all the same
            left(*reading.left)
    finally:
        caught_up.cancel()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _finish(new: Path) -> int:
    """Have the new file be one file, and all of it on the disk."""
    database = connect(new, writes=True)
    try:
        (number,) = database.execute("SELECT count(*) FROM cases WHERE order_at < ?", (UNKNOWN,)).fetchone()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()  # the last connection, so its log is deleted
    with new.open("rb") as file:
        os.fsync(file.fileno())
    return int(number)


def _replace(file: Path, new: Path) -> None:
    try:
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(file)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for end in _BESIDE[1:]:
            file.with_name(file.name + end).unlink(missing_ok=True)  # of a file that is no database any more
        new.replace(file)
        folder = os.open(file.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise UnusableFile(f"{file} cannot be replaced: {error.strerror}") from None
