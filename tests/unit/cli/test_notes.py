"""Notes of running systems: found while their process lives, whatever it dies of, and by nobody else."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.cli.notes import FOLDER, Note, OwnNote, live_notes, notes_folder, time_at
from shared.wall_clock import utc_now

STARTED = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOME = Path("/home/somebody")


def note(**given: object) -> Note:
    """A note of this process."""
    usual: dict[str, Any] = {"pid": os.getpid(), "started": STARTED, "ready": True, "kafka": "127.0.0.1:29092"}
    usual |= {"ports": {"intake": 8080}, "urls": {}, "data": None, "namespace": ""}
    return Note(**{**usual, **given})


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({FOLDER: "/run/ours", "XDG_RUNTIME_DIR": "/run/user/1000"}, "/run/ours"),
        ({"XDG_RUNTIME_DIR": "/run/user/1000", "XDG_STATE_HOME": "/state"}, "/run/user/1000/frontline"),
        ({"XDG_STATE_HOME": "/state"}, "/state/frontline/running"),
        ({FOLDER: "", "XDG_RUNTIME_DIR": "", "XDG_STATE_HOME": ""}, "/home/somebody/.local/state/frontline/running"),
    ],
)
def test_the_folder_of_the_notes_is_one_of_the_person(environment: dict[str, str], folder: str) -> None:
    """Another person's system is none of one's own, and a machine without sessions has notes too."""
    assert notes_folder(environment, HOME) == Path(folder)


def test_a_note_is_found_while_it_is_kept_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """It is replaced as a whole when the system is ready, and removed at the end."""
    folder = tmp_path / "notes"
    own = OwnNote(folder)
    with own.claiming() as running:
        assert running == []
        own.write(note(ready=False))
    assert live_notes(folder) == [note(ready=False)]
    own.write(note())
    assert live_notes(folder) == [note()]
    (file,) = folder.glob("*.json")
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    own.remove()
    assert live_notes(folder) == []
    assert not list(folder.glob("*.json*"))


def test_the_note_of_a_process_that_is_gone_is_ignored_and_removed(tmp_path: Path) -> None:
    """A kill -9 cannot remove it, and its process id may be that of another program by now."""
    left = f"from pathlib import Path; from tests.unit.cli.test_notes import *; o = OwnNote(Path({str(tmp_path)!r}))\n"
    left += "with o.claiming(): o.write(note())\nimport os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", left], timeout=60, check=False)
    assert len(list(tmp_path.glob("*.json"))) == 1
    assert live_notes(tmp_path) == []
    assert list(tmp_path.glob("*.json")) == []


def test_of_several_the_newest_is_first_and_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """Another version may have left a note that this one does not understand."""
    notes = [note(pid=number, started=STARTED + timedelta(hours=number)) for number in (1, 3, 2)]
    kept = []
    for each in notes:
        own = OwnNote(tmp_path)
        own._file = tmp_path / f"up-{each.pid}.json"  # as if written by processes of their own
        with own.claiming():
            own.write(each)
        kept.append(own)
    strange = OwnNote(tmp_path)
    with strange.claiming():
        strange.write(note())
    assert strange._lock is not None
    os.truncate(strange._lock, 5)
    assert [each.pid for each in live_notes(tmp_path)] == [3, 2, 1]
    for own in (*kept, strange):
        own.remove()


def test_a_second_start_waits_until_the_first_has_claimed_its_ports(tmp_path: Path) -> None:
    """Else both would find the same port free, and one of them would fail later and less clearly."""
    own = OwnNote(tmp_path)
    start = "from pathlib import Path; from tests.unit.cli.test_notes import *\n"
    start += f"with OwnNote(Path({str(tmp_path)!r})).claiming() as running: print([n.kafka for n in running])"
    with own.claiming():
        other = subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE, text=True)
        own.write(note())
    assert other.communicate(timeout=60)[0] == "['127.0.0.1:29092']\n"
    own.remove()


@pytest.mark.parametrize(
    ("kafka", "namespace", "ahead"),
    [
        ("127.0.0.1:29092", "", timedelta(days=3)),
        ("LOCALHOST:29092", "", timedelta(days=3)),
        ("127.0.0.1:29093", "", timedelta()),
        ("kafka.example:29092", "", timedelta()),
        ("127.0.0.1:29092", "other", timedelta()),
    ],
)
def test_the_time_of_a_system_is_that_of_its_clock(
    tmp_path: Path, kafka: str, namespace: str, ahead: timedelta
) -> None:
    """What a command says of a deadline has to be what the services say; every other system has true time."""
    clock, own = tmp_path / "clock", OwnNote(tmp_path / "notes")
    clock.mkdir()
    (clock / "ahead").write_text(str(timedelta(days=3) // timedelta(microseconds=1)))
    with own.claiming():
        own.write(note(test_clock=str(clock)))
    try:
        found = time_at(kafka, namespace, tmp_path / "notes") - utc_now()
        assert abs(found - ahead) < timedelta(minutes=1)
    finally:
        own.remove()
