"""The demo sign-in page: it plays a host application, so that everybody can try the pages as somebody.

It is there only where the settings name its file, which `frontline up` makes: the private key of a host application,
and the people whom it vouches for. It signs a token for whoever is chosen, as a real host application would for whoever
is signed in there.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from shared.identity.minting import mint
from shared.identity.signed_tokens import LONGEST_LIFE
from shared.pages.demo_host import DemoHost
from shared.pages.forms import read_form
from shared.pages.page import Page, in_language, see
from shared.pages.rendered import render
from shared.pages.site import site_of
from shared.pages.visit import sign_in, visit_of
from shared.wall_clock import utc_now
from shared.web.errors import NotFound


def router_of(host: DemoHost, home: str) -> APIRouter:
    """The page of `host`. Whoever has signed in is at the page `home`."""
    router = APIRouter(route_class=Page, include_in_schema=False)
    by_number = {str(number): person for number, person in enumerate(host.people)}

    @router.get("/demo/sign-in")
    async def people(request: Request) -> Response:
        """Who can be chosen."""
        visit = visit_of(site_of(request), request)
        page = render(visit, "demo_sign_in.html", people=list(by_number.items()), home=home)
        return in_language(visit) or visit.keep(page)

    @router.post("/demo/sign-in")
    async def choose(request: Request) -> Response:
        """Sign in as somebody."""
        visit = visit_of(site_of(request), request)
        typed = await read_form(request)
        visit.check_form(typed)
        person = by_number.get(typed.get("who", ""))
        if person is None:
            raise NotFound("refusal.no_address")
        site = visit.service
        token = mint(host.key, person, site.settings.token_audience, utc_now(), LONGEST_LIFE)
        answer = see(home)
        sign_in(request, answer, token, site.gate.callers.signed_in(token))
        return answer

    return router
