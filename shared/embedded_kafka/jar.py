"""One jar of the embedded Kafka, and the type of the callbacks that show progress."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ShowStep = Callable[[str], None]  # gets one sentence about the current step


def show_nothing(_sentence: str) -> None:
    """Ignore the step: for callers that show no progress."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar: its Maven coordinates, the SHA-256 of the file in hexadecimal, its size in bytes."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int

    @property
    def file_name(self) -> str:
        """The name of the file, in the repository and in the local folder."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def repository_path(self) -> str:
        """The path of the file in a Maven repository."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"

    def is_at(self, path: Path) -> bool:
        """Whether `path` is this jar, byte for byte."""
        try:
            if path.stat().st_size != self.size:
                return False
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except FileNotFoundError:
            return False
