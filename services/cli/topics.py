"""`frontline topics`: make the topics of the registry, or say how the broker's differ from it."""

import asyncio
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

import msgspec
from aiokafka.errors import KafkaError
from cyclopts import App, Parameter

from shared.contracts.topics import TASK_SOURCES, TOPICS, Topic
from shared.kafka.faults import TopicsDiffer
from shared.kafka.settings import BadSettings, KafkaSettings, load
from shared.kafka.topic_admin import TopicNotMade, apply_topics, check_topics
from shared.streams.accept_topic import accept_recreated

DONE, DIFFERENT, BAD_INPUT = 0, 1, 2

app = App(name="topics", help="Make the topics, compare them with the registry, accept one that was created again.")

Kafka = Annotated[str | None, Parameter(help="HOST:PORT; by default FRONTLINE_KAFKA_BOOTSTRAP.")]
Json = Annotated[bool, Parameter(negative=(), help="One JSON object on standard output.")]
_Answer = TypeVar("_Answer")


class _Failed(Exception):
    """Ends the command with this exit code; the message is for people."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@app.command
def apply(*, kafka: Kafka = None, json: Json = False) -> int:
    """Make the topics that are missing; those that exist are left as they are."""
    try:
        made = _ask(apply_topics(_settings(kafka)))
    except _Failed as failed:
        return _say(failed)
    if json:
        print(msgspec.json.encode({"made": made, "topics": len(TOPICS)}).decode())
    else:
        print("\n".join(f"made {name}" for name in made) or f"all {len(TOPICS)} topics are there")
    return DONE


@app.command
def check(*, kafka: Kafka = None, json: Json = False) -> int:
    """Compare the broker's topics with the registry: exit code 0 if they agree, 1 with each difference."""
    try:
        drifts = _ask(check_topics(_settings(kafka)))
    except _Failed as failed:
        return _say(failed)
    if json:
        print(msgspec.json.encode({"topics": len(TOPICS), "differences": [asdict(drift) for drift in drifts]}).decode())
    else:
        print("\n".join(map(str, drifts)) or f"all {len(TOPICS)} topics are as the registry has them")
    return DIFFERENT if drifts else DONE


@app.command
def accept(topic: Annotated[str, Parameter(help="Its name.")], /, *, kafka: Kafka = None, json: Json = False) -> int:
    """Let tasks go on at the beginning of a topic that was deleted and created again.

    What the deleted topic held and no task had read is lost. Offsets that belong to the topic as it is now stay, so a
    second time changes nothing. Tasks go on by themselves; restart services that ran when the topic was deleted.
    """
    try:
        readers = _readers(topic)
        done = {
            service: _ask(accept_recreated(_settings(kafka), source, service)) for service, source in readers.items()
        }
    except _Failed as failed:
        return _say(failed)
    if json:
        print(msgspec.json.encode({"topic": topic, "partitions": done}).decode())
    else:
        for service, partitions in done.items():
            print(f"{service} starts at the beginning of {topic}: {_listed(partitions)}")
    return DONE


def _readers(name: str) -> dict[str, Topic]:
    """Each service whose tasks read the topic."""
    readers = {service: topic for service, sources in TASK_SOURCES.items() for topic in sources if topic.name == name}
    if not readers:
        raise _Failed(f"no task reads {name}: restarting the services is enough", BAD_INPUT)
    return readers


def _listed(partitions: Sequence[int]) -> str:
    if not partitions:
        return "no partition, each has an offset that belongs to the topic as it is"
    return f"partitions {', '.join(map(str, partitions))}"


def _settings(kafka: str | None) -> KafkaSettings:
    try:
        return load(KafkaSettings) if kafka is None else load(KafkaSettings, kafka_bootstrap=kafka)
    except BadSettings as error:
        raise _Failed(str(error), BAD_INPUT) from None


def _ask(question: Coroutine[Any, Any, _Answer]) -> _Answer:
    try:
        return asyncio.run(question)
    except (KafkaError, TopicNotMade, TopicsDiffer, OSError) as error:
        raise _Failed(f"Kafka did not do it: {error or type(error).__name__}", DIFFERENT) from None


def _say(failed: _Failed) -> int:
    print(failed, file=sys.stderr)
    return failed.code
