"""[pure] Under which id an agent is recorded, shown, and has cases: two agents never share one."""

from collections.abc import Sequence
from hashlib import sha256

from shared.identity.person import Person
from shared.identity.scopes import DESK_SCOPES
from shared.identity.signed_tokens import TokenHost

_LONGEST = 200  # characters that an event has for an id


class AgentIds:
    """The ids of the agents for whom these host applications vouch.

    A `sub` names one person of one application. So while only one vouches for agents, it is the id. Of several, the
    agents of the first that is configured keep it, and the others' has their application in front: `helpdesk/desk-7`.
    """

    def __init__(self, hosts: Sequence[TokenHost]) -> None:
        names = [host.name for host in hosts if not set(DESK_SCOPES).isdisjoint(host.scopes)]
        self._first = names[0] if names else ""
        self._begun = tuple(_begun(name) for name in names) if len(names) > 1 else ()

    def of(self, person: Person) -> str:
        """The id of an agent. One of the first application that would read as that of another is written in full."""
        sub = person.requester_id
        if person.host == self._first and not sub.startswith(self._begun):
            return sub
        whole = _begun(person.host) + sub
        return whole if len(whole) <= _LONGEST else sha256(whole.encode()).hexdigest()


def _begun(host: str) -> str:
    return host.replace("%", "%25").replace("/", "%2F") + "/"
