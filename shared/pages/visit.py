"""Who looks at a page, in which language and zone: from cookies, which a browser keeps for us.

- `frontline_person`: the signed token of a signed-in person. Scripts cannot read it.
- `frontline_visitor`: a random text for each browser. It owns what somebody sends without signing in, and forms carry
  a keyed hash of it, which no page elsewhere can make.
- `frontline_language`, `frontline_zone`: what was chosen, and what the browser says of itself.

A form counts only if its hash fits the cookie and a page of ours sent it, by the browser's own word (`Origin`).
"""

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Generic, TypeVar
from urllib.parse import quote, unquote, urlencode

from fastapi.requests import HTTPConnection
from starlette.responses import Response

from shared.contracts.request_ids import keyed_hash
from shared.http.connections import client_of
from shared.identity.person import Person
from shared.identity.scopes import SUBMIT_SCOPE
from shared.identity.signed_tokens import SignedIn, TokenRefused
from shared.messages.catalogues import accepted_of, messages_in
from shared.messages.messages import Messages
from shared.pages.moments import zone_named
from shared.pages.site import Site
from shared.policy.model import Edition
from shared.routing.rendering import in_words_of
from shared.wall_clock import utc_now
from shared.web.callers import Caller, of_visitor
from shared.web.errors import AnotherPerson, NotFromHere
from shared.web.origins import is_from

PERSON, VISITOR, LANGUAGE, ZONE = "frontline_person", "frontline_visitor", "frontline_language", "frontline_zone"
LANGUAGE_CHOICE = "lang"  # of an address: the language that a link asks for
SiteT = TypeVar("SiteT", bound=Site)
SiteT_co = TypeVar("SiteT_co", bound=Site, covariant=True)
_VISITOR = re.compile(r"[0-9a-f]{32}")
_DAY = 24 * 3600  # seconds
_MONTH = 30 * _DAY


@dataclass(frozen=True, slots=True)
class Visit(Generic[SiteT_co]):
    """One call of a page, or the WebSocket of one. `signed_out`: the browser has a token that has ended."""

    service: SiteT_co
    connection: HTTPConnection
    edition: Edition
    caller: Caller
    visitor: str
    language: str
    messages: Messages
    zone: tzinfo | None
    signed_out: bool

    def of_caller(self, caller: Caller) -> "Visit[SiteT_co]":
        """The same visit, of somebody who is known by other means than cookies."""
        return replace(self, caller=caller)

    @property
    def person(self) -> Person | None:
        """The signed-in person, if there is one."""
        return self.caller.person

    @property
    def may_submit(self) -> bool:
        """Whether they send requests: visitors and customers do, agents only if their token says so."""
        return SUBMIT_SCOPE in self.caller.scopes

    @property
    def address(self) -> str:
        """The path of this page; that of the first one, where this page is the answer to a form."""
        return self.connection.url.path if self._is_looked_at else "/"

    def address_in(self, language: str | None) -> str:
        """This page, with all that its address asks for, in another language; None: as it is without such a choice.

        It is an address of this service: two slashes at its beginning would make a browser look for another host.
        """
        if not self._is_looked_at:
            return "/" if language is None else f"/?{urlencode({LANGUAGE_CHOICE: language})}"
        asked = [each for each in self.connection.query_params.multi_items() if each[0] != LANGUAGE_CHOICE]
        asked += [] if language is None else [(LANGUAGE_CHOICE, language)]
        path = "/" + quote(self.connection.scope["path"].lstrip("/"))
        return f"{path}?{urlencode(asked)}" if asked else path

    @property
    def _is_looked_at(self) -> bool:
        """Whether the page has an address of its own: the answer to a form has none."""
        return self.connection.scope.get("method") == "GET"

    @property
    def reader(self) -> str:
        """The id under which this reader's requests and activity are recorded."""
        return self.caller.actor.id

    @property
    def demo_sign_in(self) -> bool:
        """Whether the page is there that plays a host application."""
        return self.service.settings.demo_sign_in_file is not None

    @property
    def form_hash(self) -> str:
        """What a form of this browser carries."""
        return self._hashes("form")[0]

    @property
    def identity_hash(self) -> str:
        """Who a form was shown to: whoever sends it must be the same. A visitor is the same from another address."""
        return self._hashes("identity", *self._identity)[0]

    def check_identity(self, fields: Mapping[str, str]) -> None:
        """Refuse a form that was shown to somebody else: a sign-in has ended meanwhile, or another has begun.

        Raises AnotherPerson.
        """
        if not _is_one_of(fields.get("identity", ""), self._hashes("identity", *self._identity)):
            raise AnotherPerson("refusal.another_person")

    def check_form(self, fields: Mapping[str, str]) -> None:
        """Refuse a form that no page of ours sent. Raises NotFromHere."""
        if not _is_one_of(fields.get("form", ""), self._hashes("form")) or not is_own_origin(self.connection):
            raise NotFromHere("refusal.not_from_here")

    @property
    def _identity(self) -> tuple[str, str]:
        return self.caller.client, self.caller.actor.id

    def _hashes(self, purpose: str, *of: str) -> list[str]:
        """Keyed hashes of this browser and of that: the first for what is shown now, all for what was shown before."""
        return [keyed_hash(secret, purpose, self.visitor, *of)[:32] for secret in self.service.id_secrets]

    def keep(self, answer: Response) -> Response:
        """Let the browser keep what identifies it, and forget a token that has ended."""
        if self.connection.cookies.get(VISITOR) != self.visitor:
            set_cookie(self.connection, answer, VISITOR, self.visitor, _MONTH)
        if self.signed_out:
            answer.delete_cookie(PERSON)
        return answer


def visit_of(
    service: SiteT, connection: HTTPConnection, *, language: str | None = None, zone: str | None = None
) -> Visit[SiteT]:
    """Who calls, by the cookies. One without any is a new visitor.

    A client that says its `language` (a BCP 47 tag) and its `zone` (an IANA name) needs no cookies for them.
    """
    edition = service.editions.effective_at(service.clock())
    known = connection.cookies.get(VISITOR, "")
    visitor = known if _VISITOR.fullmatch(known) else secrets.token_hex(16)
    signed_in = _signed_in(service, connection)
    address = client_of(connection.client.host if connection.client else None)
    caller = (
        of_visitor(visitor, f"visitor at {address}", service.settings.anonymous_rate)
        if signed_in is None
        else service.gate.callers.of_person(signed_in)
    )
    language = _language(connection, edition, language)
    return Visit(
        service=service,
        connection=connection,
        edition=edition,
        caller=caller,
        visitor=visitor,
        language=language,
        messages=in_words_of(messages_in(language), edition, language),
        zone=zone_named(zone or unquote(connection.cookies.get(ZONE, ""))),
        signed_out=signed_in is None and PERSON in connection.cookies,
    )


def _is_one_of(text: str, hashes: Sequence[str]) -> bool:
    """Whether it is one of them, compared in a time that tells nothing of each."""
    return any(hmac.compare_digest(each.encode(), text.encode()) for each in hashes)


def sign_in(connection: HTTPConnection, answer: Response, token: str, signed_in: SignedIn) -> None:
    """Let the browser keep the token, a day longer than it counts: then a page can say that the sign-in has ended."""
    seconds = int((signed_in.refused_from - utc_now()).total_seconds())
    set_cookie(connection, answer, PERSON, token, max(1, seconds) + _DAY)


def set_cookie(connection: HTTPConnection, answer: Response, name: str, value: str, seconds: int) -> None:
    """A cookie that goes to pages of ours alone, and by TLS alone where the page came by TLS."""
    secure = _is_secure(connection)
    answer.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/")


def is_own_origin(connection: HTTPConnection) -> bool:
    """Whether the browser says that a page of ours sent this. It says so with every form that it posts."""
    return is_from(connection.headers.get("origin"), connection.headers.get("host", ""))


def _is_secure(connection: HTTPConnection) -> bool:
    """A form says its origin, with the scheme that the browser sees, whatever a proxy in between does."""
    return connection.url.scheme == "https" or connection.headers.get("origin", "").startswith("https://")


def _signed_in(service: Site, connection: HTTPConnection) -> SignedIn | None:
    token = connection.cookies.get(PERSON)
    try:
        return None if token is None else service.gate.callers.signed_in(token)
    except TokenRefused:
        return None


def _language(connection: HTTPConnection, edition: Edition, said: str | None) -> str:
    chosen = said or connection.cookies.get(LANGUAGE)
    if chosen in edition.languages:
        return chosen
    return accepted_of(connection.headers.get("accept-language"), edition.languages)
