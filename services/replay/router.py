"""[pure] A task of the router, replayed: each request decided by the edition that its case names."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from services.replay.comparison import Comparison
from services.replay.dead_letters import OneSided
from services.replay.editions import NamedRules
from services.replay.recorded_causes import Group, Log, PublishedEvent
from services.replay.slices import Tried, written
from services.replay.task import ReplayedTask, Report
from services.router.deduplication import WINDOW
from services.router.published_editions import SOURCE
from services.router.topology import RouterTopology
from shared.contracts.topics import CASES, ENTITLEMENTS, REQUESTS
from shared.kafka.record import Record
from shared.streams.task_state import TIMERS_PER_SLICE


class _Used(msgspec.Struct, frozen=True):
    offset: int | None = None


class _Case(msgspec.Struct, frozen=True):
    entitlement: _Used = _Used()


_case = msgspec.json.Decoder(_Case)


class ReplayedRouter(ReplayedTask):
    """One partition of the router. Its timers forget what was seen lately; they say nothing.

    `decided_from` is, for each partition of the cases, the offset of the first request whose case is there.
    """

    service = "router"
    source = SOURCE

    def __init__(
        self,
        rules: NamedRules,
        log: Log,
        partition: int,
        comparison: Comparison,
        report: Report = lambda _: None,
        *,
        decided_from: Mapping[int, int],
    ) -> None:
        topology = RouterTopology(rules, partitions=log.partitions, trace=lambda _: "")
        super().__init__(topology, log, partition, comparison, report)
        self._rules = rules
        self._decided_from = decided_from
        rules.forget()
        first = self.slices.cursors[REQUESTS.name].first
        begins = log.start(REQUESTS.name, partition)
        # Twice the window: the log goes by when requests were written, the window by when they were received.
        self._in_doubt_until = None if first is None or not begins else written(first) + 2 * WINDOW

    def named(self, group: Group) -> None:
        """The edition that the case names decides it."""
        sha256 = group.said[0].head.policy_sha256
        if sha256 is not None:
            self._rules.name(sha256)

    def lost(self, said: PublishedEvent) -> str:
        """Compaction takes the entitlement that a case was decided with, once there is a later one."""
        try:
            offset = _case.decode(said.record.value or b"").entitlement.offset
        except msgspec.MsgspecError:
            return ""
        if offset is None or self.log.has(ENTITLEMENTS.name, self.partition, offset):
            return ""
        return f"{ENTITLEMENTS.name} was compacted: the entitlement that it was decided with is gone"

    def doubtful(self, record: Record, tried: Tried) -> str:
        """Its case may be gone, or it may repeat a request that is gone."""
        for output in tried.said:
            partition = output.partition or 0
            gone = self.log.start(CASES.name, partition) > 0
            if gone and record.offset < self._decided_from.get(partition, record.offset + 1):
                return f"{CASES.name} begins later now: the case that was made of it is gone"
        return self._doubt(written(record))

    def letter_doubtful(self, letter: OneSided) -> str:
        """Nor can it be told whether a request was in conflict with one that is gone."""
        because = super().letter_doubtful(letter)
        record = self.record(letter.topic, letter.offset)
        if because or record is None or letter.topic != REQUESTS.name:
            return because
        return self._doubt(written(record))

    def ways(self, record: Record, now: datetime) -> Iterator[Tried]:
        """What has left the window is forgotten at the beginning of a slice; it may also be that none began there."""
        yield self.tried([record], now, timers=TIMERS_PER_SLICE)
        yield self.tried([record], now, timers=0)

    def _doubt(self, at: datetime) -> str:
        if self._in_doubt_until is None or at >= self._in_doubt_until:
            return ""
        return f"{REQUESTS.name} begins later now: the request may repeat one from before that"
