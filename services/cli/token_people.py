"""`frontline token host` and `frontline token person`: keys of a host application, and signed tokens for development.

The private key stays in a file that only its owner can read. Intake is configured with the public part.
"""

import json
import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from services.cli.options import BAD_INPUT, CommandFailed, Flag, Json, report
from shared.contracts.identifiers import SENTENCES, identifier_fault
from shared.identity.minting import USUAL_LIFE, mint, new_key_pair, public_part
from shared.identity.person import Person
from shared.identity.scopes import PersonScope
from shared.identity.signed_tokens import LONGEST_LIFE, TokenHost
from shared.wall_clock import utc_now

OK = 0
_SCOPES: tuple[PersonScope, ...] = get_args(PersonScope)
_WRONG_SCOPES = f"--scopes: must be some of {', '.join(_SCOPES)}, separated by commas"
_MOST_MINUTES = int(LONGEST_LIFE.total_seconds() // 60)


class NotAKeyFile(CommandFailed):
    """The file has no private key of a host application. The text names the file and what to do."""


def host(
    name: str,
    *,
    key_file: Path | None = None,
    scopes: str = "submit",
    origin: tuple[str, ...] = (),
    as_json: Json = False,
) -> int:
    """Create the key of a host application that signs tokens; print its entry for FRONTLINE_TOKEN_HOSTS.

    Parameters
    ----------
    name
        Name of the host application: the `iss` of its tokens, and the client in events.
    key_file
        Where to write the private key, for the host application and for `frontline token person`. By default
        NAME.token-key.json. An existing file is not replaced.
    scopes
        What its tokens may give to people, separated by commas: submit, agent, view.
    origin
        An origin from which its pages hand people over to those of intake, such as https://portal.example.
    """
    fault = identifier_fault(name)
    given = [scope.strip() for scope in scopes.split(",")]
    wrong = [scope for scope in given if scope not in _SCOPES]
    if fault is not None or wrong:
        print(f"name: {SENTENCES[fault]}" if fault else _WRONG_SCOPES, file=sys.stderr)
        return BAD_INPUT
    key = new_key_pair(secrets.token_hex(4))
    file = key_file or Path(f"{name.replace('/', '-')}.token-key.json")
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        print(f"{file}: cannot be written: {error.strerror}", file=sys.stderr)
        return BAD_INPUT
    with os.fdopen(opened, "w", encoding="utf-8") as private:
        json.dump({"host": name, "key": key.as_dict(private=True)}, private)
    entry: dict[str, Any] = {"name": name, "keys": [public_part(key)], "scopes": given, "origins": list(origin)}
    data = TokenHost.model_validate_json(json.dumps(entry)).model_dump(mode="json")
    if as_json:
        print(json.dumps({"key_file": str(file), "entry": data}))
        return OK
    print(json.dumps(data))
    print(
        f"The private key is in {file}; keep it secret. Add the line above to the list in FRONTLINE_TOKEN_HOSTS, or in "
        "the file that FRONTLINE_TOKEN_HOSTS_FILE names. For a second key of the same host application, add its key to "
        "`keys` of the entry that is there.",
        file=sys.stderr,
    )
    return OK


def person(
    key_file: Path,
    *,
    requester: str,
    account: str | None = None,
    role: str | None = None,
    licensed: Flag = False,
    name: str | None = None,
    email: str | None = None,
    country: str | None = None,
    scopes: str = "submit",
    minutes: int = int(USUAL_LIFE.total_seconds() // 60),
    audience: str = "frontline",
) -> int:
    """Print a signed token for a person, as a host application makes one; for development.

    Parameters
    ----------
    key_file
        The private key that `frontline token host` wrote.
    requester
        The id of the person.
    account
        The id of the person's account.
    role
        The person's role there, a word of the edition.
    licensed
        Whether the person has a licence.
    name
        The name to be called by.
    email
        The address of mail.
    country
        Where the person is: two letters of ISO 3166-1.
    scopes
        What the person may do, separated by commas: submit, agent, view.
    minutes
        For how long the token is valid.
    audience
        FRONTLINE_TOKEN_AUDIENCE of intake.
    """
    if not 1 <= minutes <= _MOST_MINUTES:
        print(f"--minutes: must be from 1 to {_MOST_MINUTES}", file=sys.stderr)
        return BAD_INPUT
    wanted = [scope.strip() for scope in scopes.split(",")]
    chosen = tuple(scope for scope in _SCOPES if scope in wanted)
    if len(chosen) != len(set(wanted)):
        print(_WRONG_SCOPES, file=sys.stderr)
        return BAD_INPUT
    if "submit" in chosen and (account is None or role is None):
        print("--account and --role are needed for the scope submit", file=sys.stderr)
        return BAD_INPUT
    try:
        host_name, key = read_key_file(key_file)
    except NotAKeyFile as error:
        return report(error)
    who = Person(host_name, requester, chosen, account, role, licensed, name, email, country)
    print(mint(key, who, audience, utc_now(), timedelta(minutes=minutes)))
    return OK


def read_key_file(file: Path) -> tuple[str, Key]:
    """The name of the host application, and its private key. Raises NotAKeyFile."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return str(found["host"]), import_key(found["key"])
    except OSError as error:
        raise NotAKeyFile(f"{file}: cannot be read: {error.strerror}", BAD_INPUT) from None
    except (ValueError, KeyError, TypeError, JoseError):
        raise NotAKeyFile(f"{file}: is no key file; `frontline token host NAME` makes one", BAD_INPUT) from None
