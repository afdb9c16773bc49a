"""Accepting a loss in a source: at an operator's request, the tasks that cannot continue in it continue where they can.

A task stops if its source was deleted and created again, if retention has overtaken its position, or if the log is
shorter than what it has read. Its position is the later of the group's offset and that of the changelogs, so both are
set, in one transaction of the task's own transactional id: no task can commit another position meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from aiokafka.structs import TopicPartition

from shared.contracts.topics import Topic, changelog
from shared.kafka.client import Client
from shared.kafka.committed_reader import CommittedReader, Span, committed_reader
from shared.kafka.consumer import Consumer
from shared.kafka.faults import TopicsDiffer
from shared.kafka.record import Output
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_changes import changes
from shared.kafka.topic_metadata import TopicFacts
from shared.streams.errors import Fenced
from shared.streams.positions import Committed, Offsets, Source, accepted_start
from shared.streams.task_state import OFFSETS_KEY
from shared.streams.transaction import KafkaTransactions
from shared.wall_clock import utc_now

_CLIENT_ID = "frontline-accept"
_TAILS = (1_000, 100_000, 1 << 62)  # offsets at the end of a changelog; its last transaction has the positions
_ATTEMPTS = 10  # the task retries meanwhile, and each of its attempts fences this command


@dataclass(frozen=True, slots=True)
class AcceptedLoss:
    """A task's `position`, and the offset `start` at which it continues. None: a position in a deleted topic."""

    partition: int
    position: int | None
    start: int

    @property
    def lost(self) -> tuple[int, int] | None:
        """The first and last offset of what the log does not have; None = unread records of the deleted topic."""
        return None if self.position is None else (min(self.position, self.start), max(self.position, self.start) - 1)

    def __str__(self) -> str:
        if self.position is None or self.lost is None:
            return f"continues at {self.start}, its beginning; unread records of the deleted topic are lost"
        first, last = self.lost
        if self.position < self.start:
            return f"continues at {self.start}; offsets {first} to {last} were deleted before they were read"
        return (
            f"continues at {self.start}; what had been read at offsets {first} to {last} is missing from the log, and "
            "what was written there since is read"
        )


@dataclass(frozen=True, slots=True)
class _Carried:
    """What the changelogs of a task have: the last positions of each, None = none, and for each position in the source
    when they had it first, milliseconds since 1970 UTC.
    """

    offsets: dict[str, Offsets | None]
    since_ms: dict[int, int]

    def note(self, changelog: str, offsets: Offsets, source: str, at_ms: int) -> None:
        """Take the next record of a changelog."""
        self.offsets[changelog] = offsets
        position = offsets.positions.get(source)
        if position is not None:
            self.since_ms[position] = min(at_ms, self.since_ms.get(position, at_ms))


async def accept_loss(
    settings: KafkaSettings, topic: Topic, group: str, stores: Sequence[str], *, dry_run: bool = False
) -> list[AcceptedLoss]:
    """Let the tasks of service `group` that cannot continue in `topic` continue; returns what is lost, by partition.

    Tasks that can continue are not touched, so a second call changes nothing. The service may be running: its tasks
    find the position at their next attempt. `dry_run` only looks. Raises TopicsDiffer, Fenced, KafkaError.
    """
    facts = await _facts(settings, topic)
    places = [TopicPartition(topic.name, partition) for partition in range(facts.partitions)]
    consumer = Consumer(settings, client_id=_CLIENT_ID, group=group, enable_auto_commit=False)  # never joins the group
    try:
        await consumer.start()
        found = await consumer.committed_offsets(places)
        first = await consumer.beginning_offsets(places)
    finally:
        await consumer.stop()
    losses: list[AcceptedLoss] = []
    async with committed_reader(settings, client_id=_CLIENT_ID) as reader:
        ends = await reader.ends(places)
        for place in places:
            source = Source(topic.name, place.partition, first[place], ends[place], facts.topic_id)
            carried = await _carried(reader, [changelog(group, store) for store in stores], source)
            committed = Committed.parse(found[place].offset, found[place].metadata) if place in found else None
            known, stale = _known(carried.offsets, source)
            accepted = accepted_start(source, known, stale, committed)
            if accepted is not None:
                position, start = accepted
                if position is not None and position > source.end:
                    start = await _first_unread(reader, source, carried.since_ms.get(position))
                losses.append(AcceptedLoss(place.partition, position, start))
                if not dry_run:
                    await _write(settings, group, source, start, carried.offsets)
    return losses


def _known(carried: Mapping[str, Offsets | None], source: Source) -> tuple[int | None, str | None]:
    """The latest position of the changelogs in `source`, and the id of a deleted topic for which they have one."""
    known: int | None = None
    stale: str | None = None
    for offsets in carried.values():
        if offsets is None or source.topic not in offsets.positions:
            continue
        topic_id, position = offsets.topic_ids.get(source.topic, ""), offsets.positions[source.topic]
        if Committed(position, topic_id).belongs_to(source.topic_id):
            known = max(position, known or 0)
        else:
            stale = topic_id
    return known, stale


async def _first_unread(reader: CommittedReader, source: Source, since_ms: int | None) -> int:
    """Where a log that is shorter than what was read has its first unread record: one that was written after
    `since_ms`, when the task had read so far. The log's end, if that is not known or nothing was written since.

    A producer whose clock is ahead makes it an earlier record. What is read a second time counts once, by its id.
    """
    place = TopicPartition(source.topic, source.partition)
    found = None if since_ms is None else await reader.first_since(place, since_ms + 1)
    return source.end if found is None else min(found, source.end)


async def _carried(reader: CommittedReader, changelogs: Sequence[Topic], source: Source) -> _Carried:
    places = [TopicPartition(each.name, source.partition) for each in changelogs]
    carried = _Carried(dict.fromkeys(each.name for each in changelogs), {})
    for whole in await reader.spans(places):
        for tail in _TAILS:
            start = max(whole.start, whole.end - tail)
            async for record in reader.read([Span(whole.place, start, whole.end)]):
                if record.key == OFFSETS_KEY and record.value is not None:
                    carried.note(record.topic, Offsets.decode(record.value), source.topic, record.timestamp_ms)
            if carried.offsets[whole.place.topic] is not None or start == whole.start:
                break
    return carried


async def _write(
    settings: KafkaSettings, group: str, source: Source, start: int, carried: Mapping[str, Offsets | None]
) -> None:
    """Set the position in the group and in every changelog; the positions in other sources stay."""
    outputs = []
    for name, offsets in carried.items():
        before = offsets or Offsets({})
        after = msgspec.structs.replace(
            before,
            positions={**before.positions, source.topic: start},
            topic_ids={**before.topic_ids, source.topic: source.topic_id},
        )
        outputs.append(Output(name, OFFSETS_KEY, after.encode(), (), source.partition))
    committed = {source.topic: Committed(start, source.topic_id, accepted=True)}
    for attempt in range(1, _ATTEMPTS + 1):
        transactions = KafkaTransactions(settings, f"{group}-{source.partition}", _CLIENT_ID)
        try:
            await transactions.start()
            await transactions.begin()
            await transactions.send(outputs, source.partition, round(utc_now().timestamp() * 1000))
            await transactions.send_offsets(committed, source.partition, group)
            await transactions.commit()
        except Fenced:
            if attempt == _ATTEMPTS:
                raise
        else:
            return
        finally:
            await transactions.discard()


async def _facts(settings: KafkaSettings, topic: Topic) -> TopicFacts:
    async with Client(settings, _CLIENT_ID) as client:
        _, found = await client.describe_topics([topic.name])
    wrong = changes([topic.name], found, {}, settings.partitions)
    if wrong:
        raise TopicsDiffer(wrong[topic.name])
    return found[topic.name]
