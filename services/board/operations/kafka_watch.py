"""What only Kafka knows of how the system runs: lag, tasks, topics, dead letters. It is asked while somebody looks,
and every five seconds at most, for all readers together.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from aiokafka.errors import GroupAuthorizationFailedError, KafkaError
from aiokafka.structs import TopicPartition

from services.board.operations.tasks import TaskNow, tasks_of
from shared.contracts.topics import TASK_SOURCES, TOPICS
from shared.kafka.client import Client
from shared.kafka.dead_letter_index import DeadLetterIndex, Listed
from shared.kafka.faults import NoTopics
from shared.kafka.group_lag import PartitionLag, group_lag
from shared.kafka.settings import KafkaSettings
from shared.kafka.task_notes import read_notes
from shared.kafka.topic_changes import TopicChange, changes
from shared.wall_clock import utc_now

EVERY = 5.0  # seconds
ANSWER_SECONDS = 4.0
_LETTER_SECONDS = 8.0  # the first time, all of them are read; whatever takes longer goes on at the next look
_AWAY = (KafkaError, OSError, TimeoutError)
_NAMES = tuple(topic.name for topic in TOPICS)


@dataclass(frozen=True, slots=True)
class Seen:
    """What Kafka said at `asked_at`. `away_since`: it has not answered since then, and the rest is what it said before.

    `lag` is that of each service, and `standing` has the services that have something to take and took nothing since
    the look before. `tasks` are those of each service; a service whose notes the board may not read has none. `letters`
    are the newest first; `letters_hidden`: the board has no right to see them, or their topics are not there; `unread`:
    not all of them were read yet; `passed_over`: so many older ones are not listed.
    """

    asked_at: datetime | None = None
    away_since: datetime | None = None
    lag: Mapping[str, Sequence[PartitionLag]] | None = None
    standing: frozenset[str] = frozenset()
    tasks: Mapping[str, Sequence[TaskNow]] = field(default_factory=dict)
    topics: Sequence[TopicChange] = ()
    letters: Sequence[Listed] = ()
    letters_hidden: bool = False
    unread: bool = True
    passed_over: int = 0

    @property
    def pending(self) -> Sequence[Listed]:
        """The dead letters that were not replayed."""
        return [each for each in self.letters if not each.found.replays]

    def letter(self, place: str) -> Listed | None:
        """The dead letter with that id, or at that place of its own topic."""
        found = (each for each in self.letters if place in (str(each.found), str(each.found.own)))
        return next(found, None)


class KafkaWatch:
    """Asks Kafka."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._index = DeadLetterIndex(settings)
        self._ids: dict[str, str] = {}  # those that were found first, which the services may have as well
        self._ids_now: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()
        self._asked = -EVERY
        self._seen = Seen()

    async def look(self, *, anew: bool = False) -> Seen:
        """What Kafka says, or said less than five seconds ago; `anew`: what it says now."""
        async with self._one_at_a_time:
            if anew or time.monotonic() - self._asked >= EVERY:
                try:
                    await self._ask()
                except _AWAY:
                    self._seen = replace(self._seen, away_since=self._seen.away_since or utc_now())
                finally:
                    self._asked = time.monotonic()
            return self._seen

    async def _ask(self) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            topics = await self._topics()
            names = {name: [topic.name for topic in sources] for name, sources in TASK_SOURCES.items()}
            lag = {name: await group_lag(self._settings, name, topics) for name, topics in names.items()}
            tasks = {name: await self._tasks(name, topics[0]) for name, topics in names.items()}
        seen = replace(self._seen, asked_at=utc_now(), away_since=None, topics=topics)
        self._seen = replace(seen, lag=lag, tasks=tasks, standing=standing_still(self._seen.lag or {}, lag))
        hidden, unread = False, True
        with suppress(TimeoutError):
            async with asyncio.timeout(_LETTER_SECONDS):
                try:
                    await self._index.refresh()
                except NoTopics:
                    hidden = True
                unread = False
        letters, passed_over = self._index.newest_first(), self._index.passed_over
        self._seen = replace(self._seen, letters=letters, letters_hidden=hidden, unread=unread, passed_over=passed_over)

    async def _tasks(self, service: str, source: str) -> Sequence[TaskNow]:
        try:
            return tasks_of(await read_notes(self._settings, service, source), utc_now())
        except GroupAuthorizationFailedError:
            return []

    async def _topics(self) -> list[TopicChange]:
        async with Client(self._settings, "frontline-board-operations") as client:
            _, found = await client.describe_topics(_NAMES)
        wrong = changes(_NAMES, found, self._ids, self._settings.partitions)
        for name, facts in found.items():
            self._ids.setdefault(name, facts.topic_id)
            if self._ids_now.get(name, facts.topic_id) != facts.topic_id:
                self._index.forget(name)
            self._ids_now[name] = facts.topic_id
        return [wrong[name] for name in _NAMES if name in wrong]


def standing_still(
    before: Mapping[str, Sequence[PartitionLag]], now: Mapping[str, Sequence[PartitionLag]]
) -> frozenset[str]:
    """The services that have records to take of a partition, had some at the look before, and have taken none since."""
    found = set()
    for service, lag in now.items():
        then = {TopicPartition(each.topic, each.partition): each for each in before.get(service, ())}
        for each in lag:
            known = then.get(TopicPartition(each.topic, each.partition))
            if known is not None and each.behind and known.behind and each.committed == known.committed:
                found.add(service)
    return frozenset(found)
