"""Random requests and people in the words of an edition, for property tests of decisions.

Each comes from a seeded generator, so a test can have thousands of them in a second.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal, NamedTuple

from hypothesis import strategies as st

from shared.contracts.structs import Account, Requester, SupportRequestSubmitted
from shared.policy.model import Edition
from shared.routing.entitlement import Entitlement, anonymous, covered, not_covered, terms_of
from tests.harness.asking import MONDAY_NOON, account, contact, phone_ready, request, requester

UNKNOWN = "zz-unknown"  # a word that no edition of the tests has
_COUNTRIES = (None, None, "ES", "ES", "US", "JP", "PT", "AQ", "ZZ")
_FIRST = datetime(1971, 1, 1, tzinfo=UTC)


class Person(NamedTuple):
    """Who asks, of which account, and whether it covers them."""

    standing: Literal["covered", "unknown_account", "withdrawn", "no_account", "anonymous"]
    account: Account
    requester: Requester

    def entitlement(self, edition: Edition) -> Entitlement:
        """What they have under `edition` on Monday noon."""
        if self.standing == "anonymous":
            return anonymous(edition)
        if self.standing != "covered":
            return not_covered(self.standing, self.requester, edition, 7)
        return covered(terms_of(self.account), self.requester, edition, MONDAY_NOON, 7)


def a_request(rng: Random, edition: Edition) -> SupportRequestSubmitted:
    """A request with words of `edition` at any time; fields with a default may be left out."""
    fields = {
        name: rng.choice(list(field.values))
        for name, field in edition.fields.items()
        if field.default is None or rng.random() < 0.7
    }
    return request(
        channel=rng.choice(list(edition.channels)),
        fields=fields,
        language=rng.choice((None, "es", "en", "es-MX", "ja", "pt-BR")),
        country=rng.choice(_COUNTRIES),
        phone=rng.choice((None, phone_ready(rng.random() < 0.5, rng.random() < 0.5))),
        opened_by=rng.choice(("customer", "agent")),
        received_at=_FIRST + timedelta(microseconds=rng.randrange(200 * 365 * 86_400 * 10**6)),
    )


def a_person(rng: Random, edition: Edition) -> Person:
    """Of an account, known or not, valid or not, with words of `edition` or, seldom, another; or of nobody."""

    def one_of(words: Any) -> str:
        return UNKNOWN if rng.random() < 0.05 else rng.choice(list(words))

    def somebody() -> tuple[str, bool]:
        return one_of(edition.roles), rng.random() < 0.7

    contacts = [contact(rng.choice(("u1", "u2")), *somebody()) for _ in range(rng.randrange(3))]
    of = account(
        contacts,
        plan=one_of(edition.plans),
        account_type=one_of(edition.account_types),
        paid=rng.random() < 0.7,
        country=rng.choice(_COUNTRIES),
        calendar=rng.choice((None, None, one_of(edition.calendars))),
        valid_from=MONDAY_NOON + timedelta(1) if rng.random() < 0.1 else None,
        valid_until=MONDAY_NOON if rng.random() < 0.1 else None,
    )
    standings = ("covered",) * 6 + ("unknown_account", "withdrawn", "no_account", "anonymous")
    return Person(rng.choice(standings), of, requester(*somebody(), rng.choice(("u1", "u2", "ñ"))))  # type: ignore[arg-type]  # drawn


_generators = st.integers(0, 2**48).map(Random)


def any_request(edition: Edition) -> st.SearchStrategy[SupportRequestSubmitted]:
    """Such a request, for hypothesis."""
    return _generators.map(lambda rng: a_request(rng, edition))


def any_entitlement(edition: Edition) -> st.SearchStrategy[Entitlement]:
    """What such a person has."""
    return _generators.map(lambda rng: a_person(rng, edition).entitlement(edition))
