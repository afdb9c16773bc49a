"""[pure] Routed cases and activity in, clock and escalation events out: how one task processes records and timers."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from heapq import heappop, heappush

from services.escalation import early_activity, isolation
from services.escalation.early_activity import BUDGET, Budget, Waiting
from services.escalation.edition_store import EditionStore
from services.escalation.isolated_cases import IsolatedCases, timer_of
from services.escalation.publishing import SOURCE, About, publish
from services.escalation.source_records import read_activity, read_case
from services.escalation.timer_index import Timers
from shared.business_time.instants import DAY, Micros, from_micros, to_micros
from shared.contracts.structs import ActivityRecorded
from shared.contracts.topics import CASES, EDITIONS, ESCALATION_SOURCES, ESCALATION_STORES, ESCALATIONS, Topic
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.edition_record import edition_record
from shared.kafka.faults import PoisonRecord, TaskMustStop, place_of
from shared.kafka.record import Record
from shared.policy.published_edition import edition_published
from shared.sla import case_state, isolated_case
from shared.sla.case import CaseStep, apply_activity, fire, is_retry, new_case, open_clocks
from shared.sla.case_state import CaseState
from shared.sla.errors import InputRefused
from shared.sla.event_time import check_not_before
from shared.sla.isolated_case import IsolatedCase
from shared.sla.packing import pack_id, unpack_id
from shared.sla.pinned_edition import short_of
from shared.sla.sla_clock import unchanged
from shared.sla.terms_in_force import view_of
from shared.streams.isolation import RETRIED_AFTER, Isolation
from shared.streams.overlay import Overlay
from shared.streams.processor import Postponed, Timer

SERVICE = "escalation"
# A deleted case leaves a tombstone for so long, so that late activity is not mistaken for early activity.
TOMBSTONE_KEPT_FOR = 60 * DAY


class EscalationTopology:
    """One partition of escalation.

    `partitions` is how many the topics have: an edition goes to the partition of its digest, not to the task's. `trace`
    makes the traceparent of what follows from a record. `early_budget` bounds the activity that waits for its case.
    """

    sources: tuple[Topic, ...] = ESCALATION_SOURCES
    read_first: tuple[Topic, ...] = ()
    sinks: tuple[Topic, ...] = (ESCALATIONS, EDITIONS)
    stores: tuple[str, ...] = ESCALATION_STORES

    def __init__(
        self,
        editions: EditionStore,
        *,
        partitions: int,
        trace: Callable[[str | None], str],
        early_budget: Budget = BUDGET,
    ) -> None:
        self._editions = editions
        self._early_budget = early_budget
        self._partitions = partitions
        self._trace = trace
        self._timers = {case_state.STORE: Timers(), early_activity.STORE: Timers()}
        self._isolated = IsolatedCases(self._timers)

    def process(self, record: Record, overlay: Overlay) -> None:
        """Open a case, or apply activity to one."""
        self._begin(overlay)
        try:
            if record.topic == CASES.name:
                self._take_case(record, overlay)
            else:
                self._take_activity(record, overlay)
        except InputRefused as refused:
            raise PoisonRecord(refused.cause, str(refused)) from None
        except (PoisonRecord, TaskMustStop, MemoryError):
            raise
        except Exception as error:
            overlay.rollback()
            if not self._isolate_unreadable(record, error, overlay):
                raise

    def due_timers(self, overlay: Overlay) -> Iterator[Timer]:
        """The due timers of all cases in due order, as they would have fired in time."""
        self._begin(overlay)
        now = to_micros(overlay.now)
        due: list[Timer] = []
        for store in self._timers:
            self._pop(store, now, due)
        while due:
            timer = heappop(due)
            _, store, key = timer
            self._pop(store, now, due)
            if self._isolated.timer_of(store, key, overlay) != timer.due:
                self._pass_over(timer, overlay)
                continue
            yield timer
            following = self._isolated.timer_of(store, key, overlay)
            if following is not None and timer.due < following < now:
                heappush(due, Timer(following, store, key))

    def fire(self, timer: Timer, overlay: Overlay) -> None:
        """Fire the due timer of a case, or dead-letter early activity whose case did not come."""
        held = self._isolated.held(timer.store, timer.key, overlay)
        if held is not None:
            self._retry(timer.store, timer.key, held, overlay)
        elif timer.store == case_state.STORE:
            self._fire(timer.key, timer.due, overlay)
        else:
            self._give_up(timer.key, overlay)

    def isolate(self, timer: Timer, error: Exception, until: datetime, overlay: Overlay) -> None:
        """Isolate the case of this timer; its state keeps the instant at which it was due."""
        self._begin(overlay)
        self._isolate(timer.store, timer.key, error, until, overlay)

    def postponed(self) -> Postponed:
        """The isolated cases."""
        return self._isolated.postponed()

    def timer_ids(self, timer: Timer) -> Mapping[str, str]:
        """The case that a timer is about."""
        return {"case_id": isolation.case_of(timer.store, timer.key)}

    def next_due(self) -> datetime | None:
        """When to fire next: a timer of a case, or of activity that waits for its case."""
        earliest = (self._isolated.earliest(), *(timers.earliest() for timers in self._timers.values()))
        due = [at for at in earliest if at is not None]
        return from_micros(min(due)) if due else None

    def due_but_unfired(self, now: datetime) -> int:
        """How many timers are due at `now`, those of isolated cases included: a measure for people."""
        at = to_micros(now)
        return sum(timers.count_before(at) for timers in self._timers.values()) + self._isolated.count_overdue(at)

    def store_changed(self, store: str, key: bytes, value: bytes | None) -> None:
        """Keep the indexes of timers and of isolated cases."""
        self._isolated.changed(store, key, value)

    # records

    def _take_case(self, record: Record, overlay: Overlay) -> None:
        envelope, case = read_case(record)
        isolation.check(overlay, pack_id(case.case_id))
        if overlay.get(case_state.STORE, pack_id(case.case_id)) is not None:
            raise PoisonRecord("duplicate_case", f"case {case.case_id} is known already: nothing was changed")
        edition = self._editions.pin(overlay, case.edition, case.policy_sha256)
        pinned = self._editions.of(overlay, edition)
        now = to_micros(overlay.now)
        state = new_case(case, edition, pinned, envelope.traceparent)
        editions = self._editions.at(overlay)
        steps = [(open_clocks(state, editions, now), envelope.traceparent)]
        for waiting in self._waiting_for(case.case_id, overlay):
            target = self._unsaved_target(waiting.activity, overlay)
            step = self._apply_waiting(state, waiting, overlay)
            if step is not None:
                steps.append((step, waiting.traceparent))
            self._publish_edition(target, overlay, waiting.traceparent)
        for step, traceparent in steps:
            self._publish(overlay, case.case_id, state, step, record, traceparent)
        self._put_case(overlay, pack_id(case.case_id), case_state.encode(state, steps[-1][0].timer))

    def _take_activity(self, record: Record, overlay: Overlay) -> None:
        envelope, activity = read_activity(record, overlay.now)
        case_id, now = activity.case_id, to_micros(overlay.now)
        key = pack_id(case_id)
        isolation.check(overlay, key)
        stored = overlay.get(case_state.STORE, key)
        if stored is None:
            self._moving(early_activity.STORE, early_activity.list_key(case_id), overlay)
            early_activity.keep(overlay, activity, envelope.traceparent, record.offset, now, self._early_budget)
            return
        if case_state.is_tombstone(stored):
            raise PoisonRecord("case_gone", f"case {case_id} is over and was forgotten; open a new one")
        state = case_state.decode(stored)
        check_not_before(activity, state.opened_at)
        if is_retry(state, activity):
            return
        target = self._unsaved_target(activity, overlay)
        step = apply_activity(state, self._editions.at(overlay), activity, now)
        self._publish_edition(target, overlay, envelope.traceparent)
        self._publish(overlay, case_id, state, step, record, envelope.traceparent)
        self._put_case(overlay, key, case_state.encode(state, step.timer))

    def _unsaved_target(self, activity: ActivityRecorded, overlay: Overlay) -> str | None:
        """The digest of the edition that a case is to migrate to, if no case of this partition has pinned it before."""
        sha256 = activity.policy_sha256 if activity.type == "policy_migrated" else None
        return None if sha256 is None or self._editions.is_saved(overlay, sha256) else sha256

    def _publish_edition(self, sha256: str | None, overlay: Overlay, traceparent: str | None) -> None:
        """Publish the edition of a migration once it is saved: no router need have decided by it."""
        if sha256 is not None and self._editions.is_saved(overlay, sha256):
            event = edition_published(self._editions.of(overlay, short_of(sha256)).edition)
            overlay.emit(
                edition_record(
                    event,
                    source=SOURCE,
                    at=overlay.now,
                    traceparent=self._trace(traceparent),
                    partitions=self._partitions,
                )
            )

    def _waiting_for(self, case_id: str, overlay: Overlay) -> list[Waiting]:
        """The early activity of a case, in event-time order."""
        self._moving(early_activity.STORE, early_activity.list_key(case_id), overlay)
        found = early_activity.take(overlay, case_id)
        return sorted(found, key=lambda waiting: (waiting.activity.at, waiting.activity.activity_id))

    def _apply_waiting(self, state: CaseState, waiting: Waiting, overlay: Overlay) -> CaseStep | None:
        """Apply activity that has waited for its case; one that fails is dead-lettered alone."""
        activity = waiting.activity
        try:
            check_not_before(activity, state.opened_at)
            if is_retry(state, activity):
                return None
            return apply_activity(state, self._editions.at(overlay), activity, to_micros(overlay.now))
        except (PoisonRecord, InputRefused) as poison:
            self._dead_letter(overlay, waiting.record, poison, by_reference=True)
        except (TaskMustStop, MemoryError):
            raise
        except Exception as error:
            unexpected = PoisonRecord("unexpected_error", place_of(error))
            self._dead_letter(overlay, waiting.record, unexpected, by_reference=True)
        return None

    # timers

    def _fire(self, key: bytes, at: Micros, overlay: Overlay) -> None:
        """Fire what a case has due at `at`."""
        stored = overlay.get(case_state.STORE, key)
        assert stored is not None  # noqa: S101 - it has a timer
        now = to_micros(overlay.now)
        if case_state.is_tombstone(stored):
            self._put_case(overlay, key, None)
            return
        state = case_state.decode(stored)
        step = fire(state, self._editions.at(overlay), at, now)
        if step is None:
            self._put_case(overlay, key, case_state.tombstone(now + TOMBSTONE_KEPT_FOR))
            return
        self._publish(overlay, unpack_id(key), state, step, None, state.traceparent)
        self._put_case(overlay, key, case_state.encode(state, step.timer))

    def _give_up(self, key: bytes, overlay: Overlay) -> None:
        """Dead-letter the activity whose case did not come in time."""
        self._moving(early_activity.STORE, key, overlay)
        for record, poison in early_activity.take_expired(overlay, key, to_micros(overlay.now)):
            self._dead_letter(overlay, record, poison, by_reference=True)

    # isolated cases

    def _isolate_unreadable(self, record: Record, error: Exception, overlay: Overlay) -> bool:
        """A record has met `error`. If what is stored of its case cannot be read, isolate the case, and dead-letter the
        record to be applied later; returns whether that is so. Else the record alone is to blame.
        """
        key = pack_id((record.key or b"").decode(errors="replace"))
        for store in self._timers:
            entry = isolation.timer_key(store, key)
            try:
                self._check_readable(store, entry, overlay)
            except (TaskMustStop, MemoryError):
                raise
            except Exception:
                until = overlay.now + RETRIED_AFTER
                isolated = self._isolate(store, entry, error, until, overlay)
                self._dead_letter(overlay, record, isolation.refusal(key, isolated))
                return True
        return False

    def _isolate(self, store: str, key: bytes, error: Exception, until: datetime, overlay: Overlay) -> IsolatedCase:
        """Isolate the case whose timer is the entry `key` of `store`, or keep it isolated."""
        self._moving(store, key, overlay)
        before = self._isolated.held(store, key, overlay)
        isolated = IsolatedCase(
            store=store,
            due=timer_of(store, key, overlay.get(store, key)) or 0,
            since=to_micros(overlay.now) if before is None else before.since,
            error=type(error).__name__,
        )
        overlay.put(isolated_case.STORE, isolation.key_of(store, key), isolated_case.encode(isolated, to_micros(until)))
        overlay.isolations.append(Isolation({"case_id": isolation.case_of(store, key)}, error, until))
        return isolated

    def _retry(self, store: str, key: bytes, isolated: IsolatedCase, overlay: Overlay) -> None:
        """Fire what an isolated case has due by now, if anything: if that succeeds, its isolation ends.

        What waits for it and cannot be read would isolate it for ever, so it is dead-lettered: its topic has it whole.
        """
        if store == early_activity.STORE:
            self._moving(store, key, overlay)
            for record in early_activity.drop_unreadable(overlay, key):
                poison = isolation.refusal(isolation.key_of(store, key), isolated)
                self._dead_letter(overlay, record, poison, by_reference=True)
        self._check_readable(store, key, overlay)
        due = timer_of(store, key, overlay.get(store, key))
        if due is not None and due < to_micros(overlay.now):
            if store == case_state.STORE:
                self._fire(key, due, overlay)
            else:
                self._give_up(key, overlay)
        self._moving(store, key, overlay)
        overlay.delete(isolated_case.STORE, isolation.key_of(store, key))  # last: by then the case has its next timer
        overlay.isolations.append(Isolation({"case_id": isolation.case_of(store, key)}))

    def _check_readable(self, store: str, key: bytes, overlay: Overlay) -> None:
        """Raises whatever reading the state of a case, or what waits for it, raises."""
        stored = overlay.get(store, key)
        if stored is None:
            return
        if store == early_activity.STORE:
            early_activity.check_readable(overlay, early_activity.case_of(key))
        elif not case_state.is_tombstone(stored):
            case = view_of(case_state.decode(stored), self._editions.at(overlay))
            unchanged(case.policy, case.clocks)

    # the index of timers

    def _pop(self, store: str, now: Micros, due: list[Timer]) -> None:
        if (entry := self._timers[store].pop_before(now)) is not None:
            heappush(due, Timer(entry[0], store, entry[1]))

    def _pass_over(self, entry: Timer, overlay: Overlay) -> None:
        """Drop an entry that is not its key's timer. One that this transaction has moved stays: it may be aborted."""
        if (entry.store, entry.key) not in overlay.changes:
            self._timers[entry.store].drop(entry.key, entry.due)

    def _begin(self, overlay: Overlay) -> None:
        self._isolated.start()
        for timers in self._timers.values():
            timers.begin(overlay)

    # what comes out

    def _put_case(self, overlay: Overlay, key: bytes, value: bytes | None) -> None:
        self._moving(case_state.STORE, key, overlay)
        if value is None:
            overlay.delete(case_state.STORE, key)
        else:
            overlay.put(case_state.STORE, key, value)

    def _moving(self, store: str, key: bytes, overlay: Overlay) -> None:
        self._timers[store].moving(key, self._isolated.timer_of(store, key, overlay))

    def _publish(
        self,
        overlay: Overlay,
        case_id: str,
        state: CaseState,
        step: CaseStep,
        cause: Record | None,
        traceparent: str | None,
    ) -> None:
        about = About(case_id, state.account_id, step.priority, traceparent)
        publish(overlay, about, step.effects, cause, self._trace)

    def _dead_letter(
        self, overlay: Overlay, record: Record, poison: PoisonRecord | InputRefused, *, by_reference: bool = False
    ) -> None:
        overlay.dead_letter(DeadLetter(poison.cause, str(poison), SERVICE, overlay.now, record, by_reference))
