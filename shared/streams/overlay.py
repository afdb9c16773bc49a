"""[pure] The changes and outputs of one transaction, kept apart from the stores until it has committed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Output
from shared.streams.isolation import Isolation


class ReadableStore(Protocol):
    """The part of a state store that processing may see."""

    def get(self, key: bytes) -> bytes | None:
        """The committed value of `key`, or None."""


_ABSENT = object()


class Overlay:
    """Reads see this transaction's own changes first, then the committed store. An abort drops the overlay.

    `now` is the wall clock of the slice: one instant for the whole transaction. `positions` are, for each source topic,
    the offset after the last record consumed, this transaction's records included. `unfired_from` is the instant of
    the earliest due timer that the slice has left for a later one; None = it has fired all that were due.
    """

    __slots__ = (
        "_lengths",
        "_record_changes",
        "_stores",
        "callbacks",
        "changes",
        "dead_letters",
        "isolations",
        "now",
        "outputs",
        "partition",
        "positions",
        "unfired_from",
    )

    def __init__(
        self,
        stores: Mapping[str, ReadableStore],
        *,
        now: datetime,
        partition: int,
        positions: Mapping[str, int] | None = None,
    ) -> None:
        self._stores = stores
        self.now = now
        self.partition = partition
        self.positions: dict[str, int] = dict(positions or {})
        self.unfired_from: datetime | None = None
        self.changes: dict[tuple[str, bytes], bytes | None] = {}
        self.outputs: list[Output] = []
        self.dead_letters: list[DeadLetter] = []  # those among `outputs`
        self.isolations: list[Isolation] = []  # for the log, once it has committed
        self.callbacks: list[Callable[[], None]] = []
        self._record_changes: dict[tuple[str, bytes], object] = {}
        self._lengths = (0, 0, 0, 0)  # of the four lists at the last savepoint

    def positions_beside(self, topic: str) -> dict[str, int]:
        """The positions of all source topics but this one."""
        return {name: position for name, position in self.positions.items() if name != topic}

    def get(self, store: str, key: bytes) -> bytes | None:
        """The value that `key` would have if this transaction committed now."""
        changed = self.changes.get((store, key), _ABSENT)
        if changed is _ABSENT:
            return self._stores[store].get(key)
        return changed  # type: ignore[return-value]  # the sentinel is excluded above

    def put(self, store: str, key: bytes, value: bytes) -> None:
        """Set `key`."""
        self._change(store, key, value)

    def delete(self, store: str, key: bytes) -> None:
        """Delete `key`; its changelog gets a tombstone."""
        self._change(store, key, None)

    def emit(self, output: Output) -> None:
        """Produce a record when the transaction commits."""
        self.outputs.append(output)

    def dead_letter(self, letter: DeadLetter) -> None:
        """Dead-letter a record when the transaction commits. The runtime counts and logs it then."""
        letter = replace(letter, unfired_from=self.unfired_from)
        self.emit(dead_letters.to_output(letter))
        self.dead_letters.append(letter)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the transaction has committed: a metric must not count the tries of a transaction."""
        self.callbacks.append(callback)

    def savepoint(self) -> None:
        """`rollback` undoes everything from here on. Called before each record and each timer."""
        self._record_changes.clear()
        self._lengths = (len(self.outputs), len(self.dead_letters), len(self.callbacks), len(self.isolations))

    def rollback(self) -> None:
        """Undo everything since the last savepoint."""
        for name, before in self._record_changes.items():
            if before is _ABSENT:
                del self.changes[name]
            else:
                self.changes[name] = before  # type: ignore[assignment]  # the value before
        outputs, letters, callbacks, isolations = self._lengths
        del self.outputs[outputs:]
        del self.dead_letters[letters:]
        del self.callbacks[callbacks:]
        del self.isolations[isolations:]
        self._record_changes.clear()

    def _change(self, store: str, key: bytes, value: bytes | None) -> None:
        name = (store, key)
        self._record_changes.setdefault(name, self.changes.get(name, _ABSENT))
        self.changes[name] = value
