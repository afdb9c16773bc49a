"""[pure] The list of cases for people: a line for each, or two where one is too narrow. An id is never cut."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.cli.cases.rows import OVER, CaseRow
from services.cli.printable import printable
from shared.messages.messages import Messages
from shared.pages.moments import Moments

COLUMNS = ("case", "account", "state", "channel", "priority", "due")
_BETWEEN, _INDENT = "  ", "    "


def lines(rows: Sequence[CaseRow], now: datetime, messages: Messages, width: int | None) -> Iterator[str]:
    """The table with its headings. `width`: of the terminal, in columns; None = lines may have any length.

    Where a row does not fit, its case, state and priority are on one line, and the rest is indented below it. Deadlines
    are on the wall clock of the case's calendar, with its zone.
    """
    headings = {name: messages(f"cases.column.{name}") for name in COLUMNS}
    table = [headings, *(_cells(row, now, messages) for row in rows)]
    widths = {name: max(len(cells[name]) for cells in table) for name in COLUMNS}
    if width is None or sum(widths.values()) + len(_BETWEEN) * (len(COLUMNS) - 1) <= width:
        for cells in table:
            yield _BETWEEN.join(f"{cells[name]:{widths[name]}}" for name in COLUMNS).rstrip()
        return
    for cells in table[1:]:
        yield _BETWEEN.join(cells[name] for name in ("case", "state", "priority"))
        yield _INDENT + _BETWEEN.join(cells[name] for name in ("account", "channel", "due")).rstrip()


def _cells(row: CaseRow, now: datetime, messages: Messages) -> dict[str, str]:
    return {
        "case": printable(row.case_id),
        "account": printable(row.account_id or messages("explain.nobodys_account")),
        "state": messages("cases.state.unknown" if row.state is None else f"page.state.{row.state}"),
        "channel": printable(messages.name("channel", row.channel)),
        "priority": printable(row.priority),
        "due": printable(_due(row, now, messages)),
    }


def _due(row: CaseRow, now: datetime, messages: Messages) -> str:
    if row.milestone is None or (row.due_at is None and row.state in OVER):
        return ""  # what stands still since a resolution is owed only if the case is reopened
    if row.due_at is None:
        return messages("cases.stands_still", milestone=row.milestone)
    at = Moments(messages.language, ZoneInfo(row.timezone) if row.timezone else UTC).said(row.due_at, seen_at=now)
    return messages("cases.due" if row.due_at > now else "cases.was_due", milestone=row.milestone, at=at)
