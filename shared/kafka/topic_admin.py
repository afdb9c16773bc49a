"""Creates the topics of the registry and compares the broker's topics with it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka.errors import TopicAlreadyExistsError

from shared.contracts.topics import MIN_INSYNC, TOPICS, Topic
from shared.kafka.admin import Admin, TopicLayout
from shared.kafka.client import Client
from shared.kafka.faults import KafkaFault
from shared.kafka.settings import KafkaSettings

_LEADERS_SECONDS = 30.0  # for each partition of a new topic to have a leader
_POLL_SECONDS = 0.05
_CLEANUP = "cleanup.policy"


class TopicNotCreated(KafkaFault):
    """The broker refused to create a topic; the message has its reason."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between a topic and the registry. `what` is `missing`, `partitions`, `replication` (the fewest
    copies of a partition) or the name of a setting."""

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

    Existing topics are not changed: `update_topics` does what it may, and `check_topics` lists their differences.
    Several processes may call this at the same time. Raises TopicNotCreated, KafkaError.
    """
    async with Admin(settings) as admin:
        existing = await admin.topics()
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            await _create(admin, settings, missing)
        return [topic.name for topic in missing]


async def update_topics(settings: KafkaSettings, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Set `min.insync.replicas` as registered in those of `topics` that differ, and return their names.

    Only if a topic has FRONTLINE_REPLICATION copies: one with fewer could not be written to any more, and one with more
    has its setting from somebody else. Nothing else can be changed without a loss. Raises KafkaError.
    """
    drifts = await check_topics(settings, topics)
    other_copies = {drift.topic for drift in drifts if drift.what == "replication"}
    differing = [drift for drift in drifts if drift.what == MIN_INSYNC and drift.topic not in other_copies]
    async with Client(settings, "frontline-admin") as client:
        for drift in differing:
            await client.set_config(drift.topic, MIN_INSYNC, drift.expected)
    return [drift.topic for drift in differing]


async def topic_layouts(settings: KafkaSettings) -> dict[str, TopicLayout]:
    """Each topic of the namespace that can be used. Raises KafkaError."""
    async with Admin(settings) as admin:
        return await admin.topics()


async def check_topics(settings: KafkaSettings, topics: Sequence[Topic] = TOPICS) -> list[Drift]:
    """Every difference between the broker's topics and the registry. Raises KafkaError."""
    async with Admin(settings) as admin:
        layouts = await admin.topics()
        existing = [topic for topic in topics if topic.name in layouts]
        configs = await admin.configs([topic.name for topic in existing])
        drifts = [Drift(topic.name, "missing", "", None) for topic in topics if topic.name not in layouts]
        for topic in existing:
            partitions = layouts[topic.name].partitions
            if partitions != settings.partitions:
                drifts.append(Drift(topic.name, "partitions", str(settings.partitions), str(partitions)))
            copies = layouts[topic.name].copies
            if copies != settings.replication:
                drifts.append(Drift(topic.name, "replication", str(settings.replication), str(copies)))
            found = configs[topic.name]
            drifts += [
                Drift(topic.name, name, value, found.get(name))
                for name, value in topic.config(settings.replication).items()
                if not _same(name, value, found.get(name))
            ]
        return drifts


async def _create(admin: Admin, settings: KafkaSettings, topics: Sequence[Topic]) -> None:
    configs = {topic.name: topic.config(settings.replication) for topic in topics}
    for name, error, message in await admin.create_topics(configs, settings.partitions, settings.replication):
        if error is not TopicAlreadyExistsError:  # another process may have created it meanwhile
            raise TopicNotCreated(f"{name} could not be created: {error.__name__}: {message}")
    deadline = asyncio.get_running_loop().time() + _LEADERS_SECONDS
    names = {topic.name for topic in topics}
    while missing := names - (await admin.topics()).keys():
        if asyncio.get_running_loop().time() > deadline:
            raise TopicNotCreated(
                f"{', '.join(sorted(missing))}: no leaders {_LEADERS_SECONDS:.0f} s after their creation"
            )
        await asyncio.sleep(_POLL_SECONDS)


def _same(name: str, expected: str, found: str | None) -> bool:
    if name == _CLEANUP and found is not None:
        return set(found.split(",")) == set(expected.split(","))
    return found == expected
