"""[pure] State stores: the committed state of a task, by key."""

from collections.abc import Callable, Iterable
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
        """Apply changes in order; deleting a key that does not exist is legal and does nothing.

        Called once for each committed slice that changes the store, and once for each batch of restored records.
        """

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Every key with its value, in any order. Nothing is applied before the last has been taken."""

    def __len__(self) -> int:
        """How many keys have a value."""


# Makes the store of this name for this partition. It is empty: the task restores it from its changelog.
StoreFactory = Callable[[str, int], StateStore]


class InMemoryStore:
    """A dict. Lost with the process; each takeover restores it from the changelog."""

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
        """Apply changes in order."""
        values = self._values
        for key, value in changes:
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Every key with its value, in the order in which they were first put."""
        return self._values.items()

    def __len__(self) -> int:
        return len(self._values)


def in_memory(name: str, _partition: int) -> StateStore:
    """The default `StoreFactory`."""
    return InMemoryStore(name)
