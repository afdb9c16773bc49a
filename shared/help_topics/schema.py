"""[pure] The JSON Schemas of the files of help topics, for editors: of set.yaml, and of a topic.

`frontline help-topics schema set` and `… topic` print them; the shipped folder has both.
"""

from typing import Any

from pydantic import BaseModel

from shared.help_topics.model import SetFile, Topic

KINDS: dict[str, type[BaseModel]] = {"set": SetFile, "topic": Topic}
_TITLES = {"set": "What is said once for a set of help topics", "topic": "A help topic"}


def schema(kind: str) -> dict[str, Any]:
    """The schema of a kind of file, as plain data."""
    made = KINDS[kind].model_json_schema()
    parts = made.pop("$defs", {})
    for part in (made, *parts.values()):
        part.pop("description", None)  # for readers of the code
        for field in part["properties"].values():
            field.pop("title", None)  # the name again
            if "patternProperties" in field:
                field["additionalProperties"] = False  # a key of another form is a mistake
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": _TITLES[kind],
        **({"$defs": parts} if parts else {}),
    }
