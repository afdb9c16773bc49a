"""[pure] The contacts of an account that name a person again: a person has one role and one licence."""

from collections.abc import Iterable
from typing import Protocol


class NamesRequester(Protocol):
    """A contact, as it is published or as an input has it."""

    @property
    def requester_id(self) -> str:
        """Whom it names."""


def named_again(contacts: Iterable[NamesRequester]) -> list[int]:
    """The indexes of contacts whose requester_id an earlier one has."""
    seen: set[str] = set()
    found = []
    for index, contact in enumerate(contacts):
        if contact.requester_id in seen:
            found.append(index)
        seen.add(contact.requester_id)
    return found
