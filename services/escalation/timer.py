"""[pure] What is due next for a case: its one timer, and the order in which things fire.

A case has one `next_due` across its milestones, warnings, deadlines and levels. Something is due once the wall clock is
*past* its instant, never at it: a reply at the deadline is in time. Everything overdue fires, in the order of its
instants, so a warning comes before its breach and a breach before the levels at the same instant.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.escalation.clock_state import CasePolicy, Clock, Mark
from services.escalation.escalate import levels_left
from shared.business_time.instants import Micros
from shared.contracts.vocabulary import MILESTONES, Milestone
from shared.policy.model import EscalationLevel

Key = tuple[Milestone, int]
Marks = Mapping[Key, Mark]

_ORDER = {milestone: number for number, milestone in enumerate(MILESTONES)}


class Firing(NamedTuple):
    """One thing that a running clock has before it; `level` None = its deadline. Sorts in firing order."""

    at: Micros
    share: float
    rank: int  # the deadline before a level at the same share
    milestone_order: int
    instance: int
    key: Key
    level: EscalationLevel | None


def mark_of(marks: Marks, clock: Clock) -> Mark:
    """The mark of a clock; one that nothing was said about has generation 1."""
    return marks.get((clock.milestone, clock.instance)) or Mark(clock.milestone, clock.instance)


def firings(policy: CasePolicy, clock: Clock, mark: Mark) -> list[Firing]:
    """Everything that a clock has before it; nothing while it is paused, and nothing once it has stopped."""
    if clock.stage != "running":
        return []
    order, instance = _ORDER[clock.milestone], clock.instance
    key = (clock.milestone, instance)
    found = [
        Firing(at, level.share, 1 + level.level, order, instance, key, level)
        for at, level in levels_left(policy, clock, mark)
    ]
    if mark.verdict == "running" and clock.due_at is not None:
        found.append(Firing(clock.due_at, 1.0, 0, order, instance, key, None))
    return found


def all_firings(policy: CasePolicy, clocks: Sequence[Clock], marks: Marks) -> list[Firing]:
    """Everything that the clocks of a case have before them, in firing order."""
    found = [firing for clock in clocks for firing in firings(policy, clock, mark_of(marks, clock))]
    found.sort(key=lambda firing: firing[:5])
    return found
