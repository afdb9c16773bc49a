"""What everybody knows, the development key and the demo sign-in page, is for programs and people on this machine."""

import json
import os
from pathlib import Path

import pytest

from services.board import settings as board
from services.intake import settings as intake
from shared import process
from shared.settings import BadSettings, load_with_documents
from shared.web.development_key import DEVELOPMENT_ID_SECRET
from shared.web.host_names import is_loopback
from shared.web.settings import WebSettings
from tests.harness.intake import ID_SECRET, api_keys

SERVICES: dict[str, type[WebSettings]] = {"intake": intake.Settings, "board": board.Settings}
ROOT = Path(__file__).parents[3]
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens there


def checked(service: str = "intake", **settings: str) -> tuple[int, str]:
    """The exit code with which a service would not start, and what it says; 0 and nothing if it would."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [each for each in os.environ if each.startswith("FRONTLINE_")]:
            patched.delenv(name)
        for name, value in {"FRONTLINE_ID_SECRET": ID_SECRET, **settings}.items():
            patched.setenv(name, value)
        try:
            load_with_documents(SERVICES[service])
        except BadSettings as error:
            return process.BAD_SETTINGS, str(error)
    return process.ENDED, ""


def development_entry() -> str:
    """FRONTLINE_API_KEYS of `.env.example`."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("FRONTLINE_API_KEYS=")]
    return line.partition("=")[2].strip("'")


def test_the_development_key_needs_a_checked_host() -> None:
    """Everybody knows it, so whose page is asked for here decides who uses it."""
    code, said = checked(FRONTLINE_API_KEYS=development_entry())
    assert code == 2
    assert said.splitlines() == [
        "FRONTLINE_API_KEYS admits the key local-development-only, which everybody knows: set FRONTLINE_ALLOWED_HOSTS "
        "to the names of this machine, such as localhost,127.0.0.1,::1, or take it away"
    ]
    assert checked(FRONTLINE_API_KEYS=development_entry(), FRONTLINE_ALLOWED_HOSTS="localhost") == (0, "")


def test_the_demo_sign_in_page_needs_a_checked_host(tmp_path: Path) -> None:
    """Whoever opens it is whom they choose."""
    file = tmp_path / "demo.json"
    file.write_text("{}")
    code, said = checked(FRONTLINE_API_KEYS=api_keys(), FRONTLINE_DEMO_SIGN_IN_FILE=str(file))
    assert code == 2
    assert "FRONTLINE_DEMO_SIGN_IN_FILE signs in whoever opens its page: set FRONTLINE_ALLOWED_HOSTS" in said


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("secret", [DEVELOPMENT_ID_SECRET, f"{ID_SECRET}, {DEVELOPMENT_ID_SECRET}"])
def test_the_secret_that_everybody_knows_is_for_the_key_that_everybody_knows(service: str, secret: str) -> None:
    """With keys of one's own, whoever has one could make the ids of another. Wherever it stands, it verifies ids."""
    assert f"\nFRONTLINE_ID_SECRET={DEVELOPMENT_ID_SECRET}\n" in (ROOT / ".env.example").read_text(encoding="utf-8")
    code, said = checked(service, FRONTLINE_API_KEYS=api_keys(), FRONTLINE_ID_SECRET=secret)
    assert code == 2
    (line,) = said.splitlines()
    assert line.startswith("FRONTLINE_ID_SECRET: has the secret of .env.example")
    development = {"FRONTLINE_API_KEYS": development_entry(), "FRONTLINE_ALLOWED_HOSTS": "localhost"}
    assert checked(service, FRONTLINE_ID_SECRET=secret, **development) == (0, "")
    both = json.dumps(json.loads(development_entry()) + json.loads(api_keys()))
    code, said = checked(service, FRONTLINE_ID_SECRET=secret, **development | {"FRONTLINE_API_KEYS": both})
    assert (code, said.splitlines()) == (2, [line]), "the other key is somebody's, too"
    code, said = checked(service, FRONTLINE_API_KEYS="xx", FRONTLINE_ID_SECRET=secret)
    assert (code, "FRONTLINE_ID_SECRET" in said) == (2, False), "whose key it is, is not known yet"


def test_a_wrong_host_is_named() -> None:
    """With a port it would never be that of a header."""
    code, said = checked(FRONTLINE_API_KEYS=api_keys(), FRONTLINE_ALLOWED_HOSTS="localhost,box:8080")
    assert code == 2
    assert "FRONTLINE_ALLOWED_HOSTS: 'box:8080' is no host" in said


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.0.2.7", "box.example"])
def test_the_development_key_is_not_for_other_machines(service: str, host: str) -> None:
    """Whoever reaches the port has every scope. One sentence says what to do; whoever means it says so."""
    given = {
        "FRONTLINE_API_KEYS": development_entry(),
        "FRONTLINE_ALLOWED_HOSTS": "localhost",
        "FRONTLINE_HTTP_HOST": host,
    }
    code, said = checked(service, **given)
    assert code == 2
    (line,) = said.splitlines()
    assert line.startswith(
        "FRONTLINE_API_KEYS admits the key local-development-only, which everybody knows, and "
        f"FRONTLINE_HTTP_HOST={host} is reached from other machines: take it away"
    )
    assert checked(service, **given, FRONTLINE_DEVELOPMENT_ANYWHERE="true") == (0, "")
    assert checked(service, **given | {"FRONTLINE_API_KEYS": api_keys()}) == (0, "")


PUBLIC = ["localhost,support.example", "192.0.2.7", "localhost,[2001:db8::7]"]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("hosts", PUBLIC)
def test_the_development_key_is_not_for_names_that_others_call(service: str, hosts: str) -> None:
    """A proxy on this machine lets others in by a name of theirs, whatever address is listened on."""
    given = {"FRONTLINE_API_KEYS": development_entry(), "FRONTLINE_ALLOWED_HOSTS": hosts}
    code, said = checked(service, **given)
    assert code == 2
    (line,) = said.splitlines()
    assert line.startswith("FRONTLINE_API_KEYS admits the key local-development-only, which everybody knows, and ")
    assert f"FRONTLINE_ALLOWED_HOSTS has {hosts.removeprefix('localhost,').strip('[]')}, by which" in line
    assert checked(service, **given, FRONTLINE_DEVELOPMENT_ANYWHERE="true") == (0, "")
    assert checked(service, **given | {"FRONTLINE_API_KEYS": api_keys()}) == (0, "")


def test_the_demo_sign_in_page_is_not_for_names_that_others_call(tmp_path: Path) -> None:
    """Likewise: whoever comes by that name is whom they choose."""
    file = tmp_path / "demo.json"
    file.write_text("{}")
    given = {"FRONTLINE_API_KEYS": api_keys(), "FRONTLINE_DEMO_SIGN_IN_FILE": str(file)}
    code, said = checked(**given, FRONTLINE_ALLOWED_HOSTS="127.0.0.1,support.example")
    assert code == 2
    assert "opens its page, and FRONTLINE_ALLOWED_HOSTS has support.example, by which" in said


@pytest.mark.parametrize(
    ("host", "expected"),
    [(host, True) for host in ("127.0.0.1", "127.8.9.1", "::1", "[::1]", "::ffff:127.0.0.1", "LocalHost", "localhost.")]
    + [(host, False) for host in (EVERYWHERE, "::", "10.0.0.1", "::ffff:10.0.0.1", "", "localhost.example", "box")],
)
def test_what_listens_for_this_machine_alone(host: str, expected: bool) -> None:
    """By its address, or by the one name that is always that of this machine."""
    assert is_loopback(host) is expected
