"""Transactions whose outcome Kafka has decided but not completed: found after the fence, then completed as decided.

Kafka acknowledges a commit once the coordinator has written its decision to its own log. The coordinator then writes a
marker to each partition of the transaction. A restarted coordinator writes the missing markers, but omits a partition
that has no leader at that moment, as if its topic had been deleted (`TransactionMarkerChannelManager`, Kafka 4.3:
"likely deleted already and hence can be skipped"). On a cluster of one broker no partition has a leader while the
broker starts, so a kill between decision and markers often has this effect. The records of such a transaction are
committed in some partitions and undecided in others. The next transaction of the same producer would decide them too.

So a task examines, after its fence, every partition that it may write to. Only the task itself writes with its producer
id, and it begins no transaction on a connection that has broken (`KafkaTransactions.lost`). So what hangs is its last
transaction, and every marker of it shows the decision. If any partition has a commit marker, or the offsets of the
group have moved, the transaction is committed everywhere. If no partition has one, no reader has seen a record of it:
it is aborted, and the task processes its sources again. A task without stores has no changelog, so its offsets show
nothing.

One hole remains. A settlement is itself a transaction (`KafkaTransactions.settle`): one request adds all partitions,
the next one commits. If the task or the broker fails between these two requests, and the decision was "commit", the
next fence aborts the settlement, and with it the records that Kafka had decided to commit. The hole takes a second
failure within one round trip. A producer has no right to close it: only a broker may write a marker directly.
Nothing else can go wrong: before the first request only the offsets of the group can be aborted, which the changelog
has too, and after the second one Kafka completes the commit.

An operator sees it in the log: `transaction.settling` with `decision=commit` that no `transaction.settled` of the same
partition follows. What happens next depends on the partition that has the commit marker:
- offsets of the group: the changelog lacks their transaction, so the task stops as `ChangelogLost`.
- a sink: the task processes the records again and publishes events with the same ids, which readers drop by their id.
- a changelog: the events of the transaction are missing in the sink. `frontline replay --from-topic` names each one.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.kafka.client import Place
from shared.kafka.faults import TaskMustStop
from shared.streams.positions import Offsets
from shared.streams.record_batches import Batch, BatchReader, Marker
from shared.streams.task_state import OFFSETS_KEY

_POLL_SECONDS = 0.01


class TransactionKey(NamedTuple):
    """Identifies a transaction of one producer: its batches share both. A task commits at most one in a millisecond."""

    epoch: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Hanging:
    """A transaction that is undecided in `places`. `positions` are the source positions that it contains, if it is
    undecided in a changelog.
    """

    key: TransactionKey
    places: tuple[Place, ...]
    positions: Mapping[str, int] | None


class ForeignTransactionHangs(TaskMustStop):
    """A changelog has an undecided transaction of another producer id: Kafka or an operator has replaced the id of the
    task, and no producer can end that transaction any more.

    To continue, end it by `kafka-transactions.sh abort` with the values that `find-hanging` prints.
    """

    def __init__(self, place: Place, producer_id: int) -> None:
        super().__init__(
            f"{place[0]}[{place[1]}] has an undecided transaction of producer id {producer_id}, which no producer has "
            "any more: find it with `kafka-transactions.sh find-hanging`, end it with `kafka-transactions.sh abort`"
        )


async def find(
    reader: BatchReader, places: Iterable[Place], changelogs: Iterable[Place], producer_id: int
) -> list[Hanging]:
    """The transactions of `producer_id` that are undecided in `places`, which include `changelogs`.

    Call it after the fence: a transaction that is still open would be found as well.

    Raises ForeignTransactionHangs, KafkaError.
    """
    places, own = list(places), set(changelogs)
    decided, ends = await reader.decided_ends(places), await reader.ends(places)
    found: dict[TransactionKey, list[Place]] = defaultdict(list)
    positions: dict[TransactionKey, Mapping[str, int]] = {}
    for place in places:
        if decided[place] >= ends[place]:
            continue
        batches = [batch async for batch in reader.read(place, decided[place], ends[place])]
        others = {batch.producer_id for batch in batches if batch.transactional} - {producer_id}
        if place in own and others:
            raise ForeignTransactionHangs(place, min(others))
        undecided = last_undecided(batches, producer_id)
        if undecided:
            key = TransactionKey(undecided[0].epoch, undecided[0].timestamp)
            found[key].append(place)
            if (contained := _positions(undecided)) is not None and place in own:
                positions[key] = contained
    return [Hanging(key, tuple(at), positions.get(key)) for key, at in found.items()]


async def decision(
    reader: BatchReader,
    hanging: Hanging,
    places: Iterable[Place],
    producer_id: int,
    restored: Mapping[str, int],
    committed: Mapping[str, int],
) -> Marker:
    """How to end `hanging`: as Kafka has decided, or "abort" if no partition shows a decision.

    `restored` are the source positions of the changelog without it, `committed` those of the group. Raises KafkaError.
    """
    others = [place for place in places if place not in hanging.places]
    starts, ends = await reader.at(hanging.key.timestamp, others), await reader.ends(others)
    for place, start in starts.items():
        batches = [batch async for batch in reader.read(place, start, ends[place])]
        if marker_of(batches, producer_id, hanging.key) == "commit":
            return "commit"
    consumed = {
        source: position for source, position in (hanging.positions or {}).items() if position != restored.get(source)
    }
    moved = consumed and all(committed.get(source, 0) >= position for source, position in consumed.items())
    return "commit" if moved else "abort"


async def until_decided(reader: BatchReader, changelogs: Sequence[Place]) -> None:
    """Wait until everything in these partitions is decided, so that a restore misses nothing: Kafka acknowledges a
    settlement before it writes the markers. Raises KafkaError.
    """
    while True:
        decided, ends = await reader.decided_ends(changelogs), await reader.ends(changelogs)
        if all(decided[place] >= ends[place] for place in changelogs):
            return
        await asyncio.sleep(_POLL_SECONDS)


def last_undecided(batches: Sequence[Batch], producer_id: int) -> list[Batch]:
    """The batches of `producer_id` that no marker follows, in order."""
    undecided: list[Batch] = []
    for batch in batches:
        if batch.producer_id != producer_id:
            continue
        if batch.marker is None:
            undecided.append(batch)
        else:
            undecided.clear()
    return undecided


def marker_of(batches: Sequence[Batch], producer_id: int, key: TransactionKey) -> Marker | None:
    """The marker of a transaction among the batches of one partition; None if the partition has none, or no record of
    the transaction.
    """
    took_part = False
    for batch in batches:
        if batch.producer_id != producer_id:
            continue
        if batch.marker is None:
            took_part = took_part or (batch.epoch, batch.timestamp) == key
        elif took_part:
            return batch.marker
    return None


def _positions(batches: Sequence[Batch]) -> Mapping[str, int] | None:
    """The source positions among the changelog records in `batches`, if they are there."""
    for batch in batches:
        for key, value in batch.records:
            if key == OFFSETS_KEY and value is not None:
                return Offsets.decode(value).positions
    return None
