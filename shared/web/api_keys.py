"""API keys: the name, the scopes and the rate of each client. Only hashes of keys are kept.

A key has 256 random bits and cannot be guessed, so a plain SHA-256 is as good as a slow hash.
"""

import hashlib
import secrets
from typing import Annotated

from limits import parse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from shared.contracts.base import Sha256
from shared.contracts.structs import Actor
from shared.contracts.vocabulary import ActorKind
from shared.identity.scopes import AGENT_SCOPE, Scope
from shared.web.fields import Id, WrongValue

PREFIX = "fl_"  # lets secret scanners recognise a key


def _rate(text: str | None) -> str | None:
    if text is not None:
        try:
            parse(text)
        except ValueError:
            raise WrongValue("field.rate") from None
    return text


def _unique_names(keys: "tuple[ApiKey, ...]") -> "tuple[ApiKey, ...]":
    for what in ("name", "sha256"):
        values = [getattr(key, what) for key in keys]
        if len(set(values)) != len(values):
            raise WrongValue("field.same_in_two_keys", what=what)
    return keys


class ApiKey(BaseModel):
    """One entry of the configuration. `name` is the client in events; `rate` null = no limit.

    `actor` is who acts with this key; null = an agent with the scope `agent`, else a customer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Id
    sha256: Sha256
    scopes: tuple[Scope, ...] = Field(min_length=1)
    rate: Annotated[str | None, AfterValidator(_rate)] = "100/second"
    actor: ActorKind | None = None

    @property
    def acts_as(self) -> Actor:
        """The actor of the activity that a client reports with this key."""
        return Actor(kind=self.actor or ("agent" if AGENT_SCOPE in self.scopes else "customer"), id=self.name)


# The whole list. It needs its own setting to hide inputs: a list does not inherit it from its models, or they from it.
ApiKeys = TypeAdapter(
    Annotated[tuple[ApiKey, ...], AfterValidator(_unique_names)], config=ConfigDict(hide_input_in_errors=True)
)


class Keyring:
    """The keys that are admitted."""

    def __init__(self, keys: tuple[ApiKey, ...]) -> None:
        self._keys = {bytes.fromhex(key.sha256): key for key in keys}

    def find(self, credential: str) -> ApiKey | None:
        """The key, if it is one of these.

        It looks the hash of the credential up, which costs the same however many keys there are. The duration tells at
        most how a hash is stored, and from a hash nobody finds a key.
        """
        return self._keys.get(hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest())


def new_key() -> tuple[str, str]:
    """A new key and its SHA-256 in hexadecimal. Nothing stores the key itself."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, hashlib.sha256(key.encode()).hexdigest()
