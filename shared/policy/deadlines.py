"""[pure] When a target is due: the terms of a milestone applied to a start and a calendar."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from shared.business_time.business_days import business_days_target_micros
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.hours import due_micros, needed
from shared.business_time.instants import SECOND, Micros
from shared.business_time.spans import Span
from shared.contracts.vocabulary import Hours, Until

_NO_PAUSES: Sequence[Span] = ()
# A case is folded again at each activity, every time from the same starts.
_open_time_of = lru_cache(maxsize=4096)(business_days_target_micros)


class Terms(Protocol):
    """What a deadline follows from: the terms of a case (`MilestoneTerms`), or of a decision (`DecidedMilestone`)."""

    @property
    def target_seconds(self) -> int | None: ...
    @property
    def target_business_days(self) -> int | None: ...
    @property
    def until(self) -> Until | None: ...
    @property
    def hours(self) -> Hours | None: ...
    @property
    def open_at_least(self) -> int | None: ...


def has_target(terms: Terms) -> bool:
    """Whether the terms promise a time."""
    return terms.target_seconds is not None or terms.target_business_days is not None


def target_of(terms: Terms, start: Micros, calendar: BusinessCalendar | None) -> Micros:
    """How long the target is, in its hours. Business days are resolved here, to open time from `start`.

    Raises CalendarError for business days without a calendar, or with one that never opens.
    """
    if terms.target_seconds is not None:
        return terms.target_seconds * SECOND
    assert terms.target_business_days is not None  # noqa: S101 - the caller knows that there is a target
    return _open_time_of(start, terms.target_business_days, terms.until or "same_time", needed(calendar))


def due_of(
    terms: Terms,
    target: Micros,
    start: Micros,
    calendar: BusinessCalendar | None,
    pauses: Sequence[Span] = _NO_PAUSES,
) -> Micros:
    """The deadline of a target that counts from `start`. Raises CalendarError."""
    assert terms.hours is not None  # noqa: S101 - a target says in which hours it counts
    least = 0 if terms.open_at_least is None else terms.open_at_least * SECOND
    return due_micros(start, target, terms.hours, calendar, pauses, least)


def deadline_of(terms: Terms, start: Micros, calendar: BusinessCalendar | None) -> Micros:
    """The deadline by the terms of a clock that starts at `start` and is never paused. Raises CalendarError."""
    return due_of(terms, target_of(terms, start, calendar), start, calendar)
