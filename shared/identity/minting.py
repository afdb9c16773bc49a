"""[pure] Makes keys and signed tokens as a host application does: for development, for the demo, and for tests.

A host application in another language needs nothing of this; `docs/sign-in.md` shows what it does.
"""

from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import Key, OKPKey

from shared.identity.person import Person
from shared.identity.signed_tokens import algorithms_of

USUAL_LIFE = timedelta(minutes=15)


def new_key_pair(kid: str) -> OKPKey:
    """A new key for Ed25519. `public_part` is what the settings of intake get."""
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig"}, private=True)


def public_part(key: Key) -> dict[str, Any]:
    """The JSON Web Key without what only the host application may have."""
    return dict(key.as_dict(private=False))


def mint(key: Key, person: Person, audience: str, now: datetime, life: timedelta = USUAL_LIFE) -> str:
    """A token that says that `person` is signed in from `now` on, signed with the host application's private key."""
    claims: dict[str, Any] = {
        "iss": person.host,
        "aud": audience,
        "sub": person.requester_id,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
        "scope": " ".join(person.scopes),
        "licensed": person.licensed,
    }
    for claim in ("account_id", "role", "name", "email", "country"):
        value = getattr(person, claim)
        if value is not None:
            claims[claim] = value
    algorithm = algorithms_of(key)[0]
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, [algorithm])
