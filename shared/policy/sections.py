"""[pure] Validates each section of a policy document against the model, and describes every mistake in words."""

import json
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shared.contracts.vocabulary import LANGUAGE_PATTERN, WORD_PATTERN
from shared.policy.base import COUNTRY_PATTERN, Named, Rule
from shared.policy.document import Path, Tree
from shared.policy.mistakes import Mistake, one_of
from shared.policy.model import Edition

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
# The allowed form of what has a pattern, in words.
_FORMS = {
    WORD_PATTERN: "a letter, then letters, digits and _ . -, at most 40 in all",
    COUNTRY_PATTERN: "an ISO 3166-1 code of two capital letters, such as ES",
    LANGUAGE_PATTERN: "a BCP 47 tag, such as en or pt-BR",
}


class Sections(dict[str, Any]):
    """The sections that fit the model, by name.

    `partial` has those in which some entries do not fit. Such an entry is there without content, since its word is
    defined all the same: one mistake in a section does not hide mistakes of others.
    """

    def __init__(self) -> None:
        super().__init__()
        self.partial: dict[str, Any] = {}


def read_sections(tree: Tree) -> tuple[Sections, list[Mistake]]:
    """The sections of `tree`, and the mistakes in them."""
    sections = Sections()
    mistakes = [
        tree.mistake((name,), "is not a section of a policy", one_of(SECTIONS, name))
        for name in tree.data
        if name not in SECTIONS
    ]
    languages: tuple[str, ...] = ()
    for name in sorted(SECTIONS, key=lambda section: section != "languages"):  # texts are in these
        field = SECTIONS[name]
        if name in tree.data:
            try:
                # Through JSON: strict mode then takes lists as tuples and texts as instants, and nothing else.
                sections[name] = _ADAPTERS[name].validate_json(
                    json.dumps(tree.data[name]), strict=True, context={"languages": languages}
                )
            except ValidationError as error:
                mistakes += _mistakes(tree, name, error)
                if (readable := _readable(name, tree.data[name], languages)) is not None:
                    sections.partial[name] = readable
        elif field.is_required():
            mistakes.append(tree.mistake((name,), "is missing; every policy has this section"))
        else:
            sections[name] = field.get_default(call_default_factory=True)
        if name == "languages":
            languages = sections.get("languages", ())
    return sections, mistakes


def _readable(section: str, data: Any, languages: tuple[str, ...]) -> Any:
    """The words or the rules of a section: those that fit, and the others without content. None for other sections."""
    annotation = SECTIONS[section].annotation
    origin, inner = get_origin(annotation), get_args(annotation)
    kind = inner[1] if origin is dict and isinstance(data, dict) else None
    kind = inner[0] if origin is tuple and isinstance(data, list) else kind
    if not isinstance(kind, type) or not issubclass(kind, Rule):
        return None

    def entry(value: Any) -> Rule:
        try:
            return kind.model_validate_json(json.dumps(value), strict=True, context={"languages": languages})
        except ValidationError:
            return _without_content(kind)

    if isinstance(data, dict):
        return {name: entry(value) for name, value in data.items()}
    return tuple(map(entry, data))


def _without_content(kind: type[Rule]) -> Rule:
    """An entry of which only the word is known: what it must have is empty, and it is called nothing."""
    empty: dict[Any, Any] = {dict: {}, tuple: ()}
    content = {
        name: empty.get(get_origin(field.annotation), "")
        for name, field in kind.model_fields.items()
        if field.is_required()
    }
    return kind.model_construct(
        _fields_set=set(content), **content, **({"name": {}} if issubclass(kind, Named) else {})
    )


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


def _fields_around(section: str, path: Path) -> list[str]:
    """The fields of the model at the level of the last step of `path`."""
    kinds: list[Any] = [SECTIONS[section].annotation]
    for step in path[1:-1]:
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
