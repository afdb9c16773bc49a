"""[pure] Positions in sources, with the id of the topic that each belongs to: an offset means nothing in another topic.

Both places that keep a task's positions keep the ids with them: the changelogs in the record under OFFSETS_KEY, the
group in the metadata of its committed offsets. An offset without an id was set by hand, for the topic as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import msgspec

from shared.streams.errors import ChangelogLost, OffsetLost, TopicRecreated

_ID, _ACCEPTED = "topic-id=", "accepted"


class Offsets(msgspec.Struct, frozen=True):
    """The source positions of a transaction as a changelog keeps them, and the ids of those topics, where known."""

    positions: dict[str, int]
    topic_ids: dict[str, str] = {}

    def encode(self) -> bytes:
        """As bytes."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """What `encode` made."""
        return msgspec.json.decode(value, type=cls)


@dataclass(frozen=True, slots=True)
class Committed:
    """An offset of a group. `topic_id` "" = set by hand; `accepted` = set by `frontline topics accept`."""

    offset: int
    topic_id: str = ""
    accepted: bool = False

    @property
    def metadata(self) -> str:
        """What Kafka keeps beside the offset."""
        return f"{_ID}{self.topic_id}{' ' + _ACCEPTED if self.accepted else ''}" if self.topic_id else ""

    @classmethod
    def parse(cls, offset: int, metadata: str | None) -> Self:
        """An offset as Kafka gives it."""
        words = (metadata or "").split()
        ids = [word.removeprefix(_ID) for word in words if word.startswith(_ID)]
        return cls(offset, ids[0] if ids else "", _ACCEPTED in words)

    def belongs_to(self, topic_id: str) -> bool:
        """Whether it means something in the topic with this id; "" = the id is not known."""
        return not self.topic_id or not topic_id or self.topic_id == topic_id


@dataclass(frozen=True, slots=True)
class Source:
    """A partition of a source as a takeover finds it: `first` and `end` of its log, `topic_id` of the topic."""

    topic: str
    partition: int
    first: int
    end: int
    topic_id: str = ""


def start_of(source: Source, carried: int | None, stale: str | None, committed: Committed | None) -> int:
    """Where a task goes on in `source`: the later of what its changelogs carry and what its group has committed.

    `carried` is the changelogs' position in the topic as it is now, `stale` the id of a deleted topic of this name that
    they have a position for. Without any position, the beginning. Raises OffsetLost, TopicRecreated.
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
        raise OffsetLost(
            source.topic,
            source.partition,
            f"the position is {position}, but its log has {source.first} to {source.end}",
        )
    return position


def check_changelogs(
    partition: int, carried: Mapping[str, int], committed: Mapping[str, Committed], topic_ids: Mapping[str, str]
) -> None:
    """One transaction writes to the changelog and commits to the group: the changelogs are never behind the group.

    Offsets that somebody has set by hand or accepted say nothing of that. Raises ChangelogLost.
    """
    for topic, offset in committed.items():
        by_a_task = offset.topic_id and not offset.accepted and offset.topic_id == topic_ids.get(topic)
        if by_a_task and offset.offset > carried.get(topic, 0):
            raise ChangelogLost(topic, partition, offset.offset, carried.get(topic))
