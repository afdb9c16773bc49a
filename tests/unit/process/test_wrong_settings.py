"""A service tells all that is wrong with its settings in one run, whatever kinds of settings are wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.intake import ID_SECRET, api_keys

ROOT = Path(__file__).parents[3]
SERVICES = ("intake", "board", "router", "escalation")


def _run(service: str, *arguments: str, **settings: str) -> tuple[int, list[str]]:
    """The exit code of a service, and its lines."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTLINE_")}
    if service in ("intake", "board"):
        environment |= {"FRONTLINE_API_KEYS": api_keys(), "FRONTLINE_ID_SECRET": ID_SECRET}
    done = subprocess.run(
        [sys.executable, "-m", f"services.{service}", *arguments],
        cwd=ROOT,
        env=environment | settings,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()


def test_mistakes_of_all_kinds_are_told_in_one_run(tmp_path: Path) -> None:
    """Else an operator mends one, starts again and meets the next: ports, Kafka, editions, keys, topics, sentences."""
    code, lines = _run(
        "intake",
        FRONTLINE_HTTP_PORT="abc",
        FRONTLINE_KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        FRONTLINE_KAFKA_SSL_CA_FILE=str(tmp_path / "nowhere.pem"),
        FRONTLINE_SESSION_TIMEOUT_MS="6000",
        FRONTLINE_HEARTBEAT_INTERVAL_MS="5000",
        FRONTLINE_POLICIES="nope,guidelines-2021,neither",
        FRONTLINE_API_KEYS="xx",
        FRONTLINE_TOKEN_HOSTS="[{]",
        FRONTLINE_ID_SECRET="short",
        FRONTLINE_CORS_ORIGINS="*",
        FRONTLINE_MESSAGES="/dev/null",
    )
    assert code == 2
    named = [re.match(r"FRONTLINE_[A-Z_]+(?=[=:])", line) for line in lines]
    assert sorted(found[0].removeprefix("FRONTLINE_") for found in named if found) == sorted(
        [
            *("HTTP_PORT", "KAFKA_SECURITY_PROTOCOL", "KAFKA_SSL_CA_FILE", "HEARTBEAT_INTERVAL_MS"),
            *("POLICIES", "POLICIES", "API_KEYS", "TOKEN_HOSTS", "ID_SECRET", "CORS_ORIGINS", "MESSAGES"),
        ]
    ), lines
    assert len(lines) == len(named)


@pytest.mark.parametrize("service", SERVICES)
def test_a_certificate_file_that_is_missing_is_named_by_its_path(service: str, tmp_path: Path) -> None:
    """It looked like a Kafka that does not answer, for ever and without the path."""
    file = tmp_path / "ca.pem"
    code, lines = _run(
        service,
        FRONTLINE_KAFKA_SECURITY_PROTOCOL="SSL",
        FRONTLINE_KAFKA_SSL_CA_FILE=str(file),
    )
    assert (code, lines) == (2, [f"FRONTLINE_KAFKA_SSL_CA_FILE={file}: cannot be read: No such file or directory"])


def test_what_depends_on_a_wrong_setting_is_not_told_as_well(tmp_path: Path) -> None:
    """Without the folder its editions are not found: one line says all, two would send somebody looking for more."""
    code, lines = _run("router", FRONTLINE_POLICY_DIR=str(tmp_path / "nowhere"), FRONTLINE_POLICIES="mine")
    assert (code, len(lines)) == (2, 1)
    assert lines[0].startswith("FRONTLINE_POLICY_DIR=")


@pytest.mark.parametrize("service", SERVICES)
def test_settings_are_checked_without_a_start(service: str) -> None:
    """A deployment finds mistakes before it stops what runs; no broker is needed for it."""
    assert _run(service, "--check") == (0, [])
    code, lines = _run(service, "--check", FRONTLINE_POLICIES="nope")
    assert (code, len(lines)) == (2, 1)
    assert re.match("FRONTLINE_POLICIES: .*'nope'", lines[0])


def test_another_argument_is_refused() -> None:
    """`--chekc` would start a second instance in production."""
    assert _run("router", "--chekc")[0] == 2
