"""What the page of a chat shows to an agent now, and the frames of its stream."""

from dataclasses import replace
from typing import Any, NamedTuple

from services.intake.chat_rows import taken_by
from services.intake.pages import agent_case
from services.intake.pages.case_page import Happened
from services.intake.pages.case_views import CaseView, CaseViews
from shared.contracts.structs import Requester
from shared.pages import visit as visits
from shared.pages.visit import SiteT


class DeskView(NamedTuple):
    """What the page shows beside the case itself. `taken_by` is the id of an agent; None = nobody has taken it."""

    said: list[agent_case.SaidAtDesk]
    taken_by: str | None
    account_id: str | None
    requester: Requester
    is_anonymous: bool
    country: str | None
    why_priority: str


class DeskViews(CaseViews):
    """The case of a request for an agent. Its `Visit` has the words of the desk (`at_desk`)."""

    template = "agent_chat_live.html"

    def values(self, view: CaseView) -> dict[str, Any]:
        """The case, and what only the desk sees."""
        recent = self._visit.service.cases.find(self._request_id)
        assert recent is not None  # noqa: S101 - `view` was made of it
        reader, found, request = self._visit.reader, view.found, recent.request
        happened: list[Happened] = []
        if found is not None:
            happened = list(agent_case.happened(found, self._visit.messages, reader))
        desk = DeskView(
            said=agent_case.said(request, recent.messages, reader),
            taken_by=taken_by(recent.messages),
            account_id=request.account_id,
            requester=request.requester,
            is_anonymous=request.authenticated_by == "anonymous",
            country=request.country,
            why_priority=_why_priority(found),
        )
        return {**super().values(view._replace(happened=happened)), "desk": desk}


def _why_priority(found: dict[str, Any] | None) -> str:
    """Why the case has the priority that it has now."""
    return "" if found is None or not found["priority_rules"] else str(found["priority_rules"][-1]["because"])


def at_desk(visit: visits.Visit[SiteT]) -> visits.Visit[SiteT]:
    """The same visit, with the words of the desk."""
    return replace(visit, messages=agent_case.desk_words(visit.messages, visit.edition))
