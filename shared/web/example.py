"""[pure] An example in an OpenAPI document: of a body or of an answer."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Example(NamedTuple):
    """One example of a body or an answer. `value` is JSON data."""

    summary: str
    value: Any


Examples = Mapping[str, Example]  # by a name of its own
