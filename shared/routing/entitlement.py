"""[pure] What covers this requester at this instant: which account, which role, and whom we believe about it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec

from shared.contracts.structs import Account, EntitlementUsed, Requester
from shared.contracts.vocabulary import AccountType, CoverageStatus, Plan, RequesterFrom, Role


class AccountTerms(msgspec.Struct, frozen=True, array_like=True):
    """What a decision needs of an account: no e-mail addresses, and contacts to be looked up by requester_id."""

    plan: Plan
    account_type: AccountType
    paid: bool
    country: str | None
    calendar: str | None
    contacts: dict[str, tuple[Role, bool]]  # requester_id -> role, licensed


# What a request counts as that no account covers: the least of everything.
NO_ACCOUNT = AccountTerms("access", "free", False, None, None, {})


class Profile(NamedTuple):
    """All that access rules ask about. Few combinations exist, so what follows from one is worked out once."""

    standing: CoverageStatus
    plan: Plan
    account_type: AccountType
    paid: bool
    role: Role
    licensed: bool


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a decision takes the account and the requester to be, and from where."""

    profile: Profile
    requester_from: RequesterFrom
    country: str | None = None
    calendar: str | None = None
    offset: int | None = None  # of the record in support.entitlements.v1

    @classmethod
    def of(cls, used: EntitlementUsed) -> "Entitlement":
        """The one that a case pins."""
        return cls(
            Profile(used.standing, used.plan, used.account_type, used.paid, used.role, used.licensed),
            used.requester_from,
            used.country,
            used.calendar,
            used.offset,
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
        )


def terms_of(account: Account) -> AccountTerms:
    """The part of `account` that decides. Of a person who is listed twice the first entry counts."""
    return AccountTerms(
        account.plan,
        account.account_type,
        account.paid,
        account.country,
        account.calendar,
        {contact.requester_id: (contact.role, contact.licensed) for contact in reversed(account.contacts)},
    )


def covered(terms: AccountTerms, requester: Requester, offset: int | None = None) -> Entitlement:
    """A known account. Its contact list outranks what the (trusted) producer claims about the requester."""
    listed = terms.contacts.get(requester.requester_id)
    role, licensed = listed if listed is not None else (requester.role, requester.licensed)
    return Entitlement(
        Profile("covered", terms.plan, terms.account_type, terms.paid, role, licensed),
        "producer_claim" if listed is None else "contact_list",
        terms.country,
        terms.calendar,
        offset,
    )


def not_covered(
    standing: Literal["unknown_account", "withdrawn", "no_account"], requester: Requester, offset: int | None = None
) -> Entitlement:
    """No account covers this request: it counts as NO_ACCOUNT, and the producer's word for who is asking."""
    return _as_no_account(standing, requester.role, requester.licensed, "producer_claim", offset)


def _as_no_account(
    standing: CoverageStatus, role: Role, licensed: bool, requester_from: RequesterFrom, offset: int | None = None
) -> Entitlement:
    terms = NO_ACCOUNT
    profile = Profile(standing, terms.plan, terms.account_type, terms.paid, role, licensed)
    return Entitlement(profile, requester_from, terms.country, terms.calendar, offset)


# Nobody vouches for the requester: whatever is claimed about account, role or licence is not believed.
ANONYMOUS = _as_no_account("anonymous", "member", False, "nobody")
