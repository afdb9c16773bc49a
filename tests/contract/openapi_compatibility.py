"""Whether an OpenAPI document may follow a released one: clients that were made from the released one still work.

They send what the released document admits, so the current one has to admit it. They read what it says of answers, so
what is answered now must fit it; they ignore fields that they do not know. `jsoncompat` decides both. It does not look
at patterns and formats, which may not change here at all.
"""

import json
from collections.abc import Iterator
from typing import Any

import jsoncompat

from tests.contract.compatibility import changed_texts, closed

Json = dict[str, Any]


def complaints(released: Json, current: Json) -> list[str]:
    """What would break, one line for each call or part of one; empty if `current` may follow `released`."""
    old, new = _calls(released), _calls(current)
    lines = [f"{name}: is gone" for name in old.keys() - new.keys()]
    for name in old.keys() & new.keys():
        lines += [f"{name}: {line}" for line in _of_call(old[name], new[name])]
    return sorted(lines)


def _calls(document: Json) -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": _resolved(call, document["components"])
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    }


def _resolved(node: Any, components: Json) -> Any:
    """Every reference replaced by what it refers to; no examples, which may change.

    `oneOf` is taken for `anyOf`, since `jsoncompat` cannot tell that our shapes exclude each other.
    """
    if isinstance(node, list):
        return [_resolved(item, components) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        _, _, kind, name = node["$ref"].split("/")
        return _resolved(components[kind][name], components)
    named = {"anyOf" if name == "oneOf" else name: value for name, value in node.items()}
    return {name: _resolved(value, components) for name, value in named.items() if name not in ("example", "examples")}


def _of_call(old: Json, new: Json) -> Iterator[str]:
    if old["operationId"] != new["operationId"]:
        yield f"was called {old['operationId']}"
    yield from _of_parameters(_parameters(old), _parameters(new))
    yield from _of_body(old.get("requestBody"), new.get("requestBody"))
    for status, answer in old["responses"].items():
        if status not in new["responses"]:
            yield f"the answer {status} is gone"
        else:
            yield from _of_answer(status, answer, new["responses"][status])
    yield from (f"the answer {status} is new" for status in new["responses"].keys() - old["responses"].keys())


def _parameters(call: Json) -> dict[str, Json]:
    return {parameter["name"]: parameter for parameter in call.get("parameters", ())}


def _of_parameters(old: dict[str, Json], new: dict[str, Json]) -> Iterator[str]:
    for name, parameter in new.items():
        if parameter.get("required") and not old.get(name, {}).get("required"):
            yield f"the parameter {name} is required now"
        if name in old:
            yield from _narrower(f"the parameter {name}", old[name]["schema"], parameter["schema"])
    yield from (f"the parameter {name} is gone" for name in old.keys() - new.keys())


def _of_body(old: Json | None, new: Json | None) -> Iterator[str]:
    if old is None or new is None:
        if old is not new:
            yield "has a body now" if old is None else "has no body any more"
        return
    for media_type, content in old["content"].items():
        if media_type not in new["content"]:
            yield f"the body {media_type} is gone"
        else:
            yield from _narrower("the body", content["schema"], new["content"][media_type]["schema"])


def _narrower(what: str, old: Json, new: Json) -> Iterator[str]:
    if not jsoncompat.check_compat(json.dumps(old), json.dumps(new), "deserializer"):
        yield f"{what} admits less than before"
    yield from changed_texts(old, new, what)


def _of_answer(status: str, old: Json, new: Json) -> Iterator[str]:
    for name, header in old.get("headers", {}).items():
        if header.get("required") and not new.get("headers", {}).get(name, {}).get("required"):
            yield f"the answer {status} has {name} no more, or not always"
    for media_type, content in old.get("content", {}).items():
        if media_type not in new.get("content", {}):
            yield f"the answer {status} {media_type} is gone"
            continue
        before, now = _open(content["schema"]), new["content"][media_type]["schema"]
        if not jsoncompat.check_compat(json.dumps(before), json.dumps(closed(now)), "serializer"):
            yield f"the answer {status} says what its readers do not expect"
        yield from changed_texts(before, now, f"the answer {status}")


def _open(node: Any) -> Any:
    """The schema as a reader has it, who ignores fields that it does not name."""
    if isinstance(node, list):
        return [_open(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _open(value) for name, value in node.items() if not (name == "additionalProperties" and value is False)
    }
