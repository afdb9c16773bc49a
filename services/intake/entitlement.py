"""[pure] An account's entitlement as the admin API accepts it, and its events."""

from collections.abc import Collection
from datetime import datetime

from services.intake.errors import FieldError, InvalidFields
from services.intake.fields import Body, Country, Email, Id
from shared.contracts.structs import Account, Contact, EntitlementSet, EntitlementWithdrawn
from shared.contracts.vocabulary import AccountType, Plan, Role


class ContactBody(Body):
    """A contact of the account. Its role and licence outrank a client's claim about the requester."""

    requester_id: Id
    role: Role
    licensed: bool
    email: Email | None = None


class EntitlementBody(Body):
    """The entitlement of an account. `calendar` names a calendar of the policy and outranks that of the country."""

    plan: Plan
    account_type: AccountType
    paid: bool
    country: Country | None = None
    contacts: tuple[ContactBody, ...] = ()
    calendar: str | None = None


def entitlement_set(
    body: EntitlementBody, *, account_id: str, calendars: Collection[str], at: datetime
) -> EntitlementSet:
    """The event that replaces the account's entitlement by `body`. `calendars` are the names of the policy's calendars.

    Raises InvalidFields for a calendar that no configured edition has, and for a contact that is named twice.
    """
    errors = []
    if body.calendar is not None and body.calendar not in calendars:
        errors.append(FieldError("calendar", "field.one_of", {"allowed": sorted(calendars)}))
    seen: set[str] = set()
    for index, contact in enumerate(body.contacts):
        if contact.requester_id in seen:
            errors.append(FieldError(f"contacts.{index}.requester_id", "field.named_twice"))
        seen.add(contact.requester_id)
    if errors:
        raise InvalidFields(errors)
    contacts = tuple(
        Contact(requester_id=c.requester_id, role=c.role, licensed=c.licensed, email=c.email) for c in body.contacts
    )
    account = Account(
        account_id=account_id,
        plan=body.plan,
        account_type=body.account_type,
        paid=body.paid,
        country=body.country,
        contacts=contacts,
        calendar=body.calendar,
    )
    return EntitlementSet(account=account, set_at=at)


def entitlement_withdrawn(*, account_id: str, at: datetime) -> EntitlementWithdrawn:
    """The event that withdraws the account's entitlement."""
    return EntitlementWithdrawn(account_id=account_id, withdrawn_at=at)
