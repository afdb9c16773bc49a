"""A validator for the part of JSON Schema that the schema of policy files uses. It refuses every other keyword."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
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
    "pattern": lambda value, bound: not isinstance(value, str) or re.search(bound, value) is not None,
    "enum": lambda value, bound: value in bound,
    "const": lambda value, bound: value == bound,
    "required": lambda value, bound: not isinstance(value, dict) or set(bound) <= value.keys(),
    "type": lambda value, bound: _TYPES[bound](value),
}
_NOT_CHECKED = {"$schema", "$defs", "title", "description", "default", "format"}
_APPLIED = {"properties", "patternProperties", "additionalProperties", "propertyNames", "items", "prefixItems"}


def problems(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """What is wrong with `value`, each with its place."""
    for keyword, bound in schema.items():
        if keyword in _NOT_CHECKED or keyword in _APPLIED:
            continue
        if keyword == "$ref":
            yield from problems(value, root["$defs"][bound.removeprefix("#/$defs/")], root, at)
        elif keyword == "anyOf":
            if not any(not list(problems(value, each, root, at)) for each in bound):
                yield f"{at}: {value!r} fits none of its shapes"
        elif not _BOUNDS[keyword](value, bound):
            yield f"{at}: {value!r} is not as {keyword} {bound!r} wants it"
    if isinstance(value, dict):
        yield from _of_object(value, schema, root, at)
    if isinstance(value, list):
        first = schema.get("prefixItems", ())
        for index, item in enumerate(value):
            rule = first[index] if index < len(first) else schema.get("items", True)
            yield from _inside(item, rule, root, f"{at}[{index}]")


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
