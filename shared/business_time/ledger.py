"""[pure] The ledger of a deadline: which intervals counted, which were skipped, and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from shared.business_time.instants import Micros, from_micros
from shared.business_time.open_hours import Explained
from shared.business_time.schedule import Why
from shared.business_time.spans import Span, clipped, without

Reason = Literal["open", "elapsed", "closed", "holiday", "break", "paused", "open_at_least"]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """[start, end) in UTC, counted (`open`, or `elapsed` where every hour counts) or not. `holiday` is a name.

    `open_at_least` is open time after the target, until the calendar has been open for the least time since the start.
    The reasons of the calendar outrank `paused`: paused time would have counted without the pause.
    """

    start: datetime
    end: datetime
    counted: bool
    reason: Reason
    holiday: str | None = None


def ledger_entries(explained: Iterable[Explained], pauses: Sequence[Span]) -> list[LedgerEntry]:
    """Consecutive explained spans as entries; adjacent entries of one reason are joined. `pauses` are merged spans."""
    found: list[tuple[Micros, Micros, Reason, str | None]] = []
    for since, until, why, holiday in explained:
        found += _with_pauses(since, until, why, holiday, pauses)
    return _joined(found)


def elapsed_entries(start: Micros, end: Micros, pauses: Sequence[Span]) -> list[LedgerEntry]:
    """The ledger of elapsed hours, which skips only pauses."""
    counted = _with_pauses(start, end, "open", None, pauses)
    return _joined([(a, b, "elapsed" if reason == "open" else reason, None) for a, b, reason, _ in counted])


def waiting_entries(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The same intervals where open time is only waited for, and does not count."""
    return [replace(entry, counted=False, reason="open_at_least") if entry.counted else entry for entry in entries]


def by_pause(
    entries: Iterable[LedgerEntry], pauses: Sequence[tuple[datetime, datetime]]
) -> Iterator[tuple[LedgerEntry, int | None]]:
    """Split the paused entries of a ledger at the bounds of `pauses`; yields each entry with the index of its pause.

    Entries that are not paused have the index None. Where pauses overlap, the one that began first counts.
    """
    for entry in entries:
        if entry.reason != "paused":
            yield entry, None
            continue
        start = entry.start
        while start < entry.end:
            _, number = min((since, number) for number, (since, end) in enumerate(pauses) if since <= start < end)
            end = min(pauses[number][1].astimezone(UTC), entry.end)
            yield replace(entry, start=start, end=end), number
            start = end


def _with_pauses(
    start: Micros, end: Micros, why: Why, holiday: str | None, pauses: Sequence[Span]
) -> list[tuple[Micros, Micros, Reason, str | None]]:
    if why != "open":
        return [(start, end, why, holiday)]
    paused: list[tuple[Micros, Micros, Reason, str | None]] = [
        (a, b, "paused", None) for a, b in clipped(pauses, start, end)
    ]
    return sorted([*paused, *((a, b, "open", None) for a, b in without([(start, end)], pauses))])


def _joined(parts: list[tuple[Micros, Micros, Reason, str | None]]) -> list[LedgerEntry]:
    joined: list[tuple[Micros, Micros, Reason, str | None]] = []
    for start, end, reason, holiday in parts:
        if joined and joined[-1][1:] == (start, reason, holiday):
            joined[-1] = (joined[-1][0], end, reason, holiday)
        elif start < end:
            joined.append((start, end, reason, holiday))
    return [
        LedgerEntry(from_micros(start), from_micros(end), reason in ("open", "elapsed"), reason, holiday)
        for start, end, reason, holiday in joined
    ]
