"""The API key that everybody knows: `frontline up` adds it to those of the environment, and the compose stack admits it
for development. And the hosts that a system with that key does not answer for.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from services.cli.options import BAD_INPUT, CommandFailed
from shared.web.development_key import DEVELOPMENT_KEY, DEVELOPMENT_SHA256, THIS_MACHINE
from shared.web.host_names import hosts_in, of_others

CLIENT = "frontline-up"  # its name in events
SCOPES = ("submit", "agent", "backfill", "admin")
_KEYS, _KEYS_FILE = "FRONTLINE_API_KEYS", "FRONTLINE_API_KEYS_FILE"
_HOSTS, _ANYWHERE = "FRONTLINE_ALLOWED_HOSTS", "FRONTLINE_DEVELOPMENT_ANYWHERE"
_TRUE = ("true", "1", "yes", "on", "t", "y")  # as the services read it


class KeysNotRead(CommandFailed):
    """The API keys of the environment cannot be read; the message names the variable."""


class HostsOfOthers(CommandFailed):
    """The environment names hosts by which other machines may come; the message names them."""


def api_keys(environment: Mapping[str, str]) -> str:
    """The value of FRONTLINE_API_KEYS for intake: the development key with every scope and no rate limit, and the keys
    of the environment, or of the file that it names. Raises KeysNotRead.

    What is no list of keys is left as it is: intake says what is wrong with it.
    """
    text = _given(environment)
    given = _entries(text)
    if given is None:
        return text
    ours: dict[str, Any] = {
        "name": CLIENT,
        "sha256": DEVELOPMENT_SHA256,
        "scopes": SCOPES,
        "rate": None,
    }
    return json.dumps([ours, *(entry for entry in given if not _is_development_key(entry))])


def admits_everybody(environment: Mapping[str, str]) -> bool:
    """Whether FRONTLINE_API_KEYS has the key that everybody knows. What is no list of keys has none: the services say
    what is wrong with it.
    """
    return any(map(_is_development_key, _entries(environment.get(_KEYS, "")) or ()))


def allowed_hosts(environment: Mapping[str, str]) -> str:
    """The value of FRONTLINE_ALLOWED_HOSTS: the names of this machine, and those of the environment.

    Raises HostsOfOthers for one that is not of this machine alone, unless FRONTLINE_DEVELOPMENT_ANYWHERE says that it
    is meant so. What is no host is left as it is: the services say what is wrong with it.
    """
    given = environment.get(_HOSTS, "").strip()
    refuse_hosts_of_others(environment)
    return ",".join(filter(None, [*THIS_MACHINE, given]))


def refuse_hosts_of_others(environment: Mapping[str, str], own: Collection[str] = ()) -> None:
    """Raise HostsOfOthers if FRONTLINE_ALLOWED_HOSTS has a name that is neither of this machine alone nor one of `own`.

    Not if FRONTLINE_DEVELOPMENT_ANYWHERE says that it is meant so.
    """
    others = of_others(hosts_in(environment.get(_HOSTS, "")).difference(own))
    if others and not is_meant(environment):
        raise HostsOfOthers(
            f"{_HOSTS} has {others}, by which a proxy may let other machines in, with the key {DEVELOPMENT_KEY}, which "
            f"everybody knows: leave such names out, or set {_ANYWHERE}=true where something else keeps others out",
            BAD_INPUT,
        )


def is_meant(environment: Mapping[str, str]) -> bool:
    """Whether the user says that something else keeps others out."""
    return environment.get(_ANYWHERE, "").strip().lower() in _TRUE


def _entries(text: str) -> list[Any] | None:
    """The entries of a list of keys; None for what is no list."""
    try:
        found: Any = json.loads(text) if text.strip() else []
    except ValueError:
        return None
    return found if isinstance(found, list) else None


def _is_development_key(entry: Any) -> bool:
    return isinstance(entry, dict) and str(entry.get("sha256", "")).lower() == DEVELOPMENT_SHA256


def _given(environment: Mapping[str, str]) -> str:
    text, file = environment.get(_KEYS, ""), environment.get(_KEYS_FILE, "")
    if text.strip() and file:
        raise KeysNotRead(f"set one of {_KEYS} and {_KEYS_FILE}, not both", BAD_INPUT)
    if not file:
        return text
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise KeysNotRead(f"{_KEYS_FILE}={file}: cannot be read: {why}", BAD_INPUT) from None
