"""The page for operators, its stream, the pages of a dead letter, and the same as calls."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from babel.numbers import format_decimal
from fastapi import APIRouter, Request
from starlette.responses import Response

from services.board.csv_answer import CSV, wants_csv
from services.board.openapi import DeadLetterId, describe
from services.board.operations.answer_models import DeadLetterAnswer, OperationsState
from services.board.operations.query import ReplayQuery, StateQuery, TableQuery
from services.board.operations.replaying import Replaying
from services.board.operations.state import Operations, State, UnknownPlace, about, answer_of, page_of
from services.board.operations.tables import table_of
from services.board.operations.tasks import summary
from services.board.pages.visit import BoardPage, Visit, visit_of
from services.board.service import Service
from shared.business_time.instants import Micros, from_micros
from shared.contracts.base import format_instant
from shared.identity.scopes import DESK_SCOPES, OPERATE_SCOPE, SEES_ALL, Scope
from shared.kafka.dead_letter_index import Listed
from shared.kafka.dead_letter_replay import why_left_out
from shared.pages.forms import read_form
from shared.pages.moments import Moments
from shared.pages.page import in_language, see
from shared.pages.rendered import html_of, render
from shared.web.errors import FieldError, InvalidFields, MissingScope, NotFound, Refusal
from shared.web.openapi import operation_id
from shared.web.query import read_query
from shared.web.stream import OF_PAGES, EventStream, message

TEMPLATES = Path(__file__).parent / "templates"
PAGE = "/operations"
LETTERS = PAGE + "/dead-letters/"
READERS: tuple[Scope, ...] = (*SEES_ALL, OPERATE_SCOPE)
REPLAYERS: tuple[Scope, ...] = (OPERATE_SCOPE, "admin")
EVERY = 5.0  # seconds between two frames
STREAMS = 20  # of one person
_WATCHED = "operations"  # no case has this id
# Headers that Frontline writes: what they say is no customer's text.
_SHOWN_HEADERS = frozenset(
    ("ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion", "content-type", "traceparent")
)


class _Looks:
    """The page for one reader. A `Changes` of `shared/web/stream.py`."""

    def __init__(self, visit: Visit, operations: Operations) -> None:
        self.visit, self._operations = visit, operations
        query = visit.connection.query_params
        self._all, self._after = query.get("show") == "all", query.get("after")
        self._state: State | None = None
        self._sent = b""

    async def look(self) -> State:
        """How it runs now."""
        self._state = await self._operations.look()
        return self._state

    async def next_look(self) -> None:
        """Look, and be woken for the next look."""
        await self.look()
        watchers = self.visit.service.watchers
        asyncio.get_running_loop().call_later(EVERY, watchers.notify, _WATCHED)

    def frames(self) -> list[bytes]:
        """The part that changes, if anything in it has."""
        if self._state is None:
            return []
        frame = message(html_of(self.visit, "operations_live.html", self.moments, **self.values(self._state)))
        if frame == self._sent:
            return []
        self._sent = frame
        return [frame]

    @property
    def moments(self) -> Moments:
        """How instants are said: in the zone of the browser."""
        return Moments(self.visit.messages.language, self.visit.zone or UTC)

    @property
    def query(self) -> str:
        """The choice, for addresses, from the first page of dead letters."""
        return "?show=all" if self._all else ""

    @property
    def here(self) -> str:
        """The choice and the page of dead letters, for the address of the stream."""
        given = {"show": "all" if self._all else None, "after": self._after}
        return f"?{urlencode({name: value for name, value in given.items() if value})}"

    def values(self, state: State) -> dict[str, Any]:
        """What the templates need."""
        kafka = state.kafka
        try:
            letters, following = page_of(kafka.letters, self._after, pending=not self._all)
        except UnknownPlace:  # an old link, say: it leads to the beginning
            letters, following = page_of(kafka.letters, None, pending=not self._all)
        return {
            "state": state,
            "summaries": {name: summary(kafka.tasks.get(name, ())) for name in kafka.lag or {}},
            "letters": letters,
            "following": following,
            "show_all": self._all,
            "after": self._after,
            "query": self.query,
            "here": self.here,
            "at": from_micros,
            "length": lambda micros: length(micros, self.visit.messages.language),
            "address": LETTERS,
        }


def length(micros: Micros, language: str) -> str:
    """A short length of time, such as 40 ms, 2.3 s or 3 min 20 s."""
    if micros < 1_000_000:
        return f"{micros // 1000} ms"
    seconds = micros / 1_000_000
    if seconds < 60:
        return f"{format_decimal(seconds, '0.0', locale=language.replace('-', '_'))} s"
    origin = datetime.fromtimestamp(0, UTC)
    return Moments.left(from_micros(micros), origin)


def router_of(service: Service) -> APIRouter:
    """The routes, for the board of `service`."""
    router = APIRouter(route_class=BoardPage, include_in_schema=False)
    calls = APIRouter(generate_unique_id_function=operation_id)
    operations, replaying = Operations(service), Replaying(service.settings)
    _add_pages(router, operations)
    _add_replay(router, operations, replaying)
    _add_calls(calls, operations, replaying)
    router.routes.extend(calls.routes)
    return router


def _add_pages(router: APIRouter, operations: Operations) -> None:
    @router.get(PAGE)
    async def page(request: Request) -> Response:
        looks = _Looks(_reader(request), operations)
        values = looks.values(await looks.look())
        return in_language(looks.visit) or looks.visit.keep(
            render(looks.visit, "operations.html", moments=looks.moments, **values)
        )

    @router.get(PAGE + ".csv")
    async def table(request: Request) -> Response:
        _reader(request)
        return await _table(operations, read_query(TableQuery, request.query_params))

    @router.get(PAGE + "/live")
    async def live(request: Request) -> EventStream:
        looks = _Looks(_reader(request), operations)
        await operations.look()  # what is refused is refused before the stream has begun
        service = looks.visit.service
        return service.streams.follow(
            looks.visit.caller,
            service.watchers,
            _WATCHED,
            looks,
            most=STREAMS,
            before=looks.next_look,
            heartbeat=OF_PAGES,
        )

    @router.get(LETTERS + "{place}")
    async def letter(request: Request, place: str) -> Response:
        visit = _reader(request)
        found = await _letter(operations, place)
        return in_language(visit) or visit.keep(_letter_page(visit, found))


def _add_replay(router: APIRouter, operations: Operations, replaying: Replaying) -> None:
    @router.get(LETTERS + "{place}/replay")
    async def confirm(request: Request, place: str) -> Response:
        visit = _operator(request)
        return visit.keep(_letter_page(visit, await _letter(operations, place), confirm=True))

    @router.post(LETTERS + "{place}/replay")
    async def replay(request: Request, place: str) -> Response:
        typed = await read_form(request)
        _reader(request).check_form(typed)
        visit = _operator(request)
        visit.check_identity(typed)
        found = await _letter(operations, place)
        try:
            await visit.service.gate.count(visit.caller)
            await replaying.replay(found, visit.reader, known=_known(typed))
        except Refusal as refusal:
            seen = (await operations.look(anew=True)).kafka.letter(str(found.found.own)) or found
            return visit.keep(_letter_page(visit, seen, confirm=True, refusal=refusal))
        await operations.look(anew=True)
        return visit.keep(see(LETTERS + str(found.found.own)))


def _add_calls(router: APIRouter, operations: Operations, replaying: Replaying) -> None:
    @router.get("/v1/operations", **describe(READERS, OperationsState, query=StateQuery, or_text=CSV, always=True))
    async def get_operations(request: Request) -> Response:
        """How the system runs.

        `dead_letters` are those that were not replayed, with `show=all` all of them. With `Accept: text/csv` it is the
        table that `table` names.
        """
        await _service(request).gate.admit(request, *READERS)
        query = read_query(StateQuery, request.query_params)
        if wants_csv(request):
            return await _table(operations, query)
        try:
            return _json(answer_of(await operations.look(), query.after, pending=query.show != "all"))
        except UnknownPlace:
            raise InvalidFields([FieldError("after", "field.cursor")]) from None

    @router.get("/v1/operations.csv", **describe(READERS, CSV, query=TableQuery, always=True))
    async def get_operations_csv(request: Request) -> Response:
        """A table of how the system runs, as CSV, for programs that cannot ask for a media type.

        `lag` by default; `letters` has all dead letters that were not replayed, with `show=all` all that there are.
        """
        await _service(request).gate.admit(request, *READERS)
        return await _table(operations, read_query(TableQuery, request.query_params))

    @router.post(
        "/v1/operations/dead-letters/{place}/replay", **describe(REPLAYERS, DeadLetterAnswer, query=ReplayQuery)
    )
    async def replay_dead_letter(request: Request, place: DeadLetterId) -> Response:
        """Replay a dead letter: write its record to its source topic again.

        With `replayed=N` once more, although it was replayed N times.
        """
        caller = await _service(request).gate.admit(request, *REPLAYERS)
        query = read_query(ReplayQuery, request.query_params)
        found = await _letter(operations, place)
        replayed = await replaying.replay(found, caller.actor.id, known=query.replayed)
        return _json({**about(found), "replayed": [{"at": format_instant(replayed.at), "as": replayed.place}]})


async def _table(operations: Operations, query: TableQuery) -> Response:
    state = await operations.look()
    if query.table == "unfired":
        state = replace(state, clocks=await operations.unfired())
    return table_of(query.table, state, pending=query.show != "all")


def _letter_page(visit: Visit, listed: Listed, *, confirm: bool = False, refusal: Refusal | None = None) -> Response:
    letter = listed.found.dead_letter
    headers = () if letter is None else letter.record.headers
    return render(
        visit,
        "dead_letter.html",
        200 if refusal is None else refusal.status,
        headers={} if refusal is None else refusal.headers,
        listed=listed,
        letter=letter,
        record_headers=[
            (name, data.decode(errors="replace") if name in _SHOWN_HEADERS else None) for name, data in headers
        ],
        why=why_left_out(listed.found),
        confirm=confirm,
        refusal=refusal,
        may_replay=_may_replay(visit),
        address=LETTERS + str(listed.found.own),
    )


async def _letter(operations: Operations, place: str) -> Listed:
    """The dead letter with that id. One that is not known yet is looked for in Kafka. Raises NotFound."""
    found = (await operations.kafka.look()).letter(place) or (await operations.kafka.look(anew=True)).letter(place)
    if found is None:
        raise NotFound("operations.no_letter")
    return found


def _known(typed: Mapping[str, str]) -> int | None:
    """How many replays whoever insists has seen; None if they do not insist."""
    text = typed.get("replayed", "")
    return int(text) if "force" in typed and text.isascii() and text.isdigit() and len(text) < 9 else None


def _reader(request: Request) -> Visit:
    visit = visit_of(request)
    if not visit.caller.sees_all:
        raise MissingScope("refusal.scope", scopes=[*DESK_SCOPES])
    return visit


def _operator(request: Request) -> Visit:
    visit = _reader(request)
    if not _may_replay(visit):
        raise MissingScope("refusal.scope", scopes=[OPERATE_SCOPE])
    return visit


def _may_replay(visit: Visit) -> bool:
    return not set(REPLAYERS).isdisjoint(visit.caller.scopes)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _json(answer: Any) -> Response:
    return Response(msgspec.json.encode(answer), 200, None, "application/json")
