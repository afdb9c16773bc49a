"""What the page of a request shows now, and the frames of its stream."""

import secrets
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.intake import commands
from services.intake.pages import case_page
from services.intake.pages.visit import Visit
from services.intake.recent_cases import RecentCase
from shared.contracts.structs import CaseRouted
from shared.explain.explanation import explanation
from shared.explain.standing import Standing, standing
from shared.messages.messages import Messages
from shared.pages.moments import Moments, zone_named
from shared.pages.rendered import html_of
from shared.policy.model import Edition
from shared.web.errors import NotFound
from shared.web.stream import message


class CaseView(NamedTuple):
    """What the page shows. `found` is the explanation; null until the router has decided."""

    request_id: str
    subject: str
    received_at: str
    said: list[case_page.Said]
    found: dict[str, Any] | None
    promises: list[case_page.Promise]
    nothing_promised: str
    happened: list[case_page.Happened]
    priority_text: str
    is_call: bool
    is_closed: bool
    may_escalate: bool
    no_escalation: str
    moments: Moments
    key: str

    @property
    def state(self) -> str:
        """deciding, open, waiting, resolved or closed; open or closed where the edition is not known here."""
        if self.found is None:
            return "deciding"
        return str(self.found["state"] or ("closed" if self.is_closed else "open"))


class CaseViews:
    """The case of a request for one reader. A `Changes` of `shared/web/stream.py`."""

    template = "request_live.html"  # the part of the page that changes

    def __init__(self, visit: Visit, request_id: str) -> None:
        self._visit = visit
        self._request_id = request_id
        self._shown = -1  # how many records of the case the last frame showed
        self._key = secrets.token_hex(16)  # of what the reader does next, whatever changes meanwhile

    def current(self) -> CaseView:
        """What there is now. Raises NotFound or CatchingUp, also for a request of another."""
        return self.view(self.recent(), self._visit.service.clock())

    def recent(self) -> RecentCase:
        """The case as the log has it now. Raises NotFound or CatchingUp, also for a request of another."""
        visit, service = self._visit, self._visit.service
        commands.visible(service, visit.caller, self._request_id)
        recent = service.cases.find(self._request_id)
        if recent is None:
            raise NotFound("refusal.no_request", limit=service.settings.recent_requests)
        return recent

    def values(self, view: CaseView) -> dict[str, Any]:
        """What the template needs."""
        return {"case": view, "typed": {}, "wrong": {}, "refusal": None}

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

    def view(self, recent: RecentCase, now: datetime) -> CaseView:
        """What there is of `recent` at `now`."""
        visit, request, case = self._visit, recent.request, recent.log.case
        known = visit.service.published_editions
        pinned = None if case is None else known.pinned(case.policy_sha256)
        edition = None if pinned is None else pinned.edition
        zone = visit.zone or _zone_of(case, edition) or UTC
        moments, messages = Moments(visit.messages.language, zone), visit.messages.in_zone(zone)
        found = None if case is None else self._explained(recent, case, now, messages)
        may_escalate, no_escalation = (
            (False, "") if found is None else case_page.next_escalation(found, messages, moments)
        )
        return CaseView(
            request_id=self._request_id,
            subject=request.subject,
            received_at=moments.iso(request.received_at),
            said=case_page.said(request, recent.messages, visit.reader),
            found=found,
            promises=[] if found is None else case_page.promises(found, now, messages, moments),
            nothing_promised="" if found is None else case_page.nothing_promised(found, messages),
            happened=[] if found is None else list(case_page.happened(found, messages)),
            priority_text="" if found is None else case_page.priority_text(found, edition, visit.language),
            is_call=found is not None and case_page.is_call(found, edition),
            is_closed=visit.service.recent.is_closed(self._request_id),
            may_escalate=may_escalate,
            no_escalation=no_escalation,
            moments=moments,
            key=self._key,
        )

    def standing(self, recent: RecentCase, now: datetime) -> Standing | None:
        """How the case stands, without sentences; None while it is not decided, or its edition is not known here."""
        case = recent.log.case
        if case is None:
            return None
        editions = self._visit.service.published_editions.of_log(recent.log)
        return standing(recent.log, case, editions, now, self._visit.service.rebuilt.find(recent.log, case, editions))

    def _explained(self, recent: RecentCase, case: CaseRouted, now: datetime, messages: Messages) -> dict[str, Any]:
        """The explanation of the case in the reader's language, by the editions that are known here."""
        editions = self._visit.service.published_editions.of_log(recent.log)
        rebuilt = self._visit.service.rebuilt.find(recent.log, case, editions)
        return explanation(recent.log, case, editions, now, messages, rebuilt)


def _zone_of(case: CaseRouted | None, edition: Edition | None) -> ZoneInfo | None:
    """The zone of the case's calendar, for a browser that does not say its own."""
    if case is None or edition is None or case.calendar not in edition.calendars:
        return None
    return zone_named(edition.calendars[case.calendar].timezone)
