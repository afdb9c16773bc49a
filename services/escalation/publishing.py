"""[pure] From what the clocks of a case say to the events in support.escalations.v1; and the edition of a migration."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from shared.business_time.instants import from_micros
from shared.business_time.zones import TZDATA_VERSION
from shared.contracts import wire
from shared.contracts.ids import deterministic_id
from shared.contracts.structs import (
    CausedBy,
    ClockBreached,
    ClockCancelled,
    ClockFulfilled,
    ClockPaused,
    ClockRestated,
    ClockResumed,
    ClockStarted,
    ClockWarned,
    EditionPublished,
    EscalationAccepted,
    EscalationEvent,
    EscalationRaised,
    EscalationRefused,
    EscalationRejected,
    EscalationRequested,
    EscalationSuppressed,
)
from shared.contracts.topics import EDITIONS, ESCALATIONS
from shared.contracts.vocabulary import Priority
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output, Record
from shared.kafka.serde import Envelope
from shared.policy.model import Edition
from shared.policy.published_edition import edition_published
from shared.sla import customer_escalation
from shared.sla.effects import (
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
from shared.streams.overlay import Overlay

SOURCE = "/frontline/escalation"

# effect -> its event, and the fields that it has beside those of every clock's effect
_CLOCK_EVENTS: dict[type[Effect], tuple[type[EscalationEvent], tuple[str, ...]]] = {
    Started: (ClockStarted, ()),
    Paused: (ClockPaused, ("status",)),
    Resumed: (ClockResumed, ("status",)),
    Fulfilled: (ClockFulfilled, ("met",)),
    Cancelled: (ClockCancelled, ("because",)),
    Warned: (ClockWarned, ("level", "called", "repetition", "share")),
    Breached: (ClockBreached, ("breached_at", "cause")),
    Restated: (ClockRestated, ("old", "new", "cause")),
    Raised: (EscalationRaised, ("level", "called", "repetition")),
    Suppressed: (EscalationSuppressed, ("level", "reason")),
}
_OF_A_CLOCK = ("milestone", "instance", "generation", "promise", "due_at")
_CUSTOMER_EVENTS: dict[type[customer_escalation.RequestOutcome], tuple[type[EscalationEvent], tuple[str, ...]]] = {
    customer_escalation.Requested: (EscalationRequested, ()),
    customer_escalation.Refused: (EscalationRefused, ("reason", "eligible_at")),
    customer_escalation.Accepted: (EscalationAccepted, ()),
    customer_escalation.Rejected: (EscalationRejected, ("eligible_at",)),
}
_INSTANTS = frozenset(("at", "due_at", "breached_at", "eligible_at"))
# What is said once for a clock instance (and level): its id must be the same whatever made it be said.
_ONCE = (Breached, Warned, Raised, Suppressed)


class About(NamedTuple):
    """The case that the events are about, and the trace that they belong to."""

    case_id: str
    account_id: str | None
    priority: Priority
    traceparent: str | None


def publish(
    overlay: Overlay,
    about: About,
    effects: Iterable[Effect | customer_escalation.RequestOutcome],
    cause: Record | None,
    trace: Callable[[str | None], str],
) -> None:
    """Emit one event for each effect, in order. `cause` is the record that made it happen; None = the case's timer."""
    for effect in effects:
        if isinstance(effect, Effect):
            model, more = _CLOCK_EVENTS[type(effect)]
            names: tuple[str, ...] = (*_OF_A_CLOCK, *more)
            generation, given = effect.generation, {"tzdata_version": TZDATA_VERSION}
            parts = _fact_about_a_clock(effect, cause)
        else:
            model, more = _CUSTOMER_EVENTS[type(effect)]
            names, generation, given = ("escalation_id", *more), 0, {}
            parts = (effect.escalation_id,)
        event: Callable[..., EscalationEvent] = model
        data = event(
            case_id=about.case_id,
            at=from_micros(effect.at),
            account_id=about.account_id,
            priority=about.priority,
            observed_at=overlay.now,
            caused_by=_caused_by(overlay, about, generation, cause),
            **given,
            **{name: _value(name, getattr(effect, name)) for name in names},
        )
        fact = deterministic_id(model.TYPE, about.case_id, *parts)
        envelope = Envelope(fact, SOURCE, model.TYPE, overlay.now, about.case_id, trace(about.traceparent))
        overlay.emit(serde.to_output(ESCALATIONS, about.case_id, envelope, wire.encode(data)))


def _caused_by(overlay: Overlay, about: About, generation: int, cause: Record | None) -> CausedBy:
    positions = dict(overlay.positions)
    if cause is not None:
        return CausedBy(partition=cause.partition, topic=cause.topic, offset=cause.offset, positions=positions)
    return CausedBy(partition=overlay.partition, timer=about.case_id, generation=generation, positions=positions)


def _fact_about_a_clock(effect: Effect, cause: Record | None) -> tuple[str, ...]:
    """What names the fact where it is said once, else the fact and what caused it: a retry says the same again."""
    clock = (effect.milestone, str(effect.instance))
    if isinstance(effect, _ONCE):
        repetition = getattr(effect, "repetition", 0)
        return (*clock, str(getattr(effect, "level", "")), *([str(repetition)] if repetition else []))
    source = ("timer",) if cause is None else (cause.topic, str(cause.partition), str(cause.offset))
    return (*clock, str(effect.generation), str(effect.at), *source)


def _value(name: str, value: Any) -> Any:
    if name == "repetition":
        return value or None
    return from_micros(value) if name in _INSTANTS and value is not None else value


def edition_output(edition: Edition, overlay: Overlay, partitions: int, traceparent: str) -> Output:
    """The event of an edition that a case migrates to. The router publishes those that it decides by itself."""
    event = edition_published(edition)
    envelope = Envelope(
        deterministic_id(EditionPublished.TYPE, event.policy_sha256),
        SOURCE,
        EditionPublished.TYPE,
        overlay.now,
        event.policy_sha256,
        traceparent,
    )
    output = serde.to_output(EDITIONS, event.policy_sha256, envelope, wire.encode(event))
    partition = partition_for(event.policy_sha256.encode(), partitions)
    return Output(output.topic, output.key, output.value, output.headers, partition)
