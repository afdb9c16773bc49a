"""[pure] Describes in words, with file and line, what pydantic found wrong in a file."""

import json
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.contracts.vocabulary import LANGUAGE_PATTERN, WORD_PATTERN
from shared.policy.base import COUNTRY_PATTERN
from shared.policy.document import Path, Tree
from shared.policy.mistakes import Mistake, one_of

_MESSAGES = {
    "bool_type": ("must be a truth value", "true, false"),
    "string_type": ("must be text; put it in quotes", None),
    "int_type": ("must be a whole number", None),
    "int_from_float": ("must be a whole number", None),
    "float_type": ("must be a number", None),
    "too_short": ("is empty; it needs at least one item", None),
    "tuple_type": ("must be a list", None),
    "dict_type": ("must be a mapping of names to values", None),
    "model_type": ("must be a mapping of fields to values", None),
    "datetime_type": ("must be an RFC 3339 instant with a zone, such as 2026-11-23T10:00:00Z", None),
    "timezone_aware": ("must be an RFC 3339 instant with a zone, such as 2026-11-23T10:00:00Z", None),
}
# The allowed form of what has a pattern, in words.
_FORMS = {
    WORD_PATTERN: "a letter, then letters, digits and _ . -, at most 40 in all",
    COUNTRY_PATTERN: "an ISO 3166-1 code of two capital letters, such as ES",
    LANGUAGE_PATTERN: "a BCP 47 tag, such as en or pt-BR",
}


def misfits(tree: Tree, error: ValidationError, kind: Any, at: Path = ()) -> Iterator[Mistake]:
    """The mistakes of what was validated as `kind`, and is at `at` in the file."""
    seen: set[Path] = set()
    for detail in error.errors(include_url=False):
        path = _written(tree, (*at, *detail["loc"]), detail["type"])
        if detail["type"] == "too_short" and detail["input"]:
            continue  # it is not empty: each of its items has a mistake of its own
        if path not in seen:  # pydantic reports a union once for each of its types
            seen.add(path)
            yield tree.mistake(path, *_in_words(detail, kind, path[len(at) :]))


def _written(tree: Tree, location: Path, kind: str) -> Path:
    """Pydantic's location without the steps that the file lacks: names of union members, and "[key]"."""
    path: Path = ()
    for step in location:
        if (*path, step) in tree.places:
            path = (*path, step)
    return (*path, location[-1]) if kind == "missing" else path


def _in_words(detail: ErrorDetails, kind_around: Any, path: Path) -> tuple[str, str | None]:
    kind, given = detail["type"], detail["input"]
    if kind == "missing":
        return "is missing", None
    if kind == "extra_forbidden":
        return "is not a field here", one_of(_fields_around(kind_around, path), str(path[-1]))
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
        return f"{_shown(given)} is not allowed here", one_of(names, given if isinstance(given, str) else None)
    if kind == "string_pattern_mismatch":
        pattern = detail["ctx"]["pattern"]
        return f"{_shown(given)} has the wrong form", _FORMS.get(pattern, f"text like {pattern}")
    if kind == "value_error":
        return str(detail["ctx"]["error"]), None
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    return f"{_shown(given)} is not allowed here: {detail['msg'].removeprefix('Input ').lower()}", None


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _fields_around(kind: Any, path: Path) -> list[str]:
    """The fields of the model at the level of the last step of `path`, which begins at `kind`."""
    kinds: list[Any] = [kind]
    for step in path[:-1]:
        kinds = [inner for kind in kinds for inner in _step_into(kind, step)]
    return [field.alias or name for kind in _models(kinds) for name, field in kind.model_fields.items()]


def _step_into(kind: Any, step: str | int) -> list[Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _step_into(inner[0], step)
    if origin in (Union, types.UnionType):
        return [found for alternative in inner for found in _step_into(alternative, step)]
    if origin is dict:
        return [inner[1]]
    if origin is tuple:
        return [inner[0]]
    if isinstance(kind, type) and issubclass(kind, BaseModel) and step in kind.model_fields:
        return [kind.model_fields[str(step)].annotation]
    return []


def _models(kinds: list[Any]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []
    for kind in kinds:
        if get_origin(kind) in (Union, types.UnionType, Annotated):
            found += _models([inner for inner in get_args(kind) if not isinstance(inner, str)])
        elif get_origin(kind) is not Literal and isinstance(kind, type) and issubclass(kind, BaseModel):
            found.append(kind)
    return found
