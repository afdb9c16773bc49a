"""What the log says of cases: read from Kafka, committed only; of one case, from the partition of its key alone."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from services.escalation.pinned import STORE, PinnedEdition, read_saved, short_of
from shared.contracts import wire
from shared.contracts.base import Event
from shared.contracts.escalation import EscalationEvent
from shared.contracts.intake import ActivityRecorded
from shared.contracts.router import CaseRouted
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, Topic, changelog, dead_letter
from shared.kafka import dead_letters, serde
from shared.kafka.committed import committed_reader
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter
from shared.kafka.partitioning import partition_for
from shared.kafka.processor import PoisonRecord
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

_EDITIONS = changelog("escalation", STORE)
_PUT_ASIDE = (dead_letter(CASES), dead_letter(ACTIVITY))
_TOPICS: tuple[Topic, ...] = (CASES, ACTIVITY, ESCALATIONS, *_PUT_ASIDE, _EDITIONS)
_CaseRouted, _ActivityRecorded, _EscalationEvent = (
    wire.struct(CaseRouted),
    wire.struct(ActivityRecorded),
    wire.struct(EscalationEvent),
)


class NoTopics(Exception):
    """This Kafka has none of Frontline's topics."""


@dataclass
class CaseLog:
    """The records of one case, in the order of the log. `case` is the first `case.routed`, the one that counts.

    `activity` comes with its offsets. `saved` are the editions that cases of this partition pin, by key of their store.
    """

    case: CaseRouted | None = None
    activity: list[tuple[int, ActivityRecorded]] = field(default_factory=list)
    events: list[EscalationEvent] = field(default_factory=list)
    put_aside: list[DeadLetter] = field(default_factory=list)
    saved: dict[bytes, bytes] = field(default_factory=dict)

    def editions(self) -> dict[bytes, PinnedEdition]:
        """The editions that were saved, by how cases refer to them. Raises TaskMustStop for one that cannot be read."""
        found = (read_saved(document) for document in self.saved.values())
        return {short_of(pinned.sha256): pinned for pinned in found}

    def save(self, record: Record) -> None:
        """Note a record of the changelog of editions."""
        if record.key is not None and record.value is not None and not record.key.startswith(b"\x00"):
            self.saved[record.key] = record.value

    def take(self, record: Record) -> None:
        """Note a record of this case; one that is no event is passed over, for the service has put it aside."""
        if record.topic in (topic.name for topic in _PUT_ASIDE):
            try:
                self.put_aside.append(dead_letters.parse(record.key, record.value, record.headers))
            except NotADeadLetter:
                return
            return
        try:
            event: Event = serde.decode(record)[1]
        except PoisonRecord:
            return
        if isinstance(event, _CaseRouted):
            self.case = self.case or event
        elif isinstance(event, _ActivityRecorded):
            self.activity.append((record.offset, event))
        elif isinstance(event, _EscalationEvent):
            self.events.append(event)


async def read_case(settings: KafkaSettings, case_id: str) -> CaseLog:
    """Everything that the log holds of `case_id` now. Raises NoTopics, KafkaError."""
    key = case_id.encode()
    log = CaseLog()
    async for record in _committed(settings, key):
        if record.topic == _EDITIONS.name:
            log.save(record)
        elif record.key == key:
            log.take(record)
    return log


async def read_cases(settings: KafkaSettings, progress: Callable[[int], None]) -> dict[str, CaseLog]:
    """Everything that the log holds of each case now, by its id. Their `saved` are one and the same: all editions.

    `progress` is told how many records have been read. Raises NoTopics, KafkaError.
    """
    saved: dict[bytes, bytes] = {}
    logs: defaultdict[str, CaseLog] = defaultdict(lambda: CaseLog(saved=saved))
    number = 0
    async for record in _committed(settings, None):
        number += 1
        progress(number)
        if record.topic == _EDITIONS.name:
            CaseLog(saved=saved).save(record)
        elif record.key is not None:
            logs[record.key.decode(errors="replace")].take(record)
    return logs


async def _committed(settings: KafkaSettings, key: bytes | None) -> AsyncIterator[Record]:
    """The committed records that there are now: of the partition that `key` belongs to, or of all."""
    async with committed_reader(settings, *(topic.name for topic in _TOPICS)) as consumer:
        partitions = sum(place.topic == CASES.name for place in consumer.assignment())
        if not partitions:
            raise NoTopics
        chosen = None if key is None else partition_for(key, partitions)
        places = [place for place in consumer.assignment() if chosen is None or place.partition == chosen]
        consumer.unsubscribe()
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends: dict[Any, int] = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                for r in batch:
                    yield Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers))
