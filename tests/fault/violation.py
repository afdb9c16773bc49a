"""[pure] One violation of an invariant: which one, about what, and what the log shows."""

from typing import NamedTuple


class Violation(NamedTuple):
    """`invariant` is a name of `checker.INVARIANTS`, `subject` a request, case, account or place in the log."""

    invariant: str
    subject: str
    found: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.subject}: {self.found}"
