"""`frontline topics`: creates the topics of the registry, compares the broker's with it, accepts a recreated one."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec
from cyclopts import App, Parameter

from services.cli.kafka_errors import kafka_errors
from services.cli.options import BAD_INPUT, CommandFailed, Json, Kafka, kafka_settings, report
from shared.contracts.topics import TASK_SOURCES, TOPICS, Topic
from shared.kafka.faults import TopicsDiffer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import TopicNotCreated, apply_topics, check_topics
from shared.streams.accept_topic import accept_recreated

DONE, DIFFERENT = 0, 1

app = App(name="topics")

_Result = TypeVar("_Result")


@app.command
def apply(*, kafka: Kafka = None, as_json: Json = False) -> int:
    """Create the missing topics; existing ones are not changed."""
    try:
        created = _call(kafka, apply_topics)
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        print(msgspec.json.encode({"created": created, "topics": len(TOPICS)}).decode())
    else:
        print("\n".join(f"created {name}" for name in created) or f"all {len(TOPICS)} topics exist")
    return DONE


@app.command
def check(*, kafka: Kafka = None, as_json: Json = False) -> int:
    """Compare the broker's topics with the registry: exit code 0 if they agree, 1 with each difference."""
    try:
        drifts = _call(kafka, check_topics)
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        print(msgspec.json.encode({"topics": len(TOPICS), "differences": [asdict(drift) for drift in drifts]}).decode())
    else:
        print("\n".join(map(str, drifts)) or f"all {len(TOPICS)} topics agree with the registry")
    return DIFFERENT if drifts else DONE


@app.command
def accept(topic: Annotated[str, Parameter(help="Its name.")], /, *, kafka: Kafka = None, as_json: Json = False) -> int:
    """Let tasks start at the beginning of a topic that was deleted and created again.

    Records of the deleted topic that no task had read are lost. Offsets that belong to the new topic are kept, so a
    second call changes nothing. Tasks continue by themselves; restart services that ran when the topic was deleted.
    """
    try:
        readers = _readers(topic)
        done = {
            service: _call(kafka, partial(accept_recreated, topic=source, group=service))
            for service, source in readers.items()
        }
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        print(msgspec.json.encode({"topic": topic, "partitions": done}).decode())
    else:
        for service, partitions in done.items():
            print(f"{service} starts at the beginning of {topic}: {_listed(partitions)}")
    return DONE


def _readers(name: str) -> dict[str, Topic]:
    """The topic by each service whose tasks read it. Raises CommandFailed if no task does."""
    readers = {service: topic for service, sources in TASK_SOURCES.items() for topic in sources if topic.name == name}
    if not readers:
        raise CommandFailed(f"no task reads {name}: restart the services instead", BAD_INPUT)
    return readers


def _listed(partitions: Sequence[int]) -> str:
    if not partitions:
        return "no partition: each already has an offset of the new topic"
    return f"partitions {', '.join(map(str, partitions))}"


def _call(kafka: str | None, action: Callable[[KafkaSettings], Coroutine[Any, Any, _Result]]) -> _Result:
    settings = kafka_settings(kafka)
    try:
        with kafka_errors(settings):
            return asyncio.run(action(settings))
    except (TopicNotCreated, TopicsDiffer) as error:
        raise CommandFailed(str(error), DIFFERENT) from None
