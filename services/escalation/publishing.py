"""[pure] From the effects of a case's steps to the events in support.escalations.v1: the case's data is added here."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from shared.business_time.instants import from_micros
from shared.business_time.zones import TZDATA_VERSION
from shared.contracts import escalation, structs, wire
from shared.contracts.derive import is_instant
from shared.contracts.ids import deterministic_id
from shared.contracts.structs import CausedBy
from shared.contracts.topics import ESCALATIONS
from shared.kafka import serde
from shared.kafka.record import Record
from shared.kafka.serde import Envelope
from shared.sla import effects
from shared.streams.overlay import Overlay

SOURCE = "/frontline/escalation"


class _Completion(NamedTuple):
    """How the event is made of one kind of effect: its class, and the fields that both have."""

    event: Callable[..., structs.EscalationEvent]
    type: str
    instants: tuple[str, ...]
    others: tuple[str, ...]


class About(NamedTuple):
    """The case that the events are about, and the trace that they belong to."""

    case_id: str
    account_id: str | None
    priority: str
    traceparent: str | None


def publish(
    overlay: Overlay,
    about: About,
    step: Iterable[effects.EscalationEvent],
    cause: Record | None,
    trace: Callable[[str | None], str],
) -> None:
    """Emit one event for each effect of `step`, in order.

    `cause` is the record that made it happen; None = the case's timer.
    """
    for effect in step:
        how = _COMPLETIONS[type(effect)]
        generation = effect.generation if isinstance(effect, effects.ClockEvent) else 0
        data = _complete(effect, how, overlay, about, _caused_by(overlay, about, generation, cause))
        fact = deterministic_id(how.type, about.case_id, *_identity(effect, cause))
        envelope = Envelope(fact, SOURCE, how.type, overlay.now, about.case_id, trace(about.traceparent))
        overlay.emit(serde.to_output(ESCALATIONS, about.case_id, envelope, wire.encode(data)))


def _complete(
    effect: effects.EscalationEvent, how: _Completion, overlay: Overlay, about: About, caused_by: CausedBy
) -> structs.EscalationEvent:
    """The event of `effect`. An event of a clock names the zone data that its deadline was computed with."""
    fields: dict[str, Any] = {name: getattr(effect, name) for name in how.others}
    for name in how.instants:
        at = getattr(effect, name)
        fields[name] = None if at is None else from_micros(at)
    if isinstance(effect, effects.ClockEvent):
        fields["tzdata_version"] = TZDATA_VERSION
    return how.event(
        case_id=about.case_id,
        account_id=about.account_id,
        priority=about.priority,
        observed_at=overlay.now,
        caused_by=caused_by,
        **fields,
    )


def _caused_by(overlay: Overlay, about: About, generation: int, cause: Record | None) -> CausedBy:
    if cause is None:
        positions = dict(overlay.positions)
        return CausedBy(partition=overlay.partition, timer=about.case_id, generation=generation, positions=positions)
    return CausedBy(
        partition=cause.partition,
        topic=cause.topic,
        offset=cause.offset,
        positions=overlay.positions_beside(cause.topic),
        unfired_from=overlay.unfired_from,
    )


def _identity(effect: effects.EscalationEvent, cause: Record | None) -> tuple[str, ...]:
    """The parts of the event id, so that a retry publishes the fact under the same id.

    An event that exists once for a clock instance (and level) is identified by these, whatever caused it.
    """
    if isinstance(effect, effects.CustomerEscalationEvent):
        return (effect.escalation_id,)
    if isinstance(effect, effects.MessageOnClosedCase):
        return (effect.activity_id,)
    source = ("timer",) if cause is None else (cause.topic, str(cause.partition), str(cause.offset))
    if isinstance(effect, effects.CaseStatusEvent):
        return (str(effect.at), *source)
    if not isinstance(effect, effects.ClockEvent):
        raise TypeError(f"{type(effect).__name__} is an event neither of a clock, of an escalation, nor of a case")
    clock = (effect.milestone, str(effect.instance))
    if isinstance(effect, effects.ClockBreached):
        return (*clock, "")
    if isinstance(effect, effects.EscalationSuppressed):
        return (*clock, str(effect.level))
    if isinstance(effect, effects.ClockWarned | effects.EscalationRaised):
        return (*clock, str(effect.level), *([str(effect.repetition)] if effect.repetition else []))
    return (*clock, str(effect.generation), str(effect.at), *source)


def _completion_of(model: type[escalation.EscalationEvent]) -> _Completion:
    shared = [name for name in model.model_fields if name not in escalation.ADDED_WHEN_PUBLISHED]
    instants = {name for name in shared if is_instant(model.model_fields[name].annotation)}
    return _Completion(
        vars(structs)[model.__name__],
        model.TYPE,
        tuple(name for name in shared if name in instants),
        tuple(name for name in shared if name not in instants),
    )


_COMPLETIONS: dict[type[effects.EscalationEvent], _Completion] = {
    vars(effects)[model.__name__]: _completion_of(model) for model in escalation.EVENTS
}
