"""[pure] What follows from a step of a case's clocks: escalation's events, without what only their publisher knows.

`effects.ClockPaused` has the fields of the event `ClockPaused` but for those of `ADDED_WHEN_PUBLISHED`; its instants
are microseconds since 1970 UTC. Each class is derived from the model of its event, so that an event is described once;
`effects.pyi`, which `make schemas` writes, has the fields for the type checker.
"""

from typing import Any

import msgspec

from shared.contracts import escalation


def _derive(model: type[escalation.EscalationEvent], known: dict[str, type[Any]]) -> type[Any]:
    """The effect of an event's model; `known` has the effects of the models that it builds on."""
    bases = tuple(known[base.__name__] for base in model.__bases__ if base.__name__ in known)
    inherited = {name for base in bases for name in base.__struct_fields__}
    fields = [
        (name, Any) if info.is_required() else (name, Any, info.default)
        for name, info in model.model_fields.items()
        if name not in escalation.ADDED_WHEN_PUBLISHED and name not in inherited
    ]
    return msgspec.defstruct(
        model.__name__,
        fields,
        bases=bases or (msgspec.Struct,),
        module=__name__,
        namespace={"__doc__": model.__doc__},
        frozen=True,
        kw_only=True,
        gc=False,
    )


def _derived() -> dict[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    for name, model in vars(escalation).items():
        if isinstance(model, type) and issubclass(model, escalation.EscalationEvent):
            found[name] = _derive(model, found)
    return found


globals().update(_derived())
