"""The keys of `frontline up`: one that is the same at each start, and those of one's own."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from services.cli.development_key import HostsOfOthers, KeysNotRead, allowed_hosts, api_keys
from shared.web.development_key import DEVELOPMENT_KEY

DIGEST = hashlib.sha256(DEVELOPMENT_KEY.encode()).hexdigest()
OWN = {"name": "shop", "sha256": "0" * 64, "scopes": ["submit"]}


def _keys(**environment: str) -> list[Any]:
    return list(json.loads(api_keys(environment)))


def test_the_development_key_is_that_of_the_documentation_and_of_the_compose_stack() -> None:
    """What was written against one system runs against the other, and the examples run as they are printed."""
    root = Path(__file__).parents[3]
    assert f"FRONTLINE_KEY:-{DEVELOPMENT_KEY}}}" in (root / "docs/api.md").read_text()
    assert DIGEST in (root / "docker-compose.yml").read_text()


@pytest.mark.parametrize("text", ["", " ", "[]"])
def test_without_keys_of_ones_own_the_development_key_has_every_scope(text: str) -> None:
    """`up` itself calls with it."""
    (ours,) = _keys(FRONTLINE_API_KEYS=text)
    assert (ours["sha256"], ours["scopes"]) == (DIGEST, ["submit", "agent", "backfill", "admin"])


def test_keys_of_the_environment_are_admitted_beside_it(tmp_path: Path) -> None:
    """From the variable, or from the file that another one names."""
    file = tmp_path / "keys.json"
    file.write_text(json.dumps([OWN]))
    assert _keys(FRONTLINE_API_KEYS=json.dumps([OWN]))[1:] == [OWN]
    assert _keys(FRONTLINE_API_KEYS_FILE=str(file))[1:] == [OWN]


def test_an_entry_of_the_development_key_itself_is_not_there_twice() -> None:
    """Whoever took it over from the compose stack would be refused: no key may be in two entries."""
    assert len(_keys(FRONTLINE_API_KEYS=json.dumps([{**OWN, "sha256": DIGEST.upper()}]))) == 1


@pytest.mark.parametrize("text", ["xx", '{"name": "shop"}'])
def test_what_is_no_list_is_left_for_intake_to_refuse(text: str) -> None:
    """Intake names the entry and the field, as it does for every other start."""
    assert api_keys({"FRONTLINE_API_KEYS": text}) == text


def test_a_file_that_cannot_be_read_names_its_variable(tmp_path: Path) -> None:
    """Nothing has been started yet."""
    with pytest.raises(KeysNotRead, match=r"^FRONTLINE_API_KEYS_FILE=.*/none: cannot be read: No such file"):
        api_keys({"FRONTLINE_API_KEYS_FILE": str(tmp_path / "none")})
    with pytest.raises(KeysNotRead, match=r"^set one of FRONTLINE_API_KEYS and FRONTLINE_API_KEYS_FILE"):
        api_keys({"FRONTLINE_API_KEYS_FILE": str(tmp_path / "none"), "FRONTLINE_API_KEYS": "[]"})


@pytest.mark.parametrize(
    ("given", "expected"), [("", "localhost,127.0.0.1,::1"), ("127.0.0.9", "localhost,127.0.0.1,::1,127.0.0.9")]
)
def test_up_answers_for_the_names_of_this_machine(given: str, expected: str) -> None:
    """Everybody knows its key: a page elsewhere must not have its own name stand for this machine."""
    assert allowed_hosts({"FRONTLINE_ALLOWED_HOSTS": given}) == expected


def test_up_does_not_answer_for_a_name_that_others_call() -> None:
    """A proxy would let them in with a key that everybody knows. It is said before anything is started."""
    given = {"FRONTLINE_ALLOWED_HOSTS": "localhost, support.example,[2001:db8::7]"}
    with pytest.raises(HostsOfOthers, match=r"^FRONTLINE_ALLOWED_HOSTS has 2001:db8::7, support\.example, by which"):
        allowed_hosts(given)
    meant = allowed_hosts({**given, "FRONTLINE_DEVELOPMENT_ANYWHERE": "true"})
    assert meant == "localhost,127.0.0.1,::1,localhost, support.example,[2001:db8::7]"


def test_what_is_no_host_is_left_for_the_services_to_refuse() -> None:
    """They name it, as at every other start."""
    assert allowed_hosts({"FRONTLINE_ALLOWED_HOSTS": "box:8080"}) == "localhost,127.0.0.1,::1,box:8080"
