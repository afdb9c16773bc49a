"""A connection for single requests, with logical names: facts about topics, ends of logs, batches as they are."""

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, Self

from aiokafka.errors import for_code
from aiokafka.structs import TopicPartition

from shared.kafka.aiokafka_internals import (
    UNCOMMITTED,
    AIOKafkaClient,
    FetchRequest,
    MemoryRecords,
    leader_of,
    offsets,
)
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_config import set_config
from shared.kafka.topic_metadata import TopicFacts, describe_topics

Place = tuple[str, int]  # topic, partition


class Client:
    """AIOKafkaClient with the names of a namespace. Use it as a context manager. Methods raise KafkaError."""

    def __init__(self, settings: KafkaSettings, client_id: str) -> None:
        self._names = settings.names
        self._client = AIOKafkaClient(**settings.client(), client_id=self._names.physical(client_id))

    async def __aenter__(self) -> Self:
        try:
            await self._client.bootstrap()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def bootstrap(self) -> None:
        """Connect."""
        await self._client.bootstrap()

    async def close(self) -> None:
        """Disconnect. Never raises."""
        with contextlib.suppress(Exception):
            await self._client.close()

    async def describe_topics(self, topics: Iterable[str]) -> tuple[str, dict[str, TopicFacts]]:
        """The id of the cluster, and the facts of those of `topics` that exist; creates no topic."""
        outside = {self._names.physical(topic): topic for topic in topics}
        cluster, found = await describe_topics(self._client, outside)
        return cluster, {outside[name]: facts for name, facts in found.items()}

    async def partition_counts(self, topics: Iterable[str]) -> dict[str, int]:
        """The partition count of each of `topics`; 0 = it does not exist. The request, for all topics, creates none."""
        cluster = await self._client.fetch_all_metadata()
        return {topic: len(cluster.partitions_for_topic(self._names.physical(topic)) or ()) for topic in topics}

    async def set_config(self, topic: str, setting: str, value: str) -> None:
        """Set one setting of `topic`; the others stay."""
        await set_config(self._client, self._names.physical(topic), setting, value)

    async def learn(self, topics: Iterable[str]) -> None:
        """Learn the leaders of the partitions of `topics`, which `leader` then knows."""
        await self._client.set_topics({self._names.physical(topic) for topic in topics})

    def leader(self, place: Place) -> int:
        """The id of the broker that leads a partition. Raises LeaderNotAvailableError."""
        return leader_of(self._client, self._outside(place))

    async def offsets(self, isolation: int, wanted: Mapping[Place, int]) -> dict[Place, int]:
        """For each place the offset of a timestamp, or its end, as `aiokafka_internals.offsets` finds it."""
        await self.learn({topic for topic, _ in wanted})
        outside = {self._outside(place): place for place in wanted}
        found = await offsets(self._client, isolation, {name: wanted[place] for name, place in outside.items()})
        return {outside[name]: offset for name, offset in found.items()}

    async def fetch(self, node: int, place: Place, start: int, *, wait_ms: int, at_most: int) -> Any:
        """The batches from `start` on, markers and undecided ones included: a MemoryRecords."""
        topic, partition = self._outside(place)
        request = FetchRequest(wait_ms, 1, at_most, UNCOMMITTED, [(topic, [(partition, start, at_most)])])
        ((_topic, ((_partition, code, *rest),)),) = (await self._client.send(node, request)).topics
        if code:
            raise for_code(code)(f"{place[0]}[{place[1]}]")
        return MemoryRecords(rest[-1])

    def _outside(self, place: Place) -> TopicPartition:
        return TopicPartition(self._names.physical(place[0]), place[1])
