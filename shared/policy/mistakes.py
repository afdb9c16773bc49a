"""[pure] What is wrong with a policy file, said so that whoever wrote it can mend it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: where (`line` counts from 1, null if it is in no file), what is wrong, what is allowed."""

    file: str
    line: int | None
    field: str  # as in the file: access[2].tier
    message: str
    allowed: str | None = None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        text = f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"
        return text if self.allowed is None else f"{text}; allowed: {self.allowed}"


class PolicyFault(Exception):
    """Root of what goes wrong with editions: with their files, and with those that were published."""


class PolicyError(PolicyFault):
    """A policy that cannot be used. `mistakes` holds every mistake that could be found in one go, in file order."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class NoSuchEdition(PolicyError):
    """The edition that was asked for does not exist, or its file cannot be read: nothing is known about its rules."""


def one_of(names: Iterable[str], meant: str | None = None) -> str:
    """The allowed `names` in words, and the one that was probably `meant`."""
    listed = list(names)
    close = get_close_matches(meant, listed, n=1, cutoff=0.6) if meant else []
    return ", ".join(listed) + (f" (did you mean {close[0]}?)" if close else "")
