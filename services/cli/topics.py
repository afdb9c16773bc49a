"""`frontline topics`: make the topics of the registry, or say how the broker's differ from it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec
from cyclopts import App, Parameter

from services.cli.errors import BAD_INPUT, CommandError, kafka_errors, kafka_settings, report
from shared.contracts.topics import TASK_SOURCES, TOPICS, Topic
from shared.kafka.faults import TopicsDiffer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics, check_topics
from shared.streams.accept_topic import accept_recreated

DONE, DIFFERENT = 0, 1

app = App(name="topics", help="Make the topics, compare them with the registry, accept one that was created again.")

Kafka = Annotated[str | None, Parameter(help="HOST:PORT; by default FRONTLINE_KAFKA_BOOTSTRAP.")]
Json = Annotated[bool, Parameter(negative=(), help="One JSON object on standard output.")]
_Answer = TypeVar("_Answer")


@app.command
def apply(*, kafka: Kafka = None, json: Json = False) -> int:
    """Make the topics that are missing; those that exist are left as they are."""
    try:
        made = _ask(apply_topics, kafka)
    except CommandError as error:
        return report(error)
    if json:
        print(msgspec.json.encode({"made": made, "topics": len(TOPICS)}).decode())
    else:
        print("\n".join(f"made {name}" for name in made) or f"all {len(TOPICS)} topics are there")
    return DONE


@app.command
def check(*, kafka: Kafka = None, json: Json = False) -> int:
    """Compare the broker's topics with the registry: exit code 0 if they agree, 1 with each difference."""
    try:
        drifts = _ask(check_topics, kafka)
    except CommandError as error:
        return report(error)
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
            service: _ask(partial(accept_recreated, topic=source, group=service), kafka)
            for service, source in readers.items()
        }
    except CommandError as error:
        return report(error)
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
        raise CommandError(f"no task reads {name}: restarting the services is enough", BAD_INPUT)
    return readers


def _listed(partitions: Sequence[int]) -> str:
    if not partitions:
        return "no partition, each has an offset that belongs to the topic as it is"
    return f"partitions {', '.join(map(str, partitions))}"


def _ask(question: Callable[[KafkaSettings], Coroutine[Any, Any, _Answer]], kafka: str | None) -> _Answer:
    settings = kafka_settings(kafka)
    try:
        with kafka_errors(settings):
            return asyncio.run(question(settings))
    except TopicsDiffer as error:
        raise CommandError(str(error)) from None
