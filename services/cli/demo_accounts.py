"""[pure] The accounts of `frontline up`, the demo and the compose stack: every plan with every account type.

The demo's requests have the words of the shipped editions; for any other edition there are accounts alone.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle, product
from typing import Any

from shared.policy.impossible_accounts import AccountWords, impossible_by
from shared.policy.model import Edition

# The words of the shipped editions.
PLANS = ("access", "premier", "premier_plus")
ACCOUNT_TYPES = ("free", "pro", "business", "business_plus", "education", "enterprise", "api")
_COUNTRIES = ("ES", "US", "DE", "JP", "BR", "IN", "GB", "FR", "MX", "AU", "IT", "CH", "AT", "HK", "MY", "NZ", "SG")


def _accounts() -> dict[str, dict[str, Any]]:
    accounts: dict[str, dict[str, Any]] = {}
    for plan in PLANS:
        for account_type in ACCOUNT_TYPES:
            if account_type == "free" and plan != "access":
                continue  # free accounts have no paid support plan
            accounts[f"demo-{plan}-{account_type}".replace("_", "-")] = {
                "plan": plan,
                "account_type": account_type,
                "paid": account_type != "free",
                "country": _COUNTRIES[len(accounts) % len(_COUNTRIES)],
                "contacts": [],
            }
    accounts["demo-premier-plus-enterprise"]["contacts"] = [
        {"requester_id": "listed-admin", "role": "admin", "licensed": True},
        {"requester_id": "listed-member", "role": "member", "licensed": False},
    ]
    return accounts


# account_id -> the body of PUT /v1/accounts/{account_id}/entitlement
DEMO_ACCOUNTS: dict[str, dict[str, Any]] = _accounts()


def accounts_for(editions: Sequence[Edition]) -> dict[str, dict[str, Any]]:
    """The accounts for a system with these editions: the demo accounts that intake accepts, and one for each plan and
    account type of an edition that none of these has.

    Each of the editions may be in force when the accounts are loaded, so that every one that knows the words of an
    account has to call it possible.
    """
    found = {name: account for name, account in DEMO_ACCOUNTS.items() if _is_accepted(editions, account)}
    present = {(account["plan"], account["account_type"]) for account in found.values()}
    for edition in editions:
        for name, account in _accounts_of(edition).items():
            words = account["plan"], account["account_type"]
            if words not in present and _is_accepted(editions, account):
                found[name] = account
                present.add(words)
    return found


def _accounts_of(edition: Edition) -> dict[str, dict[str, Any]]:
    """An account for each plan and account type, in countries of the edition.

    It is paid, except on the plan of people without an account, or the other way round if that is impossible.
    """
    hours = edition.regional_hours
    countries = cycle((*hours.countries, *hours.regions) or _COUNTRIES)
    found: dict[str, dict[str, Any]] = {}
    for plan, account_type in product(edition.plans, edition.account_types):
        country, is_paid = next(countries), plan != edition.not_covered.plan
        for paid in (is_paid, not is_paid):
            account = {"plan": plan, "account_type": account_type, "paid": paid, "country": country, "contacts": []}
            if impossible_by(edition, _words_of(account)) is None:
                found[f"demo-{plan}-{account_type}"] = account
                break
    return found


def _is_accepted(editions: Sequence[Edition], account: Mapping[str, Any]) -> bool:
    knowing = [edition for edition in editions if _knows(edition, account)]
    return bool(knowing) and all(impossible_by(edition, _words_of(account)) is None for edition in knowing)


def _knows(edition: Edition, account: Mapping[str, Any]) -> bool:
    contacts = account["contacts"]
    return _words_of(account).known_to(edition) and all(contact["role"] in edition.roles for contact in contacts)


def _words_of(account: Mapping[str, Any]) -> AccountWords:
    return AccountWords(account["plan"], account["account_type"], account["paid"], account["country"])
