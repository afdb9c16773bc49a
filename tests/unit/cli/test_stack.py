"""What the compose stack makes for itself: a secret of ids for all, a demo sign-in for a stack of development alone."""

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from services.cli.demo_people import FILE
from services.cli.stack import HOSTS_FILE, is_for_development, make, settings_of_the_stack
from services.intake.settings import Settings
from shared.pages.demo_host import read_demo_host
from shared.settings import load_with_documents
from shared.web.development_key import DEVELOPMENT_SHA256
from tests.harness.sign_in import token_hosts

ROOT = Path(__file__).parents[3]
KNOWN = {"name": "local", "sha256": DEVELOPMENT_SHA256, "scopes": ["submit", "admin"], "rate": None}
OWN = {"name": "shop", "sha256": hashlib.sha256(b"of the shop").hexdigest(), "scopes": ["submit"]}
DEVELOPMENT = {"FRONTLINE_API_KEYS": json.dumps([KNOWN])}
# What others have reason to trust: their own host applications, or keys of their own alone.
OTHERS = {
    "hosts": DEVELOPMENT | {"FRONTLINE_TOKEN_HOSTS": token_hosts()},
    "a file of hosts": DEVELOPMENT | {"FRONTLINE_TOKEN_HOSTS_FILE": "/etc/hosts.json"},
    "keys": {"FRONTLINE_API_KEYS": json.dumps([OWN])},
    "a file of keys": {"FRONTLINE_API_KEYS_FILE": "/etc/keys.json"},
    "wrong keys": {"FRONTLINE_API_KEYS": "[{]"},
    "no list": {"FRONTLINE_API_KEYS": json.dumps(KNOWN)},
    "nothing": {},
}


@pytest.fixture(autouse=True)
def nothing_else_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are those of each test."""
    for name in [each for each in os.environ if each.startswith("FRONTLINE_")]:
        monkeypatch.delenv(name)


def test_a_stack_for_development_lets_everybody_try_it_as_somebody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The services take what was made: customers of several plans, agents, a lead."""
    make(DEVELOPMENT, tmp_path)
    found = settings_of_the_stack(DEVELOPMENT, tmp_path)
    for name, value in {**DEVELOPMENT, **found, "FRONTLINE_ALLOWED_HOSTS": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    settings = load_with_documents(Settings)
    assert settings.demo_sign_in_file is not None
    host = read_demo_host(settings.demo_sign_in_file, settings.read_callers(), settings.token_audience)
    assert {person.requester_id for person in host.people} >= {"admin-licensed", "agent-1", "lead"}
    assert {person.account_id for person in host.people} >= {"demo-premier-api", "demo-premier-plus-api"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("environment", OTHERS.values(), ids=OTHERS)
def test_any_other_stack_has_no_demo_sign_in(environment: dict[str, str], tmp_path: Path) -> None:
    """Also not if it was for development before: the private key and the people are gone."""
    make(DEVELOPMENT, tmp_path)
    assert not is_for_development(environment)
    found = settings_of_the_stack(environment, tmp_path)
    assert found.keys() - {"FRONTLINE_DEVELOPMENT_ANYWHERE"} == {"FRONTLINE_ID_SECRET"}
    make(environment, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["id-secret"]


@pytest.mark.parametrize("what", ["make", "run"])
def test_a_stack_with_what_everybody_knows_is_not_for_names_that_others_call(what: str, tmp_path: Path) -> None:
    """A proxy on this machine lets others in by a name of theirs, wherever the ports are open. One line says so."""
    public = {"FRONTLINE_ALLOWED_HOSTS": "intake,board,localhost,support.example"}
    done = _stack(what, str(tmp_path), sys.executable, "-c", "", **DEVELOPMENT, **public)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("FRONTLINE_ALLOWED_HOSTS has support.example, by which a proxy may let other machines in")
    assert list(tmp_path.iterdir()) == []
    own = {"FRONTLINE_API_KEYS": json.dumps([OWN])}
    for given in (DEVELOPMENT | {"FRONTLINE_DEVELOPMENT_ANYWHERE": "true"}, own):
        assert _stack(what, str(tmp_path), sys.executable, "-c", "", **given, **public).returncode == 0


@pytest.mark.parametrize("name", ["hosts", "a file of hosts"])
def test_host_applications_of_ones_own_need_keys_of_ones_own(name: str, tmp_path: Path) -> None:
    """Others use such a stack, and the key that ships would be an admin's for all of them."""
    given = OTHERS[name]
    done = _stack("make", str(tmp_path), sys.executable, "-c", "", **given)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert line.startswith("FRONTLINE_TOKEN_HOSTS has host applications of your own, and FRONTLINE_API_KEYS admits")
    for meant in ({"FRONTLINE_DEVELOPMENT_ANYWHERE": "true"}, {"FRONTLINE_API_KEYS": json.dumps([OWN])}):
        done = _stack("make", str(tmp_path), sys.executable, "-c", "", **given | meant)
        assert (done.returncode, done.stderr) == (0, ""), "and without a demo sign-in page"


def test_the_names_of_its_own_containers_are_those_of_no_other_machine(tmp_path: Path) -> None:
    """The stack adds them itself, so that the board reaches intake."""
    given = DEVELOPMENT | {"FRONTLINE_ALLOWED_HOSTS": "intake,board,127.0.0.1,[::1],localhost"}
    done = _stack("make", str(tmp_path), sys.executable, "-c", "", **given)
    assert done.returncode == 0, done.stderr


def test_its_ports_are_said_to_keep_others_out_by_the_stack_alone(tmp_path: Path) -> None:
    """So that a service listens on every address of its container, and a user who says nothing has said nothing."""
    name = "FRONTLINE_DEVELOPMENT_ANYWHERE"
    assert settings_of_the_stack(DEVELOPMENT, tmp_path)[name] == "true"
    assert name not in settings_of_the_stack({"FRONTLINE_API_KEYS": json.dumps([OWN])}, tmp_path)


def test_a_restart_changes_neither_ids_nor_who_is_signed_in(tmp_path: Path) -> None:
    """The secret and the key stay in their volume; a secret of the environment outranks it."""
    make(DEVELOPMENT, tmp_path)
    hosts, found = (tmp_path / HOSTS_FILE).read_text(), settings_of_the_stack(DEVELOPMENT, tmp_path)
    make(DEVELOPMENT, tmp_path)
    assert (tmp_path / HOSTS_FILE).read_text() == hosts
    assert settings_of_the_stack(DEVELOPMENT, tmp_path) == found
    assert "FRONTLINE_ID_SECRET" not in settings_of_the_stack({"FRONTLINE_ID_SECRET": "x" * 32}, tmp_path)


def test_wrong_editions_are_left_to_the_services_to_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a line for each mistake, as wherever else they are wrong."""
    monkeypatch.setenv("FRONTLINE_POLICIES", "nope")
    make(DEVELOPMENT, tmp_path)
    assert not (tmp_path / FILE).exists()
    monkeypatch.delenv("FRONTLINE_POLICIES")
    make(DEVELOPMENT, tmp_path)
    page = (tmp_path / FILE).read_text()
    monkeypatch.setenv("FRONTLINE_POLICIES", "nope")
    make(DEVELOPMENT, tmp_path)
    assert (tmp_path / FILE).read_text() == page, "whoever is signed in stays so once the editions are mended"


def _stack(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **settings}
    command = (sys.executable, "-m", "services.cli.stack", *words)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)


def test_a_program_runs_in_its_place_with_what_was_made(tmp_path: Path) -> None:
    """Docker's signals and the exit code are those of the service."""
    show = "import os, sys; print(os.environ['FRONTLINE_DEMO_SIGN_IN_FILE']); sys.exit(7)"
    done = _stack("make", str(tmp_path), sys.executable, "-c", show, **DEVELOPMENT)
    assert (done.returncode, done.stdout) == (7, f"{tmp_path / FILE}\n")
    assert "demo sign-in page is on" in done.stderr
    done = _stack("run", str(tmp_path), sys.executable, "-c", show, **DEVELOPMENT)
    assert (done.returncode, done.stderr) == (7, "")


def test_demo_accounts_that_cannot_be_loaded_are_named_and_end_nothing(intake_that_refuses: str) -> None:
    """They are for whoever tries the stack, and the start of the whole of it waits for the end of their loading."""
    done = _stack("accounts", FRONTLINE_INTAKE_URL=intake_that_refuses, **DEVELOPMENT)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("the demo accounts are not loaded: PUT /v1/accounts/")
    assert "409" in done.stderr
    done = _stack("accounts", FRONTLINE_INTAKE_URL=intake_that_refuses, FRONTLINE_POLICIES="nope", **DEVELOPMENT)
    assert done.returncode == 0
    assert done.stderr.startswith("the demo accounts are not loaded: ")


def test_a_stack_without_the_demo_loads_no_accounts() -> None:
    """Its intake is not even asked."""
    done = _stack("accounts", FRONTLINE_INTAKE_URL="http://127.0.0.1:1")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def intake_that_refuses() -> Iterator[str]:
    """The address of an intake with another edition, say: it takes none of these accounts."""

    class Refusing(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(409)

        def log_message(self, *_: object) -> None:
            """Nothing of it is for people."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_other_words_are_refused() -> None:
    """A service that started without its settings would refuse everybody."""
    done = _stack("rnu", "folder", "program")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: ")
