"""The demo sign-in page of `frontline up` and of the compose stack: its key, its people, and what admits them.

The key is kept in a folder, so that whoever is signed in stays so when the system is started again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from joserfc.jwk import Key, import_key

from services.cli.demo_accounts import accounts_for
from services.cli.private_file import write_private
from shared.identity.minting import new_key_pair, public_part
from shared.identity.person import Person
from shared.identity.scopes import AGENT_SCOPE, OPERATE_SCOPE, SUBMIT_SCOPE, VIEW_SCOPE
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition

HOST = "frontline-demo"
FILE = "demo-sign-in.json"
_OF_APPLICATIONS = ("FRONTLINE_TOKEN_HOSTS", "FRONTLINE_TOKEN_HOSTS_FILE")


def has_applications(environment: Mapping[str, str]) -> bool:
    """Whether it has host applications of its own; then there is no demo sign-in."""
    return any(name in environment for name in _OF_APPLICATIONS)


def people_for(library: EditionLibrary, now: datetime) -> list[Person]:
    """The people of the page, for a system with these editions: those of its demo accounts, and those of its desk."""
    return [*_of_accounts(accounts_for(library.editions), library.effective_at(now)), *_of_desk()]


def _of_accounts(accounts: Mapping[str, Mapping[str, Any]], edition: Edition) -> list[Person]:
    """Somebody of each role with a licence, and somebody without one, in one account of each plan of `edition`.

    Of the accounts of a plan it is the last, whose type is the one with the most rights in the demo.
    """
    of_plan = {account["plan"]: account_id for account_id, account in accounts.items()}
    roles = [*edition.roles]
    seats = [(role, True) for role in roles] + [(roles[-1], False)]
    scopes = (SUBMIT_SCOPE,)
    return [
        Person(HOST, f"{role}-{'licensed' if licensed else 'unlicensed'}", scopes, of_plan[plan], role, licensed)
        for plan in edition.plans
        if plan in of_plan
        for role, licensed in seats
    ]


def _of_desk() -> list[Person]:
    """Two agents of the support desk, so that one can see what the other does, and somebody who looks at every case and
    changes none, and one who also replays dead letters. They have no account and no role.
    """
    return [
        *(Person(HOST, f"agent-{number}", (AGENT_SCOPE,)) for number in (1, 2)),
        Person(HOST, "lead", (VIEW_SCOPE,)),
        Person(HOST, "operator", (VIEW_SCOPE, OPERATE_SCOPE)),
    ]


def demo_sign_in(folder: Path, people: Sequence[Person]) -> tuple[Path, dict[str, Any]]:
    """The file of the page in `folder`, and the entry of its host application for FRONTLINE_TOKEN_HOSTS."""
    file = folder / FILE
    key = _kept_key(file) or new_key_pair("demo")
    write_private(file, json.dumps({"key": key.as_dict(private=True), "people": [asdict(each) for each in people]}))
    return file, {
        "name": HOST,
        "keys": [public_part(key)],
        "scopes": [SUBMIT_SCOPE, AGENT_SCOPE, VIEW_SCOPE, OPERATE_SCOPE],
    }


def _kept_key(file: Path) -> Key | None:
    if not file.exists():
        return None
    return import_key(json.loads(file.read_text(encoding="utf-8"))["key"])
