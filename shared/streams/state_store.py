"""[pure] State stores: what a task knows, by key, as of its last committed transaction."""

from collections.abc import Iterable, Iterator
from typing import Protocol

Change = tuple[bytes, bytes | None]  # a key and its new value; None = deleted


class StateStore(Protocol):
    """Keys and values are bytes. Only committed changes are ever applied, so there is nothing to undo.

    Every implementation passes the contract suite in `tests/contract/stores/`.
    """

    @property
    def name(self) -> str:
        """The store's name; its changelog is `{service}-{name}-changelog`."""

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None if there is none."""

    def apply(self, changes: Iterable[Change]) -> None:
        """Take over changes in order; deleting a key that is not there is legal and does nothing."""

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every key with its value, in no particular order."""

    def __len__(self) -> int:
        """How many keys have a value."""


class InMemoryStore:
    """A dict. Restored from the changelog at each takeover; lost with the process, and that is all right."""

    __slots__ = ("_name", "_values")

    def __init__(self, name: str) -> None:
        self._name = name
        self._values: dict[bytes, bytes] = {}

    @property
    def name(self) -> str:
        """The store's name."""
        return self._name

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None if there is none."""
        return self._values.get(key)

    def apply(self, changes: Iterable[Change]) -> None:
        """Take over changes in order."""
        values = self._values
        for key, value in changes:
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every key with its value, as of now: later changes do not disturb the iteration."""
        return iter(list(self._values.items()))

    def __len__(self) -> int:
        return len(self._values)
