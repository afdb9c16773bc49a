"""`frontline token`: a key that is shown once, and the entry that admits it; a secret for ids."""

import hashlib
import json
import subprocess

import pytest

from services.intake.api_keys import ApiKeys, Keyring
from services.intake.settings import Settings
from shared.kafka.settings import load
from tests.harness.command_line import frontline_text


def _run(*words: str, command: str = "key") -> subprocess.CompletedProcess[str]:
    return frontline_text("token", command, *words)


def test_the_entry_admits_the_key() -> None:
    """What is printed can be pasted as it is."""
    done = _run("shop", "--scopes", "submit, agent", "--rate", "20/minute", "--json")
    assert done.returncode == 0
    made = json.loads(done.stdout)
    keys = ApiKeys.validate_json(json.dumps([made["entry"]]))
    found = Keyring(keys).identify(f"Bearer {made['key']}")
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
