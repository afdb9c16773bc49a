"""[pure] An event as the command line reads it from the log: plain data, whatever model wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event: its CloudEvents id and type, and its data as JSON read it."""

    id: str
    type: str
    data: Mapping[str, Any]
