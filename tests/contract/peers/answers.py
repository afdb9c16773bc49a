"""What Frontline answers to a fact, and what the fact says, in the same values."""

from datetime import datetime
from typing import Any

from shared.business_time.errors import CalendarError
from tests.contract.peers.calendar_answers import of_calendar, verdict_on
from tests.contract.peers.case_answers import of_case, read_clock
from tests.contract.peers.facts import (
    Added,
    AnyFact,
    Case,
    Clocks,
    Collection,
    Config,
    Days,
    Edge,
    Elapsed,
    Levels,
    Opens,
    duration,
    instant,
    is_date,
    local_date,
    wanted,
)


def ours(collection: Collection, fact: AnyFact) -> Any:
    """The product's answer, or the name of the error that it refuses the question with."""
    config = collection.calendars.get(fact.calendar, {})
    if isinstance(fact, Config):
        return verdict_on(fact.config)
    if isinstance(fact, Case):
        return of_case(fact, config)
    try:
        answer = of_calendar(fact, config)
    except CalendarError as error:
        return {"error": type(error).__name__}
    return local_date(answer, config["timezone"]) if is_date(wanted(fact)) else answer


def said(collection: Collection, fact: AnyFact, answer: Any) -> Any:
    """An answer as it is written in the data, as a value that can be compared with `ours`."""
    timezone = collection.calendars.get(fact.calendar, {}).get("timezone", "UTC")
    if isinstance(answer, dict) and "error" in answer:
        return answer
    match fact:
        case Added() | Days() | Edge():
            return datetime.fromisoformat(answer).date() if is_date(answer) else instant(answer, timezone)
        case Elapsed():
            return duration(answer)
        case Opens():
            return [(instant(start, timezone), instant(end, timezone)) for start, end in answer]
        case Clocks():
            return {name: None if clock is None else read_clock(clock, timezone) for name, clock in answer.items()}
        case Levels():
            return {level: instant(at, timezone) for level, at in answer.items()}
        case _:
            return answer
