"""A host application for tests: its keys, the settings of intake that admit it, and tokens for people."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from joserfc.jwk import Key

from shared.identity.minting import USUAL_LIFE, mint, new_key_pair, public_part
from shared.identity.person import Person
from shared.wall_clock import utc_now

HOST, ORIGIN, AUDIENCE = "portal", "https://portal.example", "frontline"
KEY = new_key_pair("k1")
ANA = Person(HOST, "u1", ("submit",), "acme", "admin", True, "Ana", "ana@acme.test", "ES")
AGENT = Person(HOST, "desk-7", ("agent",), name="Bo")


def token_hosts(*keys: Key) -> str:
    """FRONTLINE_TOKEN_HOSTS that admits HOST, by KEY if no others are given."""
    public = [public_part(key) for key in keys or (KEY,)]
    entry = {"name": HOST, "keys": public, "scopes": ["submit", "agent", "view"], "origins": [ORIGIN], "rate": None}
    return json.dumps([entry])


def token_of(
    person: Person = ANA,
    *,
    key: Key = KEY,
    audience: str = AUDIENCE,
    now: datetime | None = None,
    life: timedelta = USUAL_LIFE,
) -> str:
    """A token of HOST for `person`, from now on."""
    return mint(key, person, audience, now or utc_now(), life)


def somebody_of(account_id: str, requester_id: str = "u1") -> Person:
    """A person like ANA in another account."""
    return replace(ANA, account_id=account_id, requester_id=requester_id)
