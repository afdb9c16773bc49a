"""What `make` says to whoever installs and runs Frontline, with the programs that it calls played by small scripts."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.contract.tree import ROOT


def program(folder: Path, name: str, script: str) -> None:
    """A program of this name, first on the PATH of `make`."""
    file = folder / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def make(folder: Path, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """`make` in `folder`, whose `bin` comes first on its PATH; a group of processes as a terminal has."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "FRONTLINE_"))}
    path = os.pathsep.join([str(folder / "bin"), environment["PATH"]])
    return subprocess.Popen(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=environment | {"PATH": path} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that the Makefile itself uses, in a folder of their own."""
    for name in ("Makefile", "pyproject.toml", "testkit/pyproject.toml", *(each.name for each in ROOT.glob("*.lock"))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    return tmp_path


def test_logs_end_on_ctrl_c_without_an_error(checkout: Path) -> None:
    """It is the only way to end them."""
    program(checkout, "docker", 'trap "exit 130" INT\ntouch started\nwhile :; do sleep 0.05; done')
    running = make(checkout, "logs")
    deadline = time.monotonic() + 30
    while not (checkout / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=30)
    assert said == ""


DOCKER = """
case "$*" in
  *' settings') echo "$SETTINGS" >&2; test -z "$SETTINGS" || exit 2 ;;
  'compose up '*) touch started ;;
  'compose port intake 8080') echo 127.0.0.1:18080 ;;
  'compose port kafka 29092') echo 127.0.0.1:19092 ;;
  'compose port '*) echo 127.0.0.1:18081 ;;
  'compose config') echo "$CONFIG" ;;
esac
"""
KNOWN = "ed20191044553dac8f9c45e62062dd18e7dc1f898a897240b4179fb84fea3db4"


@pytest.mark.parametrize(
    ("config", "key"), [(f"sha256: {KNOWN}", "local-development-only"), ("sha256: other", "FRONTLINE_API_KEYS")]
)
def test_up_says_what_to_open_and_which_key_to_use(checkout: Path, config: str, key: str) -> None:
    """A list of ports is no address, and without a key no call is answered."""
    program(checkout, "docker", DOCKER)
    running = make(checkout, "up", CONFIG=config)
    said, _ = running.communicate(timeout=30)
    assert running.returncode == 0, said
    assert (checkout / "started").exists()
    found = re.search("API key +(.*)", said)
    assert found
    assert key in found[1]
    for address in ("http://127.0.0.1:18080/", "http://127.0.0.1:18080/chat", "127.0.0.1:19092"):
        assert re.search(f" {re.escape(address)}$", said, re.MULTILINE)


def test_up_with_a_wrong_setting_starts_nothing_and_says_which_one(checkout: Path) -> None:
    """The reason was in the log of an unhealthy container."""
    program(checkout, "docker", DOCKER)
    wrong = "FRONTLINE_POLICIES: nope: there is no edition 'nope' in /policies"
    running = make(checkout, "up", SETTINGS=wrong)
    said, _ = running.communicate(timeout=30)
    assert running.returncode == 2
    assert said.splitlines()[0] == wrong
    assert "FRONTLINE_POLICY_DIR" in said
    assert not (checkout / "started").exists()
