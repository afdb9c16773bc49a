"""[pure] Whether an account is one that an edition calls impossible, such as a paid plan that is not paid for."""

from typing import NamedTuple

from shared.policy.condition import Situation, wanted
from shared.policy.model import Edition, ImpossibleAccount

_NOBODY = Situation("", "", "", False, False, "", None, None, {})


class AccountWords(NamedTuple):
    """What rules about impossible accounts may ask."""

    plan: str
    account_type: str
    paid: bool
    country: str | None

    def known_to(self, edition: Edition) -> bool:
        """Whether `edition` has the account's words."""
        return self.plan in edition.plans and self.account_type in edition.account_types


def impossible_by(edition: Edition, account: AccountWords) -> ImpossibleAccount | None:
    """The first rule of `edition` that makes such an account impossible; None if none does."""
    situation = _NOBODY._replace(
        plan=account.plan, account_type=account.account_type, paid=account.paid, country=account.country
    )
    return next((rule for rule in edition.impossible_accounts if wanted(edition, rule).met_by(situation)), None)
