"""[pure] A reason: the code of a sentence and its facts, without a language."""

from collections.abc import Mapping
from typing import Any


class Reason:
    """A code of the catalogue with the facts of its sentence. Equal codes with equal facts are equal."""

    __slots__ = ("code", "facts")

    def __init__(self, code: str, /, **facts: Any) -> None:
        self.code = code
        self.facts: Mapping[str, Any] = facts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reason) and (self.code, self.facts) == (other.code, other.facts)

    def __hash__(self) -> int:
        return hash((self.code, repr(sorted(self.facts.items()))))

    def __repr__(self) -> str:
        return f"Reason({', '.join([repr(self.code), *(f'{name}={value!r}' for name, value in self.facts.items())])})"

    def as_data(self) -> dict[str, Any]:
        """The code and the facts, also those that are reasons themselves, as JSON data."""
        facts = {name: each.as_data() if isinstance(each, Reason) else each for name, each in self.facts.items()}
        return {"code": self.code, "facts": facts}
