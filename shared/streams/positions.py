"""[pure] Positions in sources, each with the id of its topic: in another topic of that name an offset is meaningless.

Both places that keep a task's positions keep the ids with them: the changelogs in the record under OFFSETS_KEY, the
group in the metadata of its committed offsets. An offset without an id was set by hand, for the present topic.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import msgspec

from shared.streams.errors import ChangelogLost, OffsetLost, TopicRecreated

_ID, _ACCEPTED = "topic-id=", "accepted"


class Offsets(msgspec.Struct, frozen=True):
    """The source positions of a transaction as a changelog stores them, with the ids of those topics, where known."""

    positions: dict[str, int]
    topic_ids: dict[str, str] = {}

    def encode(self) -> bytes:
        """As bytes."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """The inverse of `encode`."""
        return msgspec.json.decode(value, type=cls)


@dataclass(frozen=True, slots=True)
class Committed:
    """An offset of a group. `topic_id` "" = set by hand; `accepted` = set by `frontline topics accept`."""

    offset: int
    topic_id: str = ""
    accepted: bool = False

    @property
    def metadata(self) -> str:
        """The metadata string that Kafka stores with the offset."""
        return f"{_ID}{self.topic_id}{' ' + _ACCEPTED if self.accepted else ''}" if self.topic_id else ""

    @classmethod
    def parse(cls, offset: int, metadata: str | None) -> Self:
        """An offset as Kafka returns it."""
        words = (metadata or "").split()
        ids = [word.removeprefix(_ID) for word in words if word.startswith(_ID)]
        return cls(offset, ids[0] if ids else "", _ACCEPTED in words)

    def belongs_to(self, topic_id: str) -> bool:
        """Whether the offset is one of the topic with this id; "" = the id is not known."""
        return not self.topic_id or not topic_id or self.topic_id == topic_id


@dataclass(frozen=True, slots=True)
class Source:
    """A partition of a source at a takeover: `first` and `end` offset of its log, `topic_id` of the topic."""

    topic: str
    partition: int
    first: int
    end: int
    topic_id: str = ""


def start_of(source: Source, carried: int | None, stale: str | None, committed: Committed | None) -> int:
    """Where a task continues in `source`: the later of its changelogs' position and the offset its group has committed.

    `carried` is the changelogs' position in the present topic, `stale` the id of a deleted topic of this name for which
    they have a position. Without any position, the beginning. Raises OffsetLost, TopicRecreated.
    """
    ours = committed is not None and committed.belongs_to(source.topic_id)
    known = [carried] if carried is not None else []
    if committed is not None and ours:
        known.append(committed.offset)
    elif committed is not None:
        stale = stale or committed.topic_id
    if not known and stale is not None:
        raise TopicRecreated(source.topic, source.partition, stale, source.topic_id)
    position = max(known) if known else source.first
    if not source.first <= position <= source.end:
        what = f"the position is {position}, but its log has {source.first} to {source.end}"
        raise OffsetLost(source.topic, source.partition, what)
    return position


def accepted_start(
    source: Source, carried: int | None, stale: str | None, committed: Committed | None
) -> tuple[int | None, int] | None:
    """The position of a task that cannot continue in `source`, and where it may once an operator has accepted the loss.

    None = it can continue. A position of None belongs to a deleted topic: every record of the present one is read. Else
    records were deleted before they were read, so it continues at the log's start; or the log is shorter than what was
    read, so it continues at its end, or at an earlier record that was written since.
    """
    try:
        start_of(source, carried, stale, committed)
    except TopicRecreated:
        return None, source.first
    except OffsetLost:
        group = committed.offset if committed is not None and committed.belongs_to(source.topic_id) else 0
        position = max(carried or 0, group)
        return position, source.first if position < source.first else source.end
    return None


def latest(of_changelogs: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """For each source the latest of the positions that the changelogs of a task had last."""
    found: dict[str, int] = {}
    for positions in of_changelogs:
        for topic, position in positions.items():
            found[topic] = max(position, found.get(topic, 0))
    return found


def check_changelogs(
    partition: int, carried: Mapping[str, int], committed: Mapping[str, Committed], topic_ids: Mapping[str, str]
) -> None:
    """Check that the changelogs are not behind the group: one transaction writes to both.

    Offsets that were set by hand or accepted are not compared. Raises ChangelogLost.
    """
    for topic, offset in committed.items():
        by_a_task = offset.topic_id and not offset.accepted and offset.topic_id == topic_ids.get(topic)
        if by_a_task and offset.offset > carried.get(topic, 0):
            raise ChangelogLost(topic, partition, offset.offset, carried.get(topic))
