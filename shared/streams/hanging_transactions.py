"""Transactions that Kafka has decided and not finished: found after the fence, and brought to their decided end.

A commit is acknowledged once its coordinator has written the decision down. The markers that tell each partition
follow; a coordinator that is started again sends them again, but leaves out each partition that has no leader just
then, as if its topic had been deleted (`TransactionMarkerChannelManager`, Kafka 4.3: "likely deleted already and hence
can be skipped"). Where one broker has everything that happens each time that it is killed between the two: while it
starts, no partition has a leader. What such a transaction wrote is then committed in some partitions and undecided in
others, and would follow the fate of whatever the same task does next there.

So a task looks, after its fence, at every partition that it may write to. Nobody but the task itself writes with its
producer id, and a transaction is never begun on a connection that has broken since (`KafkaTransactions.lost`): what
hangs is the last transaction, and what had been decided is written in the partitions that were told. If any was told
to commit, or the group's offsets moved, it is committed everywhere; if none was, nobody has seen it, and it is aborted
and done again. A task without stores has no changelog, so that its offsets tell nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.kafka.faults import TaskMustStop
from shared.streams.positions import Offsets
from shared.streams.record_batches import Batch, BatchReader, Marker, Place
from shared.streams.task_state import OFFSETS_KEY


class Written(NamedTuple):
    """A transaction, by what its batches have in common: one task does not write twice within a millisecond."""

    epoch: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Hanging:
    """A transaction that is undecided in `places`, and the positions that it would commit, if its changelog is one."""

    written: Written
    places: tuple[Place, ...]
    positions: Mapping[str, int] | None


class SomebodyElseHangs(TaskMustStop):
    """A changelog has an undecided transaction of another producer id: the task's own was replaced, by Kafka or by
    hand, and no producer can end it any more.

    To go on, end it by `kafka-transactions.sh abort` with what `find-hanging` says.
    """

    def __init__(self, place: Place, producer_id: int) -> None:
        super().__init__(
            f"{place[0]}[{place[1]}] has an undecided transaction of producer id {producer_id}, which nobody has any "
            "more: look with `kafka-transactions.sh find-hanging`, end it with `kafka-transactions.sh abort`"
        )


async def find(
    reader: BatchReader, places: Iterable[Place], changelogs: Iterable[Place], producer_id: int
) -> list[Hanging]:
    """The transactions of `producer_id` that hang in `places`, its changelogs among them. Call it after the fence.

    Raises SomebodyElseHangs, KafkaError.
    """
    places, own = list(places), set(changelogs)
    decided, ends = await reader.decided_ends(places), await reader.ends(places)
    found: dict[Written, list[Place]] = defaultdict(list)
    positions: dict[Written, Mapping[str, int]] = {}
    for place in places:
        if decided[place] >= ends[place]:
            continue
        batches = [batch async for batch in reader.read(place, decided[place], ends[place])]
        others = {batch.producer_id for batch in batches if batch.transactional} - {producer_id}
        if place in own and others:
            raise SomebodyElseHangs(place, min(others))
        undecided = last_undecided(batches, producer_id)
        if undecided:
            written = Written(undecided[0].epoch, undecided[0].timestamp)
            found[written].append(place)
            if (would_commit := _positions(undecided)) is not None and place in own:
                positions[written] = would_commit
    return [Hanging(written, tuple(at), positions.get(written)) for written, at in found.items()]


async def decision(
    reader: BatchReader,
    hanging: Hanging,
    places: Iterable[Place],
    producer_id: int,
    restored: Mapping[str, int],
    committed: Mapping[str, int],
) -> Marker:
    """What had been decided about `hanging`.

    `restored` are the positions without it, by the changelog; `committed` those of the group. Raises KafkaError.
    """
    others = [place for place in places if place not in hanging.places]
    starts, ends = await reader.at(hanging.written.timestamp, others), await reader.ends(others)
    for place, start in starts.items():
        batches = [batch async for batch in reader.read(place, start, ends[place])]
        if told(batches, producer_id, hanging.written) == "commit":
            return "commit"
    consumed = {
        source: position for source, position in (hanging.positions or {}).items() if position != restored.get(source)
    }
    moved = consumed and all(committed.get(source, 0) >= position for source, position in consumed.items())
    return "commit" if moved else "abort"


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


def told(batches: Sequence[Batch], producer_id: int, written: Written) -> Marker | None:
    """The marker that the partition of `batches` got for a transaction; None if it got none, or had no part in it."""
    took_part = False
    for batch in batches:
        if batch.producer_id != producer_id:
            continue
        if batch.marker is None:
            took_part = took_part or (batch.epoch, batch.timestamp) == written
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
