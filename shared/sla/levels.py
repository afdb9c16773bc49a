"""[pure] Which calls of the chain a clock still has before it, and the event of reaching one.

Warnings are for every clock. Escalation levels need automated escalation; without it the lowest of them is published as
suppressed, once for a clock instance, and the rest not at all. Each call is made once for a clock instance, ascending.
The chain stands still with its clock and goes on, not over again, when the clock does; a stopped clock calls nobody.
"""

from shared.business_time.instants import Micros
from shared.policy.chain import Step
from shared.sla import effects
from shared.sla.clock import CasePolicy, Clock, Fired, Mark


def calls_left(policy: CasePolicy, clock: Clock, mark: Mark) -> list[Step]:
    """The calls that a clock still has before it, in order.

    No warning follows a breach: neither a published one, nor the deadline beyond which an acknowledgement delays the
    warning. Of a paused clock neither instant is known yet. Raises CalendarError.
    """
    fired = dict(mark.fired)
    left = [step for step in policy.chain.steps(clock.target) if step.repetition >= fired.get(step.level, 0)]
    if mark.breached:
        left = [step for step in left if step.kind == "escalation"]
    elif clock.acknowledged and clock.stage == "running":
        deadline = clock.deadline()
        left = [step for step in left if step.kind == "escalation" or clock.call_at(step.amount) <= deadline]
    if not policy.automated:
        lowest = policy.chain.lowest_escalation
        left = [step for step in left if step.kind == "warning" or (step.level, step.repetition) == (lowest, 0)]
    return left


def reached(policy: CasePolicy, clock: Clock, mark: Mark, step: Step, at: Micros) -> tuple[Mark, effects.ClockEvent]:
    """The instant of a call has passed: its event, and the mark that keeps it from being published again."""
    after = mark._replace(fired=together(mark.fired, ((step.level, step.repetition + 1),)))
    facts, again = clock.facts(mark.generation), step.repetition or None
    if step.kind == "warning":
        return after, effects.ClockWarned(
            **facts, at=at, level=step.level, called=step.called, share=step.share, repetition=again
        )
    if policy.automated:
        return after, effects.EscalationRaised(**facts, at=at, level=step.level, called=step.called, repetition=again)
    return after, effects.EscalationSuppressed(**facts, at=at, level=step.level, reason="not_entitled")


def together(some: Fired, others: Fired) -> Fired:
    """What has fired by either account."""
    if not others:
        return some
    fired = dict(some)
    for level, times in others:
        fired[level] = max(times, fired.get(level, 0))
    return tuple(sorted(fired.items()))
