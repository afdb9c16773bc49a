"""What an OpenAPI document says of a call beside its schema: a tag, a summary, examples, links, headers of answers.

Most of it follows from the call itself, so a new one gets it. `openapi.py` makes the document.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.messages.catalogues import messages_in
from shared.web.errors import Refusal
from shared.web.example import Example, Examples
from shared.web.openapi import calls
from shared.web.problem import problem_details

Json = dict[str, Any]
_EXAMPLE_REF = "#/components/examples/"


@dataclass(frozen=True, slots=True)
class Details:
    """What a service knows of its calls.

    `tags` are by the first part of the address after the version, in the order of the document: name and description.
    `parameters` has examples by their names, `bodies` and `answers` by those of their models; `texts` of answers that
    are no JSON, `headers` and `links` of answers are by operationId. `refusals` are examples of whatever is refused;
    `problems` names, for the method, the address and the call, those of each answer.
    """

    servers: list[Json]
    tags: Mapping[str, tuple[str, str]]
    parameters: Mapping[str, Any]
    answers: Mapping[str, Examples]
    texts: Mapping[str, str]
    refusals: Mapping[str, Refusal]
    problems: Callable[[str, str, Json], Iterable[tuple[str, list[str]]]]
    bodies: Mapping[str, Examples] = field(default_factory=dict)
    headers: Mapping[str, Json] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


def complete(document: Json, details: Details) -> None:
    """Add tags, servers and examples to `document`, and what its calls lack."""
    named: set[str] = set()
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            call["tags"] = [_tag(path, details.tags)]
            call["summary"] = _summary(call["description"])
            for parameter in call.get("parameters", ()):
                if parameter["name"] in details.parameters:
                    parameter["example"] = details.parameters[parameter["name"]]
            _add_body(call, details.bodies)
            _add_answer(call, details)
            for status, names in details.problems(method, path, call):
                content = call["responses"][status]["content"]["application/problem+json"]
                content["examples"] = {name: {"$ref": f"{_EXAMPLE_REF}{name}"} for name in names}
                named |= {*names}
    messages = messages_in()
    document["servers"] = details.servers
    used = {tag for call in calls(document) for tag in call["tags"]}
    tags = dict(details.tags.values())
    document["tags"] = [{"name": name, "description": said} for name, said in tags.items() if name in used]
    document["components"]["examples"] = {
        name: {"summary": problem_details(refusal, messages)["title"], "value": problem_details(refusal, messages)}
        for name, refusal in details.refusals.items()
        if name in named
    }


def models(content: Json) -> list[str]:
    """The names of the models that a body or an answer may be of."""
    shapes = content["schema"].get("oneOf", [content["schema"]])
    return [shape["$ref"].rpartition("/")[2] for shape in shapes if "$ref" in shape]


def _tag(path: str, tags: Mapping[str, tuple[str, str]]) -> str:
    part = path.split("/")[2]
    return tags.get(part, (part.replace("-", " ").capitalize(),))[0]


def _summary(description: str) -> str:
    """The first sentence, without its end."""
    return re.split(r"[.:;](?:\s|$)", description, maxsplit=1)[0].replace("\n", " ")


def _add_body(call: Json, bodies: Mapping[str, Mapping[str, Example]]) -> None:
    if "requestBody" in call:
        content = call["requestBody"]["content"]["application/json"]
        _add_examples(content, bodies)


def _add_answer(call: Json, details: Details) -> None:
    status = min(call["responses"])  # there is one 2xx
    answer = call["responses"][status]
    for media_type, content in answer.get("content", {}).items():
        if media_type == "application/json":
            _add_examples(content, details.answers)
        else:
            content["example"] = details.texts[call["operationId"]]
    operation = call["operationId"]
    if operation in details.headers:
        answer["headers"] = details.headers[operation]
    if operation in details.links:
        answer["links"] = details.links[operation]


def _add_examples(content: Json, known: Mapping[str, Mapping[str, Example]]) -> None:
    found = {name: example for model in models(content) for name, example in known.get(model, {}).items()}
    if found:
        content["examples"] = {
            name: {"summary": example.summary, "value": example.value} for name, example in found.items()
        }
