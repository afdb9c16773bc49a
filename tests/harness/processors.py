"""Small processors for tests of the runtime: what a record asks for is in its value, in plain words."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush, nsmallest

from shared.contracts.topics import Topic
from shared.kafka.overlay import Overlay
from shared.kafka.processor import PoisonRecord, TaskMustStop
from shared.kafka.record import Output, Record


@dataclass
class Counter:
    """Counts the records of each key in store `counts`, and emits each count to its sink.

    Values with a meaning: `poison` raises PoisonRecord after it has changed state, `crash` raises an unexpected error,
    `stop` raises TaskMustStop, `big N` emits N bytes, `timer S` sets a timer S seconds after now; it emits `fired DUE`.
    """

    sources: tuple[Topic, ...]
    sinks: tuple[Topic, ...]
    stores: tuple[str, ...] = ("counts", "timers")
    catch_up: tuple[Topic, ...] = ()
    _timers: list[tuple[datetime, bytes]] = field(default_factory=list)
    _live: dict[bytes, datetime] = field(default_factory=dict)

    @property
    def sink(self) -> str:
        """The name of its one sink."""
        return self.sinks[0].name

    def process(self, record: Record, overlay: Overlay) -> None:
        """Do what the value says."""
        key = record.key or b""
        count = int(overlay.get("counts", key) or b"0") + 1
        overlay.put("counts", key, str(count).encode())
        word, _, rest = (record.value or b"").decode().partition(" ")
        answer = str(count).encode()
        if word == "timer":
            due = overlay.now + timedelta(seconds=float(rest))
            overlay.put("timers", key, due.isoformat().encode())
            return
        if word == "big":
            answer = b"x" * int(rest)
        overlay.emit(Output(self.sink, key, answer, (("from", f"{record.topic}@{record.offset}".encode()),)))
        if word == "poison":
            raise PoisonRecord("told_to", "the record says poison")
        if word == "stop":
            raise TaskMustStop("the record says stop")
        if word == "crash":
            raise ZeroDivisionError("a customer's words")

    def punctuate(self, overlay: Overlay, limit: int) -> int:
        """Fire due timers, at most `limit`. The index stays as it is: this transaction may yet be aborted."""
        due_now = nsmallest(limit, ((due, key) for key, due in self._live.items() if due < overlay.now))
        for due, key in due_now:
            overlay.delete("timers", key)
            overlay.emit(Output(self.sink, key, b"fired " + due.isoformat().encode()))
        return len(due_now)

    def next_due(self) -> datetime | None:
        """The earliest timer."""
        top = self._top()
        return top[0] if top else None

    def store_changed(self, store: str, key: bytes, value: bytes | None) -> None:
        """Keep the timer index."""
        if store != "timers":
            return
        if value is None:
            self._live.pop(key, None)
            return
        due = datetime.fromisoformat(value.decode()).astimezone(UTC)
        if self._live.get(key) != due:
            self._live[key] = due
            heappush(self._timers, (due, key))

    def _top(self) -> tuple[datetime, bytes] | None:
        while self._timers and self._live.get(self._timers[0][1]) != self._timers[0][0]:
            heappop(self._timers)
        return self._timers[0] if self._timers else None
