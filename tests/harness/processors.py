"""Small processors for tests of the runtime: the value of a record is a command to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import islice

from shared.contracts.topics import Topic
from shared.kafka.faults import PoisonRecord, TaskMustStop
from shared.kafka.record import Output, Record
from shared.streams.isolation import Isolation
from shared.streams.overlay import Overlay
from shared.streams.processor import Postponed, Processor, Timer


def fire_due(processor: Processor, overlay: Overlay, limit: int) -> int:
    """Fire at most `limit` due timers into `overlay`, as a slice does; returns how many fired."""
    fired = 0
    for timer in islice(processor.due_timers(overlay), limit):
        processor.fire(timer, overlay)
        fired += 1
    return fired


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Counter:
    """Counts the records of each key in store `counts`, and emits each count to its sink.

    Values with a meaning: `poison` raises PoisonRecord after it has changed state, `crash` raises an unexpected error,
    `stop` raises TaskMustStop, `big N` emits N bytes, `timer S` sets a timer S seconds after now; it emits `fired DUE`.
    A timer whose key begins with `crash`, `stop` or `big` does the same.
    """

    sources: tuple[Topic, ...]
    sinks: tuple[Topic, ...]
    stores: tuple[str, ...] = ("counts", "timers")
    read_first: tuple[Topic, ...] = ()
    _timers: list[tuple[datetime, bytes]] = field(default_factory=list)
    _live: dict[bytes, datetime] = field(default_factory=dict)
    _postponed: dict[bytes, datetime] = field(default_factory=dict)

    @property
    def sink(self) -> str:
        """The name of its one sink."""
        return self.sinks[0].name

    def process(self, record: Record, overlay: Overlay) -> None:
        """Obey the command in the value."""
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
            raise PoisonRecord("unexpected_type", "the record says poison")
        if word == "stop":
            raise TaskMustStop("the record says stop")
        if word == "crash":
            raise ZeroDivisionError("a customer's words")

    def due_timers(self, overlay: Overlay) -> Iterator[Timer]:
        """Due timers. The index does not change: this transaction may still be aborted."""
        for due, key in sorted((due, key) for key, due in self._live.items() if due < overlay.now):
            if key not in self._postponed or self._postponed[key] < overlay.now:
                yield Timer((due - _EPOCH) // timedelta(microseconds=1), "timers", key)

    def fire(self, timer: Timer, overlay: Overlay) -> None:
        """Emit that it fired. A key that begins with a command is obeyed like such a record."""
        due = _EPOCH + timedelta(microseconds=timer.due)
        overlay.delete("timers", timer.key)
        word = timer.key.decode().partition(" ")[0]
        answer = b"fired " + due.isoformat().encode()
        overlay.emit(Output(self.sink, timer.key, b"x" * 2_000_000 if word == "big" else answer))
        if word == "stop":
            raise TaskMustStop("the timer says stop")
        if word == "crash":
            raise ZeroDivisionError("a customer's words")

    def isolate(self, timer: Timer, error: Exception, until: datetime, overlay: Overlay) -> None:
        """Do not return it until then."""
        self._postponed[timer.key] = until
        overlay.isolations.append(Isolation(self.timer_ids(timer), error, until))

    def postponed(self) -> Postponed:
        """The timers that failed."""
        due = [self._live[key] for key in self._postponed if key in self._live]
        return Postponed(len(due), min(due, default=None))

    def timer_ids(self, timer: Timer) -> Mapping[str, str]:
        """The key of its entry."""
        return {"key": timer.key.decode()}

    def next_due(self) -> datetime | None:
        """The earliest timer, or the earliest retry."""
        if not self._postponed:
            top = self._top()
            return top[0] if top else None
        return min((self._postponed.get(key, due) for key, due in self._live.items()), default=None)

    def store_changed(self, store: str, key: bytes, value: bytes | None) -> None:
        """Keep the timer index."""
        if store != "timers":
            return
        if value is None:
            self._live.pop(key, None)
            self._postponed.pop(key, None)
            return
        due = datetime.fromisoformat(value.decode()).astimezone(UTC)
        if self._live.get(key) != due:
            self._live[key] = due
            heappush(self._timers, (due, key))

    def _top(self) -> tuple[datetime, bytes] | None:
        while self._timers and self._live.get(self._timers[0][1]) != self._timers[0][0]:
            heappop(self._timers)
        return self._timers[0] if self._timers else None


@dataclass
class Joined(Counter):
    """Emits whether the account (first source) was known when the request (second source) came."""

    def __post_init__(self) -> None:
        self.read_first = (self.sources[0],)

    def process(self, record: Record, overlay: Overlay) -> None:
        """Keep an account, or look one up."""
        if record.topic == self.sources[0].name:
            overlay.put("counts", record.key or b"", b"known")
        else:
            overlay.emit(Output(self.sink, record.key, overlay.get("counts", record.key or b"") or b"unknown"))
