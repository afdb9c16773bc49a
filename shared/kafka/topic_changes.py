"""[pure] Detects changes of topics that a service cannot run with: missing, resized, or deleted and created again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

_SENTENCES = {  # for logs and /readyz, which are in English; people read those of the catalogue
    "topics.missing": "{topic} is missing",
    "topics.created_again": "{topic} was deleted and created again",
    "topics.resized": "{topic} has {partitions} partitions, FRONTLINE_PARTITIONS={expected}",
    "topics.another_cluster": "Kafka at {address} is another cluster than before",
    "topics.no_ids": "topic ids need Kafka 3.1 or later",
}


class Found(Protocol):
    """The current facts about a topic."""

    @property
    def topic_id(self) -> str:
        """The id of the topic; it changes when the topic is deleted and created again."""

    @property
    def partitions(self) -> int:
        """The number of partitions."""


@dataclass(frozen=True, slots=True)
class TopicChange:
    """Why a service cannot run with its topics: a code of the catalogue and its facts. As a string, it is English."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return _SENTENCES[self.code].format(**self.facts)


def changes(
    topics: Iterable[str], found: Mapping[str, Found], known: Mapping[str, str], partitions: int
) -> dict[str, TopicChange]:
    """Name of the topic -> its change, for each topic that the service cannot run with.

    `known` has the ids that the service found earlier; a topic that is not in it may have any id. `partitions` is
    FRONTLINE_PARTITIONS.
    """
    return {topic: change for topic in topics if (change := _change(topic, found.get(topic), known, partitions))}


def another_cluster(address: str) -> TopicChange:
    """Kafka at this address has another cluster id than before."""
    return TopicChange("topics.another_cluster", {"address": address})


def no_topic_ids() -> TopicChange:
    """The broker is too old to have ids of topics."""
    return TopicChange("topics.no_ids")


def _change(topic: str, now: Found | None, known: Mapping[str, str], partitions: int) -> TopicChange | None:
    if now is None:
        return TopicChange("topics.missing", {"topic": topic})
    if now.topic_id != known.get(topic, now.topic_id):
        return TopicChange("topics.created_again", {"topic": topic})
    if now.partitions != partitions:
        facts = {"topic": topic, "partitions": now.partitions, "expected": partitions}
        return TopicChange("topics.resized", facts)
    return None
