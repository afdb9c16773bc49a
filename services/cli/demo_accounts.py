"""[pure] The accounts of `frontline up` and the demo: every plan with every account type, in many countries."""

from collections.abc import Mapping
from typing import Any

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


def accounts_for(editions: tuple[Edition, ...]) -> Mapping[str, dict[str, Any]]:
    """The demo accounts whose words one of `editions` knows: intake refuses the others."""
    return {
        name: account
        for name, account in DEMO_ACCOUNTS.items()
        if any(_knows(edition, account) for edition in editions)
    }


def _knows(edition: Edition, account: Mapping[str, Any]) -> bool:
    return (
        account["plan"] in edition.plans
        and account["account_type"] in edition.account_types
        and all(contact["role"] in edition.roles for contact in account["contacts"])
    )
