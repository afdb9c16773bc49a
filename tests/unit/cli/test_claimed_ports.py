"""`frontline up` claims its ports in its note before anything is started."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.cli.notes import FOLDER, live_notes
from services.cli.ports import PortUnavailable
from services.cli.progress import Progress
from services.cli.system import Options, System
from tests.harness.ports import free_port


def test_ports_are_claimed_before_they_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka opens its port seconds after a start has found it free; a second start must not find it free then."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    kafka_port = free_port()
    with ExitStack() as first, ExitStack() as second:
        system = System(Options(port=0, kafka_port=kafka_port), Progress())
        system._claim_ports(first)
        (note,) = live_notes(tmp_path)
        assert (note.pid, note.ready, note.ports["kafka"]) == (os.getpid(), False, kafka_port)
        with pytest.raises(
            PortUnavailable, match=rf"^port {kafka_port} \(kafka\) is used by the `frontline` of process"
        ):
            System(Options(port=0, kafka_port=kafka_port), Progress())._claim_ports(second)
        assert system._note is not None
        system._note.remove()


def test_a_folder_that_cannot_be_made_costs_the_note_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The system runs, and says that other commands need its address."""
    monkeypatch.setenv(FOLDER, "/dev/null/notes")
    with ExitStack() as holding:
        System(Options(port=0), Progress())._claim_ports(holding)
    assert "no note of this system could be left" in capsys.readouterr().err
