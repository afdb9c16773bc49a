"""[pure] From what the clocks of a case say to the events in support.escalations.v1."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from services.escalation.effects import (
    Breached,
    Cancelled,
    Effect,
    Fulfilled,
    Paused,
    Raised,
    Restated,
    Resumed,
    Started,
    Suppressed,
    Warned,
)
from shared.business_time.instants import from_micros
from shared.contracts import wire
from shared.contracts.base import CausedBy
from shared.contracts.escalation import (
    ClockBreached,
    ClockCancelled,
    ClockEvent,
    ClockFulfilled,
    ClockPaused,
    ClockRestated,
    ClockResumed,
    ClockStarted,
    ClockWarned,
    EscalationRaised,
    EscalationSuppressed,
)
from shared.contracts.ids import deterministic_id
from shared.contracts.topics import ESCALATIONS
from shared.contracts.vocabulary import Priority
from shared.kafka import serde
from shared.kafka.overlay import Overlay
from shared.kafka.record import Record
from shared.kafka.serde import Envelope

SOURCE = "/frontline/escalation"

# effect -> its event, and the fields that it has beside those of every effect
_EVENTS: dict[type[Effect], tuple[type[ClockEvent], tuple[str, ...]]] = {
    Started: (ClockStarted, ()),
    Paused: (ClockPaused, ("status",)),
    Resumed: (ClockResumed, ("status",)),
    Fulfilled: (ClockFulfilled, ("met",)),
    Cancelled: (ClockCancelled, ("because",)),
    Warned: (ClockWarned, ("level", "called", "share")),
    Breached: (ClockBreached, ("breached_at", "cause")),
    Restated: (ClockRestated, ("old", "new", "cause")),
    Raised: (EscalationRaised, ("level", "called")),
    Suppressed: (EscalationSuppressed, ("level", "reason")),
}
_INSTANTS = frozenset(("breached_at",))
# What is said once for a clock instance (and level): its id must be the same whatever made it be said.
_ONCE = (Breached, Warned, Raised, Suppressed)

_CausedBy = wire.struct(CausedBy)


class About(NamedTuple):
    """The case that the events are about, and the trace that they belong to."""

    case_id: str
    account_id: str | None
    priority: Priority
    traceparent: str | None


def publish(
    overlay: Overlay,
    about: About,
    effects: Iterable[Effect],
    cause: Record | None,
    trace: Callable[[str | None], str],
) -> None:
    """Emit one event for each effect, in order. `cause` is the record that made it happen; None = the case's timer."""
    for effect in effects:
        model, more = _EVENTS[type(effect)]
        event: Callable[..., ClockEvent] = wire.struct(model)
        data = event(
            case_id=about.case_id,
            milestone=effect.milestone,
            instance=effect.instance,
            generation=effect.generation,
            promise=effect.promise,
            due_at=None if effect.due_at is None else from_micros(effect.due_at),
            at=from_micros(effect.at),
            account_id=about.account_id,
            priority=about.priority,
            observed_at=overlay.now,
            caused_by=_caused_by(overlay, about, effect, cause),
            **{name: _value(name, getattr(effect, name)) for name in more},
        )
        envelope = _envelope(overlay.now, about, effect, model.TYPE, cause, trace)
        overlay.emit(serde.to_output(ESCALATIONS, about.case_id, envelope, wire.encode(data)))


def _caused_by(overlay: Overlay, about: About, effect: Effect, cause: Record | None) -> CausedBy:
    if cause is not None:
        return _CausedBy(partition=cause.partition, topic=cause.topic, offset=cause.offset)
    return _CausedBy(
        partition=overlay.partition,
        timer=about.case_id,
        generation=effect.generation,
        positions=dict(overlay.positions),
    )


def _envelope(
    now: datetime,
    about: About,
    effect: Effect,
    ce_type: str,
    cause: Record | None,
    trace: Callable[[str | None], str],
) -> Envelope:
    """The id names the fact where it is said once, else the fact and what caused it: a retry says the same again."""
    parts = [ce_type, about.case_id, effect.milestone, str(effect.instance)]
    if isinstance(effect, _ONCE):
        parts.append(str(getattr(effect, "level", "")))
    else:
        parts += (str(effect.generation), str(effect.at))
        parts += ("timer",) if cause is None else (cause.topic, str(cause.partition), str(cause.offset))
    return Envelope(deterministic_id(*parts), SOURCE, ce_type, now, about.case_id, trace(about.traceparent))


def _value(name: str, value: Any) -> Any:
    return from_micros(value) if name in _INSTANTS else value
