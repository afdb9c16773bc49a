"""`python -m shared.contracts.schema_export [--check | --release]`: the JSON Schema of every event, as files.

Without a flag it writes `schemas/<type>.json`, one for each CloudEvents type, from the models. `--check` writes nothing
and exits 1 if a file differs from its model. `--release` also copies the schemas to `schemas/released/`: what producers
and consumers out there rely on, which later versions are compared with (docs/contracts.md).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from shared.contracts.base import Event
from shared.contracts.intake import ActivityRecorded
from shared.contracts.registry import TYPES

SCHEMAS = Path(__file__).parent / "schemas"
RELEASED = SCHEMAS / "released"


class _Untitled(GenerateJsonSchema):
    """Leaves out titles of fields, which would repeat their names."""

    schema_dialect = "https://json-schema.org/draft/2020-12/schema"

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(ce_type: str, model: type[Event]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the data of events of this type."""
    schema: JsonSchemaValue = model.model_json_schema(schema_generator=_Untitled)
    if model is ActivityRecorded:
        schema["properties"]["type"] = {"const": ce_type.split(".")[2], "type": "string"}
    return {
        "$schema": _Untitled.schema_dialect,
        "$id": f"urn:frontline:{ce_type}",
        "title": ce_type,
        **{name: value for name, value in schema.items() if name not in {"title", "$defs"}},
        **({"$defs": schema["$defs"]} if "$defs" in schema else {}),
    }


def render() -> dict[str, str]:
    """File name -> content, for every type that the registry has."""
    return {
        f"{ce_type}.json": json.dumps(schema_of(ce_type, model), indent=2, ensure_ascii=False) + "\n"
        for ce_type, model in sorted(TYPES.items())
    }


def differences(folder: Path = SCHEMAS) -> list[str]:
    """One line for each file of `folder` that is missing, stale, or of a type that no longer exists."""
    wanted = render()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    lines = [f"{folder.name}/{name} is missing" for name in wanted if name not in found]
    lines += [
        f"{folder.name}/{name} differs from its model"
        for name in wanted
        if found.get(name, wanted[name]) != wanted[name]
    ]
    lines += [f"{folder.name}/{name} describes no event that exists" for name in sorted(found) if name not in wanted]
    return lines


def write(folder: Path) -> None:
    """Make `folder` hold exactly the schemas of today."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = render()
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (folder / name).write_text(content, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m shared.contracts.schema_export", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not up to date")
    mode.add_argument("--release", action="store_true", help="also take the schemas for released ones")
    options = parser.parse_args(arguments)
    if options.check:
        stale = differences()
        for line in stale:
            print(line, file=sys.stderr)
        if stale:
            print("run: make schemas", file=sys.stderr)
        return 1 if stale else 0
    for folder in (SCHEMAS, RELEASED) if options.release else (SCHEMAS,):
        write(folder)
        print(f"{len(TYPES)} schemas in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
