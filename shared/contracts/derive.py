"""[pure] How a pydantic model of the contract becomes a msgspec struct that means the same.

Only what both libraries read alike can be derived; anything else is refused when the struct is made, that is when a
service or a test first asks for it, with the model, the field and what to write instead.
"""

import types
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from pydantic import AwareDatetime, BaseModel, BeforeValidator, PlainSerializer
from pydantic.fields import FieldInfo

from shared.contracts.base import Part, read_instant, to_utc

_INSTANT = Annotated[datetime, msgspec.Meta(tz=True)]
_INT64 = (-(2**63), 2**63 - 1)
_BOUNDS = ("min_length", "max_length", "ge", "gt", "le", "lt", "pattern")  # of pydantic's metadata and msgspec's alike
_PLAIN = frozenset({str, bool, float, type(None)})

StructOf = Callable[[type[Part]], type[Any]]


class UnsupportedContract(TypeError):
    """A model says something that pydantic and msgspec would not read alike, so no struct can be derived from it."""


def derive_struct(model: type[Part], struct_of: StructOf) -> type[msgspec.Struct]:
    """A frozen struct with the fields, defaults and constraints of `model`; `struct_of` gives those of other models.

    Where a model derives from another, so does its struct: `isinstance` answers alike. Instants are converted to UTC
    when a struct is made, as the model does. No value of a struct can refer back to the struct, so the garbage
    collector need not visit it. Raises UnsupportedContract.
    """
    if not issubclass(model, Part):
        raise UnsupportedContract(f"{model.__name__} must derive from Part, which is strict and frozen")
    hooks = model.__pydantic_decorators__
    if hooks.validators or hooks.field_validators or hooks.root_validators or hooks.model_validators:
        raise UnsupportedContract(f"{model.__name__} has validators of its own, which the hot path would not run")
    if hooks.field_serializers or hooks.model_serializers or hooks.computed_fields:
        raise UnsupportedContract(f"{model.__name__} has serializers of its own, which the hot path would not run")
    fields = []
    for name, info in model.model_fields.items():
        try:
            fields.append(_field(name, info, struct_of))
        except UnsupportedContract as error:
            raise UnsupportedContract(f"{model.__name__}.{name}: {error}") from None
    namespace: dict[str, Any] = {"__doc__": model.__doc__, "__post_init__": _utc_instants(model)}
    if namespace["__post_init__"] is None:
        del namespace["__post_init__"]
    if hasattr(model, "TYPE"):
        namespace["TYPE"] = model.TYPE
    bases = tuple(struct_of(base) for base in model.__bases__ if issubclass(base, Part) and base is not Part)
    return msgspec.defstruct(
        model.__name__,
        fields,
        bases=bases or (msgspec.Struct,),
        module=model.__module__,
        namespace=namespace,
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        gc=False,
    )


def _field(name: str, info: FieldInfo, struct_of: StructOf) -> tuple[str, Any] | tuple[str, Any, Any]:
    if info.alias or info.validation_alias or info.serialization_alias or info.exclude or info.discriminator:
        raise UnsupportedContract("aliases, exclusions and discriminators are not supported")
    annotation = _type(info.annotation, tuple(info.metadata), struct_of)
    if info.is_required():
        return (name, annotation)
    return (name, annotation, _default(info))


def _default(info: FieldInfo) -> Any:
    """A default that both sides recognise when they leave it out: msgspec by identity, pydantic by equality."""
    default = info.get_default(call_default_factory=False)
    if default is None and info.default_factory is None:
        return None
    if isinstance(default, bool) or default == ():
        return default
    if isinstance(default, dict) and not default:
        return msgspec.field(default_factory=dict)
    if isinstance(default, str) and default in _literals(info.annotation):
        return default
    raise UnsupportedContract("a default must be None, true, false, (), {} or a word of the field's Literal")


def _literals(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(word for part in get_args(annotation) for word in _literals(part))


def _type(annotation: Any, metadata: tuple[Any, ...], struct_of: StructOf) -> Any:
    """The annotation in msgspec's terms; `metadata` is what pydantic keeps beside it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extra = get_args(annotation)
        return _type(inner, (*_flatten(extra), *metadata), struct_of)
    if annotation is AwareDatetime or annotation is datetime:
        if not any(isinstance(m, BeforeValidator) and m.func is read_instant for m in metadata):
            raise UnsupportedContract("a time must be an Instant")
        return _INSTANT
    constraints = _constraints(metadata)
    if annotation is int:
        return _integer(constraints)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        _refuse(constraints)
        return struct_of(annotation)  # type: ignore[arg-type]  # derive_struct refuses what is no Part
    if annotation in _PLAIN:
        return Annotated[annotation, msgspec.Meta(**constraints)] if constraints else annotation
    if origin is Literal:
        _refuse(constraints)
        if not all(isinstance(word, str) for word in get_args(annotation)):
            raise UnsupportedContract("a Literal must be of words")
        return annotation
    container = _container(annotation, origin, struct_of)
    return Annotated[container, msgspec.Meta(**constraints)] if constraints else container


def _container(annotation: Any, origin: Any, struct_of: StructOf) -> Any:
    args = get_args(annotation)
    if origin in (tuple, dict) and any(is_instant(arg) for arg in args):
        raise UnsupportedContract("an Instant cannot be inside a tuple or a dict; put it into a Part")
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return tuple[_type(args[0], (), struct_of), ...]  # type: ignore[misc]  # a type made while running
    if origin is dict:
        key = get_args(args[0])[0] if get_origin(args[0]) is Annotated else args[0]
        if key is not str and get_origin(key) is not Literal:
            raise UnsupportedContract("a dict is keyed by words: str, also constrained, or a Literal")
        return dict[_type(args[0], (), struct_of), _type(args[1], (), struct_of)]  # type: ignore[misc]  # as above
    if origin in (Union, types.UnionType):
        others = [arg for arg in args if arg is not type(None)]
        if len(others) == 1 and len(args) == 2:
            return _type(others[0], (), struct_of) | None
        if len(others) == len(args) == len({_shape(other) for other in others}):
            return Union[tuple(_type(other, (), struct_of) for other in others)]  # noqa: UP007 - made while running
    raise UnsupportedContract(
        f"{annotation} is not supported; there are str, int, float, bool, Instant, Literal, Part, X | None, "
        "tuple[X, ...], dict[str or Literal, X], and unions of those that look different in JSON"
    )


def _shape(annotation: Any) -> str:
    """What a value looks like in JSON: a union is told apart by it. Raises UnsupportedContract."""
    kind = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if isinstance(kind, type) and issubclass(kind, Part):
        return "object"
    if kind is str or kind is int:
        return str(kind.__name__)
    if get_origin(kind) is tuple:
        return "array"
    raise UnsupportedContract(f"{annotation} cannot be one of several; there are str, int, Part and tuple[X, ...]")


def _flatten(metadata: list[Any]) -> tuple[Any, ...]:
    """pydantic keeps the constraints of an inner annotation inside a FieldInfo."""
    return tuple(m for item in metadata for m in (item.metadata if isinstance(item, FieldInfo) else (item,)))


def _constraints(metadata: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in metadata:
        if isinstance(item, PlainSerializer | BeforeValidator):
            raise UnsupportedContract("functions that validate or serialise are not run on the hot path")
        bounds = {name: bound for name in _BOUNDS if (bound := getattr(item, name, None)) is not None}
        if not bounds or getattr(item, "__dict__", bounds).keys() - bounds.keys():
            raise UnsupportedContract(f"{item!r} is not understood")
        found |= bounds
    if "pattern" in found:
        found["pattern"] = _pattern(found["pattern"])
    return found


def _pattern(pattern: str) -> str:
    r"""pydantic's `$` is the end of the text, as in JSON Schema; Python's also allows a newline after it, so `\Z`."""
    if not (pattern.startswith("^") and pattern.endswith("$")) or "\\" in pattern or "$" in pattern[:-1]:
        raise UnsupportedContract("a pattern must read ^…$ and hold no backslash, so that every dialect reads it alike")
    return pattern[:-1] + r"\Z"


def _integer(constraints: dict[str, Any]) -> Any:
    low = constraints.get("ge", constraints.get("gt"))
    high = constraints.get("le", constraints.get("lt"))
    if low is None or high is None or low < _INT64[0] or high > _INT64[1]:
        raise UnsupportedContract("an int needs bounds within 64 bits, such as Count: JSON readers differ beyond them")
    return Annotated[int, msgspec.Meta(**constraints)]


def _refuse(constraints: dict[str, Any]) -> None:
    if constraints:
        raise UnsupportedContract("a Literal or a Part cannot be constrained further")


def _utc_instants(model: type[Part]) -> Callable[[Any], None] | None:
    """Converts instants to UTC, as the model does when it reads them; None if there is none to convert."""
    names = tuple(name for name, info in model.model_fields.items() if is_instant(info.annotation))
    if not names:
        return None

    def to_utc_in_place(self: Any) -> None:
        for name in names:
            at = getattr(self, name)
            if at is not None and at.tzinfo is not UTC:
                msgspec.structs.force_setattr(self, name, to_utc(at))

    return to_utc_in_place


def is_instant(annotation: Any) -> bool:
    """Whether a field of that annotation holds an instant."""
    return annotation is AwareDatetime or any(is_instant(arg) for arg in get_args(annotation))
