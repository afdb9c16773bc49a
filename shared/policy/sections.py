"""[pure] Validates each section of a policy document against the model, and describes every mistake in words."""

import json
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shared.policy.document import Path, Tree
from shared.policy.mistakes import Mistake, one_of
from shared.policy.model import COMPLETE, Edition

RECORDED = (
    "tzdata_version",
    "holidays_version",
    "holiday_years",
    "holiday_names",
)  # by the loader alone
SECTIONS = {name: field for name, field in Edition.model_fields.items() if name not in RECORDED}

_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(field.rebuild_annotation()) for name, field in SECTIONS.items()
}
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


def read_sections(tree: Tree) -> tuple[dict[str, Any], list[Mistake]]:
    """The sections of `tree` that fit the model, by name, and the mistakes in the others."""
    sections: dict[str, Any] = {}
    mistakes = [
        tree.mistake((name,), "is not a section of a policy", one_of(SECTIONS, name))
        for name in tree.data
        if name not in SECTIONS
    ]
    for name, field in SECTIONS.items():
        if name in tree.data:
            try:
                # Through JSON: strict mode then takes lists as tuples and texts as instants, and nothing else.
                sections[name] = _ADAPTERS[name].validate_json(
                    json.dumps(tree.data[name]), strict=True, context=COMPLETE
                )
            except ValidationError as error:
                mistakes += _mistakes(tree, name, error)
        elif field.is_required():
            mistakes.append(tree.mistake((name,), "is missing; every policy has this section"))
        else:
            sections[name] = field.get_default(call_default_factory=True)
    return sections, mistakes


def _mistakes(tree: Tree, section: str, error: ValidationError) -> Iterator[Mistake]:
    seen: set[Path] = set()
    for detail in error.errors(include_url=False):
        path = _written(tree, (section, *detail["loc"]), detail["type"])
        if detail["type"] == "too_short" and detail["input"]:
            continue  # it is not empty: each of its items has a mistake of its own
        if path not in seen:  # pydantic reports a union once for each of its types
            seen.add(path)
            yield tree.mistake(path, *_in_words(detail, section, path))


def _written(tree: Tree, location: Path, kind: str) -> Path:
    """Pydantic's location without the steps that the file lacks: names of union members, and "[key]"."""
    path: Path = ()
    for step in location:
        if (*path, step) in tree.places:
            path = (*path, step)
    return (*path, location[-1]) if kind == "missing" else path


def _in_words(detail: ErrorDetails, section: str, path: Path) -> tuple[str, str | None]:
    kind, given = detail["type"], detail["input"]
    if kind == "missing":
        return "is missing", None
    if kind == "extra_forbidden":
        return "is not a field here", one_of(_fields_around(section, path), str(path[-1]))
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
        return f"{_shown(given)} is not allowed here", one_of(names, given if isinstance(given, str) else None)
    if kind == "string_pattern_mismatch":
        return f"{_shown(given)} has the wrong form", f"text like {detail['ctx']['pattern']}"
    if kind == "value_error":
        return str(detail["ctx"]["error"]), None
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    return f"{_shown(given)} is not allowed here: {detail['msg'].removeprefix('Input ').lower()}", None


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _fields_around(section: str, path: Path) -> list[str]:
    """The fields of the model at the level of the last step of `path`."""
    kinds: list[Any] = [SECTIONS[section].annotation]
    for step in path[1:-1]:
        kinds = [inner for kind in kinds for inner in _step_into(kind, step)]
    return [name for kind in _models(kinds) for name in kind.model_fields]


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
