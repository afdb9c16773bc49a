"""Which Kafka a command takes: the one that was named, else that of the newest system that runs here."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.cli.notes import FOLDER, Note, OwnNote
from services.cli.options import BAD_INPUT, CommandFailed, chosen_system

STARTED = datetime(2026, 11, 23, 12, tzinfo=UTC)
Leave = Callable[..., Note]


@pytest.fixture
def leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Leave]:
    """Leaves notes in a folder of its own; of each system, `hours` after the first."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C")
    for name in ("FRONTLINE_KAFKA_BOOTSTRAP", "FRONTLINE_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    kept: list[OwnNote] = []

    def left(hours: int, *, ready: bool = True, namespace: str = "") -> Note:
        note = Note(
            pid=4000 + hours, started=STARTED + timedelta(hours=hours), ready=ready, kafka=f"127.0.0.1:{29000 + hours}",
            ports={}, urls={}, data=None, namespace=namespace,
        )  # fmt: skip
        own = OwnNote(tmp_path)
        own._file = tmp_path / f"up-{hours}.json"  # as if written by a process of its own
        with own.claiming():
            own.write(note)
        kept.append(own)
        return note

    yield left
    for own in kept:
        own.remove()


def test_the_command_line_outranks_the_environment_and_that_a_running_system(
    leave: Leave, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever names a Kafka has that one, and is told nothing else."""
    newest = leave(1)
    monkeypatch.setenv("FRONTLINE_KAFKA_BOOTSTRAP", "kafka:9092")
    named, none = chosen_system("other:9092")
    assert (named.kafka_bootstrap, none) == ("other:9092", None)
    settings, none = chosen_system(None)
    assert (settings.kafka_bootstrap, none) == ("kafka:9092", None)
    assert capsys.readouterr().err == ""
    monkeypatch.delenv("FRONTLINE_KAFKA_BOOTSTRAP")
    settings, note = chosen_system(None)
    assert (settings.kafka_bootstrap, note) == (newest.kafka, newest)


def test_of_several_systems_the_newest_that_is_ready_counts_and_is_named(
    leave: Leave, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that is starting has no topics yet."""
    leave(1)
    leave(3)
    leave(2)
    leave(4, ready=False)
    settings, _ = chosen_system(None)
    assert settings.kafka_bootstrap == "127.0.0.1:29003"
    since = f"{(STARTED + timedelta(hours=3)).astimezone():%H:%M:%S %Z}"
    assert capsys.readouterr().err == (
        f"Kafka of the newest of 3 `frontline up` that run here (process 4003, since {since}): 127.0.0.1:29003\n"
    )


def test_the_namespace_is_that_of_the_system_unless_the_environment_has_one(
    leave: Leave, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its topics are found in a terminal that knows nothing of how it was started."""
    leave(1, namespace="theirs")
    assert chosen_system(None)[0].namespace == "theirs"
    monkeypatch.setenv("FRONTLINE_NAMESPACE", "ours")
    assert chosen_system(None)[0].namespace == "ours"


def test_without_a_running_system_the_sentence_says_what_to_do(leave: Leave) -> None:
    """A default address would be that of somebody else's Kafka, or of none."""
    with pytest.raises(CommandFailed, match=r"^no `frontline up` runs here: start one, or name a Kafka") as caught:
        chosen_system(None)
    assert caught.value.code == BAD_INPUT
    with pytest.raises(CommandFailed, match=r"^aquí no hay ningún `frontline up`"):
        chosen_system(None, "es")
    leave(1, ready=False)
    with pytest.raises(CommandFailed, match=r"^the `frontline up` of process 4001 is still starting: "):
        chosen_system(None)


def test_only_one_place_looks_at_the_notes() -> None:
    """A command that asks by itself would choose otherwise one day."""
    cli = Path(__file__).parents[3] / "services" / "cli"
    asking = {file.name for file in cli.rglob("*.py") if "live_notes(" in file.read_text()}
    assert asking - {"notes.py", "doctor.py"} == {"options.py"}
    assert os.environ[FOLDER], "no test sees the notes of a developer"
