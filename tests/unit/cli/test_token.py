"""`frontline token`: a key that is shown once, and the entry that admits it; a secret for ids."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from services.intake.settings import Settings
from shared.identity.signed_tokens import SignedTokens
from shared.kafka.settings import load
from shared.wall_clock import utc_now
from shared.web.admission import TokenHosts
from shared.web.api_keys import ApiKeys, Keyring
from tests.harness.command_line import frontline_text


def _run(*words: str, command: str = "key") -> subprocess.CompletedProcess[str]:
    return frontline_text("token", command, *words)


def test_the_entry_admits_the_key() -> None:
    """What is printed can be pasted as it is."""
    done = _run("shop", "--scopes", "submit, agent", "--rate", "20/minute", "--json")
    assert done.returncode == 0
    made = json.loads(done.stdout)
    keys = ApiKeys.validate_json(json.dumps([made["entry"]]))
    found = Keyring(keys).find(made["key"])
    assert found is not None
    assert (found.name, found.scopes, found.rate) == ("shop", ("submit", "agent"), "20/minute")


def test_for_people_the_key_and_its_entry_are_two_lines() -> None:
    """Data on standard output, what to do with it on standard error; the entry holds the hash alone."""
    done = _run("shop", "--no-limit")
    key, entry = done.stdout.splitlines()
    assert json.loads(entry) == {
        "name": "shop",
        "sha256": hashlib.sha256(key.encode()).hexdigest(),
        "scopes": ["submit"],
        "rate": None,
    }
    assert "once" in done.stderr
    assert key not in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [(("shop", "--scopes", "root"), "scopes"), (("shop", "--rate", "often"), "rate"), ((" ",), "name")],
)
def test_an_entry_that_intake_would_refuse_is_not_created(words: tuple[str, ...], message: str) -> None:
    """With exit code 2 and the name of what is wrong."""
    done = _run(*words)
    assert done.returncode == 2
    assert done.stderr.startswith(message)
    assert done.stdout == ""


def test_the_entry_says_who_acts_with_the_key() -> None:
    """A bot's replies are not an agent's."""
    entry = json.loads(_run("robot", "--scopes", "agent", "--actor", "bot", "--json").stdout)["entry"]
    (key,) = ApiKeys.validate_json(json.dumps([entry]))
    assert key.acts_as.kind == "bot"
    refused = _run("robot", "--actor", "ghost")
    assert (refused.returncode, refused.stderr.startswith("actor")) == (2, True)


def test_each_new_secret_can_be_configured_as_it_is_printed() -> None:
    """The secret on standard output, what to do with it on standard error."""
    made = [_run(command="secret") for _ in range(2)]
    first, second = (done.stdout.strip() for done in made)
    assert first != second
    settings = load(Settings, api_keys="[]", id_secret=f"{first},{second}")
    assert settings.id_secrets == (first.encode(), second.encode())
    assert "FRONTLINE_ID_SECRET" in made[0].stderr
    assert first not in made[0].stderr


def test_a_host_application_gets_a_key_of_its_own(tmp_path: Path) -> None:
    """The file has the private key and is its owner's alone; the entry has the public part alone."""
    file = tmp_path / "portal.json"
    done = _run("portal", "--key-file", str(file), "--origin", "https://portal.example", command="host")
    assert done.returncode == 0, done.stderr
    (host,) = TokenHosts.validate_json(f"[{done.stdout}]")
    private = json.loads(file.read_text(encoding="utf-8"))["key"]["d"]
    assert private not in done.stdout + done.stderr
    assert file.stat().st_mode & 0o077 == 0
    token = _run(
        *(str(file), "--requester", "u1", "--account", "acme", "--role", "admin", "--licensed"), command="person"
    ).stdout.strip()
    found = SignedTokens((host,), "frontline").verify(token, utc_now()).person
    assert (found.account_id, found.requester_id, found.role, found.licensed) == ("acme", "u1", "admin", True)
    again = _run("portal", "--key-file", str(file), command="host")
    assert (again.returncode, "File exists" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["KEY", "--requester", "u1"], "--account and --role"),
        (["KEY", "--requester", "u1", "--account", "a", "--role", "admin", "--minutes", "61"], "from 1 to 60"),
        (["KEY", "--requester", "u1", "--account", "a", "--role", "admin", "--scopes", "admin"], "submit, agent"),
        (["nowhere.json", "--requester", "u1", "--scopes", "agent"], "nowhere.json: cannot be read"),
        (["empty.json", "--requester", "u1", "--scopes", "agent"], "`frontline token host NAME` makes one"),
    ],
)
def test_a_token_that_cannot_be_made_is_explained(tmp_path: Path, words: list[str], reason: str) -> None:
    """Before anybody wonders why intake refuses it."""
    file = tmp_path / "key.json"
    assert _run("portal", "--key-file", str(file), command="host").returncode == 0
    (tmp_path / "empty.json").write_text("{}", encoding="utf-8")
    where = {"KEY": str(file), "empty.json": str(tmp_path / "empty.json")}
    done = _run(*(where.get(word, word) for word in words), command="person")
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
