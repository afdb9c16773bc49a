"""Creates the topics of the registry and compares the broker's topics with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.contracts.topics import TOPICS, Topic
from shared.kafka.faults import KafkaFault
from shared.kafka.settings import KafkaSettings

_LEADERS_SECONDS = 30.0  # for each partition of a new topic to have a leader
_POLL_SECONDS = 0.05
_CLEANUP = "cleanup.policy"


class TopicNotCreated(KafkaFault):
    """The broker refused to create a topic; the message has its reason."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between a topic and the registry. `what` is `missing`, `partitions` or the name of a setting."""

    topic: str
    what: str
    expected: str
    found: str | None

    def __str__(self) -> str:
        if self.what == "missing":
            return f"{self.topic} is missing"
        return f"{self.topic}: {self.what} is {self.found}, expected {self.expected}"


async def apply_topics(settings: KafkaSettings, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Create those of `topics` that are missing, wait until they can be used, and return their names.

    Existing topics are not changed; `check_topics` lists their differences. Several processes may call this at the same
    time. Raises TopicNotCreated, KafkaError.
    """
    async with _admin(settings) as admin:
        existing = await _partition_counts(admin)
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            await _create(admin, settings, missing)
        return [topic.name for topic in missing]


async def check_topics(settings: KafkaSettings, topics: Sequence[Topic] = TOPICS) -> list[Drift]:
    """Every difference between the broker's topics and the registry. Raises KafkaError."""
    async with _admin(settings) as admin:
        counts = await _partition_counts(admin)
        existing = [topic for topic in topics if topic.name in counts]
        configs = await _configs(admin, existing)
        drifts = [Drift(topic.name, "missing", "", None) for topic in topics if topic.name not in counts]
        for topic in existing:
            if counts[topic.name] != settings.partitions:
                drifts.append(Drift(topic.name, "partitions", str(settings.partitions), str(counts[topic.name])))
            found = configs[topic.name]
            drifts += [
                Drift(topic.name, name, value, found.get(name))
                for name, value in topic.config().items()
                if not _same(name, value, found.get(name))
            ]
        return drifts


async def _create(admin: AIOKafkaAdminClient, settings: KafkaSettings, topics: Sequence[Topic]) -> None:
    response = await admin.create_topics(
        [
            NewTopic(topic.name, settings.partitions, settings.replication, topic_configs=topic.config())
            for topic in topics
        ]
    )
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # another process may have created it meanwhile
            raise TopicNotCreated(f"{name} could not be created: {error.__name__}: {message[0] if message else ''}")
    deadline = asyncio.get_running_loop().time() + _LEADERS_SECONDS
    names = {topic.name for topic in topics}
    while missing := names - (await _partition_counts(admin)).keys():
        if asyncio.get_running_loop().time() > deadline:
            raise TopicNotCreated(
                f"{', '.join(sorted(missing))}: no leaders {_LEADERS_SECONDS:.0f} s after their creation"
            )
        await asyncio.sleep(_POLL_SECONDS)


async def _partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """The partition count of each topic whose partitions all have leaders.

    The request is for all topics: a request by name may create them.
    """
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in await admin.describe_topics(None)
        if not topic["error_code"] and all(partition["leader"] >= 0 for partition in topic["partitions"])
    }


async def _configs(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    found: dict[str, dict[str, str]] = {}
    for response in await admin.describe_configs(resources):
        for code, message, _kind, name, entries in response.resources:
            if code:
                raise for_code(code)(message)
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


def _same(name: str, expected: str, found: str | None) -> bool:
    if name == _CLEANUP and found is not None:
        return set(found.split(",")) == set(expected.split(","))
    return found == expected


@contextlib.asynccontextmanager
async def _admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**settings.client(), client_id="frontline-admin")
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()
