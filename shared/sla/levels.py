"""[pure] Which calls of the chain a clock still has before it, and the event of reaching one.

Warnings are for every clock. Escalation levels need automated escalation; without it the first of them that would call
is published as suppressed, once for a clock instance, and the rest not at all. That is not always the lowest level: on
some targets a higher one comes before it, and the lower one calls nobody. Each call is made once for a clock instance,
ascending: after a level has fired no lower one calls, whatever the target or the chain have become. The chain stands
still with its clock and goes on, not over again, when the clock does; a stopped clock calls nobody.
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
    left = list(policy.chain.steps(clock.target))
    if mark.fired:
        last, times = mark.fired[-1]  # the highest level that has fired, and how often
        left = [step for step in left if step.level > last or (step.level == last and step.repetition >= times)]
    if mark.breached:
        left = [step for step in left if step.kind == "escalation"]
    elif clock.acknowledged and clock.stage == "running":
        deadline = clock.deadline()
        left = [step for step in left if step.kind == "escalation" or clock.call_at(step.amount) <= deadline]
    return left if policy.automated else _without_automated_escalation(policy, mark, left)


def _without_automated_escalation(policy: CasePolicy, mark: Mark, left: list[Step]) -> list[Step]:
    """The warnings, and the first escalation if the clock has had none yet, raised or suppressed."""
    warnings = [step for step in left if step.kind == "warning"]
    escalations = [step for step in left if step.kind == "escalation"]
    lowest = policy.chain.lowest_escalation
    escalated = bool(mark.fired) and lowest is not None and mark.fired[-1][0] >= lowest
    return warnings if escalated else warnings + escalations[:1]


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
