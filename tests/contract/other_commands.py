"""What is wrong with a command of another program that a document shows: curl, docker, and the scripts of Kafka."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ruamel.yaml import YAML

from shared.contracts.topics import DEAD_LETTER_SUFFIX, TASK_SOURCES, TOPICS
from shared.kafka.task_notes import group_of
from tests.contract.documents import KAFKA_SCRIPTS, Command
from tests.contract.tree import ROOT

_COMPOSE = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
_PROFILES = {profile for service in _COMPOSE.values() for profile in service.get("profiles", ())}
_DOCUMENTS: Mapping[str, dict[str, Any]] = {
    name: json.loads((ROOT / "docs" / file).read_text(encoding="utf-8"))
    for name, file in (("intake", "openapi.json"), ("board", "board-openapi.json"))
}
_WHERE = {"$FRONTLINE_URL": "intake", "http://127.0.0.1:8080": "intake", "http://127.0.0.1:8081": "board"}
# Calls that no document of an API has: those of operators, and the one of a system under test.
_UNDOCUMENTED = {("GET", "/livez"), ("GET", "/readyz"), ("GET", "/metrics"), ("POST", "/v1/test-clock")}
_CURL = {"-s": 0, "-N": 0, "-sN": 0, "--max-time": 1, "-X": 1, "-H": 1, "-d": 1, "-o": 1}
_OF_HTTP = {"authorization", "accept", "accept-language", "content-type"}
_COMPOSE_COMMANDS = {"build", "config", "down", "exec", "kill", "logs", "port", "ps", "restart", "run", "stop", "up"}
# How many words follow each option: as `kafka-acls.sh --help` has them.
_ACLS = {"--add": 0, "--bootstrap-server": 1, "--command-config": 1, "--allow-principal": 1, "--operation": 1} | {
    "--topic": 1, "--group": 1, "--transactional-id": 1, "--resource-pattern-type": 1
}  # fmt: skip
_OPERATIONS = {"Read", "Write", "Describe", "Create", "DescribeConfigs", "AlterConfigs"}


def mistakes_of(command: Command) -> list[str]:
    """What is wrong with it; of one that is only mentioned, as far as it goes."""
    if command.program == "curl":
        found = list(_of_curl(command))
    elif command.program == "docker":
        found = list(_of_docker(command.arguments))
    else:
        found = list(_of_kafka(command))
    return [f"{' '.join((command.program, *command.arguments))}: {mistake}" for mistake in found]


def unknown_profiles(command: Command) -> set[str]:
    """The profiles of the compose stack that its variables name, and that are not there."""
    given = [each.partition("=")[2].split(",") for each in command.variables if each.startswith("COMPOSE_PROFILES=")]
    return {profile for profiles in given for profile in profiles} - _PROFILES


def _options(arguments: tuple[str, ...], known: Mapping[str, int]) -> tuple[list[tuple[str, str]], list[str]]:
    """The options with their values, and the other words. Raises ValueError for an option that is not `known`."""
    options: list[tuple[str, str]] = []
    others: list[str] = []
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            others.append(word)
        elif word not in known:
            raise ValueError(f"the option {word} is not one that these documents use")
        else:
            options.append((word, next(words, "") if known[word] else ""))
    return options, others


def _of_curl(command: Command) -> Iterator[str]:
    try:
        options, others = _options(command.arguments, _CURL)
    except ValueError as error:
        yield str(error)
        return
    if not command.whole and not others:
        return  # a sentence about the program
    if len(others) != 1:
        yield f"one address is needed, not {others}"
        return
    body = [value for name, value in options if name == "-d"]
    method = next((value for name, value in options if name == "-X"), "POST" if body else "GET")
    where = next((base for base in _WHERE if others[0].startswith(f"{base}/")), None)
    if where is None:
        yield f"the address is none of {', '.join(_WHERE)}"
        return
    address = urlsplit(others[0].removeprefix(where))
    headers = dict(_header(value) for name, value in options if name == "-H")
    if (method, address.path) not in _UNDOCUMENTED:
        yield from _of_call(_DOCUMENTS[_WHERE[where]], method, address.path, address.query, headers, body)


def _of_call(
    document: dict[str, Any], method: str, path: str, query: str, headers: dict[str, str], body: list[str]
) -> Iterator[str]:
    fitting = [template for template in document["paths"] if _fits(template, path)]
    if not fitting:
        yield f"there is no {path}"
        return
    call = document["paths"][min(fitting, key=lambda template: template.count("{"))].get(method.lower())
    if call is None:
        yield f"{path} has no {method}"
        return
    parameters = {(each["in"], each["name"].lower()): each for each in call.get("parameters", ())}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if ("query", name) not in parameters:
            yield f"there is no parameter {name}"
        else:
            yield from _of_value(document, parameters["query", name]["schema"], name, value)
    yield from (f"there is no header {name}" for name in headers if name not in _OF_HTTP | {n for _, n in parameters})
    if not headers.get("authorization", "").startswith("Bearer $"):
        yield "it says nobody's key"
    kinds = call.get("requestBody", {}).get("content", {})
    if bool(body) != bool(kinds):
        yield "a body is needed" if kinds else "it has no body"
    elif kinds and headers.get("content-type") not in kinds:
        yield f"Content-Type is one of {', '.join(kinds)}"


def _of_value(document: dict[str, Any], schema: dict[str, Any], name: str, value: str) -> Iterator[str]:
    kinds = [_resolved(document, each) for each in schema.get("anyOf", [schema])]
    kinds = [_resolved(document, each["items"]) if each.get("type") == "array" else each for each in kinds]
    if words := [word for each in kinds for word in each.get("enum", ())]:
        yield from (f"{name} has no {word}" for word in value.split(",") if word not in words)
    for each in kinds:
        if each.get("type") == "integer" and not (
            value.isdigit() and each.get("minimum", 0) <= int(value) <= each.get("maximum", int(value))
        ):
            yield f"{name} is a number, of at most {each.get('maximum')}"


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _fits(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(template)), path) is not None


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip().lower(), value.strip()


def _of_docker(arguments: tuple[str, ...]) -> Iterator[str]:
    if arguments[:1] != ("compose",):
        return
    words = [*arguments[1:]]
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option != "--profile":
            yield f"the option {option} is not one that these documents use"
        elif words.pop(0) not in _PROFILES:
            yield f"the profiles are {', '.join(sorted(_PROFILES))}"
    if words and words[0] not in _COMPOSE_COMMANDS:
        yield f"compose has no {words[0]}"
    for before, word in pairwise(words):
        service, _, number = word.partition("=")
        if before == "--scale" and (service not in _COMPOSE or not number.isdigit()):
            yield f"--scale takes a service and a number, not {word}"
        elif not before.startswith("-") and not word.startswith("-") and word not in _COMPOSE:
            yield f"the stack has no {word}"


def _of_kafka(command: Command) -> Iterator[str]:
    if command.program not in KAFKA_SCRIPTS:
        yield f"write it as its file is called, {command.program}.sh"
        return
    if command.program != "kafka-acls.sh" or not command.whole:
        return
    try:
        options, others = _options(command.arguments, _ACLS)
    except ValueError as error:
        yield str(error)
        return
    yield from (f"{word} stands alone" for word in others if word != "...")
    prefixed = ("--resource-pattern-type", "prefixed") in options
    topics = {name for topic in TOPICS for name in (topic.name, topic.name + DEAD_LETTER_SUFFIX)}
    for name, value in options:
        allowed = {
            "--operation": _OPERATIONS,
            "--resource-pattern-type": {"prefixed"},
            "--group": {*TASK_SOURCES, *map(group_of, TASK_SOURCES)},
            "--topic": {f"{service}-" for service in TASK_SOURCES} if prefixed else topics,
            "--transactional-id": {f"{service}-" for service in TASK_SOURCES},
        }.get(name)
        if allowed is not None and value not in allowed:
            yield f"{name} has no {value}"
