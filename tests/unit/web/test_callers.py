"""Who calls, what they may see, and as whom they count."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.contracts.request_ids import request_id
from shared.identity.person import Person
from shared.identity.signed_tokens import SKEW
from shared.web.admission import TokenHosts
from shared.web.api_keys import ApiKey, new_key
from shared.web.callers import Caller, Callers, of_visitor
from shared.web.errors import Unauthenticated
from tests.harness.sign_in import AGENT, ANA, AUDIENCE, ORIGIN, token_hosts, token_of

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SECRETS = (b"x" * 32,)
TEXT, DIGEST = new_key()
SHOP = ApiKey(name="shop", sha256=DIGEST, scopes=("submit",))
BO = replace(ANA, requester_id="u2")
GLOBEX = replace(ANA, account_id="globex")


def _callers(now: datetime = NOW) -> Callers:
    return Callers((SHOP,), TokenHosts.validate_json(token_hosts()), AUDIENCE, lambda: now)


def _caller(person: Person) -> Caller:
    return _callers().identify(f"Bearer {token_of(person, now=NOW)}")


def _id(client: str, account_id: str | None) -> str:
    return request_id(SECRETS[0], client=client, account_id=account_id, key="k", day=date(2026, 11, 23))


def test_a_person_calls_as_their_host_application() -> None:
    """Events have its name as the client, and the person as the actor."""
    caller = _caller(ANA)
    assert (caller.client, caller.authenticated_by, caller.scopes) == ("portal", "signed_token", ("submit",))
    assert (caller.actor.kind, caller.actor.id) == ("customer", "u1")
    assert caller.until == NOW + timedelta(minutes=15) + SKEW
    assert (_caller(AGENT).actor.kind, _caller(AGENT).sees_all) == ("agent", True)


def test_a_token_counts_until_it_ends() -> None:
    """By the clock that the callers are given."""
    token = token_of(ANA, now=NOW)
    assert _callers(NOW + timedelta(minutes=15)).identify(f"Bearer {token}").person == ANA
    with pytest.raises(Unauthenticated) as refused:
        _callers(NOW + timedelta(minutes=17)).identify(f"Bearer {token}")
    assert refused.value.code == "refusal.token_expired"
    assert token not in str(refused.value)


@pytest.mark.parametrize(
    ("caller", "client", "account_id", "owns"),
    [
        (_caller(ANA), "portal", "acme", True),
        (_caller(ANA), "shop", "acme", True),
        (_caller(BO), "portal", "acme", True),
        (_caller(GLOBEX), "portal", "acme", False),
        (_caller(AGENT), "portal", None, False),
        (_caller(ANA), "visitor/1", None, False),
        (_callers().identify(f"Bearer {TEXT}"), "shop", "acme", True),
        (_callers().identify(f"Bearer {TEXT}"), "portal", "acme", False),
        (of_visitor("1", "visitor at 1", None), "visitor/1", None, True),
        (of_visitor("2", "visitor at 1", None), "visitor/1", None, False),
    ],
)
def test_a_person_owns_the_requests_of_their_account_and_others_those_they_sent(
    caller: Caller, client: str, account_id: str | None, owns: bool
) -> None:
    """Whoever sent it for the account. An agent owns none, and sees all by scope."""
    assert caller.owns(SECRETS, _id(client, account_id)) is owns
    assert not caller.owns((b"y" * 32,), _id(client, account_id))
    assert not caller.owns(SECRETS, "case-1")


def test_two_people_never_share_an_idempotency_key() -> None:
    """Pages and apps may number their calls alike; ids with colons are as good as others."""
    of = {caller.own_key(key) for caller in (_caller(ANA), _caller(BO)) for key in ("1", "2")}
    tricky = (replace(ANA, requester_id="a:1"), "b"), (replace(ANA, requester_id="a"), "1:b")
    of |= {_caller(person).own_key(key) for person, key in tricky}
    assert len(of) == 6


def test_each_person_has_a_rate_of_their_own() -> None:
    """One who clicks without end must not lock out the other customers of the same portal."""
    assert _caller(ANA).limited_as != _caller(BO).limited_as
    assert _callers().origins_of("portal") == (ORIGIN,)
