"""The tables of the page for operators as CSV."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from starlette.responses import Response

from services.board.csv_answer import table_headers
from services.board.csv_text import MEDIA_TYPE, Cell, lines
from services.board.operations.state import State, answer_of, answer_of_letters

Table = Literal["timers", "unfired", "lag", "tasks", "letters"]
_HEADERS: dict[Table, Sequence[str]] = {
    "timers": ("period", "kind", "count", "p50_seconds", "p99_seconds", "max_seconds"),
    "unfired": ("case_id", "milestone", "instance", "due_at"),
    "lag": ("service", "topic", "partition", "committed", "end", "behind", "standing_still"),
    "tasks": ("service", "task", "phase", "records", "remaining_offsets", "instance", "at", "detail"),
    "letters": (
        *("id", "dead_letter", "problem", "cause", "message", "service", "at", "topic", "partition", "offset"),
        *("bytes", "replays", "last_replay_at"),
    ),
}


def table_of(table: Table, state: State, *, pending: bool) -> Response:
    """One of them. Of dead letters it has all, and not those of a page."""
    headers = table_headers(f"operations-{table}", state.now)
    return Response(lines(_HEADERS[table], _rows(table, state, pending=pending)), 200, headers, MEDIA_TYPE)


def _rows(table: Table, state: State, *, pending: bool) -> list[list[Cell]]:
    if table == "letters":
        return [_letter(each) for each in answer_of_letters(state, pending=pending)]
    answer = answer_of(state, None, pending=pending)
    if table == "timers":
        found = answer["timers"].items()
        return [[period, kind, *late.values()] for period, kinds in found for kind, late in kinds.items()]
    if table == "unfired":
        return [[*each.values()] for each in answer["due_but_unfired"]["clocks"]]
    if table == "tasks":
        return [[service, *each.values()] for service, tasks in answer["tasks"].items() for each in tasks]
    return [
        [service, *each.values(), str(lag["standing_still"]).lower()]
        for service, lag in answer["lag"].items()
        for each in lag["partitions"]
    ]


def _letter(letter: Mapping[str, Any]) -> list[Cell]:
    replays = letter["replayed"]
    last = replays[-1]["at"] if replays else None
    return [*(letter.get(name) for name in _HEADERS["letters"][:-2]), len(replays), last]
