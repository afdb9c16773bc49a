"""[pure] What is due next for a case: its one timer, and the order in which things fire.

A case has one `next_due` across its milestones, warnings, deadlines and levels. Something is due once the wall clock is
*past* its instant, never at it: a reply at the deadline is in time. Everything overdue fires, in the order of its
instants, so a warning comes before its breach and a breach before the levels at the same instant.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.business_time.instants import Micros
from shared.policy.chain import Step
from shared.sla.clock import CasePolicy, Clock, Mark
from shared.sla.levels import calls_left

Key = tuple[str, int]
Marks = Mapping[Key, Mark]


class Waiting(NamedTuple):
    """Something that a clock has before it, once `amount` of its target is used up; `call` None = its deadline."""

    amount: Micros
    rank: int  # the deadline comes before the calls at the same amount
    call: Step | None

    def at(self, clock: Clock) -> Micros:
        """Its instant, by the pauses so far."""
        return clock.deadline() if self.call is None else clock.call_at(self.amount)


class Firing(NamedTuple):
    """Something whose instant has passed. Sorts in firing order by all but its last field."""

    at: Micros
    share: float  # of its own target: instants of several clocks may coincide
    rank: int
    milestone_order: int
    key: Key
    call: Step | None


def mark_of(marks: Marks, clock: Clock) -> Mark:
    """The mark of a clock; one without a mark has generation 1."""
    return marks.get((clock.milestone, clock.instance)) or Mark(clock.milestone, clock.instance)


def earliest(policy: CasePolicy, clocks: Sequence[Clock], marks: Marks) -> Micros | None:
    """The instant of the case's one timer, or None."""
    found: Micros | None = None
    for clock in clocks:
        for waiting in _waiting(policy, clock, mark_of(marks, clock)):
            at = waiting.at(clock)
            found = at if found is None or at < found else found
            if not clock.acknowledged:
                break  # what comes by a larger amount comes later, unless calls wait
    return found


def overdue(policy: CasePolicy, clocks: Sequence[Clock], marks: Marks, now: Micros) -> list[Firing]:
    """Everything whose instant `now` is past, in firing order."""
    found: list[Firing] = []
    for clock in clocks:
        for waiting in _waiting(policy, clock, mark_of(marks, clock)):
            at = waiting.at(clock)
            if at >= now:
                if not clock.acknowledged:
                    break
                continue
            order, key = policy.rules.milestones.order[clock.milestone], (clock.milestone, clock.instance)
            found.append(Firing(at, waiting.amount / clock.target, waiting.rank, order, key, waiting.call))
    found.sort(key=lambda firing: firing[:5])
    return found


def _waiting(policy: CasePolicy, clock: Clock, mark: Mark) -> list[Waiting]:
    """What a clock has before it, by amount and so by instant; nothing while it is paused or once it has stopped."""
    if clock.stage != "running":
        return []
    found = [Waiting(call.amount, 1 + call.level, call) for call in calls_left(policy, clock, mark)]
    if mark.verdict == "running":
        found.append(Waiting(clock.target, 0, None))
    found.sort(key=lambda waiting: waiting[:2])
    return found
