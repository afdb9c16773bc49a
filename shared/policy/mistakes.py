"""[pure] The mistakes of policy files, with place, message and allowed values, and the warnings about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from shared.messages.messages import Messages
from shared.messages.reason import Reason


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. `line` counts from 1; None = the mistake is in no file."""

    file: str
    line: int | None
    field: str  # as in the file: access[2].tier
    message: str
    allowed: str | None = None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        text = f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"
        return text if self.allowed is None else f"{text}; allowed: {self.allowed}"


@dataclass(frozen=True, slots=True)
class PolicyWarning:
    """Something that a policy file may say, and that its author has probably not noticed.

    `reason` has a sentence in every language, which goes on from the name of the field.
    """

    file: str
    line: int | None
    field: str
    reason: Reason

    def text(self, messages: Messages) -> str:
        """One line, as that of a mistake, with the word for a warning."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {messages('policy.check.warning')}: {self.field}: {messages.reason(self.reason)}"


class PolicyFault(Exception):
    """Root of the errors of editions: of their files, and of published ones."""


class PolicyError(PolicyFault):
    """A policy that cannot be used. `mistakes` has every mistake that one run can find, in file order.

    `warnings` are about how the files are combined, since the rules could not be read.
    """

    def __init__(self, mistakes: Sequence[Mistake], warnings: Iterable[PolicyWarning] = ()) -> None:
        self.mistakes = tuple(mistakes)
        self.warnings = tuple(warnings)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class NoSuchEdition(PolicyError):
    """The edition does not exist, or its file cannot be read."""


def one_of(names: Iterable[str], meant: str | None = None) -> str:
    """The allowed `names`, separated by commas, with the one that is closest to `meant`."""
    listed = list(names)
    close = get_close_matches(meant, listed, n=1, cutoff=0.6) if meant else []
    return ", ".join(listed) + (f" (did you mean {close[0]}?)" if close else "")
