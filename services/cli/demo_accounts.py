"""[pure] The accounts of `frontline up` and the demo: every plan with every account type, in many countries."""

from typing import Any

from shared.contracts.vocabulary import ACCOUNT_TYPES, PLANS

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
