"""Reads the parameters of an address as a model has them."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

from shared.web.errors import InvalidFields, field_errors

_T = TypeVar("_T", bound=BaseModel)


def read_query(model: type[_T], given: Mapping[str, str]) -> _T:
    """What `given` asks for. Raises InvalidFields, with every wrong parameter.

    A parameter that is a list may be there several times, and each time name several, separated by commas. Of any
    other that is there several times, the last counts.
    """
    lists = {field.alias or name for name, field in model.model_fields.items() if get_origin(field.annotation) is list}
    values: dict[str, Any] = {name: _all_of(given, name) if name in lists else given[name] for name in given}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InvalidFields(field_errors(error)) from None


def _all_of(given: Mapping[str, str], name: str) -> list[str]:
    values = given.getlist(name) if isinstance(given, QueryParams) else [given[name]]
    return [text for value in values for text in value.split(",")]
