"""[pure] The ledger of a clock: which time counted, which did not, and which event paused."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from shared.business_time.hours import ledger
from shared.business_time.instants import SECOND, Micros, from_micros, length
from shared.business_time.ledger import LedgerEntry, by_pause
from shared.contracts.base import format_instant
from shared.sla.clock import Clock, Pause


def ledger_of(clock: Clock, at: Micros) -> Iterator[tuple[LedgerEntry, Pause | None]]:
    """Each interval of a clock with the pause that it belongs to, if any: up to the deadline; of a paused clock, which
    has none, up to `at`.
    """
    until = max(at if clock.due_at is None else clock.due_at, clock.started_at)
    pauses = [pause._replace(end=min(pause.end, until)) for pause in clock.pauses if pause.start < until]
    if clock.stage == "paused" and clock.since < until:
        pauses.append(Pause(clock.since, until, clock.why, clock.by))
    spans = [(from_micros(pause.start), from_micros(pause.end)) for pause in pauses]
    entries = ledger(
        from_micros(clock.started_at),
        from_micros(until),
        timedelta(microseconds=clock.target),
        clock.terms.hours or "elapsed",
        clock.calendar,
        spans,
        timedelta(microseconds=clock.open_at_least),
    )
    for entry, number in by_pause(entries, spans):
        yield entry, None if number is None else pauses[number]


def as_data(entry: LedgerEntry, paused_by: Any = None) -> dict[str, Any]:
    """An interval as the commands show it; `holiday` and `paused_by` only where there is one."""
    shown = {
        "start": format_instant(entry.start),
        "end": format_instant(entry.end),
        "seconds": seconds(length(entry.end - entry.start)),
        "counted": entry.counted,
        "reason": entry.reason,
    }
    named = {"holiday": entry.holiday, "paused_by": paused_by}
    return shown | {name: value for name, value in named.items() if value is not None}


def seconds(micros: Micros) -> int | float:
    """Microseconds as seconds, a whole number where they are whole."""
    return micros // SECOND if micros % SECOND == 0 else micros / SECOND
