"""[pure] What to publish when a case's clocks are folded anew: the difference to what was published before.

A published fact is never edited silently: a verdict or a deadline that comes out differently is restated.
"""

from typing import NamedTuple

from shared.business_time.instants import Micros
from shared.contracts.vocabulary import Milestone, Promise
from shared.sla.clock import Clock, Mark, Verdict
from shared.sla.effects import Breached, Cancelled, Effect, Fulfilled, Paused, Restated, Resumed, Started


class Change(NamedTuple):
    """What made the clocks change, as `Restated.cause` says it, when that was in event time, and the wall clock now."""

    cause: str
    at: Micros
    now: Micros


class _Common(NamedTuple):
    """The fields that every effect starts with, but for `at`."""

    milestone: Milestone
    instance: int
    generation: int
    promise: Promise
    due_at: Micros | None


def difference(old: Clock | None, new: Clock, mark: Mark, change: Change) -> tuple[Mark, list[Effect]]:
    """What to say about one instance, and its mark afterwards. `old` None = it has not been published yet."""
    if (
        old is not None
        and _schedule(old) == _schedule(new)
        and _told(old) == _told(new)
        and _all_said(new, mark, change)
    ):
        return mark, []
    effects: list[Effect] = []
    if old is not None or mark.generation > 1:  # an instance that had gone and comes back has a generation already
        mark = mark._replace(generation=mark.generation + 1)
    common = _Common(new.milestone, new.instance, mark.generation, new.promise, new.due_at)
    if old is None:
        effects.append(Started(*common, new.started_at))
    if new.breached_at is not None and not mark.breached:
        effects.append(Breached(*common, new.breached_at, new.breached_at, new.cause))
        mark = mark._replace(breached=True, verdict="breached")
    if new.stage != ("running" if old is None else old.stage):
        effects.append(_stage_effect(new, common))
        if new.stage == "fulfilled" and mark.verdict == "running":
            mark = mark._replace(verdict="breached" if new.late else "met")
    verdict = _verdict(new, mark, change.now)
    if verdict != mark.verdict or (not effects and _told(old) != _told(new)):
        effects.append(Restated(*common, change.at, mark.verdict, verdict, change.cause))
    return mark._replace(verdict=verdict), effects


def withdraw_instance(old: Clock, mark: Mark, change: Change) -> tuple[Mark, list[Effect]]:
    """A published instance that, by late activity, never was: it is cancelled, and its number not forgotten."""
    mark = mark._replace(generation=mark.generation + 1)
    common = _Common(old.milestone, old.instance, mark.generation, old.promise, old.due_at)
    return mark, [Cancelled(*common, change.at, change.cause)]


def _stage_effect(clock: Clock, common: _Common) -> Effect:
    """What to say about the stage that a clock has come to."""
    if clock.stage == "paused":
        return Paused(*common, clock.since, clock.why)
    if clock.stage == "running":
        return Resumed(*common, clock.since, clock.why)
    if clock.stage == "cancelled":
        return Cancelled(*common, clock.since, clock.why)
    return Fulfilled(*common, clock.since, not clock.late)


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
