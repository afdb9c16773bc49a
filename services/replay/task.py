"""[pure] One task of a service, run again on a recorded log: the same topology, at the instants that the log tells of.

An event says what made it speak, when, and how far its task had read its sources. So the sources are brought up to
there, the cause is given to the topology at that instant, and what comes out is compared. In between lie records that
made nobody speak. Their instants are not known exactly, but they lie between those that are, and what became of them
is known: nothing, or a dead letter. A timer that is due and not yet told of has to wait for its event.

Subclasses know what is special about their service: which timers there are, and what the log may have lost.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from services.replay.comparison import Comparison
from services.replay.dead_letters import Letters, LoggedDeadLetter, OneSided
from services.replay.recorded_causes import (
    LATER,
    Group,
    Log,
    NotFollowed,
    PublishedEvent,
    checked,
    event_id,
    in_groups,
    read_published,
)
from services.replay.slices import EPOCH, TICK, Slices, Tried, written
from shared.contracts.topics import Topic
from shared.contracts.vocabulary import DeadLetterCause
from shared.kafka.record import Output, Record
from shared.streams.processor import Processor

_TOO_LARGE: DeadLetterCause = "output_too_large"  # the broker's judgement, not the topology's

Report = Callable[[int], None]  # so many records and events more have been worked through


class ReplayedTask:
    """One partition of a service. `follow` does everything."""

    service: str
    source: str  # what the service calls itself in `ce_source`

    def __init__(
        self, processor: Processor, log: Log, partition: int, comparison: Comparison, report: Report = lambda _: None
    ) -> None:
        self.partition = partition
        self.log = log
        self.comparison = comparison
        self.topics: tuple[Topic, ...] = processor.sources
        self.slices = Slices(self.service, processor, log, partition)
        self.letters = Letters(log, self.service, self.topics, partition)
        self.past = EPOCH  # what time it had been, at least, when the record before was processed
        self.unsaid = False  # at the end: whether it is not known which records have been consumed
        self._report = report

    def follow(self, published: Iterable[Record]) -> None:
        """Replay the task and compare it with the events `published` by it, in the order of publication."""
        self.comparison.begin(self.partition)
        self.comparison.tally.put_aside += self.letters.count
        for group in in_groups(self._followed(published)):
            self._report(len(group.said))
            limits = dict(group.positions)
            if group.topic is not None and group.offset is not None:
                limits[group.topic] = min(group.offset, limits.get(group.topic, 0))
            self.bring_up(limits, group.at)
            self.named(group)
            if group.topic is None or group.offset is None:
                self._timers(group)
            else:
                self._cause(group, group.topic, group.offset)
            self.past = group.at
        self._finish()
        self.comparison.end()

    # what a service knows better

    def named(self, group: Group) -> None:
        """What `group` says about its own making, before its cause is given to the topology."""

    def lost(self, said: PublishedEvent) -> str:
        """Why an event cannot be replayed although its cause is in the log; "" if it can."""
        del said
        return ""

    def gone(self, said: PublishedEvent, because: str) -> None:
        """The cause of this event is not in the log (any more)."""

    def dropped(self, output: Output) -> bool:
        """Whether an event of the replay is worthless, since the log has lost a part of what it is about."""
        del output
        return False

    def doubtful(self, record: Record, tried: Tried) -> str:
        """Why it is no difference that a record makes somebody speak of which the log says nothing; "" if it is one."""
        del record, tried
        return ""

    def letter_doubtful(self, letter: OneSided) -> str:
        """Why it is no difference that a record was not put aside alike; "" if it is one."""
        record = self.record(letter.topic, letter.offset)
        at = letter.at if record is None else min(letter.at, written(record))
        if not letter.logged and self.letters.may_be_gone(letter.topic, at):
            return f"dead letters of {letter.topic} from that time are no longer in the log"
        if record is None:
            return f"the log does not have the record of {letter.topic} that was put aside"
        return f"how far {self.service} had come is not said, and this is where the log ends" if self.unsaid else ""

    def due_while(self, now: datetime, *, exactly: bool) -> None:
        """Let time pass until `now`, so that what says nothing fires; `exactly`: a slice of the log began just then."""

    def fire(self, said: list[PublishedEvent], at: datetime) -> None:
        """Fire timers at `at` until these events have been made, as far as they are."""
        del at
        for each in said:
            self.comparison.only_logged(each)

    def ways(self, record: Record, now: datetime) -> Iterator[Tried]:
        """The ways in which a record may have been processed at `now`, the likeliest first."""
        yield self.tried([record], now, timers=0)

    def waits(self, tried: Tried) -> bool:
        """Whether the record of this slice is only kept for now, and may be put aside later."""
        del tried
        return False

    def kept_first(self, record: Record, letter: LoggedDeadLetter) -> bool:
        """Whether a record was not put aside when it came, but later."""
        del record, letter
        return False

    def settled(self, record: Record, tried: Tried, now: datetime, until: datetime | None) -> Tried:
        """The same slice, at the instant that agrees best with what became of the record later."""
        del record, now, until
        return tried

    # slices

    def tried(self, records: list[Record], now: datetime, *, timers: int) -> Tried:
        """What a slice would do at `now`; `said` are the events that are to be compared."""
        return self._comparable(self.slices.tried(records, now, timers))

    def commit(self, tried: Tried) -> None:
        """It has happened; its dead letters are compared with those of the log."""
        self.slices.commit(tried)
        for letter in tried.aside:
            self.letters.compare(letter, self.comparison, self.letter_doubtful)

    def _comparable(self, tried: Tried) -> Tried:
        said = [output for output in tried.said if not self.comparison.excused(output) and not self.dropped(output)]
        return tried._replace(said=said)

    # records that made nobody speak

    def bring_up(self, limits: Mapping[str, int], until: datetime | None) -> None:
        """Take in the records below `limits` that made nobody speak; all of it happened before `until`, if given."""
        while (record := self._next_silent(limits, until)) is not None:
            self.slices.cursors[record.topic].take()
            self._report(1)
            self.silent(record, until)
        for topic in self.topics:
            limit = limits.get(topic.name, 0)
            if self._cannot_tell(topic, limit):
                self.slices.positions[topic.name] = max(self.slices.positions[topic.name], limit)

    def came(self, record: Record, until: datetime | None) -> datetime:
        """When a record was processed, as far as can be told: not before it was written, nor after it was put aside."""
        letter = self.letters.of(record)
        return min(max(written(record), self.past), letter.at if letter else LATER, until or LATER)

    def silent(self, record: Record, until: datetime | None) -> None:
        """Take in a record that made nobody speak."""
        letter = self.letters.of(record)
        if letter is not None and letter.cause == _TOO_LARGE:
            self.commit(self._comparable(self.slices.refused(record, letter.at, _TOO_LARGE)))
            return
        at_once = letter is not None and not self.kept_first(record, letter)
        came = letter.at if letter is not None and at_once else self.came(record, until)
        self.due_while(came, exactly=at_once and not self.unsaid)
        instants = dict.fromkeys([came, *([letter.at] if letter else []), until or LATER, self.past])
        self.commit(self._as_it_went(record, letter, instants, until) or self._as_it_did_not(record, letter, came))
        self.past = max(self.past, came)

    def _as_it_went(
        self, record: Record, letter: LoggedDeadLetter | None, instants: Iterable[datetime], until: datetime | None
    ) -> Tried | None:
        """The slice that made of the record what the log says of it."""
        for now in instants:
            for tried in self.ways(record, now):
                if self._as_logged(record, letter, tried):
                    return self.settled(record, tried, now, until)
        return None

    def _as_it_did_not(self, record: Record, letter: LoggedDeadLetter | None, came: datetime) -> Tried:
        """The log says nothing of what follows from the record."""
        tried = next(self.ways(record, came))
        because = self.doubtful(record, tried) if tried.said else ""
        if tried.said and not because and letter is None and self.letters.may_be_gone(record.topic, written(record)):
            # It says nothing either of whether the record was put aside, and only then is the log as it should be.
            return self._comparable(self.slices.refused(record, came, _TOO_LARGE))
        if not because:
            self.comparison.group([], tried.said)
            return tried
        for output in tried.said:
            self.comparison.excuse(output, because)
        return tried

    def _as_logged(self, record: Record, letter: LoggedDeadLetter | None, tried: Tried) -> bool:
        """Whether a slice makes of the record what the log says of it: nothing, or a dead letter (perhaps later)."""
        if tried.said:
            return False
        place = (record.topic, record.offset)
        own = [each.cause for each in tried.aside if (each.record.topic, each.record.offset) == place]
        if own:
            return letter is not None and own == [letter.cause]
        return letter is None or self.waits(tried)

    def _next_silent(self, limits: Mapping[str, int], until: datetime | None) -> Record | None:
        """Of the records below `limits` the one that came first, as far as can be told."""
        found: tuple[datetime, Record] | None = None
        for topic in self.topics:
            record = self.slices.cursors[topic.name].head
            if record is not None and record.offset < limits.get(topic.name, 0):
                came = self.came(record, until)
                if found is None or came < found[0]:
                    found = came, record
        return None if found is None else found[1]

    def _cannot_tell(self, topic: Topic, position: int) -> bool:
        """Whether the log has lost the record before `position`, so that it has to be believed."""
        if position <= self.log.start(topic.name, self.partition):
            return True
        return topic.policy == "compact" and not self.log.has(topic.name, self.partition, position - 1)

    # what made somebody speak

    def _followed(self, published: Iterable[Record]) -> Iterator[PublishedEvent]:
        """The events that say what has to be known; the others are told of."""
        for number, record in enumerate(published):
            said: PublishedEvent | None = None
            try:
                said = read_published(record, self.source)
                checked(said, self.partition, self.topics)
            except NotFollowed as error:
                if error.gone and said is not None:
                    self.comparison.cannot_follow(said, str(error))
                    continue
                self.comparison.logged(record)
                self.comparison.unexpected(record, str(error), said)
                continue
            self.comparison.tally.note_versions(said.head.tzdata_version, said.head.holidays_version)
            yield said._replace(number=number)

    def _cause(self, group: Group, topic: str, offset: int) -> None:
        """Give the record that is the cause to the topology, at the instant that its events tell of."""
        said = self._not_lost(group)
        cursor = self.slices.cursors[topic]
        if cursor.head is None or cursor.head.offset != offset:
            self._without_cause(topic, offset, said)
            return
        self.due_while(group.at, exactly=True)
        record = cursor.take()
        self._report(1)
        expected = [(each.record.value, each.id) for each in said]
        for tried in self.ways(record, group.at):
            if [(output.value, event_id(output)) for output in tried.said] == expected:
                break
        else:
            tried = next(self.ways(record, group.at))
        for each in said:
            self.comparison.logged(each.record)
        self.comparison.group(said, tried.said)
        self.commit(tried)

    def _timers(self, group: Group) -> None:
        said = self._not_lost(group)
        for each in said:
            self.comparison.logged(each.record)
        self.fire(said, group.at)

    def _not_lost(self, group: Group) -> list[PublishedEvent]:
        """The events of a group that can be compared; the others are told of."""
        found = []
        for each in group.said:
            if because := self.lost(each):
                self.comparison.cannot_follow(each, because)
            else:
                found.append(each)
        return found

    def _without_cause(self, topic: str, offset: int, said: list[PublishedEvent]) -> None:
        """The log does not have the record, or it is behind us: events tell of it that do not follow each other."""
        because = ""
        if not self.log.has(topic, self.partition, offset):
            because = f"the log does not have the record of {topic} that they follow from"
            if offset < self.log.start(topic, self.partition):
                because = f"{topic} begins later now: the record that they follow from is gone"
        for each in said:
            if because:
                self.gone(each, because)
                self.comparison.cannot_follow(each, because)
            else:
                self.comparison.logged(each.record)
                self.comparison.only_logged(each)

    # the end

    def _finish(self) -> None:
        """No event tells of anything any more: take in what the service has consumed, and count what is left."""
        self.unsaid = any(self.log.consumed(self.service, topic.name, self.partition) is None for topic in self.topics)
        self.bring_up({topic.name: self._consumed(topic.name) for topic in self.topics}, None)
        last = self.letters.last_at()
        if last is not None:
            self.due_while(last + TICK, exactly=not self.unsaid)
        self.letters.compare_rest(self.comparison, self.letter_doubtful)
        for topic in self.topics:
            behind = self.log.count(topic.name, self.partition, self.slices.positions[topic.name])
            self.comparison.tally.not_yet_processed += self.log.count(topic.name, self.partition) - behind

    def _consumed(self, topic: str) -> int:
        committed = self.log.consumed(self.service, topic, self.partition) or 0
        return max(committed, self.slices.positions[topic], self.letters.end(topic))

    def record(self, topic: str, offset: int) -> Record | None:
        """The record at a place of the task's partition, if the log has it."""
        if not self.log.has(topic, self.partition, offset):
            return None
        return self.log.record(topic, self.partition, self.log.count(topic, self.partition, offset))
