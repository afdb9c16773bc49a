"""What the list of cases shows now, and the frames of its stream."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response

from services.board.case_table import case_table
from services.board.freshness import Freshness
from services.board.pages.visit import Visit
from services.board.service import visible_to
from services.board.store import cases
from services.board.store.cases import Row, Sort, Sums, Visible, Wanted
from shared.business_time.instants import from_micros, to_micros
from shared.pages.moments import Moments
from shared.pages.rendered import html_of
from shared.web.stream import message

SIZE = 50  # cases on a page: what a frame costs does not grow with the number of cases
SOON = 0.25  # of the promise is left
_HOUR = timedelta(hours=1)
_LIVING = ("open", "waiting", "undecided")
# What a list can be about; the first is what it is about unless another is chosen.
SHOWN: Mapping[str, tuple[Wanted, Sort]] = {
    "open": (Wanted(state=_LIVING), "time_left"),
    "mine": (Wanted(state=_LIVING), "time_left"),
    "untaken": (Wanted(state=_LIVING, assigned_to=""), "time_left"),
    "late": (Wanted(state=_LIVING, breached=True), "time_left"),
    "waiting": (Wanted(state=("waiting",)), "time_left"),
    "asked": (Wanted(state=_LIVING, asked="requested"), "time_left"),
    "triage": (Wanted(state=_LIVING, triage=True), "time_left"),
    "resolved": (Wanted(state=("resolved",)), "changed"),
    "closed": (Wanted(state=("closed",)), "changed"),
    "all": (Wanted(), "newest"),
}
OF_CUSTOMERS = ("open", "resolved", "closed", "all")
FILTERS = ("priority", "plan", "channel")


class Choice(NamedTuple):
    """What the reader has chosen: `show` is a key of SHOWN, `only` the filters by name; `after` a cursor."""

    show: str
    only: Mapping[str, str]
    text: str
    after: str | None

    @property
    def wanted(self) -> Wanted:
        """The conditions, but for whose cases."""
        given = {name: self.only.get(name) for name in FILTERS}
        return replace(
            SHOWN[self.show][0],
            priority=given["priority"],
            plan=given["plan"],
            channel=given["channel"],
            text=self.text or None,
        )

    @property
    def sort(self) -> Sort:
        """The order."""
        return SHOWN[self.show][1]

    def query(self, **other: str | None) -> str:
        """The same choice as the query of an address, from its first page; `other` takes the place of what is there."""
        values: dict[str, str | None] = {"show": self.show, **self.only, "text": self.text, **other}
        if values["show"] == "open":
            del values["show"]
        given = {name: value for name, value in values.items() if value}
        return f"?{urlencode(given)}" if given else ""


class ListedCase(NamedTuple):
    """A row of the list. `soon_at` is when little of its time is left; `is_late` by the instant of the frame."""

    row: Row
    due_at: datetime | None
    soon_at: datetime | None
    last_at: datetime | None
    received_at: datetime


class CaseList(NamedTuple):
    """A page of the list. `sums` are those of all open cases of this choice; null where it has others as well.

    `old` says how old it is, if it is; `known_at` is the instant up to which its clocks are told. `row_html`
    has the rows that were made into HTML already, by whom they are for: to make them is most of what a frame costs.
    """

    rows: list[ListedCase]
    after: str | None
    sums: Sums | None
    old: Freshness | None
    known_at: datetime
    row_html: dict[tuple[object, ...], Markup]

    @property
    def shown(self) -> tuple[object, ...]:
        """What differs if it is to be shown again."""
        return self.rows, self.after, self.sums, self.old


def choice_of(query: Mapping[str, str], *, for_desk: bool) -> Choice:
    """What the query of the address says; anything that is no choice is as if it were not there."""
    known = SHOWN if for_desk else OF_CUSTOMERS
    show = query.get("show", "")
    only = {name: value[:40] for name in FILTERS if (value := query.get(name, ""))} if for_desk else {}
    return Choice(show if show in known else "open", only, query.get("text", "").strip()[:200], query.get("after"))


class CaseLists:
    """One page of the list for one reader. A `Changes` of `shared/web/stream.py`."""

    def __init__(self, visit: Visit, choice: Choice) -> None:
        self.visit, self.choice = visit, choice
        self._found: CaseList | None = None
        self._shown: Any = None

    def check(self) -> None:
        """Raise WrongCursor if there can be no such page."""
        if self.choice.after is not None:
            cases.check_cursor(self.choice.sort, self.choice.after)

    async def look(self) -> CaseList:
        """What there is now. Raises WrongCursor, CatchingUp."""
        self._found = await self._ask()
        return self._found

    async def next_look(self) -> None:
        """Look again, on the next beat after the last frame, together with all who have the same list."""
        if self._shown is None:
            await self.look()
            return
        beats, choice = self.visit.service.beats, self.choice
        await beats.next()
        self._found = await beats.shared((self._wanted, self._visible, choice.sort, choice.after), self._ask)

    @property
    def _wanted(self) -> Wanted:
        wanted = self.choice.wanted
        return replace(wanted, assigned_to=self.visit.reader) if self.choice.show == "mine" else wanted

    @property
    def _visible(self) -> Visible:
        return visible_to(self.visit.caller)

    async def _ask(self) -> CaseList:
        service, wanted, visible = self.visit.service, self._wanted, self._visible
        shown = service.shown()
        now = service.known_at(shown)
        page = await service.readers.ask(cases.page, wanted, visible, self.choice.sort, self.choice.after, SIZE)
        sums = None
        if wanted.state and set(wanted.state) <= set(_LIVING):
            sums = await service.readers.ask(cases.sums, wanted, visible, to_micros(now), to_micros(now + _HOUR))
        return CaseList([_listed(row) for row in page.rows], page.after, sums, shown.said, now, {})

    async def table(self) -> Response:
        """All of the list as CSV, from its first page on. Raises CatchingUp."""
        service, for_desk = self.visit.service, self.visit.caller.sees_all
        return await case_table(
            service, service.shown(), self._wanted, self._visible, self.choice.sort, for_desk=for_desk
        )

    def frames(self) -> list[bytes]:
        """The list, if it shows anything else than at the last call."""
        found = self._found
        if found is None:
            return []
        if found.shown == self._shown:
            return []
        self._shown = found.shown
        html = html_of(self.visit, self.template, self.moments, **self.values(found))
        return [message(html)]

    @property
    def template(self) -> str:
        """The part of the page that changes."""
        return "cases_live.html"

    def values(self, found: CaseList) -> dict[str, Any]:
        """What the template needs."""
        return {"list": found, "choice": self.choice, "row_of": partial(self._row_of, found)}

    def _row_of(self, found: CaseList, case: ListedCase) -> Markup:
        """The row of a case; made once for all readers of `found` to whom it says the same."""
        visit, case_id = self.visit, case.row["case_id"]
        is_own = visit.caller.sees_all and case.row["assigned_to"] == visit.reader
        reader = case_id, is_own, visit.language, visit.zone, id(visit.edition)
        if (html := found.row_html.get(reader)) is None:
            made = html_of(visit, "case_row.html", self.moments, list=found, case=case, is_own=is_own)
            html = Markup(made)  # noqa: S704 - Jinja has escaped what is in it
            found.row_html[reader] = html
        return html

    @property
    def moments(self) -> Moments:
        """How instants are said: in the zone of the browser."""
        return Moments(self.visit.messages.language, self.visit.zone or UTC)


def _listed(row: Row) -> ListedCase:
    started_at, due_at = row["started_at"], row["due_at"]
    soon_at = None if started_at is None or due_at is None else due_at - int(max(0, due_at - started_at) * SOON)
    return ListedCase(
        row={name: row[name] for name in _SHOWN_COLUMNS},
        due_at=None if due_at is None else from_micros(due_at),
        soon_at=None if soon_at is None else from_micros(soon_at),
        last_at=None if row["last_at"] is None else from_micros(row["last_at"]),
        received_at=from_micros(row["received_at"]),
    )


_SHOWN_COLUMNS = (
    *("case_id", "subject", "account_id", "requester_id", "requester", "plan", "priority", "channel", "tier", "state"),
    *("status", "milestone", "paused", "breached", "asked", "assigned_to", "turn", "triage"),
)
