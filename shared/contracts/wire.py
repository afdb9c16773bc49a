"""[pure] The hot path's view of the contract: structs derived from the pydantic models, and JSON in and out of them.

The models are the one place where an event is described. `struct(Model)` derives from it a frozen struct that msgspec
decodes, validates and encodes some ten times faster. A derived struct has the fields, defaults and constraints of its
model, and accepts and refuses the same bytes (`tests/contract/test_wire_agreement.py` shows it).

`structs.py` exports them by name; only tests and `structs.py` derive any. What crosses from models to structs goes
through `from_model` and `to_model`.
"""

import re
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from shared.contracts.base import Part
from shared.contracts.derive import derive_struct

M = TypeVar("M", bound=Part)
S = TypeVar("S", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()
_PATH = re.compile(r"^(?P<message>.*) - at (?:`key` in )?`\$\.?(?P<path>.*)`$", re.DOTALL)
_STEP = re.compile(r"\w+|\[[^]]*\]")
_MISSING = re.compile(r"^Object missing required field `(?P<field>\w+)`$")
_MODELS: dict[type[Any], type[Part]] = {}  # of each struct that was derived


class MalformedData(ValueError):
    """These bytes are not the event that they should be. `field` is a path, "" for the whole; no value is quoted."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message


def struct(model: type[Part]) -> type[Any]:
    """The struct derived from `model`, made once. Raises UnsupportedContract where it cannot mean the same."""
    return _struct(model)


@cache
def _struct(model: type[Any]) -> type[Any]:
    derived = derive_struct(model, struct)
    _MODELS[derived] = model
    return derived


def encode(event: msgspec.Struct) -> bytes:
    """A derived struct as compact JSON in UTF-8; fields that equal their default are left out."""
    return _encoder.encode(event)


def decode(kind: type[S], data: bytes) -> S:
    """The struct of type `kind` that `data`, JSON in UTF-8, spells out. Raises MalformedData."""
    try:
        if not data.isascii():
            data.decode()  # msgspec skips unknown fields without looking at their encoding
        event: S = _decoder(kind).decode(data)
        return event
    except msgspec.ValidationError as error:
        raise _explain(_MODELS[kind], str(error)) from None
    except msgspec.DecodeError as error:
        raise MalformedData("", f"is not JSON: {error}") from None
    except UnicodeDecodeError as error:
        raise MalformedData("", f"is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise MalformedData("", "is nested too deeply") from None


def from_model(kind: type[S], value: Part) -> S:
    """The struct of type `kind` equal to a pydantic `value`, which has been validated."""
    return msgspec.convert(value, kind, from_attributes=True)


def to_model(model: type[M], value: msgspec.Struct) -> M:
    """The pydantic `model` equal to the struct `value`."""
    return model.model_validate_json(encode(value))


@cache
def _decoder(kind: type[S]) -> msgspec.json.Decoder[S]:
    return msgspec.json.Decoder(kind)


def _explain(model: type[Part], text: str) -> MalformedData:
    located = _PATH.match(text)
    message, path = (located["message"], located["path"]) if located else (text, "")
    missing = _MISSING.match(message)
    if missing:
        return MalformedData(".".join(filter(None, (path, missing["field"]))), "is missing")
    if message.startswith("Invalid enum value"):  # msgspec quotes the value, which may be a customer's text
        message = f"must be one of {', '.join(_allowed_words(model, path, key='`key`' in text))}"
    return MalformedData(path, message[0].lower() + message[1:])


def _allowed_words(model: type[Part], path: str, *, key: bool) -> tuple[str, ...]:
    """The Literal at `path`, or for `key` that of the keys of the dict there."""
    annotation: Any = model
    for step in _STEP.findall(path):
        annotation = _without_none(annotation)
        if step.startswith("["):
            args = get_args(annotation)
            annotation = args[0] if get_origin(annotation) is tuple else args[1]
        else:
            annotation = annotation.model_fields[step].annotation
    annotation = _without_none(annotation)
    words: tuple[str, ...] = get_args(get_args(annotation)[0] if key else annotation)
    return words


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) is Literal or type(None) not in get_args(annotation):
        return annotation
    return next(arg for arg in get_args(annotation) if arg is not type(None))
