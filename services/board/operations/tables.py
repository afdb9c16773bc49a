"""The tables of the page for operators as CSV."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from starlette.responses import Response

from services.board.csv_answer import table_headers
from services.board.csv_text import MEDIA_TYPE, lines
from services.board.operations.state import State, answer_of, answer_of_letters
from shared.web.answer_headers import COMPLETE

Table = Literal["timers", "unfired", "lag", "tasks", "letters"]
# Its columns are members of the JSON answer, and of what they are in.
_COLUMNS: Mapping[Table, Sequence[str]] = {
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
    """One of them. Of dead letters it has all that are known, and not those of a page."""
    columns = _COLUMNS[table]
    rows = [[row.get(name) for name in columns] for row in _rows(table, state, pending=pending)]
    headers = table_headers(f"operations-{table}", _as_of(table, state))
    headers[COMPLETE] = str(_is_complete(table, state)).lower()
    return Response(lines(columns, rows), 200, headers, MEDIA_TYPE)


def _as_of(table: Table, state: State) -> datetime | None:
    """Of when it is: of the board's file, or of Kafka's last answer; None = there was none yet."""
    if table in ("timers", "unfired"):
        return None if state.shown is None else state.shown.as_of
    return state.kafka.asked_at


def _is_complete(table: Table, state: State) -> bool:
    if table == "letters":
        return state.has_all_letters
    if table == "unfired":
        return state.shown is not None and len(state.clocks) == state.unfired
    return _as_of(table, state) is not None


def _rows(table: Table, state: State, *, pending: bool) -> Iterator[Mapping[str, Any]]:
    if table == "letters":
        yield from map(_letter, answer_of_letters(state, pending=pending))
        return
    answer = answer_of(state, None, pending=pending)
    if table == "timers":
        for period, kinds in answer["timers"].items():
            yield from ({"period": period, "kind": kind, **late} for kind, late in kinds.items())
    elif table == "unfired":
        yield from answer["due_but_unfired"]["clocks"]
    elif table == "tasks":
        for service, tasks in answer["tasks"].items():
            yield from ({"service": service, **each} for each in tasks)
    else:
        for service, lag in answer["lag"].items():
            for each in lag["partitions"]:
                yield {"service": service, **each, "standing_still": lag["standing_still"]}


def _letter(letter: Mapping[str, Any]) -> Mapping[str, Any]:
    replays = letter["replayed"]
    return {**letter, "replays": len(replays), "last_replay_at": replays[-1]["at"] if replays else None}
