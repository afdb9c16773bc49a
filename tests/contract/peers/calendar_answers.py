"""What Frontline answers to a fact about open time."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from shared.business_time.business_days import business_days_due
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import CalendarError
from shared.business_time.ledger import LedgerEntry
from tests.contract.peers.facts import (
    Added,
    AnyFact,
    ClosedBy,
    Days,
    Edge,
    Elapsed,
    IsOpen,
    Opens,
    Works,
    duration,
    instant,
)

_FAR = timedelta(days=40)  # further than any edge that a fact asks for


@cache
def _calendar(config: bytes) -> BusinessCalendar:
    return BusinessCalendar.from_config(msgspec.json.decode(config))


def verdict_on(config: Mapping[str, Any]) -> str:
    """Whether the product accepts a calendar."""
    try:
        BusinessCalendar.from_config(config)
    except CalendarError:
        return "refused"
    return "accepted"


def of_calendar(fact: AnyFact, config: Mapping[str, Any]) -> Any:
    """The product's answer to a question about open time. Raises CalendarError."""
    calendar = _calendar(msgspec.json.encode(config))
    timezone = calendar.timezone
    match fact:
        case Added():
            pauses = _pauses(fact.pauses, timezone)
            return calendar.add(instant(fact.start, timezone), duration(fact.add), pauses)
        case Days():
            return business_days_due(instant(fact.start, timezone), fact.days, fact.until, calendar)
        case Elapsed():
            pauses = _pauses(fact.pauses, timezone)
            return calendar.elapsed(instant(fact.start, timezone), instant(fact.end, timezone), pauses)
        case IsOpen():
            return calendar.is_open(instant(fact.at, timezone))
        case Works():
            next_day = datetime.fromisoformat(fact.date) + timedelta(days=1)
            midnight, next_midnight = instant(fact.date, timezone), instant(next_day.isoformat(), timezone)
            return calendar.elapsed(midnight, next_midnight) > timedelta(0)
        case ClosedBy():
            at = instant(fact.at, timezone)
            return calendar.ledger(at, at + timedelta(microseconds=1))[0].reason == fact.reason
        case Edge():
            return _edge(calendar, instant(fact.at, timezone), fact.edge)
        case Opens():
            return _open_spans(calendar.ledger(instant(fact.start, timezone), instant(fact.end, timezone)))
    raise AssertionError(fact)


def _pauses(pauses: Iterable[tuple[str, str]], timezone: str) -> list[tuple[datetime, datetime]]:
    return [(instant(start, timezone), instant(end, timezone)) for start, end in pauses]


def _open_spans(entries: Iterable[LedgerEntry]) -> list[tuple[datetime, datetime]]:
    return [(entry.start, entry.end) for entry in entries if entry.counted]


def _edge(calendar: BusinessCalendar, at: datetime, edge: str) -> datetime:
    """An edge of the calendar's own, read off its ledger. What the range cuts off is no edge."""
    if edge == "first_open":
        return calendar.next_open(at)
    start, end = at - _FAR, at + _FAR
    spans = _open_spans(calendar.ledger(start, end))
    match edge:
        case "last_open":
            return max(min(closes, at) for opens, closes in spans if opens < at)
        case "closing":
            return min(closes for _, closes in spans if closes > at)
        case "next_opening":
            return min(opens for opens, _ in spans if opens >= at)
        case "later_opening":
            return min(opens for opens, _ in spans if opens > at)
        case _:
            return max(opens for opens, _ in spans if start < opens <= at)
