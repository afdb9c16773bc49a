"""What the page of a case shows now, for an agent or for its customer, and the frames of its stream."""

import secrets
from contextlib import suppress
from typing import Any, NamedTuple

from services.board.freshness import Freshness
from services.board.pages.desk_actions import actions_of
from services.board.pages.visit import Visit, may_act
from services.board.service import visible_to
from services.board.store import cases
from services.board.store.cases import Row, StoredCase
from shared.explain.logged_case import LoggedCase
from shared.pages.case.case_view import CaseView, Reader, case_view
from shared.pages.case.desk_view import Link, desk_values
from shared.pages.rendered import html_of
from shared.policy.model import Edition
from shared.web.errors import NotFound
from shared.web.stream import message


class ShownCase(NamedTuple):
    """A case whose request the log has: without it there is no page. `shown` is how old it was when it was read."""

    stored: StoredCase
    logged: LoggedCase
    shown: Freshness

    @property
    def row(self) -> Row:
        """The columns of `cases`."""
        return self.stored.row


class CasePages:
    """The page of a case for one reader. A `Changes` of `shared/web/stream.py`."""

    def __init__(self, visit: Visit, case_id: str) -> None:
        self.visit, self.case_id = visit, case_id
        self.for_desk = visit.caller.sees_all
        self.key = secrets.token_hex(16)  # of what the reader does next, whatever changes meanwhile
        self._found: ShownCase | None = None
        self._shown: tuple[int, Freshness | None] | None = None

    @property
    def address(self) -> str:
        """Where the page is, and where its forms go."""
        return f"/cases/{self.case_id}"

    @property
    def template(self) -> str:
        """The part of the page that changes."""
        return "case/agent_live.html" if self.for_desk else "case/customer_live.html"

    async def look(self) -> ShownCase:
        """The case as it is now. Raises CatchingUp, and NotFound, also for the case of another."""
        service = self.visit.service
        shown = service.shown()
        found = await service.readers.ask(
            cases.load, self.case_id, visible_to(self.visit.caller), service.shelf.published
        )
        if found is None or found.logged is None:
            raise NotFound("refusal.no_case")
        self._found = ShownCase(found, found.logged, shown)
        return self._found

    async def next_look(self) -> None:
        """Look again. A case that was purged meanwhile is not there any more."""
        self._found = None
        with suppress(NotFound):
            await self.look()

    def view(self, found: ShownCase) -> CaseView:
        """What there is of it."""
        visit = self.visit
        return case_view(
            found.logged,
            found.logged.log.usable_editions(),
            None,
            visit.service.known_at(found.shown, found.stored),
            self.reader,
            action=self.address,
            key=self.key,
            is_closed=found.row["state"] == "closed",
        )

    def values(self, found: ShownCase, view: CaseView) -> dict[str, Any]:
        """What the template needs."""
        if not self.for_desk:
            return {**view.values, "old": found.shown.said}
        values = desk_values(found.logged, view, self.reader, Link("/", self.visit.messages("board.title")))
        actions = None
        if may_act(self.visit) and view.found is not None:
            actions = actions_of(
                view.found,
                self._edition(found),
                _fields_now(found.logged),
                self.visit.messages,
                self.visit.language,
                asked=found.row["asked"] == "requested",
            )
        given = {"actions": actions, "reads_only": not may_act(self.visit)}
        return {**values, **given, "old": found.shown.said}

    def frames(self) -> list[bytes] | None:
        """The changing part of the page, if it shows anything else than at the last call; None once it is not there."""
        found = self._found
        if found is None:
            return None
        shown = found.row["change"], found.shown.said
        if shown == self._shown:
            return []
        self._shown = shown
        view = self.view(found)
        return [message(html_of(self.visit, self.template, view.moments, **self.values(found, view)))]

    @property
    def reader(self) -> Reader:
        """For whom it is shown."""
        return Reader(self.visit.reader, self.visit.language, self.visit.messages, self.visit.zone)

    def _edition(self, found: ShownCase) -> Edition | None:
        """The edition that counts for the case now: that of its decision, or the one that it has migrated to."""
        named = [*found.logged.log.named_editions]
        pinned = self.visit.service.shelf.pinned(named[-1]) if named else None
        return None if pinned is None else pinned.edition


def _fields_now(case: LoggedCase) -> dict[str, str]:
    """What the request claims, with what agents have changed of it since."""
    routed = case.log.case
    fields = dict({} if routed is None else routed.fields)
    for activity in case.messages:
        if activity.type == "reprioritised" and activity.fields:
            fields |= activity.fields
    return fields
