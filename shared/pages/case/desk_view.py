"""What the page of a case shows to an agent, beside what its customer sees."""

from dataclasses import replace
from typing import Any, NamedTuple

from shared.contracts.structs import Requester
from shared.explain.logged_case import LoggedCase
from shared.pages.case import agent_case
from shared.pages.case.case_view import CaseView, Reader
from shared.pages.visit import SiteT, Visit


class Link(NamedTuple):
    """A link: where to, and its words."""

    address: str
    text: str


class DeskView(NamedTuple):
    """What the page shows beside the case itself. `taken_by` is the id of an agent; None = nobody has taken it.

    `back` leads to the list that the case is in.
    """

    said: list[agent_case.SaidAtDesk]
    taken_by: str | None
    account_id: str | None
    requester: Requester
    is_anonymous: bool
    country: str | None
    why_priority: str
    back: Link


def desk_values(case: LoggedCase, view: CaseView, reader: Reader, back: Link) -> dict[str, Any]:
    """What the template `case/agent_live.html` needs. `view` is that of `case`; `reader` has the words of the desk."""
    request, found = case.request, view.found
    happened = [] if found is None else list(agent_case.happened(found, reader.messages, reader.id))
    desk = DeskView(
        said=agent_case.said(request, case.messages, reader.id),
        taken_by=agent_case.taken_by(case.messages),
        account_id=request.account_id,
        requester=request.requester,
        is_anonymous=request.authenticated_by == "anonymous",
        country=request.country,
        why_priority=_why_priority(found),
        back=back,
    )
    return {**view._replace(happened=happened).values, "desk": desk}


def at_desk(visit: Visit[SiteT]) -> Visit[SiteT]:
    """The same visit, with the words of the desk."""
    return replace(visit, messages=agent_case.desk_words(visit.messages, visit.edition))


def _why_priority(found: dict[str, Any] | None) -> str:
    """Why the case has the priority that it has now."""
    return "" if found is None or not found["priority_rules"] else str(found["priority_rules"][-1]["because"])
