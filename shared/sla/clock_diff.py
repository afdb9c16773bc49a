"""[pure] What to publish when a case's clocks are folded again: the difference to what was published before.

A published fact is never edited silently: a verdict or a deadline that comes out differently is restated.
"""

from typing import NamedTuple

from shared.business_time.instants import Micros
from shared.sla import effects
from shared.sla.clock import Clock, ClockFacts, Mark, Verdict


class Change(NamedTuple):
    """What made the clocks change, as `Restated.cause` says it, when that was in event time, and the wall clock now.

    `status` is the status that the case has after it.
    """

    cause: str
    at: Micros
    now: Micros
    status: str = ""


def difference(old: Clock | None, new: Clock, mark: Mark, change: Change) -> tuple[Mark, list[effects.ClockEvent]]:
    """What to publish about one instance, and its mark afterwards. `old` None = it has not been published yet."""
    if (
        old is not None
        and _schedule(old) == _schedule(new)
        and _published(old) == _published(new)
        and _is_published(new, mark, change)
    ):
        return mark, []
    found: list[effects.ClockEvent] = []
    if old is not None or mark.generation > 1:  # an instance that was withdrawn and comes back has a generation already
        mark = mark._replace(generation=mark.generation + 1)
    facts = new.facts(mark.generation)
    if old is None:
        found.append(effects.ClockStarted(**facts, at=new.started_at))
    if new.breached_at is not None and not mark.breached:
        found.append(effects.ClockBreached(**facts, at=new.breached_at, breached_at=new.breached_at, cause=new.cause))
        mark = mark._replace(breached=True, verdict="breached")
    if new.stage != ("running" if old is None else old.stage):
        found.append(_stage_effect(new, facts, change))
        if new.stage == "fulfilled" and mark.verdict == "running":
            mark = mark._replace(verdict="breached" if new.late else "met")
    verdict = _verdict(new, mark, change.now)
    if verdict != mark.verdict or (not found and _published(old) != _published(new)):
        found.append(effects.ClockRestated(**facts, at=change.at, old=mark.verdict, new=verdict, cause=change.cause))
    return mark._replace(verdict=verdict), found


def withdraw_instance(old: Clock, mark: Mark, change: Change) -> tuple[Mark, list[effects.ClockEvent]]:
    """A published instance that late activity removes: it is cancelled, and its generation kept."""
    mark = mark._replace(generation=mark.generation + 1)
    return mark, [effects.ClockCancelled(**old.facts(mark.generation), at=change.at, because=change.cause)]


def _stage_effect(clock: Clock, facts: ClockFacts, change: Change) -> effects.ClockEvent:
    """The event of the stage that a clock has entered.

    A clock that runs again without a pause, since what stopped it was taken back, names the status of the case.
    """
    if clock.stage == "paused":
        return effects.ClockPaused(**facts, at=clock.since, status=clock.why)
    if clock.stage == "running":
        return effects.ClockResumed(**facts, at=clock.since, status=clock.why or change.status)
    if clock.stage == "cancelled":
        return effects.ClockCancelled(**facts, at=clock.since, because=clock.why)
    return effects.ClockFulfilled(**facts, at=clock.since, met=not clock.late)


def _verdict(clock: Clock, mark: Mark, now: Micros) -> Verdict:
    """The verdict to publish now. Lateness by elapsed time alone is published by the timer, not here."""
    if clock.late:
        return "breached"
    if clock.stage == "fulfilled":
        return "met"
    was_late = mark.verdict == "breached" and clock.stage == "running"
    return "breached" if was_late and clock.due_at is not None and clock.due_at < now else "running"


def _is_published(clock: Clock, mark: Mark, change: Change) -> bool:
    """Whether the breach, if there is one, and the verdict have been published."""
    return (clock.breached_at is None or mark.breached) and _verdict(clock, mark, change.now) == mark.verdict


def _schedule(clock: Clock) -> tuple[object, ...]:
    """What timers are set by."""
    terms = clock.terms
    return (clock.stage, clock.due_at, clock.target, terms.open_at_least, terms.hours, terms.promise)


def _published(clock: Clock | None) -> tuple[object, ...]:
    """What was published, but for the verdict, which the mark has: time alone can have passed a deadline since."""
    return () if clock is None else (clock.started_at, clock.stage, clock.since, clock.due_at, clock.promise)
