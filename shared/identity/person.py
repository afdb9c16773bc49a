"""[pure] A signed-in person, as a host application vouches for them."""

from dataclasses import dataclass

from shared.identity.scopes import PersonScope


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking. Where the account's contact list names this person, the list outranks `role` and `licensed`.

    A customer has an account and a role. An agent of the support desk has neither. `country` is an ISO 3166-1 code.
    """

    host: str  # the host application, as the settings of intake name it
    requester_id: str
    scopes: tuple[PersonScope, ...]
    account_id: str | None = None
    role: str | None = None
    licensed: bool = False
    name: str | None = None
    email: str | None = None
    country: str | None = None
