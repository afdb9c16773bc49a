"""[pure] Signed tokens: a host application says with one who is signed in there.

A token is a JSON Web Token (RFC 7519), signed (RFC 7515) with a key that the settings name for the host application.
The algorithm follows from the kind of the key and not from the token, so a public key is never taken for a secret.
Every reason to refuse a token has a code; its sentence never repeats the token.
"""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key, OctKey, RSAKey, import_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.contracts.base import CountryCode, Identifier
from shared.contracts.identifiers import identifier_fault
from shared.contracts.vocabulary import WORD_PATTERN
from shared.identity.person import Person
from shared.identity.scopes import SUBMIT_SCOPE, PersonScope

LONGEST_TOKEN = 4_096  # characters: a token travels in a header and in a cookie
LONGEST_LIFE = timedelta(hours=1)
SKEW = timedelta(seconds=60)  # by which the clock of a host application may be wrong
SHORTEST_SECRET = 32  # bytes: RFC 7518, section 3.2 asks for as many as the hash has
SHORTEST_RSA = 2_048  # bits: RFC 7518, section 3.3
# By the kind of the key. Ed25519 has two names: RFC 9864 renamed what RFC 8037 called EdDSA.
_ALGORITHMS: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("OKP", "Ed25519"): ("Ed25519", "EdDSA"),
    ("EC", "P-256"): ("ES256",),
    ("RSA", None): ("RS256",),
    ("oct", None): ("HS256",),
}
# Both names mean the same signature, and most libraries still write the old one.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)


class SignInError(Exception):
    """Root of the errors of signed tokens."""


class BadKey(SignInError):
    """A key of the settings cannot be used. The text says why, and does not repeat the key."""


class TokenRefused(SignInError):
    """The token is not admitted. `code` is a message of the catalogues, `facts` what its sentence says."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class TokenHost(BaseModel):
    """A host application: its name (`iss` of its tokens), its keys (JSON Web Keys, RFC 7517, each with a `kid`).

    A new key is added beside the old one, and the old one removed when the last token signed with it has ended.
    `scopes` is the most that its tokens can give. `origins` are the web pages that may hand a person over to the pages
    of intake. `rate` limits the calls of each person; null = no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Identifier
    keys: tuple[dict[str, Any], ...] = Field(min_length=1)
    scopes: tuple[PersonScope, ...] = Field(default=("submit",), min_length=1)
    origins: tuple[str, ...] = ()
    rate: str | None = "60/minute"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token that was verified: the person, and from when on it is refused: SKEW after its `exp`."""

    person: Person
    refused_from: datetime


def _is_identifier(text: str) -> str:
    if identifier_fault(text) is not None:
        raise ValueError
    return text


_Id = Annotated[Identifier, AfterValidator(_is_identifier)]


class _Claims(BaseModel):
    """What a token says. Further claims are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)

    iss: str
    aud: str | list[str]
    sub: _Id
    iat: int | float
    exp: int | float
    nbf: int | float | None = None
    scope: str = "submit"
    account_id: _Id | None = None
    role: Annotated[str, Field(pattern=WORD_PATTERN)] | None = None
    licensed: bool = False
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    email: Annotated[str, Field(min_length=3, max_length=320)] | None = None
    country: CountryCode | None = None


_scopes = TypeAdapter(tuple[PersonScope, ...])


class SignedTokens:
    """Verifies tokens of `hosts` for `audience`. Raises BadKey for a key that cannot be used."""

    def __init__(self, hosts: tuple[TokenHost, ...], audience: str) -> None:
        self._audience = audience
        self._hosts = {host.name: host for host in hosts}
        self._keys = {(host.name, kid): key for host in hosts for kid, key in usable_keys(host).items()}

    def verify(self, token: str, now: datetime) -> SignedIn:
        """Who the token says is signed in at `now`. Raises TokenRefused."""
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused("refusal.token_too_long", limit=LONGEST_TOKEN)
        claims = self._verified(token)
        if self._audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
            raise TokenRefused("refusal.token_audience", audience=self._audience)
        refused_from = _check_times(claims, now)
        host = self._hosts[claims.iss]
        return SignedIn(_person(claims, host), refused_from)

    def _verified(self, token: str) -> _Claims:
        """The claims of a token whose signature is that of a key of its host."""
        try:
            signed = jws.extract_compact(token.encode())
            header = signed.headers()
            said = json.loads(signed.payload or b"")
        except (JoseError, ValueError, RecursionError, TypeError, KeyError, AttributeError):
            raise TokenRefused("refusal.token_malformed") from None
        issuer, kid = (said.get("iss") if isinstance(said, dict) else None), header.get("kid")
        key = self._keys.get((issuer, kid)) if isinstance(issuer, str) and isinstance(kid, str) else None
        if key is None:
            raise TokenRefused("refusal.token_key")
        try:
            verified = jws.validate_compact(signed, key, algorithms_of(key))
        except (JoseError, ValueError, TypeError):
            verified = False
        if not verified:
            raise TokenRefused("refusal.token_signature")
        try:
            return _Claims.model_validate(said)
        except ValidationError as error:
            claim = str(error.errors(include_url=False, include_input=False)[0]["loc"][0])
            raise TokenRefused("refusal.token_claim", claim=claim) from None


def usable_keys(host: TokenHost) -> dict[str, Key]:
    """The keys of a host by `kid`. Raises BadKey."""
    found: dict[str, Key] = {}
    for index, given in enumerate(host.keys):
        try:
            key = import_key({name: value for name, value in given.items() if name != "alg"})  # the kind says it
        except (JoseError, ValueError, TypeError, KeyError):
            raise BadKey(f"keys[{index}]: is no JSON Web Key (RFC 7517)") from None
        kid = given.get("kid")
        if not isinstance(kid, str) or not kid:
            raise BadKey(f"keys[{index}]: needs a kid, by which tokens name it")
        if kid in found:
            raise BadKey(f"keys[{index}]: two keys have this kid")
        _check_strength(key, f"keys[{index}]")
        found[kid] = key
    return found


def algorithms_of(key: Key) -> tuple[str, ...]:
    """The algorithms that tokens with this key may name; none = the kind of the key is not used here."""
    curve = getattr(key, "curve_name", None)
    return _ALGORITHMS.get((key.key_type, curve), ())


def _check_strength(key: Key, place: str) -> None:
    if not algorithms_of(key):
        raise BadKey(f"{place}: must be a key for Ed25519, ES256 (P-256), RS256 or HS256")
    if isinstance(key, OctKey):
        if len(key.raw_value) < SHORTEST_SECRET:
            raise BadKey(f"{place}: a secret needs at least {SHORTEST_SECRET} bytes")
    elif key.is_private:
        raise BadKey(f"{place}: is a private key, which only the host application may have; give its public part")
    elif isinstance(key, RSAKey) and key.public_key.key_size < SHORTEST_RSA:
        raise BadKey(f"{place}: an RSA key needs at least {SHORTEST_RSA} bits")


def _check_times(claims: _Claims, now: datetime) -> datetime:
    """From when on it is refused. Raises TokenRefused for one that is not in force at `now`, or lives too long."""
    try:
        issued, expires = (datetime.fromtimestamp(at, UTC) for at in (claims.iat, claims.exp))
        begins = issued if claims.nbf is None else datetime.fromtimestamp(claims.nbf, UTC)
        ends = expires + SKEW  # what a token has opened ends then, too: before, it would be opened again at once
        has_begun = now >= max(issued, begins) - SKEW
    except (ValueError, OverflowError, OSError):
        raise TokenRefused("refusal.token_claim", claim="exp") from None
    if now >= ends:
        raise TokenRefused("refusal.token_expired")
    if not has_begun:
        raise TokenRefused("refusal.token_not_yet")
    if expires - issued > LONGEST_LIFE:
        raise TokenRefused("refusal.token_lives_too_long", minutes=int(LONGEST_LIFE.total_seconds() // 60))
    return ends


def _person(claims: _Claims, host: TokenHost) -> Person:
    try:
        scopes = _scopes.validate_python(tuple(dict.fromkeys(claims.scope.split())))
    except ValidationError:
        raise TokenRefused("refusal.token_claim", claim="scope") from None
    if not scopes or not set(scopes) <= set(host.scopes):
        raise TokenRefused("refusal.token_scope", scopes=list(host.scopes))
    for claim in ("account_id", "role"):
        if SUBMIT_SCOPE in scopes and getattr(claims, claim) is None:
            raise TokenRefused("refusal.token_claim", claim=claim)
    return Person(
        host=host.name,
        requester_id=claims.sub,
        scopes=scopes,
        account_id=claims.account_id,
        role=claims.role,
        licensed=claims.licensed,
        name=claims.name,
        email=claims.email,
        country=claims.country,
    )
