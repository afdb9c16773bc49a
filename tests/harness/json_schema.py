"""A validator for the part of JSON Schema that our schemas use. It refuses every other keyword."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: value == int(value) if _is_number(value) else False,
    "number": lambda value: _is_number(value),
    "null": lambda value: value is None,
}
_BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: not isinstance(value, int | float) or value >= bound,
    "maximum": lambda value, bound: not isinstance(value, int | float) or value <= bound,
    "exclusiveMinimum": lambda value, bound: not isinstance(value, int | float) or value > bound,
    "minItems": lambda value, bound: not isinstance(value, list) or len(value) >= bound,
    "maxItems": lambda value, bound: not isinstance(value, list) or len(value) <= bound,
    "minProperties": lambda value, bound: not isinstance(value, dict) or len(value) >= bound,
    "minLength": lambda value, bound: not isinstance(value, str) or len(value) >= bound,
    "maxLength": lambda value, bound: not isinstance(value, str) or len(value) <= bound,
    "pattern": lambda value, bound: not isinstance(value, str) or _has(value, bound),
    "enum": lambda value, bound: value in bound,
    "const": lambda value, bound: value == bound,
    "exclusiveMaximum": lambda value, bound: not isinstance(value, int | float) or value < bound,
    "uniqueItems": lambda value, bound: not isinstance(value, list) or len({*map(json.dumps, value)}) == len(value),
    "format": lambda value, bound: not isinstance(value, str) or bound not in _FORMATS or _FORMATS[bound](value),
    "required": lambda value, bound: not isinstance(value, dict) or set(bound) <= value.keys(),
    "type": lambda value, bound: _TYPES[bound](value),
}
_NOT_CHECKED = {"$schema", "$id", "$defs", "title", "description", "default", "writeOnly", "then"}
_FORMATS: Mapping[str, Callable[[str], bool]] = {"date-time": lambda text: _is_instant(text)}  # others are notes
_APPLIED = {"properties", "patternProperties", "additionalProperties", "propertyNames", "items", "prefixItems"}


def problems(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """What is wrong with `value`, each with its place."""
    for keyword, bound in schema.items():
        if keyword in _COMBINED:
            yield from _COMBINED[keyword](value, schema, root, at)
        elif keyword not in _NOT_CHECKED and keyword not in _APPLIED and not _BOUNDS[keyword](value, bound):
            yield f"{at}: {value!r} is not as {keyword} {bound!r} wants it"
    if isinstance(value, dict):
        yield from _of_object(value, schema, root, at)
    if isinstance(value, list):
        first = schema.get("prefixItems", ())
        for index, item in enumerate(value):
            rule = first[index] if index < len(first) else schema.get("items", True)
            yield from _inside(item, rule, root, f"{at}[{index}]")


def _referred(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from problems(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, at)


def _any_of(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    if not any(not list(problems(value, each, root, at)) for each in schema["anyOf"]):
        yield f"{at}: {value!r} fits none of its shapes"


def _one_of(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    fitting = sum(not list(problems(value, each, root, at)) for each in schema["oneOf"])
    if fitting != 1:
        yield f"{at}: {value!r} fits {fitting} of its shapes, and not one"


def _all_of(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    for each in schema["allOf"]:
        yield from problems(value, each, root, at)


def _not(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    if not list(problems(value, schema["not"], root, at)):
        yield f"{at}: {value!r} is what it must not be"


def _if(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    if not list(problems(value, schema["if"], root, at)):
        yield from problems(value, schema["then"], root, at)


_COMBINED = {"$ref": _referred, "anyOf": _any_of, "oneOf": _one_of, "allOf": _all_of, "not": _not, "if": _if}


def _of_object(value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    for name, item in value.items():
        yield from problems(name, schema.get("propertyNames", {}), root, f"{at}.{name}")
        rules = [schema["properties"][name]] if name in schema.get("properties", {}) else []
        rules += [rule for form, rule in schema.get("patternProperties", {}).items() if re.search(form, name)]
        for rule in rules or [schema.get("additionalProperties", True)]:
            yield from _inside(item, rule, root, f"{at}.{name}")


def _inside(value: Any, rule: Any, root: Mapping[str, Any], at: str) -> Iterator[str]:
    if rule is False:
        yield f"{at}: is not allowed here"
    elif isinstance(rule, dict):
        yield from problems(value, rule, root, at)


def _has(text: str, pattern: str) -> bool:
    """As in ECMA-262, where $ is the end, and not before a newline that ends the text."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_instant(text: str) -> bool:
    """RFC 3339, section 5.6."""
    form = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
    try:
        datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        return False
    return re.fullmatch(form, text) is not None
