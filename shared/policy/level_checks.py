"""[pure] Checks that the levels of an edition ascend, on every target that it promises.

Two levels at one amount of a target would call two people at one instant. Levels at a share and levels at a distance
from the deadline ascend on some targets and not on others. A target in business days has no length of its own: it is
tried at the shortest and the longest that it has in a year of each calendar by which it may count, since what holds of
two levels on both holds on all between.
"""

from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import NamedTuple

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import CalendarError
from shared.business_time.instants import SECOND, Micros, from_micros, to_micros
from shared.contracts.base import format_instant
from shared.policy.calendar_year import CalendarYear, ResolvedTarget
from shared.policy.chain import amount_of
from shared.policy.document import Path
from shared.policy.durations import format_duration
from shared.policy.findings import Finding, Findings
from shared.policy.model import Edition, EscalationLevel


def _levels_ascend(draft: Edition) -> Findings:
    for index, level in enumerate(draft.escalation_levels):
        at: Path = ("escalation_levels", index)
        yield from _right_side_of_the_deadline(at, level)
        if index == 0:
            continue
        before = draft.escalation_levels[index - 1]
        if level.level <= before.level:
            yield Finding((*at, "level"), f"must be more than {before.level}, the level of the step before it")
        if level.share is not None and before.share is not None and level.share <= before.share:
            yield Finding((*at, "share"), f"must be more than {before.share:g}, the share of the step before it")


def _right_side_of_the_deadline(at: Path, level: EscalationLevel) -> Findings:
    if level.kind == "warning":
        if level.share is not None and level.share >= 1:
            yield Finding(
                (*at, "share"), "is at the deadline or after it; a warning is before", "more than 0, less than 1"
            )
        if level.after_deadline_seconds is not None:
            yield Finding((*at, "after_deadline_seconds"), "does not belong to a warning, which is before the deadline")
        return
    if level.share is not None and level.share < 1:
        yield Finding((*at, "share"), "is before the deadline; an escalation is not", "1 or more")
    if level.before_deadline_seconds is not None:
        yield Finding(
            (*at, "before_deadline_seconds"), "does not belong to an escalation, which is not before the deadline"
        )


def _levels_ascend_on_fixed_targets(draft: Edition) -> Findings:
    """On targets in seconds, of the levels whose order depends on the target."""
    for number, before, level in _depending(draft):
        for index, target in enumerate(draft.targets):
            if target.target_seconds is not None and not _ascend(before, level, target.target_seconds * SECOND):
                yield _finding(number, f"the {format_duration(target.target_seconds)} of targets[{index}]")
                break


def _levels_ascend_on_business_days(draft: Edition) -> Findings:
    """On targets in business days, of those levels that ascend on all targets in seconds."""
    depending = list(_depending(draft))
    found = list(business_days_targets(draft)) if depending else []
    fixed = [target.target_seconds * SECOND for target in draft.targets if target.target_seconds is not None]
    for number, before, level in depending:
        if all(_ascend(before, level, target) for target in fixed):
            wrong = (each for each in found if not _ascend(before, level, each.resolved.target))
            yield from (_finding(number, each.in_words) for each in islice(wrong, 1))


class BusinessDaysTarget(NamedTuple):
    """A target in business days as some case has it by a calendar."""

    target: int  # its index
    calendar: str
    resolved: ResolvedTarget

    @property
    def in_words(self) -> str:
        """The target, its length and the case."""
        start = format_instant(from_micros(self.resolved.start))
        length = format_duration(self.resolved.target // SECOND)
        return (
            f"targets[{self.target}], which is {length} of open time for a case of {start} by calendar {self.calendar}"
        )


def business_days_targets(draft: Edition) -> Iterator[BusinessDaysTarget]:
    """The shortest and the longest that each target in business days is, by each calendar that it may count by."""
    since = to_micros(draft.effective_from)
    years: dict[str, CalendarYear] = {}
    for number, target in enumerate(draft.targets):
        if target.target_business_days is None:
            continue
        names = draft.regional_hours.calendars if target.calendar is None else {target.calendar}
        for name in sorted(names & draft.calendars.keys()):
            try:
                if name not in years:
                    years[name] = CalendarYear(BusinessCalendar.from_config(draft.calendars[name]), since)
                extremes = years[name].business_days(target.target_business_days, target.until or "same_time")
            except CalendarError:  # other checks report its mistakes, and that it does not open for so long
                continue
            yield from (BusinessDaysTarget(number, name, resolved) for resolved in extremes)


def _depending(draft: Edition) -> Iterator[tuple[int, EscalationLevel, EscalationLevel]]:
    """The pairs of neighbours whose order depends on the target, with the index of the later one.

    An escalation comes after a warning on every target, and `_levels_ascend` compares two shares.
    """
    for number, (before, level) in enumerate(pairwise(draft.escalation_levels), 1):
        on_both_sides = (before.kind, level.kind) == ("warning", "escalation")
        if not on_both_sides and (before.share is None or level.share is None):
            yield number, before, level


def _ascend(before: EscalationLevel, level: EscalationLevel, target: Micros) -> bool:
    return amount_of(before, target) < amount_of(level, target)


def _finding(number: int, target: str) -> Finding:
    return Finding(("escalation_levels", number), f"does not come after the step before it on {target}")


LEVEL_CHECKS: tuple[tuple[set[str], Callable[[Edition], Findings]], ...] = (
    ({"escalation_levels"}, _levels_ascend),
    ({"escalation_levels", "targets"}, _levels_ascend_on_fixed_targets),
    (
        {"escalation_levels", "targets", "regional_hours", "calendars", "effective_from"},
        _levels_ascend_on_business_days,
    ),
)
