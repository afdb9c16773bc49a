"""Who has the board's file: one board, or the command that makes it anew.

The lock is on a file beside it: SQLite has locks of its own on the file, and a file that is replaced is another one.
It is gone with its process, however that ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.board.faults import FileInUse, UnusableFile


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Have `file` alone for as long as the block runs. Raises FileInUse, UnusableFile."""
    beside = file.with_name(file.name + ".lock")
    try:
        lock = beside.open("ab")
    except OSError as error:
        raise UnusableFile(f"{beside} cannot be written: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileInUse(
                f"another process has {file} open: stop it, or name another file in FRONTLINE_BOARD_FILE"
            ) from None
        yield
