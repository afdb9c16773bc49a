"""[pure] An event as the command line reads it from the log: plain JSON data, independent of the contract's models.

A module of its own, since pure modules use it and the reader of the log does I/O.
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
