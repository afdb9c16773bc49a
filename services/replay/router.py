"""[pure] Replays a task of the router: each request is decided by the edition that its case names."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from services.replay.comparison import Comparison
from services.replay.dead_letters import Mismatch
from services.replay.editions import RecordedRules
from services.replay.log import Log
from services.replay.recorded_causes import CauseGroup, PublishedEvent
from services.replay.slice_runner import EPOCH, Attempt, timestamp_of
from services.replay.task import ReplayedTask, Report
from services.router.deduplication import KEPT_FOR
from services.router.published_editions import SOURCE
from services.router.topology import RouterTopology
from shared.contracts.topics import CASES, ENTITLEMENTS, REQUESTS
from shared.kafka.record import Record
from shared.messages.reason import Reason
from shared.streams.task_state import TIMERS_PER_SLICE


class _Entitlement(msgspec.Struct, frozen=True):
    offset: int | None = None


class _Case(msgspec.Struct, frozen=True):
    entitlement: _Entitlement = _Entitlement()


_case_decoder = msgspec.json.Decoder(_Case)

# How many expired entries a slice deletes before a record; the likeliest first.
_ENTRIES_STAY, _ENTRIES_GO = (0, TIMERS_PER_SLICE), (TIMERS_PER_SLICE, 0)


class ReplayedRouter(ReplayedTask):
    """One partition of the router. Its timers delete old entries for deduplication; they produce no events.

    `first_decided` has for each partition of the cases topic the offset of the first request whose case is there.
    """

    service = "router"
    source = SOURCE

    def __init__(
        self,
        rules: RecordedRules,
        log: Log,
        partition: int,
        comparison: Comparison,
        report: Report = lambda _: None,
        *,
        first_decided: Mapping[int, int],
    ) -> None:
        topology = RouterTopology(rules, partitions=log.partitions, trace=lambda _: "")
        super().__init__(topology, log, partition, comparison, report)
        self._rules = rules
        self._first_decided = first_decided
        self._slice_at: datetime | None = None  # of the latest event
        self._likeliest_first = _ENTRIES_STAY
        rules.reset()
        first = self.runner.cursors[REQUESTS.name].first
        deleted = log.start(REQUESTS.name, partition) > 0
        # Requests below this offset may repeat one that is deleted; None = all that have been replayed so far.
        self._no_repeat_from = None if deleted and first is not None else 0
        # Twice as long as an entry is kept: retention goes by the timestamps of requests, the entry by their receipt.
        self._forgotten_at = EPOCH if first is None else timestamp_of(first) + 2 * KEPT_FOR
        self._latest = EPOCH  # timestamp of the requests decided so far

    def before_cause(self, group: CauseGroup) -> None:
        """See whether another slice has begun, and decide by the edition that the case names."""
        slice_began = group.at != self._slice_at
        self._slice_at = group.at
        self._likeliest_first = _ENTRIES_GO if slice_began else _ENTRIES_STAY
        if self._no_repeat_from is None:
            self._look_for_the_last_repetition(group, slice_began=slice_began)
        sha256 = group.events[0].data.policy_sha256
        if sha256 is not None:
            self._rules.use(sha256)

    def event_not_comparable(self, event: PublishedEvent) -> Reason | None:
        """Compaction deletes the entitlement that a case was decided with, once there is a later one."""
        try:
            offset = _case_decoder.decode(event.record.value or b"").entitlement.offset
        except msgspec.MsgspecError:
            return None
        if offset is None or self.log.has(ENTITLEMENTS.name, self.partition, offset):
            return None
        return Reason("replay.lost.entitlement", topic=ENTITLEMENTS.name)

    def output_not_comparable(self, record: Record, attempt: Attempt) -> Reason | None:
        """The request's case may be deleted, or it may have repeated a request that is deleted."""
        for output in attempt.events:
            partition = output.partition or 0
            deleted = self.log.start(CASES.name, partition) > 0
            if deleted and record.offset < self._first_decided.get(partition, record.offset + 1):
                return Reason("replay.lost.cases", topic=CASES.name)
        return self._may_repeat_deleted(record)

    def dead_letter_not_comparable(self, mismatch: Mismatch) -> Reason | None:
        """A request may also have been in conflict with one that is deleted."""
        reason = super().dead_letter_not_comparable(mismatch)
        record = self.record_at(mismatch.topic, mismatch.offset)
        if reason or record is None or mismatch.topic != REQUESTS.name:
            return reason
        return self._may_repeat_deleted(record)

    def attempts(self, record: Record, now: datetime, unfired_from: datetime | None = None) -> Iterator[Attempt]:
        """A slice deletes expired entries at its beginning, so not before a later record of the same slice.

        Only a record whose own entry had expired shows whether that had happened. So the entries stay, where that is
        possible, until an event shows that another slice had begun.
        """
        for timers in self._likeliest_first:
            yield self.attempt([record], now, timers=timers, unfired_from=unfired_from)

    def silent_attempts(self, record: Record, now: datetime) -> Iterator[Attempt]:
        """Nothing shows in which slice a silent record was."""
        for timers in _ENTRIES_STAY:
            yield self.attempt([record], now, timers=timers)

    def _look_for_the_last_repetition(self, group: CauseGroup, *, slice_began: bool) -> None:
        """Entries expire by the time that the log has reached, not by the clock: a long silence keeps them."""
        if slice_began and self._latest >= self._forgotten_at:
            self._no_repeat_from = group.offset
        cause = self.record_at(REQUESTS.name, group.offset or 0)
        self._latest = max(self._latest, EPOCH if cause is None else timestamp_of(cause))

    def _may_repeat_deleted(self, record: Record) -> Reason | None:
        if self._no_repeat_from is not None and record.offset >= self._no_repeat_from:
            return None
        return Reason("replay.lost.repeated_requests", topic=REQUESTS.name)
