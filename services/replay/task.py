"""[pure] Replays one task of a service: runs its topology on the recorded log and compares the output with the log.

The published events show the order of events: each has its cause (a source record or a timer), the time of its
slice, and the source positions of the task at that time. So for each group of events with one cause, `replay`

1. processes the silent records before the group's positions. A *silent* record is one that produced no event. The log
   does not say when the task processed it, only between which instants, and whether it was dead-lettered;
2. processes the cause itself at the recorded instant: the record, or the timers that were due;
3. compares the replayed events with the published ones.

A timer that is due, and whose event is not published yet, waits until the event comes in the log.

The subclasses `ReplayedRouter` and `ReplayedEscalation` know the timers of their service, and which of its events and
dead letters cannot be compared because retention has deleted something that they follow from.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from services.replay.comparison import Comparison
from services.replay.dead_letters import Mismatch, PublishedDeadLetter, PublishedDeadLetters
from services.replay.log import FAR_FUTURE, Log
from services.replay.recorded_causes import (
    CauseGroup,
    PublishedEvent,
    UnusableEvent,
    check_cause,
    event_id,
    group_by_cause,
    read_published,
)
from services.replay.slice_runner import EPOCH, Attempt, SliceRunner, timestamp_of
from shared.contracts.topics import Topic
from shared.contracts.vocabulary import DeadLetterCause
from shared.kafka.record import Output, Record
from shared.messages.reason import Reason
from shared.streams.processor import Processor

_FROM_THE_FUTURE: DeadLetterCause = "from_the_future"
_TOO_LARGE: DeadLetterCause = "output_too_large"

Report = Callable[[int], None]  # how many more records and events have been replayed


class ReplayedTask:
    """One partition of a service. `replay` is the entry; everything else serves it."""

    service: str
    source: str  # the `ce_source` of the service's events

    def __init__(
        self, processor: Processor, log: Log, partition: int, comparison: Comparison, report: Report = lambda _: None
    ) -> None:
        self.partition = partition
        self.log = log
        self.comparison = comparison
        self.topics: tuple[Topic, ...] = processor.sources
        self.runner = SliceRunner(self.service, processor, log, partition)
        self.dead_letters = PublishedDeadLetters(log, self.service, self.topics, partition)
        self.time_reached = EPOCH  # no later record was processed before this instant
        self.editions: dict[bytes, Output] = {}  # published by the replay, by key
        self.consumed_unknown = False  # set at the end, if the log has no committed offsets of the service
        self._report = report

    def replay(self, published: Iterable[Record]) -> None:
        """Replay the task and compare it with the events that it `published`, given in the order of publication."""
        self.comparison.begin_task(self.partition)
        self.comparison.tally.dead_letters += self.dead_letters.count
        for group in group_by_cause(self._usable_events(published)):
            self._report(len(group.events))
            self.process_silent_records(_positions_before(group), group.at)
            self.before_cause(group)
            if group.topic is None or group.offset is None:
                self._process_timers(group)
            else:
                self._process_record(group, group.topic, group.offset)
            self.time_reached = group.at
        self._finish()
        self.comparison.end_task()

    def _usable_events(self, published: Iterable[Record]) -> Iterator[PublishedEvent]:
        """The events with a cause that can be replayed. The others are reported."""
        for number, record in enumerate(published):
            event: PublishedEvent | None = None
            try:
                event = read_published(record, self.source)
                check_cause(event, self.partition, self.topics)
            except UnusableEvent as error:
                if error.outdated and event is not None:
                    self.comparison.exclude_published(event, error.reason)
                    continue
                self.comparison.add_published(record)
                self.comparison.unexpected(record, error.reason, event)
                continue
            if event.data.tzdata_version is not None:
                self.comparison.tally.tzdata_versions.add(event.data.tzdata_version)
            yield event._replace(number=number)

    # causes: records and timers that produced events

    def _process_record(self, group: CauseGroup, topic: str, offset: int) -> None:
        """Process the record that caused a group at the group's instant, and compare."""
        events = self._comparable_events(group)
        cursor = self.runner.cursors[topic]
        if cursor.head is None or cursor.head.offset != offset:
            self._report_unprocessable_cause(topic, offset, events)
            return
        self.advance_time(group.at, slice_began=True, unfired_from=group.unfired_from)
        record = cursor.take()
        self._report(1)
        expected = [(event.record.value, event.id) for event in events]
        for attempt in self.attempts(record, group.at, group.unfired_from):
            if [(output.value, event_id(output)) for output in attempt.events] == expected:
                break
        else:
            attempt = next(self.attempts(record, group.at, group.unfired_from))
        for event in events:
            self.comparison.add_published(event.record)
        self.comparison.match(events, attempt.events)
        self.commit(attempt)

    def _process_timers(self, group: CauseGroup) -> None:
        """Fire the timers that caused a group at the group's instant, and compare."""
        events = self._comparable_events(group)
        for event in events:
            self.comparison.add_published(event.record)
        self.fire_timers(events, group.at)

    def _comparable_events(self, group: CauseGroup) -> list[PublishedEvent]:
        """The events of a group that can be compared. The others are counted as not replayable."""
        comparable = []
        for event in group.events:
            if reason := self.event_not_comparable(event):
                self.comparison.exclude_published(event, reason)
            else:
                comparable.append(event)
        return comparable

    def _report_unprocessable_cause(self, topic: str, offset: int, events: list[PublishedEvent]) -> None:
        """The cause is not the next record: the log does not have it, or it was processed before (wrong order)."""
        reason: Reason | None = None
        if not self.log.has(topic, self.partition, offset):
            reason = Reason("replay.lost.cause_missing", topic=topic)
            if offset < self.log.start(topic, self.partition):
                reason = Reason("replay.lost.cause_deleted", topic=topic)
        for event in events:
            if reason:
                self.cause_missing(event, reason)
                self.comparison.exclude_published(event, reason)
            else:
                self.comparison.add_published(event.record)
                self.comparison.unmatched_published(event)

    # silent records

    def process_silent_records(self, positions: Mapping[str, int], until: datetime | None) -> None:
        """Process the silent records below `positions`; the task did so before `until`, if that is known."""
        while (record := self._next_silent_record(positions, until)) is not None:
            self.runner.cursors[record.topic].take()
            self._report(1)
            self.process_silent(record, until)
        for topic in self.topics:
            position = positions.get(topic.name, 0)
            if self._deleted_before(topic, position):
                self.runner.positions[topic.name] = max(self.runner.positions[topic.name], position)

    def _next_silent_record(self, positions: Mapping[str, int], until: datetime | None) -> Record | None:
        """Of the next record of each source, that with the earliest estimated time of processing."""
        earliest: tuple[datetime, Record] | None = None
        for topic in self.topics:
            record = self.runner.cursors[topic.name].head
            if record is not None and record.offset < positions.get(topic.name, 0):
                at = self.estimated_time(record, until)
                if earliest is None or at < earliest[0]:
                    earliest = at, record
        return None if earliest is None else earliest[1]

    def _deleted_before(self, topic: Topic, position: int) -> bool:
        """Whether the record before `position` is deleted, so that only the events show that it was processed."""
        if position <= self.log.start(topic.name, self.partition):
            return True
        return topic.policy == "compact" and not self.log.has(topic.name, self.partition, position - 1)

    def estimated_time(self, record: Record, until: datetime | None) -> datetime:
        """The earliest time at which a silent record can have been processed.

        That is after its timestamp and after the record before it, and not later than its dead letter or `until`.
        """
        letter = self.dead_letters.of(record)
        lower = max(timestamp_of(record), self.time_reached)
        return min(lower, letter.at if letter else FAR_FUTURE, until or FAR_FUTURE)

    def process_silent(self, record: Record, until: datetime | None) -> None:
        """Process a silent record at an instant at which its output agrees with the log, if there is one."""
        letter = self.dead_letters.of(record)
        if letter is not None and (cause := letter.cause_taken_from_log) is not None:
            self.commit(self._without_excluded(self.runner.dead_letter(record, letter.at, cause)))
            return
        exact = letter is not None and not self.was_buffered_first(record, letter)
        at = letter.at if letter is not None and exact else self.estimated_time(record, until)
        unfired_from = letter.unfired_from if letter is not None and exact else None
        self.advance_time(at, slice_began=exact and not self.consumed_unknown, unfired_from=unfired_from)
        candidates = dict.fromkeys([at, *([letter.at] if letter else []), until or FAR_FUTURE, self.time_reached])
        attempt = self._agreeing_attempt(record, letter, candidates, until)
        self.commit(attempt or self._disagreeing_attempt(record, letter, at))
        self.time_reached = max(self.time_reached, at)

    def _agreeing_attempt(
        self, record: Record, letter: PublishedDeadLetter | None, instants: Iterable[datetime], until: datetime | None
    ) -> Attempt | None:
        """The first slice whose output for the record is what the log has of it."""
        for now in instants:
            for attempt in self.silent_attempts(record, now):
                if self._agrees_with_log(record, letter, attempt):
                    return self.at_consistent_time(record, attempt, now, until)
        return None

    def _agrees_with_log(self, record: Record, letter: PublishedDeadLetter | None, attempt: Attempt) -> bool:
        """Whether a slice makes of a silent record what the log has of it: nothing, or a dead letter (now or later)."""
        if attempt.events:
            return False
        place = (record.topic, record.offset)
        causes = [each.cause for each in attempt.dead_letters if (each.record.topic, each.record.offset) == place]
        if causes:
            # Time decides this cause, so of a lost dead letter the estimated time is the best witness.
            if letter is None:
                lost = self.dead_letters.may_be_deleted(record.topic, timestamp_of(record))
                return lost and causes == [_FROM_THE_FUTURE]
            return causes == [letter.cause]
        return letter is None or self.is_buffered(attempt)

    def _disagreeing_attempt(self, record: Record, letter: PublishedDeadLetter | None, at: datetime) -> Attempt:
        """The slice of a record whose output the log does not have: report that, or why it cannot be compared."""
        attempt = next(self.silent_attempts(record, at))
        reason = self.output_not_comparable(record, attempt) if attempt.events else None
        letter_deleted = letter is None and self.dead_letters.may_be_deleted(record.topic, timestamp_of(record))
        if attempt.events and not reason and letter_deleted:
            # Only if the record was dead-lettered is the log complete; that dead letter is deleted.
            return self._without_excluded(self.runner.dead_letter(record, at, _TOO_LARGE))
        if not reason:
            self.comparison.match([], attempt.events)
            return attempt
        for output in attempt.events:
            self.comparison.exclude_replayed(output, reason)
        return attempt

    # slices

    def attempt(
        self, records: list[Record], now: datetime, *, timers: int, unfired_from: datetime | None = None
    ) -> Attempt:
        """Run a slice at `now`; its `events` are those to be compared."""
        return self._without_excluded(self.runner.attempt(records, now, timers, unfired_from))

    def commit(self, attempt: Attempt) -> None:
        """Commit a slice, and compare its dead letters with those in the log."""
        self.runner.commit(attempt)
        self.editions.update({output.key or b"": output for output in attempt.editions})
        for letter in attempt.dead_letters:
            self.dead_letters.compare(letter, self.comparison, self.dead_letter_not_comparable)

    def _without_excluded(self, attempt: Attempt) -> Attempt:
        events = [each for each in attempt.events if not self.comparison.is_excluded(each) and not self.ignores(each)]
        return attempt._replace(events=events)

    # the end of the log

    def _finish(self) -> None:
        """After the last published event: process what else the service has consumed, and count what is left."""
        committed = {topic.name: self.log.consumed(self.service, topic.name, self.partition) for topic in self.topics}
        self.consumed_unknown = None in committed.values()
        ends = {
            topic: max(offset or 0, self.runner.positions[topic], self.dead_letters.end_offset(topic))
            for topic, offset in committed.items()
        }
        self.process_silent_records(ends, None)
        last = self.dead_letters.last_at()
        if last is not None:
            self.advance_time(last, slice_began=False)  # the slice that wrote it may have left timers
        self.dead_letters.compare_remaining(self.comparison, self.dead_letter_not_comparable)
        for topic in self.topics:
            processed = self.log.count(topic.name, self.partition, self.runner.positions[topic.name])
            self.comparison.tally.not_yet_processed += self.log.count(topic.name, self.partition) - processed

    def record_at(self, topic: str, offset: int) -> Record | None:
        """The record at this offset of the task's partition, None if the log does not have it."""
        if not self.log.has(topic, self.partition, offset):
            return None
        return self.log.record(topic, self.partition, self.log.count(topic, self.partition, offset))

    # for subclasses: what is missing in the log

    def before_cause(self, group: CauseGroup) -> None:
        """Called before the cause of a group is processed."""

    def event_not_comparable(self, event: PublishedEvent) -> Reason | None:
        """Why a published event cannot be replayed even if its cause is in the log; None if it can."""
        del event
        return None

    def cause_missing(self, event: PublishedEvent, reason: Reason) -> None:
        """Called for an event whose cause is not in the log."""

    def ignores(self, output: Output) -> bool:
        """Whether a replayed event is meaningless, since the log has lost a part of its history."""
        del output
        return False

    def output_not_comparable(self, record: Record, attempt: Attempt) -> Reason | None:
        """Why events that a silent record produces in the replay are no difference; None if they are."""
        del record, attempt
        return None

    def dead_letter_not_comparable(self, mismatch: Mismatch) -> Reason | None:
        """Why a record that was dead-lettered in only one of log and replay is no difference; None if it is."""
        record = self.record_at(mismatch.topic, mismatch.offset)
        at = mismatch.at if record is None else min(mismatch.at, timestamp_of(record))
        if not mismatch.published and self.dead_letters.may_be_deleted(mismatch.topic, at):
            return Reason("replay.lost.dead_letters", topic=mismatch.topic)
        if record is None:
            return Reason("replay.lost.dead_lettered_record", topic=mismatch.topic)
        if self.consumed_unknown:
            return Reason("replay.lost.no_offsets", service=self.service)
        return None

    # for subclasses: timers, and records whose fate depends on the time

    def advance_time(self, now: datetime, *, slice_began: bool, unfired_from: datetime | None = None) -> None:
        """Fire the timers without events that were due before `now`; `slice_began`: a slice is known to begin then.

        `unfired_from`: that slice left timers that were due then or later.
        """

    def fire_timers(self, events: list[PublishedEvent], at: datetime) -> None:
        """Fire timers at `at` until they have produced these published events, as far as they do."""
        del at
        for event in events:
            self.comparison.unmatched_published(event)

    def attempts(self, record: Record, now: datetime, unfired_from: datetime | None = None) -> Iterator[Attempt]:
        """The slices in which the cause of events may have been processed at `now`, the most likely first."""
        yield self.attempt([record], now, timers=0, unfired_from=unfired_from)

    def silent_attempts(self, record: Record, now: datetime) -> Iterator[Attempt]:
        """The same for a record that produced no event."""
        yield from self.attempts(record, now)

    def is_buffered(self, attempt: Attempt) -> bool:
        """Whether a slice only keeps its record for later, so that a timer may still dead-letter it."""
        del attempt
        return False

    def was_buffered_first(self, record: Record, letter: PublishedDeadLetter) -> bool:
        """Whether a record was kept for later when it was processed, and dead-lettered only then."""
        del record, letter
        return False

    def at_consistent_time(self, record: Record, attempt: Attempt, now: datetime, until: datetime | None) -> Attempt:
        """The same slice, moved from `now` to the instant that fits what the log has of the record later."""
        del record, now, until
        return attempt


def _positions_before(group: CauseGroup) -> dict[str, int]:
    """The positions at which a group's cause was processed: the cause itself, if a record, is not included."""
    positions = dict(group.positions)
    if group.topic is not None and group.offset is not None:
        positions[group.topic] = min(group.offset, positions.get(group.topic, 0))
    return positions
