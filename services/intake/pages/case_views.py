"""What the page of a request shows now, and the frames of its stream."""

import secrets
from datetime import datetime
from typing import Any

from services.intake import commands
from services.intake.pages.visit import Visit
from shared.explain.logged_case import LoggedCase
from shared.explain.rebuild_case import RebuiltCase
from shared.explain.standing import Standing, standing
from shared.pages.case.case_view import CaseView, Reader, case_view
from shared.pages.rendered import html_of
from shared.sla.pinned_edition import PinnedEdition
from shared.web.errors import NotFound
from shared.web.stream import message


class CaseViews:
    """The case of a request for one reader. A `Changes` of `shared/web/stream.py`."""

    template = "case/customer_live.html"  # the part of the page that changes

    def __init__(self, visit: Visit, request_id: str) -> None:
        self._visit = visit
        self._request_id = request_id
        self._shown = -1  # how many records of the case the last frame showed
        self._key = secrets.token_hex(16)  # of what the reader does next, whatever changes meanwhile

    @property
    def action(self) -> str:
        """The address of the forms."""
        return f"/requests/{self._request_id}/activity"

    @property
    def reader(self) -> Reader:
        """For whom it is shown."""
        return Reader(self._visit.reader, self._visit.language, self._visit.messages, self._visit.zone)

    def current(self) -> CaseView:
        """What there is now. Raises NotFound or CatchingUp, also for a request of another."""
        return self.view(self.recent(), self._visit.service.clock())

    def recent(self) -> LoggedCase:
        """The case as the log has it now. Raises NotFound or CatchingUp, also for a request of another."""
        visit, service = self._visit, self._visit.service
        commands.visible(service, visit.caller, self._request_id)
        recent = service.cases.find(self._request_id)
        if recent is None:
            raise NotFound("refusal.no_request", limit=service.settings.recent_requests)
        return recent

    def values(self, view: CaseView) -> dict[str, Any]:
        """What the template needs."""
        return view.values

    def frames(self) -> list[bytes] | None:
        """The changing part of the page, if the case has changed since the last call; None once it was forgotten."""
        visit, cases = self._visit, self._visit.service.cases
        recent = cases.find(self._request_id)
        if recent is None:
            return None
        if self._shown == (number := cases.count_of(self._request_id)):
            return []
        self._shown = number
        view = self.view(recent, visit.service.clock())
        html = html_of(visit, self.template, view.moments, **self.values(view))
        return [message(html)]

    def view(self, recent: LoggedCase, now: datetime) -> CaseView:
        """What there is of `recent` at `now`."""
        editions, rebuilt = self._rebuilt(recent)
        is_closed = self._visit.service.recent.is_closed(self._request_id)
        return case_view(
            recent, editions, rebuilt, now, self.reader, action=self.action, key=self._key, is_closed=is_closed
        )

    def standing(self, recent: LoggedCase, now: datetime) -> Standing | None:
        """How the case stands, without sentences; None while it is not decided, or its edition is not known here."""
        case = recent.log.case
        editions, rebuilt = self._rebuilt(recent)
        return None if case is None else standing(recent.log, case, editions, now, rebuilt)

    def _rebuilt(self, recent: LoggedCase) -> tuple[dict[bytes, PinnedEdition], RebuiltCase | None]:
        """The editions of the case that are known here, and what it comes to by them; None while it is not decided."""
        service, case = self._visit.service, recent.log.case
        if case is None:
            return {}, None
        editions = service.published_editions.of_log(recent.log)
        return editions, service.rebuilt.find(recent.log, case, editions)
