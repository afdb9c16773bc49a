"""What the page of a chat shows to an agent now, and the frames of its stream."""

from typing import Any

from services.intake.pages import CHATS
from services.intake.pages.case_views import CaseViews
from shared.pages.case.case_view import CaseView
from shared.pages.case.desk_view import Link, desk_values


class DeskViews(CaseViews):
    """The case of a request for an agent. Its `Visit` has the words of the desk (`at_desk`)."""

    template = "case/agent_live.html"

    @property
    def action(self) -> str:
        """The address of the forms."""
        return f"{CHATS}/{self._request_id}"

    def values(self, view: CaseView) -> dict[str, Any]:
        """The case, and what only the desk sees."""
        recent = self._visit.service.cases.find(self._request_id)
        assert recent is not None  # noqa: S101 - `view` was made of it
        return desk_values(recent, view, self.reader, Link(CHATS, self._visit.messages("desk.title")))
