"""[pure] Which model describes an event of a given CloudEvents type, and which type an event has."""

from typing import Any, cast, get_args

from shared.contracts import structs, wire
from shared.contracts.base import Event
from shared.contracts.intake import ActivityRecorded
from shared.contracts.topics import TOPICS
from shared.contracts.vocabulary import ActivityType

MODELS: tuple[type[Event], ...] = tuple(dict.fromkeys(model for topic in TOPICS for model in topic.events))


def _types_of(model: type[Event]) -> tuple[str, ...]:
    if model is ActivityRecorded:
        return tuple(model.TYPE.format(type=word) for word in get_args(ActivityType))
    return (model.TYPE,)


# Every CloudEvents type that exists, with the model of its data. One model serves all types of activity.
TYPES: dict[str, type[Event]] = {name: model for model in MODELS for name in _types_of(model)}


def model_for(ce_type: str) -> type[Event] | None:
    """The model of events of this CloudEvents type, or None if there is no such type."""
    return TYPES.get(ce_type)


def struct_for(ce_type: str) -> type[structs.Event] | None:
    """The struct that holds the data of events of this CloudEvents type, or None if there is no such type."""
    model = TYPES.get(ce_type)
    return None if model is None else wire.struct(model)


def type_of(event: Event | structs.Event) -> str:
    """The CloudEvents type of an event, be it a model or a derived struct."""
    name = event.TYPE
    if "{" in name:
        return name.format(type=cast(Any, event).type)
    return name
