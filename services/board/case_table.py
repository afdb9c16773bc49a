"""The list of cases as CSV: all of it in its order, each case once, by the rules of what its reader may see."""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from services.board.answers import DESK_FIELDS, Row, row_answer
from services.board.csv_answer import table_headers
from services.board.csv_text import MEDIA_TYPE, Cell, line
from services.board.freshness import Freshness
from services.board.service import Service
from services.board.store import case_numbers
from services.board.store.cases import Sort, Visible, Wanted
from shared.web.answer_headers import COMPLETE

MOST = 500_000  # cases in a table
AT_ONCE = 500  # rows in memory
_NEXT = ("milestone", "started_at", "due_at", "paused")
_COLUMNS = (
    *("case_id", "account_id", "requester_id", "subject", "received_at", "state", "status", "priority", "plan"),
    *("account_type", "channel", "tier", "calendar", "edition", "policy_sha256", "needs_triage"),
    *("next_milestone", "next_started_at", "next_due_at", "next_paused", "breached", "escalation_request"),
    *("assigned_to", "turn", "last_message_at", "updated_at"),
)


def columns(*, for_desk: bool) -> list[str]:
    """The names of the columns: those of the JSON answer, `next` as four."""
    return [name for name in _COLUMNS if for_desk or name not in DESK_FIELDS]


def cells(row: Row, *, for_desk: bool) -> list[Cell]:
    """A case as a row of the table."""
    answer = row_answer(row, for_desk=for_desk)
    following = answer["next"] or {}
    answer |= {f"next_{name}": following.get(name) for name in _NEXT}
    return [answer[name] for name in columns(for_desk=for_desk)]


async def case_table(
    service: Service, shown: Freshness, wanted: Wanted, visible: Visible, sort: Sort, *, for_desk: bool
) -> Response:
    """All cases of a list as CSV, at most MOST. Which cases they are is decided at once, so that none is missing or
    there twice because its place in the order changes meanwhile; each row is as the case is when it is written.

    Eight bytes for each case and 500 rows are in memory, however long the table is.
    """
    found = await service.readers.ask(case_numbers.numbers, wanted, visible, sort, MOST + 1)
    complete, numbers = len(found) <= MOST, found[:MOST]

    async def rows() -> AsyncIterator[str]:
        yield line(columns(for_desk=for_desk))
        for start in range(0, len(numbers), AT_ONCE):
            page = await service.readers.ask(case_numbers.rows, numbers[start : start + AT_ONCE], visible)
            yield "".join(line(cells(row, for_desk=for_desk)) for row in page)

    name = "cases" if complete else f"cases-first-{MOST}"
    headers = {**table_headers(name, shown.as_of), COMPLETE: str(complete).lower()}
    return StreamingResponse(rows(), 200, headers, MEDIA_TYPE)
