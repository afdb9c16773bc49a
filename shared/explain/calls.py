"""[pure] Who was called about a clock, who will be and when, by which level of the chain; or why nobody is."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from shared.business_time.errors import CalendarError
from shared.business_time.instants import Micros, from_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import (
    ClockBreached,
    ClockEvent,
    ClockWarned,
    EscalationEvent,
    EscalationRaised,
    EscalationSuppressed,
)
from shared.explain.case_history import CaseHistory
from shared.explain.rules import rule
from shared.messages.messages import Messages
from shared.policy.chain import Step
from shared.policy.model import EscalationLevel, LevelKind
from shared.routing.rendering import in_words_of
from shared.sla.clock import Clock, Mark
from shared.sla.levels import calls_left
from shared.sla.terms_in_force import Origin

_Call = ClockWarned | EscalationRaised | EscalationSuppressed

NOT_ENTITLED = "not_entitled"


def calls(
    history: CaseHistory, clock: Clock, events: Sequence[EscalationEvent], at: Micros, messages: Messages
) -> list[dict[str, Any]]:
    """The calls about a clock: those that were published, in their order, then those that are still before it.

    `state` is `made` (or `suppressed`, where nobody was entitled to it), `coming`, `overdue` (its instant is past, and
    nothing was published yet), `delayed` by an acknowledgement, or `standing_still` with its clock, which leaves its
    instant open.
    """
    mine = [event for event in events if _is_of(event, clock)]
    made = [event for event in mine if isinstance(event, _Call)]
    left = [] if clock.stopped_at is not None else calls_left(history.view.policy, clock, _mark(clock, mine))
    past = (_made(history, event, messages) for event in made)
    return [*past, *(_before(history, clock, step, at, messages) for step in left)]


def _is_of(event: EscalationEvent, clock: Clock) -> bool:
    return isinstance(event, ClockEvent) and (event.milestone, event.instance) == (clock.milestone, clock.instance)


def _mark(clock: Clock, events: Sequence[EscalationEvent]) -> Mark:
    """What was published about a clock, as escalation remembers it."""
    fired: dict[int, int] = {}
    for event in events:
        if isinstance(event, _Call):
            fired[event.level] = max(fired.get(event.level, 0), (getattr(event, "repetition", 0) or 0) + 1)
    breached = any(isinstance(event, ClockBreached) for event in events)
    return Mark(clock.milestone, clock.instance, breached=breached, fired=tuple(sorted(fired.items())))


def _made(history: CaseHistory, event: _Call, messages: Messages) -> dict[str, Any]:
    origin = history.in_force(event.observed_at)
    called = getattr(event, "called", None)
    return _call(
        origin,
        "warning" if isinstance(event, ClockWarned) else "escalation",
        event.level,
        getattr(event, "repetition", 0) or 0,
        messages,
        state="suppressed" if called is None else "made",
        at=format_instant(event.at),
        called=called,
        reason=getattr(event, "reason", None),
    )


def _before(history: CaseHistory, clock: Clock, step: Step, at: Micros, messages: Messages) -> dict[str, Any]:
    instant = _instant(clock, step)
    state = "coming"
    if clock.stage == "paused":
        state = "standing_still"
    elif instant is not None and instant < at:
        state = "overdue"
    elif clock.acknowledged and instant != _instant(replace(clock, acknowledged=[]), step):
        state = "delayed"
    entitled = step.kind == "warning" or history.view.policy.automated
    return _call(
        history.now,
        step.kind,
        step.level,
        step.repetition,
        messages,
        state=state,
        at=None if instant is None else format_instant(from_micros(instant)),
        called=step.called if entitled else None,
        reason=None if entitled else NOT_ENTITLED,
    )


def _instant(clock: Clock, step: Step) -> Micros | None:
    """When a call comes; None while its clock stands still, or if its calendar does not open for so long."""
    if clock.stage == "paused":
        return None
    try:
        return clock.call_at(step.amount)
    except CalendarError:
        return None


def _call(
    origin: Origin,
    kind: LevelKind,
    level: int,
    repetition: int,
    messages: Messages,
    *,
    state: str,
    at: str | None,
    called: str | None,
    reason: str | None,
) -> dict[str, Any]:
    place = origin.pinned.chain.place_of(level)
    known = None if place is None else origin.pinned.edition.escalation_levels[place]
    when = "" if known is None else _when(known, repetition, messages)
    level_at = None if place is None else f"escalation_levels[{place}]"
    why = None
    if reason == NOT_ENTITLED:
        plan = origin.kind.situation.plan
        because = in_words_of(messages, origin.pinned.edition)("level.not_entitled", plan=plan)
        why = rule(f"plans.{plan}.automated_escalation", origin.pinned, because, messages)
    return {
        "kind": kind,
        "level": level,
        "repetition": repetition,
        "share": known and known.share,
        "before_deadline_seconds": known and known.before_deadline_seconds,
        "after_deadline_seconds": known and known.after_deadline_seconds,
        "repeat": known and known.repeat and known.repeat.model_dump(),
        "state": state,
        "at": at,
        "called": called,
        "reason": reason,
        "nobody_because": why,
        **rule(level_at, origin.pinned, when, messages, beside=known),
    }


def _when(level: EscalationLevel, repetition: int, messages: Messages) -> str:
    """At how much of a target a level comes, and how often again."""
    if level.share is not None:
        when = messages("level.share", share=level.share)
    elif level.before_deadline_seconds is not None:
        when = messages("level.before", span=level.before_deadline_seconds)
    elif level.after_deadline_seconds:
        when = messages("level.after", span=level.after_deadline_seconds)
    else:
        when = messages("level.at")
    if level.repeat is None:
        return when
    if repetition:
        return messages("level.again", when=when, number=repetition + 1)
    return messages("level.repeats", when=when, every=level.repeat.every_seconds, times=level.repeat.times)
