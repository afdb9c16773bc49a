"""Accepting a loss in a source: at an operator's request, the tasks that cannot continue in it continue where they can.

A task stops if its source was deleted and created again, if retention has overtaken its position, or if the log is
shorter than what it has read. Its position is the later of the group's offset and that of the changelogs, so both are
set, in one transaction of the task's own transactional id: no task can commit another position meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.backoff import Backoff
from shared.cancellation import end_if_cancelled
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
from shared.streams.transaction import KafkaTransactions, Transactions
from shared.wall_clock import utc_now

_CLIENT_ID = "frontline-accept"
_TAILS = (1_000, 100_000, 1 << 62)  # offsets at the end of a changelog; its last transaction has the positions
_ATTEMPTS = 10  # for each task; it retries meanwhile, and each of its attempts fences this command


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


@dataclass(frozen=True, slots=True)
class _Found:
    """A loss that is not accepted yet, and what its task has."""

    loss: AcceptedLoss
    source: Source
    carried: dict[str, Offsets | None]


async def accept_loss(
    settings: KafkaSettings,
    topic: Topic,
    group: str,
    stores: Sequence[str],
    *,
    dry_run: bool = False,
    transactions: Callable[[str], Transactions] | None = None,
) -> list[AcceptedLoss]:
    """Let the tasks of service `group` that cannot continue in `topic` continue; returns what is lost, by partition.

    Tasks that can continue are not touched, so a second call changes nothing. The service may be running: its tasks
    find the position at their next attempt. `dry_run` only looks. `transactions` is a seam for tests: those of a
    transactional id. Raises TopicsDiffer, Fenced, KafkaError.
    """
    make = transactions or (lambda transactional_id: KafkaTransactions(settings, transactional_id, _CLIENT_ID))
    facts = await _facts(settings, topic)
    consumer = Consumer(settings, client_id=_CLIENT_ID, group=group, enable_auto_commit=False)  # never joins the group
    losses: list[AcceptedLoss] = []
    try:
        await consumer.start()
        async with committed_reader(settings, client_id=_CLIENT_ID) as reader:
            changelogs = [changelog(group, store) for store in stores]
            for partition in range(facts.partitions):
                look = partial(_look, consumer, reader, TopicPartition(topic.name, partition), facts, changelogs)
                found = await look()
                if found is not None and not dry_run:
                    found = await _accepted(found, look, make, group)
                if found is not None:
                    losses.append(found.loss)
    finally:
        await consumer.stop()
    return losses


async def _look(
    consumer: Consumer, reader: CommittedReader, place: TopicPartition, facts: TopicFacts, changelogs: Sequence[Topic]
) -> _Found | None:
    """What a task has lost; None = it can continue."""
    committed_offsets = await consumer.committed_offsets([place])
    first, ends = await consumer.beginning_offsets([place]), await reader.ends([place])
    source = Source(place.topic, place.partition, first[place], ends[place], facts.topic_id)
    carried = await _carried(reader, changelogs, source)
    at = committed_offsets.get(place)
    committed = None if at is None else Committed.parse(at.offset, at.metadata)
    known, stale = _known(carried.offsets, source)
    accepted = accepted_start(source, known, stale, committed)
    if accepted is None:
        return None
    position, start = accepted
    if position is not None and position > source.end:
        start = await _first_unread(reader, source, carried.since_ms.get(position))
    return _Found(AcceptedLoss(place.partition, position, start), source, carried.offsets)


async def _accepted(
    found: _Found, look: Callable[[], Awaitable[_Found | None]], make: Callable[[str], Transactions], group: str
) -> _Found:
    """Write what lets the task continue; returns the loss that it continues after.

    An error leaves open whether a transaction was committed, and the task may have continued by then. So each attempt
    fences the task, which ends what is open, and then looks again: nothing may set it back.
    """
    backoff, attempts = Backoff(0.05, 1.0), 0
    while True:
        transactions = make(f"{group}-{found.source.partition}")
        try:
            await transactions.start()
            left = await look()
            if left is None:
                return found
            found = left
            await _write(transactions, group, found)
        except (Fenced, KafkaError):
            attempts += 1
            if attempts == _ATTEMPTS:
                raise
        else:
            return found
        finally:
            await transactions.discard()
        end_if_cancelled()
        await asyncio.sleep(backoff.next())


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


async def _write(transactions: Transactions, group: str, found: _Found) -> None:
    """Set the position in the group and in every changelog; the positions in other sources stay."""
    source, start = found.source, found.loss.start
    outputs = []
    for name, offsets in found.carried.items():
        before = offsets or Offsets({})
        after = msgspec.structs.replace(
            before,
            positions={**before.positions, source.topic: start},
            topic_ids={**before.topic_ids, source.topic: source.topic_id},
        )
        outputs.append(Output(name, OFFSETS_KEY, after.encode(), (), source.partition))
    committed = {source.topic: Committed(start, source.topic_id, accepted=True)}
    await transactions.begin()
    await transactions.send(outputs, source.partition, round(utc_now().timestamp() * 1000))
    await transactions.send_offsets(committed, source.partition, group)
    await transactions.commit()


async def _facts(settings: KafkaSettings, topic: Topic) -> TopicFacts:
    async with Client(settings, _CLIENT_ID) as client:
        _, found = await client.describe_topics([topic.name])
    wrong = changes([topic.name], found, {}, settings.partitions)
    if wrong:
        raise TopicsDiffer(wrong[topic.name])
    return found[topic.name]
