"""[pure] An event as the command line reads it from the log: plain JSON data, independent of the contract's models.

The reader of the log does I/O, so pure modules cannot import it; they import this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event: its CloudEvents id and type, and its parsed JSON data."""

    id: str
    type: str
    data: Mapping[str, Any]
