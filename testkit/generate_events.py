"""`python testkit/generate_events.py [--check]`: the typed events of the kit, from the published JSON Schemas.

It merges the schemas into one document, so that a definition which many events share becomes one class, and has
datamodel-code-generator make `events.py` of it. `--check` writes nothing and exits 1 if the file is not up to date.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "shared" / "contracts" / "schemas"
EVENTS = Path(__file__).parent / "src" / "frontline_testkit" / "events.py"

WORD = {"maxLength": 40, "minLength": 1, "pattern": "^[A-Za-z][A-Za-z0-9_.-]{0,39}$", "type": "string"}
# Kinds of values that the schemas repeat in full at each place. Named, they are one type each.
NAMED: dict[str, dict[str, Any]] = {
    "Word": WORD,
    "Identifier": {"maxLength": 200, "minLength": 1, "type": "string"},
    "Status": {"maxLength": 60, "minLength": 1, "type": "string"},
    "Sha256": {"pattern": "^[0-9a-f]{64}$", "type": "string"},
    "Country": {"pattern": "^[A-Z]{2}$", "type": "string"},
    "Language": {"pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", "type": "string"},
    "Count": {"maximum": 2**53 - 1, "minimum": 0, "type": "integer"},
    "Seconds": {"exclusiveMinimum": 0, "maximum": 2**53 - 1, "type": "integer"},
    "BusinessDays": {"exclusiveMinimum": 0, "maximum": 1000, "type": "integer"},
}
ACTIVITY = "Activity"  # the class of which each type of activity is one
OPTIONS = (
    *("--input-file-type", "jsonschema", "--output-model-type", "pydantic_v2.BaseModel"),
    *("--target-python-version", "3.11", "--base-class", "frontline_testkit.model.Data"),
    *("--output-datetime-class", "AwareDatetime", "--enum-field-as-literal", "all"),
    *("--use-standard-collections", "--use-union-operator", "--use-annotated", "--strict-nullable"),
    *("--use-type-alias", "--use-type-alias-type", "--skip-root-model", "--keep-model-order"),
    *("--use-schema-description", "--use-single-line-docstring", "--disable-future-imports"),
    *("--custom-file-header", '"""The data of every event, typed. Generated from the JSON Schemas: make schemas."""\n'),
    "--no-formatters",
)


class SchemaNotUnderstood(Exception):
    """A schema has something that this generator does not expect; the message names it."""


def class_name(ce_type: str) -> str:
    """The class of a CloudEvents type: `frontline.clock.breached.v1` is `ClockBreached`."""
    words = re.split(r"[._]", ce_type.removeprefix("frontline.").removesuffix(".v1"))
    return "".join(word.capitalize() for word in words)


def with_named_types(node: Any) -> Any:
    """The schema with references to `NAMED` in place of repetitions."""
    if isinstance(node, list):
        return [with_named_types(each) for each in node]
    if not isinstance(node, dict):
        return node
    rules = {name: value for name, value in node.items() if name not in {"default", "description"}}
    for name, named in NAMED.items():
        if rules == named:
            return {"$ref": f"#/$defs/{name}"}
    node = {name: with_named_types(value) for name, value in node.items()}
    if "patternProperties" in node:  # an object by words: the names of its fields are not checked
        ((pattern, values),) = node.pop("patternProperties").items()
        if pattern != WORD["pattern"]:
            raise SchemaNotUnderstood(f"an object whose fields have the pattern {pattern}")
        node.pop("propertyNames", None)
        node["additionalProperties"] = values
    return node


def merged(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One document of all schemas, which are given by CloudEvents type. Raises SchemaNotUnderstood."""
    definitions: dict[str, Any] = dict(NAMED)
    for ce_type, schema in sorted(schemas.items()):
        for name, part in schema.get("$defs", {}).items():
            part = with_named_types({key: value for key, value in part.items() if key != "title"})
            if definitions.setdefault(name, part) != part:
                raise SchemaNotUnderstood(f"two definitions of {name}; one is in {ce_type}")
        body = {key: value for key, value in schema.items() if key not in {"$schema", "$id", "$defs", "title"}}
        body = with_named_types(body)
        if ce_type.startswith("frontline.activity."):
            body = _activity(definitions, body)
        if class_name(ce_type) in definitions:
            raise SchemaNotUnderstood(f"{class_name(ce_type)} is the name of two classes; one is {ce_type}")
        definitions[class_name(ce_type)] = body
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}


def _activity(definitions: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The schema of one type of activity as an extension of what they have in common, which is noted on the way."""
    word = body["properties"]["type"].pop("const")
    common = definitions.setdefault(ACTIVITY, json.loads(json.dumps(body)))
    words = common["properties"]["type"].setdefault("enum", [])
    if {**common, "properties": {**common["properties"], "type": body["properties"]["type"]}} != body:
        raise SchemaNotUnderstood(f"activity {word} differs from the others in more than its type")
    words.append(word)
    own = {"type": "object", "properties": {"type": {"const": word, "type": "string"}}, "required": ["type"]}
    return {"allOf": [{"$ref": f"#/$defs/{ACTIVITY}"}, own], "description": f"An activity of type `{word}`."}


def render(folder: Path = SCHEMAS) -> str:
    """The module for the schemas in `folder`. Raises SchemaNotUnderstood, or CalledProcessError of the generator."""
    schemas = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    with tempfile.TemporaryDirectory() as scratch:
        document, module = Path(scratch, "events.json"), Path(scratch, "events.py")
        document.write_text(json.dumps(merged(schemas)), encoding="utf-8")
        command = (sys.executable, "-m", "datamodel_code_generator", "--input", document, "--output", module, *OPTIONS)
        subprocess.run(command, check=True)  # noqa: S603 - the generator itself, by arguments from above
        classes = module.read_text(encoding="utf-8").rstrip("\n")
    lines = [f'"{ce_type}": {class_name(ce_type)},' for ce_type in sorted(schemas)]
    table = ["# The class of each CloudEvents type.", "TYPES: dict[str, type[Data]] = {", *lines, "}"]
    return _formatted("\n".join([classes, "", *table, ""]))


def _formatted(module: str) -> str:
    """The module as `make format` would leave it."""
    for words in (("check", "--select", "I", "--fix", "--quiet"), ("format",)):
        command = (sys.executable, "-m", "ruff", *words, "--stdin-filename", EVENTS, "-")
        done = subprocess.run(command, input=module, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ruff, as above
        module = done.stdout
    return module


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    wanted = render()
    if arguments == ["--check"]:
        if EVENTS.exists() and EVENTS.read_text(encoding="utf-8") == wanted:
            return 0
        print(f"{EVENTS.relative_to(ROOT)} is not up to date with the schemas; run: make schemas", file=sys.stderr)
        return 1
    EVENTS.write_text(wanted, encoding="utf-8")
    print(f"{len(list(SCHEMAS.glob('*.json')))} typed events in {EVENTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
