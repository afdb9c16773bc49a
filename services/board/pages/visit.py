"""Who looks at a page of the board."""

from fastapi import Request
from starlette.responses import Response

from services.board.policy.pages import Reader
from services.board.service import Service
from shared.identity.scopes import AGENT_SCOPE
from shared.pages import visit as visits
from shared.pages.case.desk_view import at_desk
from shared.pages.moments import own_name
from shared.pages.page import Page, in_language
from shared.pages.site import Site
from shared.web.errors import NotSignedIn

Visit = visits.Visit[Service]


class BoardPage(Page):
    """A page of the board. Agents and viewers read it, and its refusals, in the words of the desk."""

    @staticmethod
    def as_shown(visit: visits.Visit[Site]) -> visits.Visit[Site]:
        """The visit, at the desk for whoever sees every case."""
        return at_desk(visit) if visit.caller.sees_all else visit


def visit_of(request: Request) -> Visit:
    """The visit of somebody who is signed in. Raises NotSignedIn."""
    service: Service = request.app.state.service
    visit = visits.visit_of(service, request)
    if visit.person is None:
        raise NotSignedIn("refusal.not_signed_in")
    return at_desk(visit) if visit.caller.sees_all else visit


def may_act(visit: Visit) -> bool:
    """Whether they report on any case, and not only look at it."""
    return AGENT_SCOPE in visit.caller.scopes


async def policy_reader(request: Request) -> Reader | Response:
    """Who reads the policy: everybody who is signed in, and whoever comes by, since it is what a company promises."""
    service: Service = request.app.state.service
    visit = visits.visit_of(service, request)
    if "lang" in request.query_params and (answer := in_language(visit)) is not None:
        return answer
    frame = {"visit": visit, "own_name": own_name}
    return Reader(visit.messages, visit.language, visit.zone, frame, visit.keep)
