"""[pure] The JSON Schema of policy files, for editors; `frontline policy schema` prints `policies/edition.schema.json`.

It describes an edition or a part of one, so it requires no section. `frontline policy check` finds missing sections and
contradictions.
"""

from typing import Any

from shared.policy.model import Edition
from shared.policy.sections import RECORDED

_FILES = {
    "extends": {"type": "string", "description": "The name or the file of the edition that this one changes."},
    "parts": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Files in the same folder that hold whole sections of this one.",
    },
}


def edition_schema() -> dict[str, Any]:
    """The schema, as plain data."""
    schema = Edition.model_json_schema()
    sections = {name: section for name, section in schema["properties"].items() if name not in RECORDED}
    # A file has calendar -> countries, the model country -> calendar.
    schema["$defs"]["RegionalHours"]["properties"]["regions"] = {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
        "description": "The countries that use a calendar, by calendar.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An edition of the policy, or a part of one",
        "type": "object",
        "additionalProperties": False,
        "properties": {**_FILES, **sections},
        "$defs": schema["$defs"],
    }
