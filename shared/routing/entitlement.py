"""[pure] What covers this requester at this instant: which account, which role, and whom we believe about it."""

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from shared.contracts.structs import Account, EntitlementUsed, Requester
from shared.contracts.vocabulary import CoverageStatus, RequesterFrom
from shared.policy.model import Edition

# The ways not to be covered that a person has to look into: somebody may have to set the entitlement right.
NEEDS_TRIAGE: frozenset[CoverageStatus] = frozenset(
    ("unknown_account", "withdrawn", "plan_not_in_edition", "not_yet_valid", "expired")
)


class AccountTerms(msgspec.Struct, frozen=True, array_like=True):
    """What a decision needs of an account: no e-mail addresses, and contacts to be looked up by requester_id."""

    plan: str
    account_type: str
    paid: bool
    country: str | None
    calendar: str | None
    contacts: dict[str, tuple[str, bool]]  # requester_id -> role, licensed
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Profile(NamedTuple):
    """All that access rules ask about people. Few combinations exist, so what follows from one is worked out once."""

    standing: CoverageStatus
    plan: str
    account_type: str
    paid: bool
    role: str
    licensed: bool


class Entitlement(NamedTuple):
    """What a decision takes the account and the requester to be, and from where."""

    profile: Profile
    requester_from: RequesterFrom
    country: str | None = None
    calendar: str | None = None
    offset: int | None = None  # of the record in support.entitlements.v1
    not_in_edition: str | None = None  # the word that the edition does not know

    @classmethod
    def of(cls, used: EntitlementUsed) -> "Entitlement":
        """The one that a case pins."""
        return cls(
            Profile(used.standing, used.plan, used.account_type, used.paid, used.role, used.licensed),
            used.requester_from,
            used.country,
            used.calendar,
            used.offset,
            used.not_in_edition,
        )

    @property
    def known(self) -> bool:
        """Whether an account covers this requester."""
        return self.profile.standing == "covered"

    def used(self) -> EntitlementUsed:
        """The same, as the decision publishes it and the case pins it."""
        profile = self.profile
        return EntitlementUsed(
            standing=profile.standing,
            plan=profile.plan,
            account_type=profile.account_type,
            paid=profile.paid,
            country=self.country,
            role=profile.role,
            licensed=profile.licensed,
            requester_from=self.requester_from,
            calendar=self.calendar,
            offset=self.offset,
            not_in_edition=self.not_in_edition,
        )


def terms_of(account: Account) -> AccountTerms:
    """The part of `account` that decides. No contact is named twice: whoever accepts an account checks that."""
    return AccountTerms(
        account.plan,
        account.account_type,
        account.paid,
        account.country,
        account.calendar,
        {contact.requester_id: (contact.role, contact.licensed) for contact in account.contacts},
        account.valid_from,
        account.valid_until,
    )


def covered(
    terms: AccountTerms, requester: Requester, edition: Edition, at: datetime, offset: int | None = None
) -> Entitlement:
    """A known account at `at`. Its contact list outranks what the (trusted) producer claims about the requester.

    An entitlement that does not count at `at`, or has a word that `edition` does not know, does not cover anybody.
    """
    listed = terms.contacts.get(requester.requester_id)
    role, licensed = listed if listed is not None else (requester.role, requester.licensed)
    requester_from: RequesterFrom = "producer_claim" if listed is None else "contact_list"
    standing, unknown = _standing(terms, role, edition, at)
    if standing != "covered":
        return _uncovered(edition, standing, role, licensed, requester_from, offset, unknown)
    return Entitlement(
        Profile(standing, terms.plan, terms.account_type, terms.paid, role, licensed),
        requester_from,
        terms.country,
        terms.calendar,
        offset,
    )


def _standing(terms: AccountTerms, role: str, edition: Edition, at: datetime) -> tuple[CoverageStatus, str | None]:
    """Whether an account covers somebody of that role at `at`, and the first word that `edition` does not know."""
    if terms.valid_from is not None and at < terms.valid_from:
        return "not_yet_valid", None
    if terms.valid_until is not None and at >= terms.valid_until:
        return "expired", None
    if terms.plan not in edition.plans:
        return "plan_not_in_edition", terms.plan
    if terms.account_type not in edition.account_types:
        return "plan_not_in_edition", terms.account_type
    return ("covered", None) if role in edition.roles else ("plan_not_in_edition", role)


def not_covered(
    standing: Literal["unknown_account", "withdrawn", "no_account"],
    requester: Requester,
    edition: Edition,
    offset: int | None = None,
) -> Entitlement:
    """No account covers this request: it counts as the edition says, and the producer's word for who is asking."""
    return _uncovered(edition, standing, requester.role, requester.licensed, "producer_claim", offset)


def anonymous(edition: Edition) -> Entitlement:
    """Nobody vouches for the requester: whatever is claimed about account, role or licence is not believed."""
    return _uncovered(edition, "anonymous", edition.not_covered.role, False, "nobody", None)


def _uncovered(
    edition: Edition,
    standing: CoverageStatus,
    role: str,
    licensed: bool,
    requester_from: RequesterFrom,
    offset: int | None,
    unknown: str | None = None,
) -> Entitlement:
    least = edition.not_covered
    if role not in edition.roles:
        role, licensed = least.role, False
    profile = Profile(standing, least.plan, least.account_type, False, role, licensed)
    return Entitlement(profile, requester_from, offset=offset, not_in_edition=unknown)
