"""The administration of topics and groups, with logical names."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
    for_code,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from shared.backoff import Backoff
from shared.kafka.settings import KafkaSettings

# A Kafka without groups makes the topic of their offsets when it is first asked for one; that takes a moment.
_NO_COORDINATOR_YET = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)
_COORDINATOR_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class TopicLayout:
    """How many partitions a topic has, and the fewest copies that one of them has."""

    partitions: int
    copies: int


class Admin:
    """AIOKafkaAdminClient with the names of a namespace. Use it as a context manager. Methods raise KafkaError."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._names = settings.names
        self._admin = AIOKafkaAdminClient(**settings.client(), client_id=self._names.physical("frontline-admin"))

    async def __aenter__(self) -> Self:
        try:
            await self._admin.start()
        except BaseException:
            await self._admin.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()

    async def topics(self) -> dict[str, TopicLayout]:
        """Each topic of the namespace whose partitions all have leaders.

        The request is for all topics: a request by name may create them.
        """
        return {
            name: TopicLayout(len(partitions), min(len(partition["replicas"]) for partition in partitions))
            for topic in await self._admin.describe_topics(None)
            if (name := self._names.logical(topic["topic"])) is not None
            and not topic["error_code"]
            and (partitions := topic["partitions"])
            and all(partition["leader"] >= 0 for partition in partitions)
        }

    async def create_topics(
        self, configs: Mapping[str, Mapping[str, str]], partitions: int, replication: int
    ) -> list[tuple[str, type[KafkaError], str]]:
        """Create a topic for each name, with these settings of the broker; returns what was refused, and why."""
        outside = {self._names.physical(topic): topic for topic in configs}
        response = await self._admin.create_topics(
            [
                NewTopic(name, partitions, replication, topic_configs=dict(configs[topic]))
                for name, topic in outside.items()
            ]
        )
        return [
            (outside[name], for_code(code), message[0] if message and message[0] else "")
            for name, code, *message in response.topic_errors
            if code
        ]

    async def configs(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        """The broker's settings of each of `topics`."""
        outside = {self._names.physical(topic): topic for topic in topics}
        found: dict[str, dict[str, str]] = {}
        if outside:
            resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in outside]
            for response in await self._admin.describe_configs(resources):
                for code, message, _kind, name, entries in response.resources:
                    if code:
                        raise for_code(code)(message)
                    found[outside[name]] = {entry[0]: entry[1] for entry in entries}
        return found

    async def group_offsets(self, group: str) -> dict[TopicPartition, OffsetAndMetadata]:
        """The committed offsets of a consumer group, of topics of the namespace; waits while it has no coordinator."""
        loop = asyncio.get_running_loop()
        deadline, backoff = loop.time() + _COORDINATOR_SECONDS, Backoff(0.1, 1.0)
        while True:
            try:
                found = await self._admin.list_consumer_group_offsets(self._names.physical(group))
                break
            except _NO_COORDINATOR_YET:
                if loop.time() > deadline:
                    raise
                await asyncio.sleep(backoff.next())
        return {
            TopicPartition(topic, place.partition): offset
            for place, offset in found.items()
            if (topic := self._names.logical(place.topic)) is not None
        }
