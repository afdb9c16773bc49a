"""Signed tokens: who is admitted by one, and every way in which a token is not good enough."""

import base64
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from shared.identity.minting import mint, new_key_pair, public_part
from shared.identity.person import Person
from shared.identity.signed_tokens import LONGEST_LIFE, SKEW, BadKey, SignedTokens, TokenHost, TokenRefused
from shared.messages.catalogues import messages_in

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ANA = Person("portal", "u1", ("submit",), "acme", "admin", True, "Ana", "ana@acme.test", "ES")
KEY, NEW_KEY, FOREIGN = new_key_pair("k1"), new_key_pair("k2"), new_key_pair("k1")
SECRET = OctKey.import_key("s" * 32, {"kid": "s1"})
EC, RSA = ECKey.generate_key("P-256", {"kid": "e1"}), RSAKey.generate_key(2048, {"kid": "r1"})


def _host(*keys: Key, **given: Any) -> TokenHost:
    shown = tuple(dict(key.as_dict(private=isinstance(key, OctKey))) for key in keys or (KEY,))
    return TokenHost(**{"name": "portal", "keys": shown} | given)


def _tokens(*hosts: TokenHost) -> SignedTokens:
    return SignedTokens(hosts or (_host(),), "frontline")


def _signed(key: Key = KEY, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token with these claims instead of good ones; ... leaves one out."""
    good = {
        "iss": "portal",
        "aud": "frontline",
        "sub": "u1",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(minutes=15)).timestamp()),
        "account_id": "acme",
        "role": "admin",
    }
    said = {name: value for name, value in (good | claims).items() if value is not ...}
    return jwt.encode({"alg": "Ed25519", "kid": key.kid, **(header or {})}, said, key, ["Ed25519", "EdDSA"])


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def test_a_token_says_who_is_signed_in_and_until_when() -> None:
    """All that decides what they may do comes from here, and nothing from the body of a call."""
    found = _tokens().verify(mint(KEY, ANA, "frontline", NOW), NOW)
    assert (found.person, found.refused_from) == (ANA, NOW + timedelta(minutes=15) + SKEW)


@pytest.mark.parametrize("key", [KEY, EC, RSA, SECRET], ids=["Ed25519", "ES256", "RS256", "HS256"])
def test_each_kind_of_key_signs(key: Key) -> None:
    """Host applications use what their language has."""
    assert _tokens(_host(key)).verify(mint(key, ANA, "frontline", NOW), NOW).person == ANA


def test_the_old_name_of_ed25519_is_admitted() -> None:
    """RFC 9864 renamed EdDSA; most libraries still write the old name."""
    assert _tokens().verify(_signed(header={"alg": "EdDSA"}), NOW).person.requester_id == "u1"


def test_keys_are_replaced_without_a_gap() -> None:
    """Both keys count while both are named; afterwards tokens of the removed one end at once."""
    old, new = (mint(key, ANA, "frontline", NOW) for key in (KEY, NEW_KEY))
    both, after = _tokens(_host(KEY, NEW_KEY)), _tokens(_host(NEW_KEY))
    assert both.verify(old, NOW).person == both.verify(new, NOW).person == after.verify(new, NOW).person
    with pytest.raises(TokenRefused, match="token_key"):
        after.verify(old, NOW)


def test_a_host_cannot_speak_for_another_host() -> None:
    """Even with the same kid: a key counts for the name beside it alone."""
    tokens = _tokens(_host(), _host(FOREIGN, name="shop"))
    with pytest.raises(TokenRefused, match="token_signature"):
        tokens.verify(_signed(FOREIGN), NOW)
    assert tokens.verify(_signed(FOREIGN, iss="shop"), NOW).person.host == "shop"


def _unsigned(**header: Any) -> str:
    parts = [json.dumps({"kid": "k1"} | header), json.dumps({"iss": "portal"})]
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."


def _public_key_as_secret() -> str:
    """The confusion of algorithms: the public key, which everybody has, taken for the secret of an HMAC."""
    everybody_has = base64.urlsafe_b64decode(public_part(KEY)["x"] + "=")
    claims = {"iss": "portal", "aud": "frontline", "sub": "u1", "iat": _seconds(NOW), "exp": _seconds(NOW) + 60}
    return jwt.encode({"alg": "HS256", "kid": "k1"}, claims, OctKey.import_key(everybody_has), ["HS256"])


def _changed(token: str) -> str:
    return token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "malformed"),
        ("a.b.c", "malformed"),
        ("....", "malformed"),
        ("ñ.ñ.ñ", "malformed"),
        ("x" * 4_097, "too_long"),
        (_unsigned(alg="none"), "signature"),
        (_unsigned(alg="Ed25519"), "signature"),
        (_unsigned(alg="Ed25519", kid=1), "key"),
        (_unsigned(alg="Ed25519", crit=["exp"]), "signature"),
        (_unsigned(alg=["none"]), "signature"),
        (_unsigned(), "malformed"),
        (_public_key_as_secret(), "signature"),
        (_changed(_signed()), "signature"),
        (_signed(FOREIGN), "signature"),
        (_signed(header={"kid": "k9"}), "key"),
        (_signed(iss="nobody"), "key"),
        (_signed(iss=...), "key"),
        (_signed(iss=["portal"]), "key"),
        (_signed(aud="another"), "audience"),
        (_signed(aud=["another", "third"]), "audience"),
        (_signed(aud=...), "claim"),
        (_signed(exp=_seconds(NOW - SKEW)), "expired"),
        (_signed(exp=...), "claim"),
        (_signed(exp="tomorrow"), "claim"),
        (_signed(exp=10**30), "claim"),
        (_signed(exp=float("nan")), "claim"),
        (_signed(exp=_seconds(NOW + LONGEST_LIFE) + 1), "lives_too_long"),
        (_signed(iat=...), "claim"),
        (_signed(iat=_seconds(NOW + SKEW) + 1, exp=_seconds(NOW) + 600), "not_yet"),
        (_signed(nbf=_seconds(NOW + SKEW) + 1), "not_yet"),
        (_signed(sub=...), "claim"),
        (_signed(sub=""), "claim"),
        (_signed(sub="u\u200b1"), "claim"),
        (_signed(account_id=...), "claim"),
        (_signed(account_id="x" * 201), "claim"),
        (_signed(role=...), "claim"),
        (_signed(role="not a word"), "claim"),
        (_signed(licensed="yes"), "claim"),
        (_signed(country="Spain"), "claim"),
        (_signed(scope="admin"), "claim"),
        (_signed(scope=""), "scope"),
        (_signed(scope="submit agent"), "scope"),
    ],
)
def test_a_token_that_is_not_good_enough_is_refused_with_the_reason(token: str, code: str) -> None:
    """The reason helps the developer of the host application; it never repeats the token."""
    with pytest.raises(TokenRefused) as refused:
        _tokens().verify(token, NOW)
    assert refused.value.code == f"refusal.token_{code}"
    for language in ("en", "es"):
        sentence = messages_in(language)(refused.value.code, **refused.value.facts)
        assert sentence
        assert not token or token not in sentence


@pytest.mark.parametrize("seconds", [-59, 0, 899, 959])
def test_clocks_may_differ_by_a_minute(seconds: int) -> None:
    """A token counts from a minute before its `iat` until a minute after its `exp`."""
    assert _tokens().verify(_signed(), NOW + timedelta(seconds=seconds)).person.requester_id == "u1"


@given(st.text(max_size=80) | st.tuples(st.text(), st.text(), st.text()).map(".".join))
def test_no_text_is_admitted_or_causes_another_error(text: str) -> None:
    """Credentials are whatever callers send."""
    with pytest.raises(TokenRefused):
        _tokens().verify(text, NOW)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5))
def test_no_claim_of_another_kind_causes_another_error(value: Any) -> None:
    """Even a host application with a good key may send nonsense."""
    for claim in ("aud", "sub", "iat", "exp", "nbf", "scope", "account_id", "role", "licensed", "name"):
        with suppress(TokenRefused):
            _tokens().verify(_signed(**{claim: value}), NOW)


def test_an_agent_has_no_account() -> None:
    """The scope agent is for the people of the desk; a host gives it only if its settings say so."""
    agent = replace(ANA, scopes=("agent",), account_id=None, role=None)
    tokens = _tokens(_host(scopes=("submit", "agent")))
    assert tokens.verify(mint(KEY, agent, "frontline", NOW), NOW).person == agent


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ({"kty": "oct", "k": "c2hvcnQ", "kid": "a"}, "at least 32 bytes"),
        ({"kty": "nonsense", "kid": "a"}, "no JSON Web Key"),
        ({}, "no JSON Web Key"),
        (dict(KEY.as_dict(private=True)), "private key"),
        ({name: value for name, value in public_part(KEY).items() if name != "kid"}, "needs a kid"),
        (dict(OKPKey.generate_key("X25519", {"kid": "a"}).as_dict(private=False)), "Ed25519, ES256"),
        (dict(ECKey.generate_key("P-384", {"kid": "a"}).as_dict(private=False)), "Ed25519, ES256"),
    ],
    ids=["short", "no-type", "empty", "private", "no-kid", "for-encryption", "other-curve"],
)
def test_a_key_that_cannot_be_used_is_refused_at_the_start(key: dict[str, Any], reason: str) -> None:
    """With its place, and without the key."""
    with pytest.raises(BadKey, match=reason) as refused:
        _tokens(_host().model_copy(update={"keys": (public_part(NEW_KEY), key)}))
    assert str(refused.value).startswith("keys[1]")
    assert not any(len(str(part)) > 5 and str(part) in str(refused.value) for part in key.values())
