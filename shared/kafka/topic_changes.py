"""[pure] In what a service's topics differ from what it may run on: missing, resized, or deleted and created again."""

from collections.abc import Iterable, Mapping
from typing import Protocol


class Found(Protocol):
    """A topic as Kafka has it now."""

    @property
    def topic_id(self) -> str:
        """Another one after the topic was deleted and created again."""

    @property
    def partitions(self) -> int:
        """How many it has."""


def changes(
    topics: Iterable[str], found: Mapping[str, Found], known: Mapping[str, str], partitions: int
) -> dict[str, str]:
    """For each topic with which something is wrong, what it is: the topic's name and the reason, for people.

    `known` are the ids of the topics that the service has met; a topic that it has not met may have any id.
    `partitions` is FRONTLINE_PARTITIONS.
    """
    return {topic: reason for topic in topics if (reason := _change(topic, found.get(topic), known, partitions))}


def _change(topic: str, now: Found | None, known: Mapping[str, str], partitions: int) -> str:
    if now is None:
        return f"{topic} is missing"
    if now.topic_id != known.get(topic, now.topic_id):
        return f"{topic} was deleted and created again"
    if now.partitions != partitions:
        return f"{topic} has {now.partitions} partitions, FRONTLINE_PARTITIONS={partitions}"
    return ""
