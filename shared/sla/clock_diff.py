"""[pure] What to publish when a case's clocks are folded anew: the difference to what was published before.

A published fact is never edited silently: a verdict or a deadline that comes out differently is restated.
"""

from typing import NamedTuple

from shared.business_time.instants import Micros
from shared.sla import effects
from shared.sla.clock import Clock, ClockFacts, Mark, Verdict


class Change(NamedTuple):
    """What made the clocks change, as `Restated.cause` says it, when that was in event time, and the wall clock now."""

    cause: str
    at: Micros
    now: Micros


def difference(old: Clock | None, new: Clock, mark: Mark, change: Change) -> tuple[Mark, list[effects.ClockEvent]]:
    """What to say about one instance, and its mark afterwards. `old` None = it has not been published yet."""
    if (
        old is not None
        and _schedule(old) == _schedule(new)
        and _told(old) == _told(new)
        and _all_said(new, mark, change)
    ):
        return mark, []
    found: list[effects.ClockEvent] = []
    if old is not None or mark.generation > 1:  # an instance that had gone and comes back has a generation already
        mark = mark._replace(generation=mark.generation + 1)
    facts = new.facts(mark.generation)
    if old is None:
        found.append(effects.ClockStarted(**facts, at=new.started_at))
    if new.breached_at is not None and not mark.breached:
        found.append(effects.ClockBreached(**facts, at=new.breached_at, breached_at=new.breached_at, cause=new.cause))
        mark = mark._replace(breached=True, verdict="breached")
    if new.stage != ("running" if old is None else old.stage):
        found.append(_stage_effect(new, facts))
        if new.stage == "fulfilled" and mark.verdict == "running":
            mark = mark._replace(verdict="breached" if new.late else "met")
    verdict = _verdict(new, mark, change.now)
    if verdict != mark.verdict or (not found and _told(old) != _told(new)):
        found.append(effects.ClockRestated(**facts, at=change.at, old=mark.verdict, new=verdict, cause=change.cause))
    return mark._replace(verdict=verdict), found


def withdraw_instance(old: Clock, mark: Mark, change: Change) -> tuple[Mark, list[effects.ClockEvent]]:
    """A published instance that, by late activity, never was: it is cancelled, and its number not forgotten."""
    mark = mark._replace(generation=mark.generation + 1)
    return mark, [effects.ClockCancelled(**old.facts(mark.generation), at=change.at, because=change.cause)]


def _stage_effect(clock: Clock, facts: ClockFacts) -> effects.ClockEvent:
    """What to say about the stage that a clock has come to."""
    if clock.stage == "paused":
        return effects.ClockPaused(**facts, at=clock.since, status=clock.why)
    if clock.stage == "running":
        return effects.ClockResumed(**facts, at=clock.since, status=clock.why)
    if clock.stage == "cancelled":
        return effects.ClockCancelled(**facts, at=clock.since, because=clock.why)
    return effects.ClockFulfilled(**facts, at=clock.since, met=not clock.late)


def _verdict(clock: Clock, mark: Mark, now: Micros) -> Verdict:
    """What is to be said about the clock now. Whether time alone has made it late is for its timer to say."""
    if clock.late:
        return "breached"
    if clock.stage == "fulfilled":
        return "met"
    said_late = mark.verdict == "breached" and clock.stage == "running"
    return "breached" if said_late and clock.due_at is not None and clock.due_at < now else "running"


def _all_said(clock: Clock, mark: Mark, change: Change) -> bool:
    """Whether the breach, if there is one, and the verdict have been published."""
    return (clock.breached_at is None or mark.breached) and _verdict(clock, mark, change.now) == mark.verdict


def _schedule(clock: Clock) -> tuple[object, ...]:
    """What timers are set by."""
    return (clock.stage, clock.due_at, clock.terms.target_seconds, clock.terms.hours, clock.terms.promise)


def _told(clock: Clock | None) -> tuple[object, ...]:
    """What readers were told, but for the verdict, which the mark has: time alone can have passed a deadline since."""
    return () if clock is None else (clock.started_at, clock.stage, clock.since, clock.due_at, clock.promise)
