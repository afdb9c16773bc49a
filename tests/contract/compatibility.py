"""Whether a schema may follow a released one: readers and writers of both versions live side by side for a while.

Writers write exactly the fields of their version; readers ignore fields that they do not know. So a writer's schema is
taken as closed and a reader's as open, and two inclusions must hold, which `jsoncompat` decides: what was written
before can be read now, and what is written now can be read by those who know the released schema alone. `jsoncompat`
does not look at patterns and formats; they are compared here, and may not change.
"""

import json
from collections.abc import Iterator
from typing import Any

import jsoncompat

Schema = dict[str, Any]


def complaints(released: Schema, current: Schema) -> list[str]:
    """What would break, one line for each field; empty if `current` may follow `released`."""
    old, new = inlined(released), inlined(current)
    return [*_refusals(old, new, "data"), *changed_texts(old, new, "data")]


def inlined(schema: Schema) -> Schema:
    """The schema with every reference replaced by what it refers to (events are trees, so this ends)."""
    definitions = schema.get("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, list):
            return [resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return resolve(definitions[node["$ref"].removeprefix("#/$defs/")])
        return {name: resolve(value) for name, value in node.items() if name not in {"$defs", "$id"}}

    resolved: Schema = resolve(schema)
    return resolved


def closed(node: Any) -> Any:
    """The schema of what a writer of this version writes: no fields but those named."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    shut = {name: closed(value) for name, value in node.items()}
    if "properties" in node:
        shut["properties"] = {name: closed(value) for name, value in node["properties"].items()}
        shut.setdefault("additionalProperties", False)
    return shut


def _refusals(old: Schema, new: Schema, at: str) -> Iterator[str]:
    breaks = []
    if not jsoncompat.check_compat(json.dumps(closed(old)), json.dumps(new), "deserializer"):
        breaks.append("new readers would refuse events already written")
    if not jsoncompat.check_compat(json.dumps(old), json.dumps(closed(new)), "serializer"):
        breaks.append("readers of the released schema would refuse new events")
    if not breaks:
        return
    within = [line for name in _fields(old) & _fields(new) for line in _field_refusals(old, new, at, name)]
    missing = [f"{at}.{name}: is gone, but released readers require it" for name in _required(old) - _fields(new)]
    added = [f"{at}.{name}: is required, but events already written lack it" for name in _required(new) - _fields(old)]
    yield from sorted(within + missing + added) or [f"{at}: {' and '.join(breaks)}"]


def _field_refusals(old: Schema, new: Schema, at: str, name: str) -> Iterator[str]:
    yield from _refusals(old["properties"][name], new["properties"][name], f"{at}.{name}")
    if name in _required(new) - _required(old):
        yield f"{at}.{name}: is required now, but events already written may lack it"
    if name in _required(old) - _required(new):
        yield f"{at}.{name}: may be left out now, but released readers require it"


def _fields(schema: Schema) -> set[str]:
    return set(schema.get("properties", ()))


def _required(schema: Schema) -> set[str]:
    return set(schema.get("required", ()))


def changed_texts(old: Any, new: Any, at: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for word in ("pattern", "format"):
            if not isinstance(old.get(word), dict) and old.get(word) != new.get(word):
                yield f"{at}: the {word} changed from {old.get(word)} to {new.get(word)}"
        for name in sorted(old.keys() & new.keys()):
            yield from changed_texts(old[name], new[name], at if name == "properties" else f"{at}.{name}")
    elif isinstance(old, list) and isinstance(new, list):
        for index, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from changed_texts(before, after, f"{at}[{index}]")
