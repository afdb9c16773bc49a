"""The API key with which whoever starts `frontline up` calls it, beside those of the environment."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.cli.options import BAD_INPUT, CommandFailed
from shared.web.development_key import DEVELOPMENT_SHA256, THIS_MACHINE

CLIENT = "frontline-up"  # its name in events
SCOPES = ("submit", "agent", "backfill", "admin")
_KEYS, _KEYS_FILE = "FRONTLINE_API_KEYS", "FRONTLINE_API_KEYS_FILE"


class KeysNotRead(CommandFailed):
    """The API keys of the environment cannot be read; the message names the variable."""


def api_keys(environment: Mapping[str, str]) -> str:
    """The value of FRONTLINE_API_KEYS for intake: the development key with every scope and no rate limit, and the keys
    of the environment, or of the file that it names. Raises KeysNotRead.

    What is no list of keys is left as it is: intake says what is wrong with it.
    """
    text = _given(environment)
    try:
        given: Any = json.loads(text) if text.strip() else []
    except ValueError:
        return text
    if not isinstance(given, list):
        return text
    ours: dict[str, Any] = {
        "name": CLIENT,
        "sha256": DEVELOPMENT_SHA256,
        "scopes": SCOPES,
        "rate": None,
    }
    return json.dumps([ours, *(entry for entry in given if not _is_same_key(entry, ours["sha256"]))])


def allowed_hosts(environment: Mapping[str, str]) -> str:
    """The value of FRONTLINE_ALLOWED_HOSTS: the names of this machine, and those of the environment."""
    return ",".join(filter(None, [*THIS_MACHINE, environment.get("FRONTLINE_ALLOWED_HOSTS", "").strip()]))


def _is_same_key(entry: Any, digest: str) -> bool:
    """Whether it admits the development key, as an entry copied from the compose stack does."""
    return isinstance(entry, dict) and str(entry.get("sha256", "")).lower() == digest


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
