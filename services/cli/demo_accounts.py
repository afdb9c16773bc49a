"""[pure] The accounts that `frontline up` loads and the demo asks with: every plan with every account type, over the
countries of the phone table, some with a contact list."""

from typing import Any

from shared.contracts.vocabulary import ACCOUNT_TYPES, PLANS

_COUNTRIES = ("ES", "US", "DE", "JP", "BR", "IN", "GB", "FR", "MX", "AU", "IT", "CH", "AT", "HK", "MY", "NZ", "SG")


def _accounts() -> dict[str, dict[str, Any]]:
    accounts: dict[str, dict[str, Any]] = {}
    for plan in PLANS:
        for account_type in ACCOUNT_TYPES:
            if account_type == "free" and plan != "access":
                continue  # nobody buys a support plan for a free account
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
