"""[pure] Detects changes of topics that a service cannot run with: missing, resized, or deleted and created again."""

from collections.abc import Iterable, Mapping
from typing import Protocol


class Found(Protocol):
    """The current facts about a topic."""

    @property
    def topic_id(self) -> str:
        """The id of the topic; it changes when the topic is deleted and created again."""

    @property
    def partitions(self) -> int:
        """The number of partitions."""


def changes(
    topics: Iterable[str], found: Mapping[str, Found], known: Mapping[str, str], partitions: int
) -> dict[str, str]:
    """Name of the topic -> reason for people, for each topic that the service cannot run with.

    `known` has the ids that the service found earlier; a topic that is not in it may have any id. `partitions` is
    FRONTLINE_PARTITIONS.
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
