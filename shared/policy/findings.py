"""[pure] What a check finds."""

from collections.abc import Iterator
from typing import NamedTuple

from shared.policy.document import Path


class Finding(NamedTuple):
    """A contradiction at `path`."""

    path: Path
    message: str
    allowed: str | None = None


Findings = Iterator[Finding]
