"""[pure] The hot path's view of the contract: structs derived from the pydantic models, and JSON in and out of them.

The models are the one place where an event is described. `struct(Model)` derives from it a frozen struct that msgspec
decodes, validates and encodes some ten times faster. A derived struct has the fields, defaults and constraints of its
model, and accepts and refuses the same bytes (`tests/contract/test_wire_agreement.py` shows it).

`struct` is *typed* as returning the model's own class. That is a lie for the type checker: the struct is no pydantic
model and has none of its methods, but it has exactly its fields, so pure code is annotated with the models' names and
mypy checks constructors and attributes. What crosses from one world to the other goes through `from_model`, `to_model`.
"""

import re
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_args, get_origin

import msgspec
from pydantic import BaseModel

from shared.contracts.base import Part
from shared.contracts.derive import derive_struct

M = TypeVar("M", bound=Part)

_encoder = msgspec.json.Encoder()
_PATH = re.compile(r"^(?P<message>.*) - at (?:`key` in )?`\$\.?(?P<path>.*)`$", re.DOTALL)
_STEP = re.compile(r"\w+|\[[^]]*\]")
_MISSING = re.compile(r"^Object missing required field `(?P<field>\w+)`$")


class MalformedData(ValueError):
    """These bytes are not the event that they should be. `field` is a path, "" for the whole; no value is quoted."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message


def struct(model: type[M]) -> type[M]:
    """The struct derived from `model`, made once. Raises UnsupportedContract where it cannot mean the same."""
    return cast(type[M], _struct(model))


@cache
def _struct(model: type[Any]) -> type[Any]:
    return derive_struct(model, struct)


def encode(event: Part) -> bytes:
    """A derived struct as compact JSON in UTF-8; fields that equal their default are left out."""
    return _encoder.encode(event)


def decode(model: type[M], data: bytes) -> M:
    """The struct of `model` that `data`, JSON in UTF-8, spells out. Raises MalformedData."""
    try:
        if not data.isascii():
            data.decode()  # msgspec skips unknown fields without looking at their encoding
        return cast(M, _decoder(model).decode(data))
    except msgspec.ValidationError as error:
        raise _explain(model, str(error)) from None
    except msgspec.DecodeError as error:
        raise MalformedData("", f"is not JSON: {error}") from None
    except UnicodeDecodeError as error:
        raise MalformedData("", f"is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise MalformedData("", "is nested too deeply") from None


def from_model(value: M) -> M:
    """The struct equal to a pydantic `value`, which has been validated."""
    return msgspec.convert(value, struct(type(value)), from_attributes=True)


def to_model(model: type[M], value: M) -> M:
    """The pydantic `model` equal to the struct `value`."""
    return model.model_validate_json(encode(value))


@cache
def _decoder(model: type[BaseModel]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(struct(cast(Any, model)))


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
