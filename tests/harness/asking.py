"""Accounts, people and requests for tests: unremarkable ones, of which a test changes what it is about."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from shared.contracts.structs import (
    Account,
    Contact,
    EntitlementSet,
    PhoneReadiness,
    Requester,
    SupportRequestSubmitted,
)
from shared.policy.condition import Situation
from shared.policy.model import Edition

# The words of guidelines-2021, written down once more: tests say what the edition must say.
CHANNELS = ("help_center", "bot", "community", "billing", "social", "chat", "web_ticket", "phone")
PLANS = ("access", "premier", "premier_plus")
ACCOUNT_TYPES = ("free", "pro", "business", "business_plus", "education", "enterprise", "api")
ROLES = ("owner", "admin", "member")
PRIORITIES = ("P1", "P2", "P3", "P4")
IMPACTS = ("down", "severely_degraded", "critical", "significant", "general", "information")
WORKAROUNDS = ("none", "partial", "full")
ENVIRONMENTS = ("production", "development", "alpha", "beta")
REQUEST_TYPES = ("technical", "billing", "other")

MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # 13:00 in Madrid, within business hours


def account(contacts: Iterable[Contact] = (), **given: Any) -> Account:
    """A paid enterprise account with Premier+ in Spain, unless `given` says otherwise."""
    usual: dict[str, Any] = {
        "account_id": "acme",
        "plan": "premier_plus",
        "account_type": "enterprise",
        "paid": True,
        "country": "ES",
        "calendar": None,
    }
    return Account(**(usual | given), contacts=tuple(contacts))


def contact(requester_id: str = "u1", role: str = "admin", licensed: bool = True, email: str | None = None) -> Contact:
    """A person on an account's contact list."""
    return Contact(requester_id=requester_id, role=role, licensed=licensed, email=email)


def requester(role: str = "admin", licensed: bool = True, requester_id: str = "u1") -> Requester:
    """Who asks, by the producer's word."""
    return Requester(requester_id=requester_id, role=role, licensed=licensed)


def phone_ready(meeting_id: bool = True, host_key: bool = True) -> PhoneReadiness:
    """What a caller has at hand."""
    return PhoneReadiness(meeting_id_given=meeting_id, host_key_given=host_key)


FIELDS = {"impact": "down", "workaround": "none", "environment": "production", "request_type": "technical"}


def fields(**given: str) -> dict[str, str]:
    """The fields of an outage, unless `given` says otherwise."""
    return FIELDS | given


def request(**given: Any) -> SupportRequestSubmitted:
    """A licensed admin of account acme, on the phone because the service is down, unless `given` says otherwise.

    The fields of the request may be given by their own names.
    """
    claims = fields(**{name: given.pop(name) for name in FIELDS if name in given})
    usual: dict[str, Any] = {
        "request_id": "00000000000000000000000000000001",
        "client": "web",
        "authenticated_by": "api_key",
        "account_id": "acme",
        "requester": requester(),
        "channel": "phone",
        "subject": "Nobody can join",
        "description": "Everybody gets an error. Signed, a customer.",
        "fields": claims,
        "received_at": MONDAY_NOON,
        "submission_digest": "d1",
    }
    return SupportRequestSubmitted(**(usual | given))


def situation(edition: Edition, **given: Any) -> Situation:
    """What conditions may ask: the edition's first words and an outage, on the phone, unless `given` says otherwise."""
    usual: dict[str, Any] = {
        "plan": next(iter(edition.plans)),
        "account_type": next(iter(edition.account_types)),
        "role": next(iter(edition.roles)),
        "licensed": True,
        "paid": True,
        "channel": "phone",
        "language": None,
        "country": None,
        "fields": {name: value for name, value in FIELDS.items() if name in edition.fields},
    }
    return Situation(**(usual | given))


def entitlement_set(of: Account, set_at: datetime = MONDAY_NOON) -> EntitlementSet:
    """The event that tells of an account."""
    return EntitlementSet(account=of, set_at=set_at)
