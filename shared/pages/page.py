"""A page as a route: its refusals are pages as well, and each page is there in every language of the edition."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from shared.pages.forms import typed_in
from shared.pages.rendered import refused
from shared.pages.site import Site, site_of
from shared.pages.visit import LANGUAGE, LANGUAGE_CHOICE, Visit, is_own_origin, set_cookie, visit_of
from shared.web.errors import Refusal

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_YEAR = 365 * 24 * 3600


class Page(APIRoute):
    """A route whose refusals are pages, and not problem documents."""

    def get_route_handler(self) -> Handler:
        """The handler, which answers a refusal with a page in the reader's language."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as refusal:
                return self.of_refusal(request, refusal)

        return answer

    @classmethod
    def of_refusal(cls, request: Request, refusal: Refusal) -> Response:
        """The page of a refusal, also of one that no route has: an unknown address, another method, a defect."""
        visit = cls.as_shown(visit_of(site_of(request), request))
        # A form of a page elsewhere must not make a page of ours show its words.
        text = typed_in(request).get("text", "").strip() if is_own_origin(request) else ""
        is_looked_at = request.method == "GET"
        return (in_language(visit) if is_looked_at else None) or refused(visit, refusal, text)

    @staticmethod
    def as_shown(visit: Visit[Site]) -> Visit[Site]:
        """The visit as the page of a refusal has it. A service may have other words for some of its readers."""
        return visit


def in_language(visit: Visit[Site]) -> Response | None:
    """The same page in the language that a link asks for; None where none does."""
    chosen = visit.connection.query_params.get(LANGUAGE_CHOICE)
    if chosen is None:
        return None
    answer = see(visit.address_in(None))
    if chosen in visit.edition.languages:
        set_cookie(visit.connection, answer, LANGUAGE, chosen, _YEAR)
    return answer


def see(address: str) -> RedirectResponse:
    """The answer to a form that counted: another page."""
    return RedirectResponse(address, 303)
