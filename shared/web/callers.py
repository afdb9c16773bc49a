"""Who calls: a client with an API key, a person with a signed token of a host application, or an anonymous visitor.

What a caller may see follows from the tags of request ids and needs no memory. A client and a visitor see their own
requests, a person those of their account, the scopes agent, view and admin all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.request_ids import is_of_account, is_of_client
from shared.contracts.structs import Actor
from shared.contracts.vocabulary import ActorKind, AuthenticatedBy
from shared.identity.agent_ids import AgentIds
from shared.identity.person import Person
from shared.identity.scopes import AGENT_SCOPE, DESK_SCOPES, SEES_ALL, SUBMIT_SCOPE, Scope
from shared.identity.signed_tokens import SignedIn, SignedTokens, TokenHost, TokenRefused
from shared.web.api_keys import ApiKey, Keyring
from shared.web.errors import Unauthenticated

VISITOR = "visitor/"  # how the client of an anonymous request begins; no key or host application has such a name


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `client` is its name in events, `limited_as` that under which its calls and streams are counted.

    `until` is when its token ends, and with it its streams.
    """

    client: str
    limited_as: str
    scopes: tuple[Scope, ...]
    rate: str | None
    authenticated_by: AuthenticatedBy
    actor: Actor
    person: Person | None = None
    until: datetime | None = None

    @property
    def sees_all(self) -> bool:
        """Whether it sees the requests of everybody."""
        return not set(SEES_ALL).isdisjoint(self.scopes)

    def owns(self, secrets: Sequence[bytes], request_id: str) -> bool:
        """Whether intake made this id for a request of this caller. `secrets` are those of ids."""
        if self.person is None:
            return is_of_client(secrets, request_id, self.client)
        account_id = self.person.account_id
        return account_id is not None and is_of_account(secrets, request_id, account_id)

    def own_key(self, idempotency_key: str) -> str:
        """The Idempotency-Key as that of this person: another person at the same host application may have the same."""
        if self.person is None:
            return idempotency_key
        return f"{len(self.person.requester_id)}:{self.person.requester_id}:{idempotency_key}"


class Callers:
    """Identifies the caller of an Authorization header. `now` is the current instant; tokens end by it."""

    def __init__(
        self, keys: tuple[ApiKey, ...], hosts: tuple[TokenHost, ...], audience: str, now: Callable[[], datetime]
    ) -> None:
        self._keyring = Keyring(keys)
        self._hosts = {host.name: host for host in hosts}
        self._tokens = SignedTokens(hosts, audience)
        self._agents = AgentIds(hosts)
        self._now = now

    def identify(self, authorization: str | None) -> Caller:
        """The caller. Raises Unauthenticated, which never repeats the header."""
        scheme, _, credential = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not credential.strip():
            raise Unauthenticated("refusal.send_key")
        credential = credential.strip()
        key = self._keyring.find(credential)
        if key is not None:
            return of_key(key)
        if credential.count(".") != 2:  # so it is no token
            raise Unauthenticated("refusal.unknown_key", error="invalid_token")
        try:
            return self.of_person(self.signed_in(credential))
        except TokenRefused as refused:
            raise Unauthenticated(refused.code, error="invalid_token", **refused.facts) from None

    def signed_in(self, token: str) -> SignedIn:
        """The person of a token, and when it ends. Raises TokenRefused."""
        return self._tokens.verify(token, self._now())

    def of_person(self, signed_in: SignedIn) -> Caller:
        """A person whose token was verified."""
        person = signed_in.person
        kind: ActorKind = "agent" if AGENT_SCOPE in person.scopes else "customer"
        at_desk = not set(DESK_SCOPES).isdisjoint(person.scopes)
        return Caller(
            client=person.host,
            limited_as=f"{person.host}/{person.requester_id}",
            scopes=person.scopes,
            rate=self._hosts[person.host].rate,
            authenticated_by="signed_token",
            actor=Actor(kind=kind, id=self._agents.of(person) if at_desk else person.requester_id),
            person=person,
            until=signed_in.refused_from,
        )

    def origins_of(self, host: str) -> tuple[str, ...]:
        """The web origins from which a host application may hand a person over."""
        return self._hosts[host].origins


def of_key(key: ApiKey) -> Caller:
    """A client with an API key."""
    return Caller(
        client=key.name,
        limited_as=key.name,
        scopes=key.scopes,
        rate=key.rate,
        authenticated_by="api_key",
        actor=key.acts_as,
    )


def of_visitor(visitor: str, limited_as: str, rate: str | None) -> Caller:
    """An anonymous visitor of the pages; `visitor` is what identifies the browser."""
    client = VISITOR + visitor
    return Caller(
        client=client,
        limited_as=limited_as,
        scopes=(SUBMIT_SCOPE,),
        rate=rate,
        authenticated_by="anonymous",
        actor=Actor(kind="customer", id=client),
    )
