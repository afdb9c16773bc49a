"""The notes of running systems: each `frontline up` leaves one, by which the other commands find it.

A note is a JSON file that its `up` keeps locked. The kernel gives up the lock when the process ends, however it ends,
so a note that can be locked is one of a process that is gone: whoever meets it removes it.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec

from shared.test_clock import ahead_of
from shared.wall_clock import utc_now
from shared.web.host_names import is_loopback

FOLDER = "FRONTLINE_RUNTIME_DIR"  # the variable that names the folder
_SUFFIX = ".json"
_CLAIM = "claim.lock"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Where a system is. `kafka` is host:port, "" while it is not known.

    `ports` are all that it has, by what has them; 0 is one that Kafka chooses. `urls` has the HTTP address of each
    service. `data` is its folder; None = one that it deletes at the end. `ready`: its topics are there, and all
    services were ready once. `test_clock` is the folder of the clock that tests advance; None = it has true time.
    """

    pid: int
    started: datetime
    ready: bool
    kafka: str
    ports: Mapping[str, int]
    urls: Mapping[str, str]
    data: str | None
    namespace: str
    test_clock: str | None = None


def notes_folder(environment: Mapping[str, str], home: Path) -> Path:
    """The folder of the notes of one person on this machine.

    FRONTLINE_RUNTIME_DIR, else a folder `frontline` where the XDG base directories have what lives as long as a session
    (XDG_RUNTIME_DIR), else where they have a program's state (XDG_STATE_HOME, by default ~/.local/state).
    """
    if own := environment.get(FOLDER):
        return Path(own)
    if session := environment.get("XDG_RUNTIME_DIR"):
        return Path(session) / "frontline"
    state = environment.get("XDG_STATE_HOME")
    return (Path(state) if state else home / ".local" / "state") / "frontline" / "running"


def usual_folder() -> Path:
    """The folder of the notes in this environment."""
    return notes_folder(os.environ, Path.home())


def live_notes(folder: Path) -> list[Note]:
    """The notes of systems that run, the newest first; those of processes that are gone are removed."""
    found = []
    for file in sorted(folder.glob(f"*{_SUFFIX}")):
        with suppress(OSError, msgspec.MsgspecError):  # it has just ended, or another version wrote it
            if _is_locked(file):
                found.append(msgspec.json.decode(file.read_bytes(), type=Note))
            else:
                file.unlink(missing_ok=True)
    return sorted(found, key=lambda note: (note.started, note.pid), reverse=True)


def time_at(kafka: str, namespace: str, folder: Path) -> datetime:
    """The time now of the system on that Kafka and namespace: the true time, unless one here has a clock that tests
    advance. `folder` has the notes.
    """
    clocks = (
        note.test_clock
        for note in live_notes(folder)
        if note.test_clock is not None and note.namespace == namespace and _comparable(note.kafka) == _comparable(kafka)
    )
    clock = next(clocks, None)
    return utc_now() if clock is None else utc_now() + ahead_of(Path(clock))


def _comparable(address: str) -> str:
    """A host with its port in one form: this machine has several names."""
    host, _, port = address.rpartition(":")
    return f"{'localhost' if is_loopback(host) else host.lower()}:{port}"


def _is_locked(file: Path) -> bool:
    opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False


class OwnNote:
    """The note of this process. Use `claiming` around the first `write`, so that two starts do not take one port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / f"up-{os.getpid()}{_SUFFIX}"
        self._lock: int | None = None

    @contextmanager
    def claiming(self) -> Iterator[list[Note]]:
        """The notes of the systems that run; meanwhile no other start reads or writes its first. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(self._folder / _CLAIM, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield live_notes(self._folder)
        finally:
            os.close(opened)

    def write(self, note: Note) -> None:
        """Write it, or write it anew: as a whole, locked at any instant, for its owner alone. Raises OSError."""
        opened, name = tempfile.mkstemp(prefix=f"{self._file.name}.", dir=self._folder)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            os.write(opened, msgspec.json.encode(note))
            Path(name).replace(self._file)
        except BaseException:
            os.close(opened)
            Path(name).unlink(missing_ok=True)
            raise
        self._release()
        self._lock = opened

    def remove(self) -> None:
        """Remove it, if it was written."""
        if self._lock is not None:
            self._file.unlink(missing_ok=True)
            self._release()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
