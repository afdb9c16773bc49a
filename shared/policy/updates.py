"""[pure] Updates that are due before the first response to the same case: they are breached before anybody is late.

Where both count in the same kind of hours, the shorter one is due first. Where an update counts more hours of the week
than the response, it can also be the longer one, such as over a weekend. This is tried for each hour of two weeks.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import CalendarError
from shared.business_time.instants import from_micros, to_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import MilestoneTerms
from shared.messages.reason import Reason
from shared.policy.condition import Wanted, wanted
from shared.policy.deadlines import deadline_of
from shared.policy.document import Path
from shared.policy.model import Edition, Target
from shared.policy.promises import terms_of

_TRIED = range(14 * 24)  # hours
_COUNTED = {"elapsed": 2, "elapsed_then_next_open": 1, "business": 0}  # more = more hours of the week count


class _Pair(NamedTuple):
    """An update and a response that the same case is promised, and which cases: premier P1."""

    update: int  # index in `targets`
    response: int
    cases: tuple[str, ...]


class _Example(NamedTuple):
    """A case whose update is due before its response: when it was opened, by which calendar, and both deadlines."""

    calendar: str
    opened: datetime
    update: datetime
    response: datetime


def updates_before_responses(edition: Edition) -> Iterator[tuple[Path, Reason]]:
    """Each target of an update that is or can be due before the response."""
    for pair in _pairs(edition):
        update, response = edition.targets[pair.update], edition.targets[pair.response]
        facts: dict[str, Any] = {"cases": list(pair.cases), "other_milestone": response.milestone}
        path: Path = ("targets", pair.update)
        if _is_shorter(update, response):
            facts |= {"seconds": update.target_seconds, "other_seconds": response.target_seconds}
            yield path, Reason("policy.warning.update_before_response", **facts)
        elif (example := _example(edition, update, response)) is not None:
            facts |= {
                "calendar": example.calendar,
                "opened": format_instant(example.opened),
                "update_due": format_instant(example.update),
                "response_due": format_instant(example.response),
            }
            yield path, Reason("policy.warning.update_can_be_before_response", **facts)


def _is_shorter(update: Target, response: Target) -> bool:
    """Whether both have a length, and that of the update is the shorter one."""
    return (
        update.target_seconds is not None
        and response.target_seconds is not None
        and update.target_seconds < response.target_seconds
    )


def _is_never_before(update: Target, response: Target) -> bool:
    """Whether the update, which is not shorter, is never due before the response, whatever the calendar of the case."""
    if update.calendar != response.calendar or response.open_at_least is not None:
        return False
    if update.target_business_days is not None and response.target_business_days is not None:
        return _days(update) >= _days(response)
    if update.target_business_days is not None or response.target_business_days is not None:
        return False
    return _COUNTED[update.counts_in] <= _COUNTED[response.counts_in]


def _days(target: Target) -> tuple[int, bool]:
    return target.target_business_days or 0, target.until == "end_of_day"


def _pairs(edition: Edition) -> Iterator[_Pair]:
    """Each update with each response of the same cases."""
    conditions = [wanted(edition, target) for target in edition.targets]
    for number, update in enumerate(edition.targets):
        for other, response in enumerate(edition.targets):
            if _is_update_of(edition, update, response) and conditions[number].meets(conditions[other]):
                cases = _common(edition, update, response)
                if cases and not _is_decided_before(edition, conditions, number, other):
                    yield _Pair(number, other, cases)


def _common(edition: Edition, update: Target, response: Target) -> tuple[str, ...]:
    """The plans and priorities of both."""
    return tuple(
        f"{plan} {priority}"
        for plan in edition.plans
        if all(target.plans is None or plan in target.plans for target in (update, response))
        for priority in edition.priorities
        if all(target.priorities is None or priority in target.priorities for target in (update, response))
    )


def _is_decided_before(edition: Edition, conditions: Sequence[Wanted], update: int, response: int) -> bool:
    """Whether an earlier target has the response of all cases that the update is for: the first that holds counts."""
    milestone, priorities = edition.targets[response].milestone, edition.targets[update].priorities
    return any(
        earlier.milestone == milestone
        and condition.covers(conditions[update])
        and set(earlier.priorities or edition.priorities) >= set(priorities or edition.priorities)
        for earlier, condition in zip(edition.targets[:response], conditions[:response], strict=True)
    )


def _is_update_of(edition: Edition, update: Target, response: Target) -> bool:
    """Whether `update` recurs with each of the activities that fulfil `response`, both from the submission on."""
    recurring, once = edition.milestones[update.milestone], edition.milestones[response.milestone]
    return (
        recurring.starts_at_submission
        and once.starts_at_submission
        and recurring.again == "at_fulfilment"
        and once.again == "never"
        and once.fulfilled_by == recurring.fulfilled_by
    )


def _example(edition: Edition, update: Target, response: Target) -> _Example | None:
    if _is_never_before(update, response):
        return None
    calendars: dict[str, BusinessCalendar] = {}
    for name, config in edition.calendars.items():
        with suppress(CalendarError):
            calendars[name] = BusinessCalendar.from_config(config)
    for name, calendar in calendars.items():
        with suppress(CalendarError):
            for hour in _TRIED:
                opened = edition.effective_from + timedelta(hours=hour)
                first, second = (
                    _due(terms_of(edition, each), opened, calendars.get(each.calendar or name, calendar))
                    for each in (update, response)
                )
                if first < second:
                    return _Example(name, opened, first, second)
    return None


def _due(terms: MilestoneTerms, opened: datetime, calendar: BusinessCalendar) -> datetime:
    return from_micros(deadline_of(terms, to_micros(opened), calendar))
