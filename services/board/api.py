"""The calls of the board: cases in pages, one case, and what changes. `docs/board.md` shows each with curl."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.board.answer_models import CasePage, State, WholeCase
from services.board.answers import DESK_FIELDS, case_answer, row_answer
from services.board.case_table import case_table
from services.board.csv_answer import CSV, wants_csv
from services.board.freshness import Freshness
from services.board.openapi import CaseId, describe
from services.board.service import ANY, Service, visible_to
from services.board.store import cases
from services.board.store.cases import Sort, Visible, Wanted, WrongCursor
from shared.contracts.base import format_instant
from shared.explain.explanation import explanation
from shared.identity.scopes import DESK_SCOPES, SEES_ALL, SUBMIT_SCOPE, Scope
from shared.messages.catalogues import accepted, messages_in
from shared.web.body import checked_id
from shared.web.callers import Caller
from shared.web.errors import FieldError, InvalidFields, MissingScope, NotFound
from shared.web.openapi import EVENT_STREAM, operation_id
from shared.web.query import read_query
from shared.web.stream import EventStream
from shared.web.watchers import Watchers

router = APIRouter(generate_unique_id_function=operation_id)
READERS: tuple[Scope, ...] = (SUBMIT_SCOPE, *SEES_ALL)
MOST = 500  # cases on a page
AT_ONCE = 200  # changes in one step of a stream
_LEFT_KNOWN = 5_000  # cases of which a stream remembers that they have left; beyond that it may say so again
_EVENT_ID = re.compile(r"([0-9]{1,18})(?:-([0-9a-f]{8}))?")
_ANOTHER_FILE = 60_000_000  # microseconds, which numbers of change are


class CaseQuery(BaseModel):
    """What `GET /v1/cases` asks for. Words are those of the editions; all conditions hold together."""

    model_config = ConfigDict(extra="forbid")

    account: str | None = Field(None, description="Cases of this account.")
    state: list[State] = Field([], description="Cases that count as one of these.")
    status: str | None = Field(None, description="Cases with this status, in the desk's own words.")
    plan: str | None = Field(None, description="Cases with this plan.")
    priority: str | None = Field(None, description="Cases with this priority.")
    channel: str | None = Field(None, description="Cases that were assigned this channel.")
    tier: str | None = Field(None, description="Cases that were assigned this tier.")
    milestone: str | None = Field(None, description="Cases of which this promise is due next.")
    assigned_to: str | None = Field(None, description="Cases that this agent has; empty: that nobody has.")
    escalation_request: str | None = Field(
        None,
        description="Cases whose customer asked for an escalation: `requested`, `accepted` or `rejected`.",
    )
    breached: bool | None = Field(None, description="Whether a promise was broken.")
    paused: bool | None = Field(None, description="Whether the next promise stands still.")
    needs_triage: bool | None = Field(None, description="Whether somebody has to look at the case.")
    text: str | None = Field(
        None,
        max_length=200,
        description="Cases with one text that has all these words, such as a message; the last may be a beginning.",
    )
    sort: Sort = Field("time_left", description="What comes first: what is due first, or was received or changed last.")
    limit: int = Field(50, ge=1, le=MOST, description="So many cases on a page.")
    cursor: str | None = Field(None, description="The `next_cursor` of a page: the cases behind it.")

    @property
    def wanted(self) -> Wanted:
        """The same for the store."""
        return Wanted(
            state=self.state,
            account_id=self.account,
            status=self.status,
            plan=self.plan,
            priority=self.priority,
            channel=self.channel,
            tier=self.tier,
            milestone=self.milestone,
            assigned_to=self.assigned_to,
            asked=self.escalation_request,
            breached=self.breached,
            paused=self.paused,
            triage=self.needs_triage,
            text=self.text,
        )


@router.get("/v1/cases", **describe(READERS, CasePage, query=CaseQuery, or_text=CSV))
async def list_cases(request: Request) -> Response:
    """List cases in pages: by default those that are due first, then those that are not due, then those that are over.

    With the scope submit a person sees the cases of their account, and a client those that it submitted; with agent,
    view or admin they see all. `next_cursor` is null on the last page. With `Accept: text/csv` they are a table, and
    all at once.
    """
    service, caller, shown = await _admitted(request)
    query = query_of(request, caller)
    if wants_csv(request):
        return await _table(service, caller, query, shown)
    try:
        page = await service.readers.ask(
            cases.page, query.wanted, visible_to(caller), query.sort, query.cursor, query.limit
        )
    except WrongCursor:
        raise InvalidFields([FieldError("cursor", "field.cursor")]) from None
    answer = {
        "cases": [row_answer(row, for_desk=caller.sees_all) for row in page.rows],
        "next_cursor": page.after,
        "as_of": format_instant(shown.as_of),
    }
    return _json(answer)


@router.get("/v1/cases.csv", **describe(READERS, CSV, query=CaseQuery))
async def list_cases_csv(request: Request) -> Response:
    """Cases as CSV, for programs that cannot ask for a media type.

    All that the conditions hold for, in the order of `sort`, each once: at most 500,000. `limit` and `cursor` do not
    count. The header `Frontline-Complete` says whether these are all.
    """
    service, caller, shown = await _admitted(request)
    return await _table(service, caller, query_of(request, caller), shown)


@router.get("/v1/cases/changes", **describe(READERS, EVENT_STREAM, query=CaseQuery))
async def follow_cases(request: Request) -> EventStream:
    """Follow every case that the caller may see.

    Whenever one changes there is a Server-Sent Event `case`, with its row as in the list.

    With parameters of the list, a case that has changed and does not fit them, or does so no more, is an event `left`
    with its `case_id`. `Last-Event-ID` goes on after that change; without it, the stream begins with what changes from
    now on.
    """
    service, caller, _ = await _admitted(request)
    query = query_of(request, caller)
    word = await service.readers.ask(cases.file_word)
    start = _start_of(request.headers.get("last-event-id", ""), word)
    if start is None:
        start = await service.readers.ask(cases.last_change)
    changes = _Changes(service, query.wanted, visible_to(caller), start, word, for_desk=caller.sees_all)
    return service.streams.follow(caller, changes.watchers, ANY, changes, before=changes.look)


@router.get("/v1/cases/{case_id:path}", **describe(READERS, WholeCase))
async def get_case(request: Request, case_id: CaseId) -> Response:
    """One case.

    It has what was said, the decision, its clocks with their ledgers, and what happened. Every `because` is a sentence
    in the language of the caller. Without a decision, `explanation` is null.
    """
    service, caller, shown = await _admitted(request)
    found = await service.readers.ask(
        cases.load, checked_id("case_id", case_id), visible_to(caller), service.shelf.published
    )
    if found is None:
        raise NotFound("refusal.no_case")
    messages = messages_in(accepted(request.headers.get("accept-language")))
    explained, routed = None, found.log.case
    if routed is not None:
        known_at = service.known_at(shown, found)
        explained = explanation(found.log, routed, found.log.usable_editions(), known_at, messages)
    answer = case_answer(found.row, found.logged, explained, for_desk=caller.sees_all)
    return _json({**answer, "as_of": format_instant(shown.as_of)}, {"Content-Language": messages.language})


class _OneWatcher(Watchers):
    """The watchers of the board for one stream, which can also be woken alone."""

    def __init__(self, everybody: Watchers) -> None:
        super().__init__()
        self._everybody = everybody
        self._changed = asyncio.Event()

    @contextmanager
    def watch(self, watched: str) -> Iterator[asyncio.Event]:
        """As all watchers."""
        with self._everybody.watch(watched) as self._changed:
            yield self._changed

    def wake(self) -> None:
        """Let the stream look again."""
        self._changed.set()


async def _table(service: Service, caller: Caller, query: CaseQuery, shown: Freshness) -> Response:
    visible = visible_to(caller)
    return await case_table(service, shown, query.wanted, visible, query.sort, for_desk=caller.sees_all)


class _Changes:
    """What a stream of changes has to say. A `Changes` of `shared/web/stream.py`."""

    def __init__(
        self, service: Service, wanted: Wanted, visible: Visible, start: int, word: str, *, for_desk: bool
    ) -> None:
        self._service, self._wanted, self._visible, self._word = service, wanted, visible, word.encode()
        self.watchers = _OneWatcher(service.watchers)
        self._sent, self._for_desk = start, for_desk
        self._rows: list[Any] = []
        self._left: set[str] = set()  # of which that was said since they fitted: once is enough

    async def look(self) -> None:
        """Find what has changed since."""
        self._rows = await self._service.readers.ask(
            cases.changed_since, self._sent, self._wanted, self._visible, AT_ONCE
        )
        if len(self._rows) == AT_ONCE:  # there is more: come again
            self.watchers.wake()

    def frames(self) -> Iterator[bytes]:
        """The cases that have changed since the last call, and those that have left what is wanted."""
        for row in self._rows:
            self._sent, case_id = row["change"], row["case_id"]
            if row["fits"]:
                self._left.discard(case_id)
                yield self._frame(b"case", row_answer(row, for_desk=self._for_desk))
            elif case_id not in self._left:
                if len(self._left) >= _LEFT_KNOWN:
                    self._left.clear()
                self._left.add(case_id)
                yield self._frame(b"left", {"case_id": case_id, "change": self._sent})

    def _frame(self, name: bytes, data: Any) -> bytes:
        return b"id: %d-%b\nevent: %b\ndata: %b\n\n" % (self._sent, self._word, name, msgspec.json.encode(data))


def _start_of(sent: str, word: str) -> int | None:
    """The change after which a `Last-Event-ID` goes on; None if there is none.

    One of another file, made by a board beside this one or before a rebuild, goes on a minute earlier: that board may
    have been behind this one. What comes twice is the same row again.
    """
    found = _EVENT_ID.fullmatch(sent)
    if found is None:
        return None
    change, other = int(found[1]), found[2] not in (None, word)
    return max(0, change - _ANOTHER_FILE) if other else change


def query_of(request: Request, caller: Caller) -> CaseQuery:
    """What a call asks for. Raises InvalidFields, with every wrong parameter; MissingScope for what is the desk's own.

    Whoever may list by what their rows do not show would learn it all the same.
    """
    if not caller.sees_all and not DESK_FIELDS.isdisjoint(request.query_params):
        raise MissingScope("refusal.scope", scopes=[*DESK_SCOPES])
    return read_query(CaseQuery, request.query_params)


async def _admitted(request: Request) -> tuple[Service, Caller, Freshness]:
    service: Service = request.app.state.service
    caller = await service.gate.admit(request, *READERS)
    return service, caller, service.shown()


def _json(answer: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(answer), 200, headers, "application/json")
