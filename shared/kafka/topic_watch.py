"""Watches the topics of a service: every two seconds, one small request asks for their ids and partition counts.

aiokafka itself asks every five minutes, without ids, and continues at the old offset if a topic was created again.
Between such a change and the next request, a task may read a few records of the new topic at its old offset. Its
positions still name the id of the old topic, so they never count for the new one (see shared/streams/positions.py).
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping

from aiokafka.errors import IncompatibleBrokerVersion, KafkaError
from prometheus_client import Gauge

from shared.cancellation import end_if_cancelled
from shared.kafka.client import Client
from shared.kafka.faults import TopicsDiffer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_changes import TopicChange, another_cluster, changes, no_topic_ids
from shared.kafka.topic_metadata import TopicFacts
from shared.observability import logs
from shared.observability.health import Readiness

TOPICS_CHANGED = Gauge(
    "frontline_topics_changed",
    "1 while a topic is missing, has another partition count, or was deleted and created again",
    ["service", "topic"],
)

LOOK_EVERY = 2.0  # seconds
_ANSWER_SECONDS = 5.0
CHECK = "topics"  # the name of the check on /readyz

_log = logs.get_logger()


class TopicWatch:
    """Compares `topics` with FRONTLINE_PARTITIONS and with the ids that this process first found.

    The result is the check `topics` of /readyz, a log line for each change, and a metric.
    """

    def __init__(self, settings: KafkaSettings, service: str, topics: Iterable[str], readiness: Readiness) -> None:
        self._settings = settings
        self._service = service
        self._topics = tuple(dict.fromkeys(topics))
        self._readiness = readiness
        self._client: Client | None = None
        self._cluster = ""
        self._ids: dict[str, str] = {}
        self._absent: set[str] = set()
        self._wrong: dict[str, TopicChange] = {}
        self._changed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self.another_cluster = False
        readiness.set(CHECK, False, "not checked yet")

    @property
    def ids(self) -> Mapping[str, str]:
        """The id of each topic as this process first found it."""
        return self._ids

    @property
    def wrong(self) -> Mapping[str, TopicChange]:
        """The current problems by topic; "" = of the whole cluster."""
        return self._wrong

    @property
    def trouble(self) -> str:
        """The current problems in one English line, for logs and /readyz; "" = none."""
        return "; ".join(map(str, self._wrong.values()))

    def check(self) -> None:
        """Raise TopicsDiffer if the last comparison found a problem."""
        if self._wrong:
            raise TopicsDiffer(self.trouble)

    async def until_changed(self) -> None:
        """Wait until a comparison finds a problem. Raises TopicsDiffer."""
        await self._changed.wait()
        self.check()

    async def run(self) -> None:
        """Compare periodically until cancelled. While Kafka is unavailable, the last result stays."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                await self.look()
            end_if_cancelled()

    async def look(self) -> None:
        """Compare now. Raises KafkaError, OSError, TimeoutError; the next call then connects again."""
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    client = self._client or await self._connect()
                    self._compare(*await client.describe_topics(self._topics))
            except IncompatibleBrokerVersion:
                await self.close()  # the next connection may reach a newer broker
                self._verdict({"": no_topic_ids()})
            except BaseException:
                await self.close()
                raise

    def _compare(self, cluster: str, found: Mapping[str, TopicFacts]) -> None:
        self._cluster = self._cluster or cluster
        self.another_cluster = cluster != self._cluster
        if self.another_cluster:
            self._verdict({"": another_cluster(self._settings.kafka_bootstrap)})
            return
        wrong = changes(self._topics, found, self._ids, self._settings.partitions)
        # A broker that has just started may not list all topics yet: a known topic counts as missing only if two
        # requests in a row do not find it.
        absent = set(self._topics) - found.keys()
        for topic in (absent - self._absent) & self._ids.keys():
            del wrong[topic]
        self._absent = absent
        for topic, facts in found.items():
            self._ids.setdefault(topic, facts.topic_id)
        self._verdict(wrong)

    def forget(self) -> None:
        """Accept the topics of the next comparison as they are. Call it when no state of the former topics is left."""
        self._cluster, self._ids, self._absent, self.another_cluster = "", {}, set(), False

    async def close(self) -> None:
        """Disconnect. Never raises."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _connect(self) -> Client:
        client = self._client = Client(self._settings, f"frontline-{self._service}-topics")
        await client.bootstrap()
        return client

    def _verdict(self, wrong: dict[str, TopicChange]) -> None:
        before, self._wrong = self._wrong, wrong
        for topic in self._topics:
            TOPICS_CHANGED.labels(self._service, topic).set(topic in wrong)
        self._readiness.set(CHECK, not wrong, self.trouble or "as they were when the service started")
        if wrong:
            self._changed.set()
        else:
            self._changed.clear()
        if wrong and wrong != before:
            _log.error(
                f"Topics differ from what this service needs, so it processes nothing: {self.trouble}",
                action="topics.changed",
                topics=sorted(wrong),
            )
        elif before and not wrong:
            _log.info("The topics agree again", action="topics.right")
