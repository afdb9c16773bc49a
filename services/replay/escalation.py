"""[pure] Replays a task of escalation: cases, activity and timers, in the order that published events prove.

Cases do not affect each other. If the log has lost a part of a case's history (its decision, activity, earlier events),
the events of that case cannot be replayed, and those of all other cases can. Such a case is called *incomplete*.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from services.escalation import early_activity
from services.escalation.early_activity import Budget
from services.escalation.edition_store import EditionStore
from services.escalation.publishing import SOURCE
from services.escalation.topology import SERVICE, TOMBSTONE_KEPT_FOR, EscalationTopology
from services.replay.comparison import Comparison
from services.replay.dead_letters import Mismatch, PublishedDeadLetter
from services.replay.editions import EditionsAtTime
from services.replay.log import FAR_FUTURE, Log
from services.replay.recorded_causes import CauseGroup, PublishedEvent, UnusableEvent, event_id, read_published
from services.replay.slice_runner import EPOCH, TICK, Attempt, timestamp_of
from services.replay.task import ReplayedTask, Report
from shared.business_time.instants import to_micros
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Output, Record
from shared.messages.reason import Reason
from shared.sla import case_state
from shared.sla.case import QUIET_AFTER_CLOSED
from shared.sla.packing import pack_id, unpack_id
from shared.streams.processor import Timer

_BUFFERED_FOR = timedelta(microseconds=early_activity.KEPT_FOR)
_CASE_REMEMBERED_FOR = timedelta(microseconds=QUIET_AFTER_CLOSED + TOMBSTONE_KEPT_FOR)
_WHAT_THE_LOG_SAYS = Budget(2**63, 2**63)  # of early activity, what was too much has its dead letter there
_DECISION_DELETED = Reason("replay.lost.decision", topic=CASES.name)


class ReplayedEscalation(ReplayedTask):
    """One partition of escalation."""

    service = SERVICE
    source = SOURCE

    def __init__(
        self,
        editions: EditionsAtTime,
        pinned: EditionStore,
        log: Log,
        partition: int,
        comparison: Comparison,
        report: Report = lambda _: None,
    ) -> None:
        super().__init__(
            EscalationTopology(pinned, partitions=log.partitions, trace=lambda _: "", early_budget=_WHAT_THE_LOG_SAYS),
            log,
            partition,
            comparison,
            report,
        )
        self._editions = editions
        self._editions.unknown = self.dead_letters.unknown_editions
        self._incomplete: dict[str, Reason] = {}  # case id -> what the log has lost of it
        self.editions_of_complete_cases: set[bytes] = set()  # keys of those in `editions` that the log must have
        # Event id -> when it was published; read from the log only when something differs.
        self._publication_times: dict[str, datetime] | None = None
        self._activity_position = 0  # of the group that is being replayed
        # Whether the log has all events from here on: nothing was deleted, or an event in the log has been replayed.
        self._events_complete = not log.start(ESCALATIONS.name, partition)
        self._held_due: datetime | None = None  # the due time of a timer that waits for its event in the log
        self._slice_at: datetime | None = None  # the latest instant at which a slice is known to have begun
        self._cases_deleted = log.start(CASES.name, partition) > 0
        self._activity_start = log.start(ACTIVITY.name, partition)
        first = self.runner.cursors[ACTIVITY.name].first
        # Deleted activity may have been buffered until its case came, so it affects cases for a while longer.
        self._activity_incomplete_until = None if first is None else timestamp_of(first) + _BUFFERED_FOR

    # what the log has lost

    def event_not_comparable(self, event: PublishedEvent) -> Reason | None:
        """Why the events of a case cannot be replayed."""
        reason = self._incomplete.get(event.case_id)
        decided_before = event.cause.topic != CASES.name
        if reason is None and self._cases_deleted and decided_before and not self._is_known(event.case_id):
            reason = self._incomplete[event.case_id] = _DECISION_DELETED
        return reason

    def cause_missing(self, event: PublishedEvent, reason: Reason) -> None:
        """Without one of its causes the further history of a case is unknown."""
        self._incomplete.setdefault(event.case_id, reason)

    def ignores(self, output: Output) -> bool:
        """Whether an event is about an incomplete case."""
        return bool(self._incomplete) and _case_id(output) in self._incomplete

    def dead_letter_not_comparable(self, mismatch: Mismatch) -> Reason | None:
        """The activity of incomplete cases is not comparable either."""
        reason = super().dead_letter_not_comparable(mismatch)
        record = self.record_at(mismatch.topic, mismatch.offset)
        if reason or record is None or record.key is None:
            return reason
        case_id = _case_id(record)
        if case_id in self._incomplete:
            return self._incomplete[case_id]
        return _DECISION_DELETED if self._cases_deleted and not self._is_known(case_id) else None

    def before_cause(self, group: CauseGroup) -> None:
        """Find out whether the case that a decision opens is incomplete."""
        if group.topic == CASES.name:
            self._check_complete(group.events[0].case_id, group.at, group.positions.get(ACTIVITY.name, 0))
        self._events_complete = True

    def _check_complete(self, case_id: str, at: datetime, activity_position: int) -> None:
        """A case is decided at `at`: it is incomplete if earlier events or activity of that time are deleted."""
        if not self._events_complete:
            self._incomplete[case_id] = Reason("replay.lost.earlier_events", topic=ESCALATIONS.name)
        if not self._activity_start:
            return
        until = self._activity_incomplete_until
        if activity_position < self._activity_start or until is None or at <= until:
            self._incomplete[case_id] = Reason("replay.lost.earlier_activity", topic=ACTIVITY.name)

    def _check_silent_case(self, record: Record, case_id: str, at: datetime) -> None:
        """A decision produces no event: perhaps the case was decided before, and that decision is deleted."""
        self._check_complete(case_id, at, self._activity_position)
        letter = self.dead_letters.of(record)
        if letter is None:
            may_be_duplicate = self.dead_letters.may_be_deleted(record.topic, at)
        else:
            may_be_duplicate = letter.cause == "duplicate_case"
        if self._cases_deleted and may_be_duplicate and not self._is_known(case_id):
            self._incomplete[case_id] = Reason("replay.lost.earlier_decision", topic=CASES.name)

    def _is_known(self, case_id: str) -> bool:
        return self.runner.stored(case_state.STORE, pack_id(case_id)) is not None

    # records

    def attempt(
        self, records: list[Record], now: datetime, *, timers: int, unfired_from: datetime | None = None
    ) -> Attempt:
        """Run a slice at `now`, with the editions that escalation knew then."""
        self._editions.now = now
        return super().attempt(records, now, timers=timers, unfired_from=unfired_from)

    def commit(self, attempt: Attempt) -> None:
        """Commit a slice, which may have moved timers. An edition for an incomplete case may be missing."""
        super().commit(attempt)
        self._held_due = None
        changed = (unpack_id(key) for store, key in attempt.slice.overlay.changes if store == case_state.STORE)
        if attempt.editions and self._incomplete.keys().isdisjoint(changed):
            self.editions_of_complete_cases.update(output.key or b"" for output in attempt.editions)

    def process_silent_records(self, positions: Mapping[str, int], until: datetime | None) -> None:
        self._activity_position = positions.get(ACTIVITY.name, 0)
        super().process_silent_records(positions, until)

    def process_silent(self, record: Record, until: datetime | None) -> None:
        if record.topic == CASES.name and record.key is not None:
            self._check_silent_case(record, _case_id(record), self.estimated_time(record, until))
        super().process_silent(record, until)

    def estimated_time(self, record: Record, until: datetime | None) -> datetime:
        """A case was decided after early activity on it expired, which has dead letters of cause unknown_case.

        If early activity on it was dead-lettered for another cause, the case was decided at that time.
        """
        at = super().estimated_time(record, until)
        if record.topic != CASES.name or record.key is None or self.dead_letters.of(record) is not None:
            return at  # a decision is dead-lettered when it is read, so its dead letter has its time
        # Later the case may be expired, and its activity is early again.
        latest = min(until or FAR_FUTURE, at + _CASE_REMEMBERED_FOR)
        expired = self.dead_letters.expired_activity.get(record.key, ())
        at = max((each for each in expired if at < each <= latest), default=at)
        case_id = _case_id(record)
        waiting = self.runner.stored(early_activity.STORE, early_activity.list_key(case_id))
        if waiting is None or self._is_known(case_id):
            return at
        letters = (self.dead_letters.at(ACTIVITY.name, offset) for offset in early_activity.offsets_in(waiting))
        return max((each.at for each in letters if each and each.cause != "unknown_case"), default=at)

    def is_buffered(self, attempt: Attempt) -> bool:
        """Whether a slice stores early activity until its case comes."""
        return any(store == early_activity.STORE for store, _ in attempt.slice.overlay.changes)

    def was_buffered_first(self, record: Record, letter: PublishedDeadLetter) -> bool:
        """Whether activity was dead-lettered after it had waited for its case, or when its case came."""
        if record.topic != ACTIVITY.name or letter.cause == "case_gone":
            return False
        return self.is_buffered(self.attempt([record], letter.at, timers=0))

    def at_consistent_time(self, record: Record, attempt: Attempt, now: datetime, until: datetime | None) -> Attempt:
        """Early activity must have been stored at an instant that fits its end.

        If it expired, that was just after its time; if its case came, its time was not over then.
        """
        if record.topic != ACTIVITY.name or not self.is_buffered(attempt):
            return attempt
        letter = self.dead_letters.of(record)
        if letter is not None and letter.cause == "unknown_case":
            stored_at = letter.at - _BUFFERED_FOR - TICK
            stored_at = stored_at if until is None else min(stored_at, until)
        else:
            stored_at = until or FAR_FUTURE
            if self.dead_letters.may_be_deleted(record.topic, timestamp_of(record)) and record.key is not None:
                reason = Reason("replay.lost.dead_letters", topic=record.topic)
                self._incomplete.setdefault(_case_id(record), reason)
        moved = self.attempt([record], stored_at, timers=0)
        return moved if self.is_buffered(moved) else self.attempt([record], now, timers=0)

    # timers

    def advance_time(self, now: datetime, *, slice_began: bool, unfired_from: datetime | None = None) -> None:
        """Fire the timers without events, each at its own time; a timer with events waits until the log has them.

        If the log never has them, although a slice began after the timer was due, they are missing. Timers fire at the
        beginning of a slice: those that the slice itself made due, or beyond its limit, fire in the next one.
        """
        self._expire_early_activity(now)
        is_new = slice_began and now != self._slice_at
        self._slice_at = now if slice_began else self._slice_at
        until = unfired_from or now
        while (due := self.runner.next_due()) is not None and due < until and (is_new or due != self._held_due):
            attempt = self.attempt([], min(max(self.time_reached, due + TICK), now), timers=1)
            if attempt.events and (not is_new or self._are_published_later(attempt.events)):
                self._held_due = due
                return
            if attempt.slice.failed:
                self.commit(attempt)
                continue
            if not attempt.slice.timers and self.runner.next_due() == due:
                return  # only index entries of timers that have moved
            expired_at = self._dead_lettered_at(attempt.dead_letters)
            if expired_at is not None:
                if expired_at > now and not is_new:
                    self._held_due = due
                    return
                attempt = self.attempt([], max(expired_at, due + TICK), timers=1)
            elif attempt.dead_letters and not is_new and not self._none_comparable(attempt.dead_letters):
                self._held_due = due
                return
            if attempt.events:
                self.comparison.match([], attempt.events)
            self.commit(attempt)

    def fire_timers(self, events: list[PublishedEvent], at: datetime) -> None:
        """Fire timers at `at`, one at a time in the order of their due times, until they have produced these events."""
        expected: dict[str, PublishedEvent] = {}
        for event in events:
            if expected.setdefault(event.id, event) is not event:
                self.comparison.unmatched_published(event)  # a duplicate
        self._slice_at = at
        self._expire_early_activity(at)
        while expected and (due := self.runner.next_due()) is not None and due < at:
            attempt = self.attempt([], at, timers=1)
            if attempt.events:
                here = any(event_id(each) in expected or self.comparison.is_unmatched(each) for each in attempt.events)
                if not here and self._published_at(attempt.events) is not None:
                    if not self._isolate(attempt, at):
                        break
                    continue
            elif attempt.slice.timers:
                # It deletes an expired case, or dead-letters early activity: at its own time.
                own = self._dead_lettered_at(attempt.dead_letters) or self.time_reached
                attempt = self.attempt([], min(max(own, due + TICK), at), timers=1)
            elif not attempt.slice.failed and self.runner.next_due() == due:
                break
            matched = [expected.pop(event_id(output), None) for output in attempt.events]
            self.comparison.match([each for each in matched if each is not None], attempt.events)
            self.commit(attempt)
        for event in expected.values():
            self.comparison.unmatched_published(event)

    def _expire_early_activity(self, until: datetime) -> None:
        """Give up the early activity whose dead letters the log has until then, each at the instant of its dead letter.

        The log does not say when such activity was stored, so it is not known when it was due, nor in which order.
        """
        for letter_at, case_key in self.dead_letters.take_given_up(until):
            key = early_activity.list_key(case_key.decode(errors="replace"))
            due = early_activity.due_of(key, self.runner.stored(early_activity.STORE, key))
            if due is not None and due < to_micros(letter_at):
                self.commit(self.runner.fire(Timer(due, early_activity.STORE, key), letter_at))

    def _are_published_later(self, outputs: list[Output]) -> bool:
        """Whether events that are due now come later in the log."""
        if any(self.comparison.is_unmatched(output) for output in outputs):
            return False
        return self._published_at(outputs) is not None

    def _published_at(self, outputs: list[Output]) -> datetime | None:
        """When the first of these events was published; None if the log has none of them."""
        if self._publication_times is None:
            self._publication_times = dict(self._read_publication_times())
        times = self._publication_times
        return min((times[key] for output in outputs if (key := event_id(output)) in times), default=None)

    def _read_publication_times(self) -> Iterator[tuple[str, datetime]]:
        for record in self.log.records(ESCALATIONS.name, self.partition):
            try:
                at = read_published(record, self.source).at
            except UnusableEvent:
                at = EPOCH
            yield event_id(record), at

    def _isolate(self, attempt: Attempt, at: datetime) -> bool:
        """Whether the timer of `attempt` fired later than timers due after it: it had failed, its case was isolated.

        If so, isolate the case here too, until its events come in the log.
        """
        published = self._published_at(attempt.events)
        if published is None or published <= at:
            return False
        self.runner.isolate(attempt.slice.fired[0], at, published - TICK)
        return True

    def _dead_lettered_at(self, letters: list[DeadLetter]) -> datetime | None:
        """The latest time of these dead letters in the log; None if it has none of them."""
        published = (self.dead_letters.of(letter.record) for letter in letters)
        return max((each.at for each in published if each is not None), default=None)

    def _none_comparable(self, letters: list[DeadLetter]) -> bool:
        mismatches = (Mismatch(letter.record.topic, letter.record.offset, letter.at, False) for letter in letters)
        return all(self.dead_letter_not_comparable(each) for each in mismatches)


def _case_id(keyed: Record | Output) -> str:
    return (keyed.key or b"").decode(errors="replace")
