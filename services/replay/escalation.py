"""[pure] A task of escalation, replayed: cases and activity as they came, and timers as they were told of.

Cases do not touch each other. So where the log has lost something of a case (its decision, or activity on it), what
was published about that case cannot be replayed, and all other cases can.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from services.escalation import early_activity
from services.escalation.edition_store import EditionStore
from services.escalation.publishing import SOURCE
from services.escalation.topology import REMEMBERED_WHEN_GONE, SERVICE, EscalationTopology
from services.replay.comparison import Comparison
from services.replay.dead_letters import LoggedDeadLetter, OneSided
from services.replay.editions import AsKnownThen
from services.replay.recorded_causes import LATER, Group, Log, NotFollowed, PublishedEvent, event_id, read_published
from services.replay.slices import EPOCH, TICK, Tried, written
from services.replay.task import ReplayedTask, Report
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Output, Record
from shared.sla import case_state
from shared.sla.case import QUIET_AFTER_CLOSED
from shared.sla.packing import pack_id

_KEPT_FOR = timedelta(microseconds=early_activity.KEPT_FOR)
_FORGOTTEN_AFTER = timedelta(microseconds=QUIET_AFTER_CLOSED + REMEMBERED_WHEN_GONE)


class ReplayedEscalation(ReplayedTask):
    """One partition of escalation."""

    service = SERVICE
    source = SOURCE

    def __init__(
        self,
        editions: AsKnownThen,
        pinned: EditionStore,
        log: Log,
        partition: int,
        comparison: Comparison,
        report: Report = lambda _: None,
    ) -> None:
        super().__init__(
            EscalationTopology(pinned, partitions=log.partitions, trace=lambda _: ""),
            log,
            partition,
            comparison,
            report,
        )
        self._editions = editions
        self._editions.unknown = self.letters.unknown_editions
        self._incomplete: dict[str, str] = {}  # case -> what the log has lost of it
        self._ahead: dict[str, datetime] | None = (
            None  # when each event was published; read only where something differs
        )
        self._activity_by_then = 0
        self._begun = not log.start(ESCALATIONS.name, partition)  # else: an event that the log still has was replayed
        self._held: datetime | None = None  # when a timer is due that has to wait for its event
        self._slice_at: datetime | None = None  # the last instant at which a slice is known to have begun
        begins = {topic.name: log.start(topic.name, partition) for topic in self.topics}
        self._cases_lost, self._activity_begins = begins[CASES.name] > 0, begins[ACTIVITY.name]
        first = self.slices.cursors[ACTIVITY.name].first
        # Activity waits for its case, so it may be missing even where the case came a little later.
        self._activity_missing_until = None if first is None else written(first) + _KEPT_FOR

    # what the log has lost

    def lost(self, said: PublishedEvent) -> str:
        """Why what is said of this case cannot be replayed."""
        known = self._incomplete.get(said.case_id)
        if known is None and self._cases_lost and said.cause.topic != CASES.name and not self._knows(said.case_id):
            known = self._incomplete[said.case_id] = f"{CASES.name} begins later now: the case's decision is gone"
        return known or ""

    def gone(self, said: PublishedEvent, because: str) -> None:
        """Without one of its causes, nothing that follows can be known of this case."""
        self._incomplete.setdefault(said.case_id, because)

    def dropped(self, output: Output) -> bool:
        """What the replay says of a case of which something is lost is worth nothing."""
        return bool(self._incomplete) and (output.key or b"").decode(errors="replace") in self._incomplete

    def letter_doubtful(self, letter: OneSided) -> str:
        """Nor is what becomes of its activity."""
        because = super().letter_doubtful(letter)
        record = self.record(letter.topic, letter.offset)
        if because or record is None or record.key is None:
            return because
        case_id = record.key.decode(errors="replace")
        if case_id in self._incomplete:
            return self._incomplete[case_id]
        if self._cases_lost and not self._knows(case_id):
            return f"{CASES.name} begins later now: the case's decision is gone"
        return ""

    def named(self, group: Group) -> None:
        """A case from a time of which something is lost cannot be followed."""
        if group.topic == CASES.name:
            self._doubt(group.said[0].case_id, group.at, group.positions.get(ACTIVITY.name, 0))
        self._begun = True

    def _doubt(self, case_id: str, at: datetime, activity: int) -> None:
        """A case is decided; if it is from before the log of events or of activity begins, it is incomplete."""
        if not self._begun:
            self._incomplete[case_id] = f"{ESCALATIONS.name} begins later now: what was said of the case before is gone"
        if not self._activity_begins:
            return
        if (
            activity < self._activity_begins
            or self._activity_missing_until is None
            or at <= self._activity_missing_until
        ):
            self._incomplete[case_id] = f"{ACTIVITY.name} begins later now: what happened to the case before is gone"

    def _doubt_silent(self, record: Record, case_id: str, came: datetime) -> None:
        """A case is decided and nobody speaks: perhaps since it had been decided before, and that is gone."""
        self._doubt(case_id, came, self._activity_by_then)
        letter = self.letters.of(record)
        known_before = (
            self.letters.may_be_gone(record.topic, came) if letter is None else letter.cause == "duplicate_case"
        )
        if self._cases_lost and known_before and not self._knows(case_id):
            self._incomplete[case_id] = f"{CASES.name} begins later now: the case may have been decided before"

    def _knows(self, case_id: str) -> bool:
        return self.slices.kept(case_state.STORE, pack_id(case_id)) is not None

    # records

    def tried(self, records: list[Record], now: datetime, *, timers: int) -> Tried:
        """What a slice would do at `now`, with the editions as they were known then."""
        self._editions.now = now
        return super().tried(records, now, timers=timers)

    def bring_up(self, limits: Mapping[str, int], until: datetime | None) -> None:
        self._activity_by_then = limits.get(ACTIVITY.name, 0)
        super().bring_up(limits, until)

    def commit(self, tried: Tried) -> None:
        """It has happened, and may have moved timers."""
        super().commit(tried)
        self._held = None

    def silent(self, record: Record, until: datetime | None) -> None:
        if record.topic == CASES.name and record.key is not None:
            self._doubt_silent(record, record.key.decode(errors="replace"), self.came(record, until))
        super().silent(record, until)

    def came(self, record: Record, until: datetime | None) -> datetime:
        """When a case came is told by what became of the activity on it that came before.

        What was given up was so before; what was put aside for another reason was so just then.
        """
        came = super().came(record, until)
        if record.topic != CASES.name or record.key is None:
            return came
        later = came + _FORGOTTEN_AFTER  # by then it may have been forgotten, and its activity is early again
        given_up = self.letters.given_up.get(record.key, ())
        came = max((at for at in given_up if came < at <= min(until or later, later)), default=came)
        waiting = self.slices.kept(early_activity.STORE, early_activity.list_key(record.key.decode(errors="replace")))
        if waiting is None or self._knows(record.key.decode(errors="replace")):
            return came
        letters = (self.letters.at(ACTIVITY.name, offset) for offset in early_activity.offsets_in(waiting))
        return max((each.at for each in letters if each and each.cause != "unknown_case"), default=came)

    def kept_first(self, record: Record, letter: LoggedDeadLetter) -> bool:
        """Whether activity was put aside when it had waited for its case, or when its case came."""
        if record.topic != ACTIVITY.name or letter.cause == "case_gone":
            return False
        return self.waits(self.tried([record], letter.at, timers=0))

    def waits(self, tried: Tried) -> bool:
        """Whether a record is kept until its case comes."""
        return any(store == early_activity.STORE for store, _ in tried.slice.overlay.changes)

    def settled(self, record: Record, tried: Tried, now: datetime, until: datetime | None) -> Tried:
        """Activity that waits for its case is kept from an instant that agrees with what became of it.

        If it was given up, that was just after its time; if it was not, its time had not come when its case did.
        """
        if record.topic != ACTIVITY.name or not self.waits(tried):
            return tried
        letter = self.letters.of(record)
        if letter is not None and letter.cause == "unknown_case":
            kept = letter.at - _KEPT_FOR - TICK
            kept = kept if until is None else min(kept, until)
        else:
            kept = until or LATER
            if self.letters.may_be_gone(record.topic, written(record)) and record.key is not None:
                because = f"dead letters of {record.topic} from that time are no longer in the log"
                self._incomplete.setdefault(record.key.decode(errors="replace"), because)
        again = self.tried([record], kept, timers=0)
        return again if self.waits(again) else self.tried([record], now, timers=0)

    # timers

    def due_while(self, now: datetime, *, exactly: bool) -> None:
        """Fire what says nothing, each in its own time. What says something waits until the log tells of it.

        Where it never does, although a slice of the log began after it was due, it is missing there. Timers fire at the
        beginning of a slice: what became due by what the slice itself did, or was more than it takes, is for the next.
        """
        began, self._slice_at = exactly and now != self._slice_at, now if exactly else self._slice_at
        while (due := self.slices.next_due()) is not None and due < now and (began or due != self._held):
            tried = self.tried([], min(max(self.past, due + TICK), now), timers=1)
            if tried.said and (not began or self._may_come(tried.said)):
                self._held = due
                return
            if not tried.slice.timers and self.slices.next_due() == due:
                return  # entries of timers that have moved; there is none that fires
            at = self._given_up_at(tried.aside)
            if at is not None:
                if at > now and not began:
                    self._held = due
                    return
                tried = self.tried([], max(at, due + TICK), timers=1)
            elif tried.aside and not began and not self._all_doubtful(tried.aside):
                self._held = due
                return
            if tried.said:
                self.comparison.group([], tried.said)
            self.commit(tried)

    def fire(self, said: list[PublishedEvent], at: datetime) -> None:
        """Fire timers at `at`, one at a time and in due order, until these events have been made."""
        expected: dict[str, PublishedEvent] = {}
        for each in said:
            if expected.setdefault(each.id, each) is not each:
                self.comparison.only_logged(each)  # the same event once more
        self._slice_at = at
        while expected and (due := self.slices.next_due()) is not None and due < at:
            tried = self.tried([], at, timers=1)
            if tried.said:
                here = any(event_id(output) in expected or self.comparison.waits_for(output) for output in tried.said)
                if not here and self._comes_later(tried.said):
                    if not self._postponed(tried, at):
                        break
                    continue
            elif tried.slice.timers:
                # Forgetting a case, or giving up activity: in its own time.
                own = self._given_up_at(tried.aside) or self.past
                tried = self.tried([], min(max(own, due + TICK), at), timers=1)
            elif self.slices.next_due() == due:
                break
            matched = [expected.pop(event_id(output), None) for output in tried.said]
            self.comparison.group([each for each in matched if each is not None], tried.said)
            self.commit(tried)
        for each in expected.values():
            self.comparison.only_logged(each)

    def _may_come(self, said: list[Output]) -> bool:
        """Whether events that are due have not been told of because they come later in the log."""
        return not any(self.comparison.waits_for(output) for output in said) and self._comes_later(said)

    def _comes_later(self, said: list[Output]) -> bool:
        """Whether the log has any of these events."""
        return self._published_at(said) is not None

    def _published_at(self, said: list[Output]) -> datetime | None:
        """When the log has the first of these events, if it has any of them."""
        if self._ahead is None:
            self._ahead = dict(self._instants())
        return min((self._ahead[key] for output in said if (key := event_id(output)) in self._ahead), default=None)

    def _instants(self) -> Iterator[tuple[str, datetime]]:
        for record in self.log.records(ESCALATIONS.name, self.partition):
            try:
                at = read_published(record, self.source).at
            except NotFollowed:
                at = EPOCH
            yield event_id(record), at

    def _postponed(self, tried: Tried, at: datetime) -> bool:
        """Whether a timer fired later than timers that were due after it: it had failed, and they did not wait for it.

        If so, it waits here until its events come in the log.
        """
        published = self._published_at(tried.said)
        if published is None or published <= at:
            return False
        self.slices.postpone(tried.slice.fired[0], published - TICK)
        return True

    def _given_up_at(self, aside: list[DeadLetter]) -> datetime | None:
        """When activity was given up, by its dead letter."""
        known = (self.letters.of(letter.record) for letter in aside)
        return max((letter.at for letter in known if letter is not None), default=None)

    def _all_doubtful(self, aside: list[DeadLetter]) -> bool:
        asked = (OneSided(letter.record.topic, letter.record.offset, letter.at, False) for letter in aside)
        return all(self.letter_doubtful(each) for each in asked)
