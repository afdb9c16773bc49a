"""[pure] What was published against what follows from the log: counted, digested, and each difference told.

The two sides of one service arrive in their own order: events of the log with `logged`, those that the replay makes
with `replayed`. Two with the same id are the same event, and have to be equal and in the same place of the order.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from services.replay.event_difference import FieldDifference, differences
from services.replay.recorded_causes import PublishedEvent, event_id, event_type, meant_headers
from services.replay.report import Difference, ReplayReport, Tally
from shared.kafka.record import Headers, Output, Record

_UNMATCHED_AT_MOST = 20_000  # events of a task that wait for their other half; more would fill the memory
_pack = msgspec.msgpack.Encoder().encode
_FIELDS_AT_MOST = 50  # of one event; a wholly different one need not be spelt out


class _Emitted(NamedTuple):
    output: Output
    number: int


class Comparison:
    """The events of one service, task after task."""

    def __init__(self, service: str, findings: ReplayReport) -> None:
        self.tally = Tally(service)
        self._findings = findings
        self._published, self._replayed = hashlib.sha256(), hashlib.sha256()
        self._partition = 0
        self._emitted = 0
        self._last = (-1, -1)  # of the pair matched last: its number on either side
        self._only_logged: dict[str, PublishedEvent] = {}
        self._only_replayed: dict[str, _Emitted] = {}
        self._excused: set[str] = set()

    def begin(self, partition: int) -> None:
        """What follows is of this task."""
        self._partition = partition
        self._last = (-1, -1)
        self._emitted = 0

    # one side

    def logged(self, record: Record) -> None:
        """The log has this event, and it is to be compared. In the order of the log."""
        self.tally.published += 1
        self._published.update(_meant(record.topic, record.partition, record.key, record.value, record.headers))

    def cannot_follow(self, said: PublishedEvent, because: str) -> None:
        """The log has this event, but no longer what it follows from: it is compared with nothing."""
        self.tally.published += 1
        self.not_replayable(because)
        self._excused.add(said.id)
        if self._only_replayed.pop(said.id, None) is not None:
            self.tally.replayed -= 1

    def not_replayable(self, because: str) -> None:
        """One more event that cannot be compared, and why."""
        self.tally.not_replayable += 1
        self.tally.because[because] += 1

    def excused(self, output: Output) -> bool:
        """Whether an event of the replay is one that cannot be compared."""
        return bool(self._excused) and event_id(output) in self._excused

    def excuse(self, output: Output, because: str) -> None:
        """The replay makes an event, and the log no longer tells whether it was published: it is not compared."""
        self.not_replayable(because)
        self._excused.add(event_id(output))

    def replayed(self, output: Output) -> _Emitted:
        """The replay publishes this event. In the order of the replay."""
        self.tally.replayed += 1
        self._emitted += 1
        partition = self._partition if output.partition is None else output.partition
        self._replayed.update(_meant(output.topic, partition, output.key, output.value, output.headers))
        return _Emitted(output, self._emitted)

    # both sides

    def group(self, said: Sequence[PublishedEvent], outputs: Sequence[Output]) -> None:
        """What one cause made, in the log and in the replay; `logged` has been called for the former."""
        emitted = [self.replayed(output) for output in outputs]
        by_id = {event_id(each.output): each for each in emitted}
        left: list[PublishedEvent] = []
        for each in said:
            other = by_id.pop(each.id, None)
            if other is None:
                left.append(each)
            else:
                self._pair(each, other)
        for each in left:
            alike = next((key for key, other in by_id.items() if event_type(other.output) == each.type), None)
            if each.id in self._only_replayed or alike is None:
                self.only_logged(each)
            else:
                self._pair(each, by_id.pop(alike), by_likeness=True)
        for other in by_id.values():
            self.only_replayed(other)

    def only_logged(self, said: PublishedEvent) -> None:
        """The log has an event that the replay does not make here; perhaps it did, or will, elsewhere."""
        other = self._only_replayed.pop(said.id, None)
        if other is not None:
            self._pair(said, other)
        elif said.id in self._only_logged or len(self._only_logged) >= _UNMATCHED_AT_MOST:
            self.unexpected(said.record, "it does not follow from its cause", said)
        else:
            self._only_logged[said.id] = said

    def only_replayed(self, emitted: _Emitted) -> None:
        """The replay makes an event that the log does not have here; perhaps it has it elsewhere."""
        name = event_id(emitted.output)
        said = self._only_logged.pop(name, None)
        if said is not None:
            self._pair(said, emitted)
        elif name in self._only_replayed or len(self._only_replayed) >= _UNMATCHED_AT_MOST:
            self._missing(emitted.output)
        else:
            self._only_replayed[name] = emitted

    def waits_for(self, output: Output) -> bool:
        """Whether the log had this event before the replay makes it."""
        return event_id(output) in self._only_logged

    def end(self) -> None:
        """The task has been replayed: what is left has no other half, unless it differs in its very id."""
        for said, emitted in self._alike():
            del self._only_logged[said.id], self._only_replayed[event_id(emitted.output)]
            self._pair(said, emitted, by_likeness=True)
        for said in self._only_logged.values():
            self.unexpected(said.record, "it does not follow from its cause", said)
        for emitted in self._only_replayed.values():
            self._missing(emitted.output)
        self._only_logged.clear()
        self._only_replayed.clear()
        self._excused.clear()
        self.tally.digest, self.tally.published_digest = self._replayed.hexdigest(), self._published.hexdigest()

    # what is wrong

    def unexpected(self, record: Record, because: str, said: PublishedEvent | None = None) -> None:
        """The log has an event that does not follow from it."""
        self.tally.unexpected += 1
        self._findings.add(
            Difference(
                self.tally.service,
                "unexpected",
                _place(record),
                event_id(record)[:100],
                event_type(record)[:100],
                said.case_id if said else "",
                because,
            )
        )

    def letter(self, topic: str, partition: int, offset: int, because: str, place: str | None) -> None:
        """A record was put aside and should not have been, or the other way round, or for another cause."""
        self.tally.put_aside_differing += 1
        source = f"{topic}[{partition}]@{offset}"
        self._findings.add(Difference(self.tally.service, "dead_letter", place, source, "dead letter", "", because))

    def _alike(self) -> list[tuple[PublishedEvent, _Emitted]]:
        """Of the events without another half, pairs of one type about one case."""
        waiting: dict[tuple[str, bytes | None], list[_Emitted]] = defaultdict(list)
        for emitted in reversed(self._only_replayed.values()):
            waiting[event_type(emitted.output), emitted.output.key].append(emitted)
        return [
            (said, alike.pop())
            for said in self._only_logged.values()
            if (alike := waiting.get((said.type, said.record.key)))
        ]

    def letter_not_replayable(self, because: str) -> None:
        """A record was put aside on one side only, and the log no longer tells whether that is right."""
        self.tally.put_aside_not_replayable += 1
        self.tally.because[because] += 1

    def _missing(self, output: Output) -> None:
        self.tally.missing += 1
        case_id = (output.key or b"").decode(errors="replace")
        because = "it follows from the log, which does not have it"
        self._findings.add(
            Difference(self.tally.service, "missing", None, event_id(output), event_type(output), case_id, because)
        )

    def _pair(self, said: PublishedEvent, emitted: _Emitted, *, by_likeness: bool = False) -> None:
        """Two halves of one event, found by their id. Those that are only alike differ anyway, wherever they stand."""
        numbers = (said.number, emitted.number)
        in_order = by_likeness or (numbers[0] > self._last[0] and numbers[1] > self._last[1])
        if in_order and not by_likeness:
            self._last = numbers
        equal = in_order and _equal(said.record, emitted.output, self._partition)
        if equal:
            self.tally.identical += 1
            return
        self.tally.differing += 1
        if self._findings.full:
            self._findings.count += 1
            return
        fields = differences(said.record, emitted.output, self._partition)
        if not in_order:
            fields.append(
                FieldDifference("order", "published at another place than it follows at", _place(said.record))
            )
        because = "not as it follows from its cause"
        self._findings.add(
            Difference(
                self.tally.service,
                "differing",
                _place(said.record),
                said.id[:100],
                said.type[:100],
                said.case_id,
                because,
                tuple(fields[:_FIELDS_AT_MOST]),
            )
        )


def _equal(record: Record, output: Output, partition: int) -> bool:
    return (
        record.value == output.value
        and record.key == output.key
        and record.partition == (partition if output.partition is None else output.partition)
        and meant_headers(record.headers) == meant_headers(output.headers)
    )


def _meant(topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    """All of an event that has to be equal, as it goes into a digest: one MessagePack array after the other."""
    return _pack((topic, partition, key, value, meant_headers(headers)))


def _place(record: Record) -> str:
    return f"{record.topic}[{record.partition}]@{record.offset}"
