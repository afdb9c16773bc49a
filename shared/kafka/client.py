"""A connection for single requests, with logical names: facts about topics, ends of logs, batches as they are."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from aiokafka.errors import LeaderNotAvailableError, for_code
from aiokafka.structs import TopicPartition

from shared.kafka.aiokafka_internals import AIOKafkaClient, FetchRequest, MemoryRecords, OffsetRequest
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_config import set_config
from shared.kafka.topic_metadata import TopicFacts, describe_topics

Place = tuple[str, int]  # topic, partition

UNCOMMITTED, COMMITTED = 0, 1  # isolation


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
        node = self._client.cluster.leader_for_partition(TopicPartition(self._names.physical(place[0]), place[1]))
        if node is None or node < 0:
            raise LeaderNotAvailableError(f"{place[0]}[{place[1]}] has no leader")
        return int(node)

    async def offsets(
        self, node: int, isolation: int, wanted: Mapping[str, Sequence[tuple[int, int]]]
    ) -> Iterator[tuple[Place, int]]:
        """For each (partition, timestamp) of each topic the offset, as a request of version 1 and later answers it."""
        outside = {self._names.physical(topic): topic for topic in wanted}
        asked = [(name, list(wanted[topic])) for name, topic in outside.items()]
        answer = await self._client.send(node, OffsetRequest(-1, isolation, asked))
        return (
            ((outside[name], partition), _checked(code, (outside[name], partition), offset))
            for name, partitions in answer.topics
            for partition, code, _timestamp, offset in partitions
        )

    async def fetch(self, node: int, place: Place, start: int, *, wait_ms: int, at_most: int) -> Any:
        """The batches from `start` on, markers and undecided ones included: a MemoryRecords."""
        topic, partition = self._names.physical(place[0]), place[1]
        request = FetchRequest(wait_ms, 1, at_most, UNCOMMITTED, [(topic, [(partition, start, at_most)])])
        ((_topic, ((_partition, code, *rest),)),) = (await self._client.send(node, request)).topics
        return MemoryRecords(_checked(code, place, rest[-1]))


def _checked(code: int, place: Place, answer: Any) -> Any:
    if code:
        raise for_code(code)(f"{place[0]}[{place[1]}]")
    return answer
