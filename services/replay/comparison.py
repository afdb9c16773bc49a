"""[pure] Compares the published events of one service with the replayed ones: counts, digests and differences.

The events of either side arrive in their own order: published ones by `add_published`, replayed ones by `match` and
`add_replayed`. Two events with the same id are the same event: they must have equal content and the same place in the
order.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from services.replay.event_difference import FieldDifference, differences
from services.replay.recorded_causes import PublishedEvent, comparable_headers, event_id, event_type
from services.replay.report import Difference, DifferenceList, Tally
from shared.kafka.record import Headers, Output, Record
from shared.messages.reason import Reason

_MAX_UNMATCHED = 20_000  # events of a task that wait for their counterpart; bounds the memory
_pack = msgspec.msgpack.Encoder().encode
_MAX_FIELDS = 50  # shown of one event; the fields beyond are left out
_NOT_REPRODUCED = Reason("replay.not_reproduced")


class _Replayed(NamedTuple):
    output: Output
    number: int  # its place in the order of the replay


class Comparison:
    """The events of one service, task after task."""

    def __init__(self, service: str, found: DifferenceList) -> None:
        self.tally = Tally(service)
        self._found = found
        self._published_hash, self._replayed_hash = hashlib.sha256(), hashlib.sha256()
        self._partition = 0
        self._replayed_count = 0
        self._last_matched = (-1, -1)  # of the latest matched pair: its number on the published and the replayed side
        self._unmatched_published: dict[str, PublishedEvent] = {}
        self._unmatched_replayed: dict[str, _Replayed] = {}
        self._excluded: set[str] = set()

    def begin_task(self, partition: int) -> None:
        """The events that follow belong to the task of this partition."""
        self._partition = partition
        self._last_matched = (-1, -1)
        self._replayed_count = 0

    # one side

    def add_published(self, record: Record) -> None:
        """Count an event of the log that is to be compared; call it in the order of the log."""
        self.tally.published += 1
        self._published_hash.update(
            _hashed_bytes(record.topic, record.partition, record.key, record.value, record.headers)
        )

    def exclude_published(self, event: PublishedEvent, reason: Reason) -> None:
        """Do not compare an event of the log, for the log no longer has what it follows from."""
        self.tally.published += 1
        self._count_not_replayable(reason)
        self._excluded.add(event.id)
        if self._unmatched_replayed.pop(event.id, None) is not None:
            self.tally.replayed -= 1

    def exclude_replayed(self, output: Output, reason: Reason) -> None:
        """Do not compare a replayed event, for the log no longer shows whether it was published."""
        self._count_not_replayable(reason)
        self._excluded.add(event_id(output))

    def is_excluded(self, output: Output) -> bool:
        """Whether a replayed event is one that is not compared."""
        return bool(self._excluded) and event_id(output) in self._excluded

    # both sides

    def match(self, events: Sequence[PublishedEvent], outputs: Sequence[Output]) -> None:
        """Compare what one cause produced in the log and in the replay; `events` were added by `add_published`."""
        replayed = [self._add_replayed(output) for output in outputs]
        by_id = {event_id(each.output): each for each in replayed}
        unmatched: list[PublishedEvent] = []
        for event in events:
            counterpart = by_id.pop(event.id, None)
            if counterpart is None:
                unmatched.append(event)
            else:
                self._compare(event, counterpart)
        for event in unmatched:
            same_type = next((key for key, other in by_id.items() if event_type(other.output) == event.type), None)
            if event.id in self._unmatched_replayed or same_type is None:
                self.unmatched_published(event)
            else:
                self._compare(event, by_id.pop(same_type), same_id=False)
        for each in by_id.values():
            self._unmatched_output(each)

    def unmatched_published(self, event: PublishedEvent) -> None:
        """The replay does not produce a published event at its cause; it may have at another, or still will."""
        counterpart = self._unmatched_replayed.pop(event.id, None)
        if counterpart is not None:
            self._compare(event, counterpart)
        elif event.id in self._unmatched_published or len(self._unmatched_published) >= _MAX_UNMATCHED:
            self.unexpected(event.record, _NOT_REPRODUCED, event)
        else:
            self._unmatched_published[event.id] = event

    def is_unmatched(self, output: Output) -> bool:
        """Whether a published event with this id still waits for its replayed counterpart."""
        return event_id(output) in self._unmatched_published

    def end_task(self) -> None:
        """The task has been replayed: report the events that have no counterpart."""
        for event, replayed in self._pairs_by_key_and_type():
            del self._unmatched_published[event.id], self._unmatched_replayed[event_id(replayed.output)]
            self._compare(event, replayed, same_id=False)
        for event in self._unmatched_published.values():
            self.unexpected(event.record, _NOT_REPRODUCED, event)
        for replayed in self._unmatched_replayed.values():
            self._missing(replayed.output)
        self._unmatched_published.clear()
        self._unmatched_replayed.clear()
        self._excluded.clear()
        self._set_digests()

    def _set_digests(self) -> None:
        self.tally.digest = self._replayed_hash.hexdigest()
        self.tally.published_digest = self._published_hash.hexdigest()

    def match_edition(self, record: Record, output: Output) -> None:
        """Compare a published edition with the replayed one. It is part of the digests, and not of the counts."""
        partition = self._partition if output.partition is None else output.partition
        self._published_hash.update(
            _hashed_bytes(record.topic, record.partition, record.key, record.value, record.headers)
        )
        self._replayed_hash.update(_hashed_bytes(output.topic, partition, output.key, output.value, output.headers))
        self._set_digests()
        if _equal(record, output, partition):
            return
        self.tally.differing += 1
        self._found.add(
            Difference(
                self.tally.service,
                "differing",
                _place(record),
                event_id(record)[:100],
                event_type(record)[:100],
                "",
                Reason("replay.other_content"),
                tuple(differences(record, output, partition)[:_MAX_FIELDS]),
            )
        )

    def missing_edition(self, output: Output) -> None:
        """The log does not have an edition that the replay publishes."""
        self._missing(output)

    # differences

    def unexpected(self, record: Record, reason: Reason, event: PublishedEvent | None = None) -> None:
        """The log has an event that the replay does not produce."""
        self.tally.unexpected += 1
        self._found.add(
            Difference(
                self.tally.service,
                "unexpected",
                _place(record),
                event_id(record)[:100],
                event_type(record)[:100],
                event.case_id if event else "",
                reason,
            )
        )

    def dead_letter_differs(self, topic: str, partition: int, offset: int, reason: Reason, place: str | None) -> None:
        """The dead letters of a record differ: one is missing, or the causes differ. `place`: of that in the log."""
        self.tally.dead_letters_differing += 1
        source = f"{topic}[{partition}]@{offset}"
        self._found.add(Difference(self.tally.service, "dead_letter", place, source, "dead letter", "", reason))

    def dead_letter_not_replayable(self, reason: Reason) -> None:
        """The dead letters of a record differ, and the log no longer shows whether that is right."""
        self.tally.dead_letters_not_replayable += 1
        self.tally.not_replayable_reasons[reason] += 1

    def _count_not_replayable(self, reason: Reason) -> None:
        self.tally.not_replayable += 1
        self.tally.not_replayable_reasons[reason] += 1

    def _add_replayed(self, output: Output) -> _Replayed:
        """Count a replayed event; called in the order of the replay."""
        self.tally.replayed += 1
        self._replayed_count += 1
        partition = self._partition if output.partition is None else output.partition
        self._replayed_hash.update(_hashed_bytes(output.topic, partition, output.key, output.value, output.headers))
        return _Replayed(output, self._replayed_count)

    def _unmatched_output(self, replayed: _Replayed) -> None:
        """The log does not have a replayed event at its cause; it may have it at another."""
        key = event_id(replayed.output)
        event = self._unmatched_published.pop(key, None)
        if event is not None:
            self._compare(event, replayed)
        elif key in self._unmatched_replayed or len(self._unmatched_replayed) >= _MAX_UNMATCHED:
            self._missing(replayed.output)
        else:
            self._unmatched_replayed[key] = replayed

    def _pairs_by_key_and_type(self) -> list[tuple[PublishedEvent, _Replayed]]:
        """Pairs of unmatched events of one type about one case: they differ in their id as well."""
        waiting: dict[tuple[str, bytes | None], list[_Replayed]] = defaultdict(list)
        for replayed in reversed(self._unmatched_replayed.values()):
            waiting[event_type(replayed.output), replayed.output.key].append(replayed)
        return [
            (event, candidates.pop())
            for event in self._unmatched_published.values()
            if (candidates := waiting.get((event.type, event.record.key)))
        ]

    def _missing(self, output: Output) -> None:
        self.tally.missing += 1
        case_id = (output.key or b"").decode(errors="replace")
        reason = Reason("replay.not_in_log")
        self._found.add(
            Difference(self.tally.service, "missing", None, event_id(output), event_type(output), case_id, reason)
        )

    def _compare(self, event: PublishedEvent, replayed: _Replayed, *, same_id: bool = True) -> None:
        """Compare content and order of two counterparts. Without the same id they differ wherever they stand."""
        numbers = (event.number, replayed.number)
        in_order = not same_id or (numbers[0] > self._last_matched[0] and numbers[1] > self._last_matched[1])
        if in_order and same_id:
            self._last_matched = numbers
        if in_order and _equal(event.record, replayed.output, self._partition):
            self.tally.identical += 1
            return
        self.tally.differing += 1
        if self._found.full:
            self._found.count += 1
            return
        fields = differences(event.record, replayed.output, self._partition)
        if not in_order:
            fields.append(FieldDifference("order", Reason("replay.value.another_order"), _place(event.record)))
        self._found.add(
            Difference(
                self.tally.service,
                "differing",
                _place(event.record),
                event.id[:100],
                event.type[:100],
                event.case_id,
                Reason("replay.other_content_or_order"),
                tuple(fields[:_MAX_FIELDS]),
            )
        )


def _equal(record: Record, output: Output, partition: int) -> bool:
    return (
        record.value == output.value
        and record.key == output.key
        and record.partition == (partition if output.partition is None else output.partition)
        and comparable_headers(record.headers) == comparable_headers(output.headers)
    )


def _hashed_bytes(topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    """Everything of an event that must be equal, as one MessagePack array of the digest's input."""
    return _pack((topic, partition, key, value, comparable_headers(headers)))


def _place(record: Record) -> str:
    return f"{record.topic}[{record.partition}]@{record.offset}"
