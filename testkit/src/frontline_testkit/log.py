"""All events of a running system, read from Kafka as they come.

librdkafka (confluent-kafka) reads the topics: its calls are synchronous, it needs no event loop that the tests under
way would have to share, it fetches in threads of its own, and its wheels have every compression inside.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import OffsetSpec as _OffsetSpec  # type: ignore[attr-defined]  # meant to be used by us, too

from frontline_testkit import topics
from frontline_testkit.errors import NotAnEvent, TestkitError
from frontline_testkit.event import Event, read
from frontline_testkit.model import Data

LATEST: Any = _OffsetSpec.latest()  # type: ignore[no-untyped-call]  # it has no types
CONNECT_SECONDS = 15.0
POLL_SECONDS = 0.1
Position = tuple[str, int]


class DeadLetter:
    """A record that Frontline could not process: the topic it was on, its key, and the cause in words."""

    def __init__(self, message: Message) -> None:
        headers = {name: _text(value) for name, value in _headers(message)}
        self.topic = headers.get("dlt-topic", "")
        self.key = _text(message.key())
        self.cause = headers.get("dlt-cause", "")
        self.message = headers.get("dlt-message", "")
        self.value = _text(message.value())

    def __str__(self) -> str:
        return f"dead letter of {self.topic}: {self.cause}: {self.message}"


class EventLog:
    """Events and dead letters in the order in which they were read; of one key, that is the order of Kafka.

    It reads committed records only. One thread at a time reads from Kafka; any thread may ask.
    """

    def __init__(self, bootstrap: str) -> None:
        self._lock = threading.RLock()
        settings: dict[str, Any] = {"bootstrap.servers": bootstrap, "allow.auto.create.topics": False, "log_level": 2}
        self._consumer = Consumer(
            {
                **settings,
                "group.id": "frontline-testkit",  # librdkafka wants one; none is joined, and nothing is committed
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
            }
        )
        self._admin = AdminClient(settings)
        self._read_to: dict[Position, int] = {}
        self._events: list[Event[Data]] = []
        self._dead_letters: list[DeadLetter] = []
        self.not_events: list[str] = []  # why records of these topics could not be read
        self._assign()

    def close(self) -> None:
        """Leave Kafka."""
        with self._lock:
            self._consumer.close()

    def until(self, wanted: Callable[[Event[Data]], bool], timeout: float) -> Event[Data] | None:
        """The first event that is wanted, as soon as it is there; None if it does not come within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        seen = 0
        while True:
            for event in self._events[seen:]:
                if wanted(event):
                    return event
                seen += 1
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._poll(min(left, POLL_SECONDS))

    def events(self, timeout: float = 15.0) -> list[Event[Data]]:
        """All events that were committed before the call. Raises TestkitError if Kafka does not give them in time."""
        self._catch_up(timeout)
        return list(self._events)

    def dead_letters(self, timeout: float = 15.0) -> list[DeadLetter]:
        """All dead letters that were written before the call. Raises TestkitError as above."""
        self._catch_up(timeout)
        return list(self._dead_letters)

    def seen(self) -> tuple[list[Event[Data]], list[DeadLetter]]:
        """What has been read so far."""
        return list(self._events), list(self._dead_letters)

    def _assign(self) -> None:
        wanted = (*topics.EVENTS, *topics.DEAD_LETTERS)
        try:
            known = self._consumer.list_topics(timeout=CONNECT_SECONDS).topics
        except KafkaException as error:
            raise TestkitError(f"Kafka does not answer: {error.args[0].str()}") from error
        missing = [name for name in wanted if name not in known]
        if missing:
            raise TestkitError(f"Kafka has no topic {', '.join(missing)}")
        self._read_to = {(name, number): 0 for name in wanted for number in known[name].partitions}
        self._consumer.assign([TopicPartition(*position, OFFSET_BEGINNING) for position in self._read_to])

    def _poll(self, seconds: float) -> None:
        with self._lock:
            first = self._consumer.poll(seconds)  # `consume` alone would wait until it has as many as asked for
            if first is not None:
                for message in (first, *self._consumer.consume(500, timeout=0)):
                    self._take(message)

    def _take(self, message: Message) -> None:
        topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
        if error := message.error():
            if error.code() == KafkaError._PARTITION_EOF:
                self._read_to[topic, partition] = offset
            elif error.fatal():
                raise TestkitError(f"Kafka cannot be read: {error.str()}")
            return
        self._read_to[topic, partition] = offset + 1
        if topic in topics.DEAD_LETTERS:
            if not any(name == "dlt-replayed-offset" for name, _ in _headers(message)):  # a note about another one
                self._dead_letters.append(DeadLetter(message))
            return
        value = message.value()
        if value is None:  # a tombstone, which is no event
            return
        try:
            self._events.append(read(topic, _text(message.key()), _headers(message), value, partition, offset))
        except NotAnEvent as error:
            self.not_events.append(str(error))

    def _catch_up(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        ends = self._ends()
        while any(self._read_to[position] < end for position, end in ends.items()):
            if time.monotonic() > deadline:
                raise TestkitError(f"Kafka did not give all records within {timeout:g} s")
            self._poll(POLL_SECONDS)

    def _ends(self) -> dict[Position, int]:
        """The offset after the last committed record of each partition."""
        wanted: dict[TopicPartition, Any] = {TopicPartition(*position): LATEST for position in self._read_to}
        found = self._admin.list_offsets(
            wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=CONNECT_SECONDS
        )
        return {(place.topic, place.partition): future.result().offset for place, future in found.items()}


def _headers(message: Message) -> list[tuple[str, bytes]]:
    given = message.headers() or []
    pairs = given.items() if isinstance(given, dict) else given
    return [(name, value.encode() if isinstance(value, str) else value or b"") for name, value in pairs]


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""
