"""The routes that the pages of every service have: signing in and out, style sheets and scripts."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from shared.identity.signed_tokens import TokenRefused
from shared.pages.assets import ADDRESS, FOR_EVER
from shared.pages.forms import read_form
from shared.pages.page import Page, see
from shared.pages.site import site_of
from shared.pages.visit import PERSON, sign_in, visit_of
from shared.web.errors import FieldError, InvalidFields, NotFound, NotFromHere
from shared.web.origins import is_from


def router_of(home: str) -> APIRouter:
    """These routes. Whoever has signed in or out is at the page `home`."""
    router = APIRouter(route_class=Page, include_in_schema=False)

    @router.post("/session")
    async def begin_session(request: Request) -> Response:
        """Sign in with a token of a host application, which a page of its own, or of ours, hands over."""
        gate = site_of(request).gate
        typed = await read_form(request)
        token = typed.get("token", "")
        try:
            signed_in = gate.callers.signed_in(token)
        except TokenRefused as error:
            await gate.count_unauthenticated(request)
            raise InvalidFields([FieldError("token", error.code, error.facts)]) from None
        origins = gate.callers.origins_of(signed_in.person.host)
        if not is_from(request.headers.get("origin"), request.headers.get("host", ""), origins):
            raise NotFromHere("refusal.not_from_here")
        answer = see(home)
        sign_in(request, answer, token, signed_in)
        return answer

    @router.post("/session/end")
    async def end_session(request: Request) -> Response:
        """Sign out of the pages of this service; the host application has a session of its own."""
        visit = visit_of(site_of(request), request)
        visit.check_form(await read_form(request))
        answer = see(home)
        answer.delete_cookie(PERSON)
        return answer

    @router.get(ADDRESS + "{name}")
    async def asset(request: Request, name: str) -> Response:
        """A style sheet or a script. Its address changes with its content."""
        found = request.app.state.assets.find(name)
        if found is None:
            raise NotFound("refusal.no_address")
        return Response(found.content, 200, {"Cache-Control": FOR_EVER}, found.media_type)

    return router
