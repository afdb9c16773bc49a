"""[pure] The JSON Schema of policy files, for editors; `frontline policy schema` prints `policies/edition.schema.json`.

It describes an edition or a part of one, so it requires no section. An edition that extends another has single fields,
so it requires no field of what is merged (`merging.py`). `frontline policy check` finds what is missing, and
contradictions.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.policy.field_help import EDITION, FIELDS
from shared.policy.model import Edition
from shared.policy.sections import RECORDED, SECTIONS

_FILES = {
    "extends": {"type": "string", "description": "The name or the file of the edition that this one changes."},
    "parts": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Files in the same folder that hold whole sections of this one.",
    },
    "replace": {
        "type": "array",
        "items": {"enum": list(SECTIONS)},
        "description": "The sections that replace those of the edition in `extends` as a whole, instead of merging.",
    },
}


def edition_schema() -> dict[str, Any]:
    """The schema, as plain data."""
    schema = Edition.model_json_schema()
    kinds: dict[str, Any] = schema["$defs"]
    # A file has calendar -> countries, the model country -> calendar.
    kinds["RegionalHours"]["properties"]["regions"] = {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
    }
    sections = {name: section for name, section in schema["properties"].items() if name not in RECORDED}
    for name, kind in kinds.items():
        _describe(kind["properties"], FIELDS.get(name, {}))
    _describe(sections, EDITION)
    _require_nothing_of_what_is_merged(sections.values(), kinds)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An edition of the policy, or a part of one",
        "type": "object",
        "additionalProperties": False,
        "properties": {**_FILES, **_strict(sections)},
        "$defs": _strict(kinds),
    }


def _describe(properties: dict[str, Any], texts: Mapping[str, str]) -> None:
    for name, field in properties.items():
        field.pop("title", None)  # the name again
        if name in texts:
            field["description"] = texts[name]


def _strict(part: Any) -> Any:
    """Without bounds of seconds, which JSON Schema has no such words for; keys of another form are mistakes."""
    if isinstance(part, list):
        return [_strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    more = {"additionalProperties": False} if "patternProperties" in part else {}
    return {name: _strict(value) for name, value in part.items() if name not in ("gt", "ge")} | more


def _require_nothing_of_what_is_merged(nodes: Iterable[dict[str, Any]], parts: dict[str, Any]) -> None:
    """Remove `required` from the `parts` that are merged by name, and leave the `id` where they are merged by id."""
    pending, seen = [name for node in nodes for name in _merged(node, parts)], set[str]()
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            part = parts[name]
            required = part.pop("required", [])
            if "id" in required:
                part["required"] = ["id"]
            pending += _merged(part, parts)


def _merged(node: dict[str, Any], parts: dict[str, Any]) -> Iterator[str]:
    """The names of the parts that `node` refers to, but for items of lists that have no id."""
    if "$ref" in node:
        yield node["$ref"].rpartition("/")[2]
    inner = [*node.get("properties", {}).values(), *node.get("anyOf", ())]
    inner += node.get("patternProperties", {}).values()
    if isinstance(values := node.get("additionalProperties"), dict):
        inner.append(values)
    for each in inner:
        yield from _merged(each, parts)
    if "items" in node:
        yield from (name for name in _merged(node["items"], parts) if "id" in parts[name].get("properties", {}))
