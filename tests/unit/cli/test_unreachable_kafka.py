"""A command that cannot reach Kafka prints one sentence, the same for every command, and ends with exit code 1."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator

import pytest

from services.cli.__main__ import COMMANDS
from tests.harness.command_line import frontline_text

# Every command that connects to Kafka, with the arguments that it needs to get so far.
CONNECTING = {
    "up": ("--port", "0"),
    "demo": ("--port", "0"),
    "cases": (),
    "explain": ("case-1",),
    "replay": ("--from-topic",),
    "policy migrate": ("objectives-2024", "--all"),
    "topics apply": (),
    "topics check": (),
    "topics accept": ("support.requests.v1",),
    "dead-letters list": (),
    "dead-letters show": ("support.requests.v1:0:0",),
    "dead-letters replay": ("--all",),
    "doctor": ("--port", "0"),
}
# `up` and `demo` wait 15 s for a Kafka that may be starting; one is enough here.
QUICK = "from services.cli import __main__, system; system.KAFKA_TIMEOUT = 1.0; __main__.main()"
HELP_PAGES = (*(name for name in COMMANDS), *(name for name in CONNECTING if " " in name))


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port of this machine that refuses every connection while the tests run: bound, and nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


def frontline(*arguments: str, language: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    """Run the command as its users do, on a machine of this language."""
    return frontline_text(*arguments, code=QUICK, environment={"LC_ALL": language, "COLUMNS": "200"})


@pytest.mark.parametrize("command", CONNECTING)
def test_an_unreachable_kafka_is_the_same_sentence_in_every_command(command: str, closed_port: int) -> None:
    """Exit code 1, since the arguments were right and there is no result. The doctor's result is its table."""
    done = frontline(*command.split(), *CONNECTING[command], "--kafka", f"127.0.0.1:{closed_port}")
    sentence = f"Kafka at 127.0.0.1:{closed_port} does not answer; --kafka HOST:PORT sets its address"
    assert done.returncode == 1
    if command == "doctor":
        assert (done.stdout.count(sentence), done.stderr) == (1, "")
    else:
        assert done.stdout == ""
        assert done.stderr.splitlines()[-1] == sentence
        assert done.stderr.count("does not answer") == 1
        assert "Traceback" not in done.stderr


def test_a_port_that_accepts_connections_and_never_answers_is_an_unreachable_kafka(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as another program on that port, or a broker that hangs."""
    monkeypatch.setenv("FRONTLINE_KAFKA_REQUEST_TIMEOUT_MS", "1000")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        done = frontline("topics", "check", "--kafka", address)
    sentence = f"Kafka at {address} does not answer; --kafka HOST:PORT sets its address\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


def test_an_unreachable_kafka_is_reported_in_the_language_of_the_machine(closed_port: int) -> None:
    """The sentence is one of the catalogue; `--lang` outranks the machine where a command has it."""
    address = f"127.0.0.1:{closed_port}"
    spanish = f"Kafka no responde en {address}; --kafka HOST:PORT indica su dirección\n"
    assert frontline("topics", "check", "--kafka", address, language="es_ES.UTF-8").stderr == spanish
    assert frontline("explain", "case-1", "--kafka", address, "--lang", "es").stderr == spanish


def test_the_doctor_reports_an_unreachable_kafka_to_programs_as_well(closed_port: int) -> None:
    """The check has the sentence as what was found, and advice besides."""
    done = frontline("doctor", "--json", "--port", "0", "--kafka", f"127.0.0.1:{closed_port}")
    (check,) = [each for each in json.loads(done.stdout)["checks"] if each["name"] == "Kafka"]
    assert check["status"] == "fail"
    assert check["found"] == f"Kafka at 127.0.0.1:{closed_port} does not answer; --kafka HOST:PORT sets its address"
    assert "reach" in check["advice"]


def test_no_command_that_connects_to_kafka_is_left_out_of_these_tests() -> None:
    """Whatever takes --kafka connects; a new command belongs in the table above."""
    taking = {name for name in HELP_PAGES if re.search(r"--kafka\b", frontline(*name.split(), "--help").stdout)}
    assert taking == CONNECTING.keys()
