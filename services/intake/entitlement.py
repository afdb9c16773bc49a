"""[pure] An account's entitlement as the admin API accepts it, and its events."""

from datetime import datetime

from services.intake.fields import Body, Country, Email, Word
from services.intake.words import AnyEdition
from shared.contracts.base import Instant, format_instant
from shared.contracts.contacts import named_again
from shared.contracts.structs import Account, Contact, EntitlementWithdrawn
from shared.policy.impossible_accounts import AccountWords
from shared.policy.model import Edition
from shared.web.errors import FieldError, InvalidFields
from shared.web.fields import Id


class ContactBody(Body):
    """A contact of the account. Its role and licence outrank a client's claim about the requester."""

    requester_id: Id
    role: Word
    licensed: bool
    email: Email | None = None


class EntitlementBody(Body):
    """The entitlement of an account, from `valid_from` until before `valid_until`; without these, always.

    Plan, account type and roles are words of a configured edition. `calendar` names a calendar of the policy and
    outranks that of the country.
    """

    plan: Word
    account_type: Word
    paid: bool
    country: Country | None = None
    contacts: tuple[ContactBody, ...] = ()
    calendar: Word | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None


def check(body: EntitlementBody, words: AnyEdition, in_force: Edition, language: str) -> None:
    """Refuse words that no configured edition has, and what its rules call impossible, with its note in `language`.

    Also a contact that is named twice, and an entitlement that ends before it begins. Raises InvalidFields with every
    wrong field.
    """
    errors = words.wrong_words_of_entitlement(body.model_dump(exclude_none=True))
    account = AccountWords(body.plan, body.account_type, body.paid, body.country)
    contradiction = words.contradiction(account, in_force)
    if contradiction is not None:
        errors.append(contradiction.error(language))
    errors += [
        FieldError(f"contacts.{index}.requester_id", "field.named_twice") for index in named_again(body.contacts)
    ]
    if body.valid_from is not None and body.valid_until is not None and body.valid_until <= body.valid_from:
        errors.append(FieldError("valid_until", "field.not_after", {"at": format_instant(body.valid_from)}))
    if errors:
        raise InvalidFields(errors)


def account_of(body: EntitlementBody, account_id: str) -> Account:
    """The account with the entitlement that `body` gives it."""
    contacts = tuple(
        Contact(requester_id=c.requester_id, role=c.role, licensed=c.licensed, email=c.email) for c in body.contacts
    )
    return Account(
        account_id=account_id,
        plan=body.plan,
        account_type=body.account_type,
        paid=body.paid,
        country=body.country,
        contacts=contacts,
        calendar=body.calendar,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
    )


def entitlement_withdrawn(*, account_id: str, at: datetime) -> EntitlementWithdrawn:
    """The event that withdraws the account's entitlement."""
    return EntitlementWithdrawn(account_id=account_id, withdrawn_at=at)
