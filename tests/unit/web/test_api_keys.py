"""API keys: which are admitted, and that no key is stored or repeated."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.messages.catalogues import messages_in
from shared.wall_clock import utc_now
from shared.web.api_keys import ApiKey, ApiKeys, new_key
from shared.web.callers import Callers
from shared.web.errors import RateLimited, Unauthenticated
from shared.web.limits import RateLimits

KEY, DIGEST = new_key()
SHOP = ApiKey(name="shop", sha256=DIGEST, scopes=("submit",), rate=None)


def test_a_new_key_is_admitted_and_its_digest_is_not() -> None:
    """A reader of the configuration cannot call intake with what it holds."""
    callers = Callers((SHOP,), (), "frontline", utc_now)
    assert callers.identify(f"Bearer {KEY}").client == "shop"
    assert callers.identify(f"bearer  {KEY} ").client == "shop"
    with pytest.raises(Unauthenticated):
        callers.identify(f"Bearer {DIGEST}")


def test_a_key_has_256_random_bits_and_its_plain_digest() -> None:
    """Nothing to guess, so nothing that a slow hash would protect."""
    assert len(KEY.removeprefix("fl_")) == 43  # 32 bytes in base64
    assert hashlib.sha256(KEY.encode()).hexdigest() == DIGEST
    assert len({new_key()[0] for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", f"Basic {KEY}", KEY, f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", "Bearer ñ"],
    ids=["none", "empty", "no-key", "no-key-after-a-space", "basic", "no-scheme", "longer", "shorter", "not-ascii"],
)
def test_any_other_header_is_refused_with_a_challenge(header: str | None) -> None:
    """RFC 9110 asks for WWW-Authenticate; the answer repeats nothing of the header."""
    with pytest.raises(Unauthenticated) as refused:
        Callers((SHOP,), (), "frontline", utc_now).identify(header)
    assert refused.value.headers["WWW-Authenticate"].startswith('Bearer realm="frontline"')
    assert KEY[:-1] not in str(refused.value)


@given(st.text(max_size=60))
def test_no_other_text_is_admitted_or_causes_an_error(header: str) -> None:
    """Headers are whatever callers send."""
    with pytest.raises(Unauthenticated):
        Callers((SHOP,), (), "frontline", utc_now).identify(header)


@pytest.mark.parametrize(
    ("entry", "place", "message"),
    [
        ({"name": ""}, "name", "at least 1"),
        ({"sha256": "short"}, "sha256", "pattern"),
        ({"scopes": []}, "scopes", "at least 1"),
        ({"scopes": ["root"]}, "scopes", "'submit'"),
        ({"rate": "often"}, "rate", "field.rate"),
        ({"key": KEY}, "key", "not permitted"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_field(entry: dict[str, object], place: str, message: str) -> None:
    """And a key that somebody put there in the clear is not repeated."""
    with pytest.raises(ValidationError) as refused:
        ApiKeys.validate_json(json.dumps([{"name": "shop", "sha256": DIGEST, "scopes": ["submit"]} | entry]))
    assert place in refused.value.errors()[0]["loc"]
    assert message in str(refused.value)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("same", ["name", "sha256"])
def test_names_and_keys_are_unique(same: str) -> None:
    """Two clients of one name would share their Idempotency-Keys; one key of two clients would be a guess."""
    one = {"name": "a", "sha256": "a" * 64, "scopes": ["submit"]}
    two = {"name": "b", "sha256": "b" * 64, "scopes": ["submit"]} | {same: one[same]}
    with pytest.raises(ValidationError, match=r"field\.same_in_two_keys") as refused:
        ApiKeys.validate_json(json.dumps([one, two]))
    assert refused.value.errors()[0]["ctx"]["error"].facts == {"what": same}


async def test_each_key_has_its_own_rate() -> None:
    """The fourth call in an hour is refused with the time to wait; another client is admitted."""
    limits = RateLimits()
    hurried = SHOP.model_copy(update={"name": "hurried", "rate": "3/hour"})
    for _ in range(3):
        await limits.count(hurried.name, hurried.rate)
    with pytest.raises(RateLimited) as refused:
        await limits.count(hurried.name, hurried.rate)
    assert 3590 <= int(refused.value.headers["Retry-After"]) <= 3600
    await limits.count("another", hurried.rate)


@pytest.mark.parametrize(
    ("rate", "english", "spanish"),
    [
        ("2/second", "2 calls every 1 s are allowed", "se admiten 2 llamadas cada 1 s"),
        ("2 per 2 minutes", "2 calls every 2 min are allowed", "se admiten 2 llamadas cada 2 min"),
    ],
)
async def test_a_rate_is_shown_in_the_language_of_the_refusal(rate: str, english: str, spanish: str) -> None:
    """The limiter's own words, `2 per 1 second`, are English whoever reads them."""
    limits, key = RateLimits(), SHOP.model_copy(update={"rate": rate})
    for _ in range(2):
        await limits.count(key.name, key.rate)
    with pytest.raises(RateLimited) as refused:
        await limits.count(key.name, key.rate)
    facts = refused.value.facts
    assert [messages_in(language)("refusal.rate", **facts) for language in ("en", "es")] == [english, spanish]


async def test_a_key_without_a_rate_has_no_limit() -> None:
    """The key of `frontline up` drives the demo and the benchmarks."""
    limits = RateLimits()
    for _ in range(2_000):
        await limits.count(SHOP.name, SHOP.rate)
