"""`frontline topics`: lists and creates the topics of the registry, compares them, accepts a recreated one."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from services.cli.kafka_errors import kafka_errors
from services.cli.options import BAD_INPUT, CommandFailed, Json, Kafka, kafka_settings, language_of, report
from shared.contracts.topics import MIN_INSYNC, TASK_SOURCES, TOPICS, Topic
from shared.kafka.admin import TopicLayout
from shared.kafka.faults import TopicsDiffer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import Drift, TopicNotCreated, apply_topics, check_topics, topic_layouts, update_topics
from shared.messages.catalogues import messages_in
from shared.messages.messages import Messages
from shared.streams.accept_topic import accept_recreated

DONE, DIFFERENT = 0, 1

app = App(name="topics")

_Result = TypeVar("_Result")


@app.command(name="list")
def list_topics(*, kafka: Kafka = None, as_json: Json = False) -> int:
    """List the topics of the registry with their names in Kafka, which begin with FRONTLINE_NAMESPACE.

    A topic without partitions does not exist. `copies` are those of the partition that has the fewest.
    """
    try:
        settings = kafka_settings(kafka)
        found = _call(settings, topic_layouts)
    except CommandFailed as failed:
        return report(failed)
    listed = [_about(topic, settings, found.get(topic.name)) for topic in TOPICS]
    if as_json:
        print(msgspec.json.encode(listed).decode())
    else:
        table = Table("name", "partitions", "copies", "cleanup", "days", "key", box=None, pad_edge=False)
        for about in listed:
            columns = ("name", "partitions", "copies", "cleanup", "retention_days", "key")
            table.add_row(*("" if about[column] is None else str(about[column]) for column in columns))
        Console(soft_wrap=True, highlight=False, markup=False).print(table)
    return DONE


@app.command
def apply(*, kafka: Kafka = None, as_json: Json = False) -> int:
    """Create the missing topics, and set min.insync.replicas of existing ones; nothing else of them is changed."""
    try:
        settings = kafka_settings(kafka)
        created = _call(settings, apply_topics)
        updated = _call(settings, update_topics)
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        print(msgspec.json.encode({"created": created, "updated": updated, "topics": len(TOPICS)}).decode())
        return DONE
    messages, names = messages_in(language_of(os.environ)), settings.names
    lines = [messages("topics.created", topic=names.physical(name)) for name in created]
    lines += [messages("topics.updated", topic=names.physical(name), setting=MIN_INSYNC) for name in updated]
    print("\n".join(lines) or messages("topics.exist", count=len(TOPICS)))
    return DONE


@app.command
def check(*, kafka: Kafka = None, as_json: Json = False) -> int:
    """Compare the broker's topics with the registry: exit code 0 if they agree, 1 with each difference."""
    try:
        settings = kafka_settings(kafka)
        drifts = _call(settings, check_topics)
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        print(msgspec.json.encode({"topics": len(TOPICS), "differences": [asdict(drift) for drift in drifts]}).decode())
    else:
        messages = messages_in(language_of(os.environ))
        lines = [_difference(drift, settings.names.physical(drift.topic), messages) for drift in drifts]
        print("\n".join(lines) or messages("topics.agree", count=len(TOPICS)))
    return DIFFERENT if drifts else DONE


@app.command
def accept(topic: Annotated[str, Parameter(help="Its name.")], /, *, kafka: Kafka = None, as_json: Json = False) -> int:
    """Let tasks start at the beginning of a topic that was deleted and created again.

    Records of the deleted topic that no task had read are lost. Offsets that belong to the new topic are kept, so a
    second call changes nothing. Tasks continue by themselves; restart services that ran when the topic was deleted.
    """
    try:
        readers, settings = _readers(topic), kafka_settings(kafka)
        done = {
            service: _call(settings, partial(accept_recreated, topic=source, group=service))
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


def _difference(drift: Drift, name: str, messages: Messages) -> str:
    if drift.what == "missing":
        return messages("topics.missing", topic=name)
    found = "-" if drift.found is None else drift.found
    return messages("topics.differs", topic=name, setting=drift.what, found=found, expected=drift.expected)


def _about(topic: Topic, settings: KafkaSettings, found: TopicLayout | None) -> dict[str, Any]:
    return {
        "topic": topic.name,
        "name": settings.names.physical(topic.name),
        "partitions": None if found is None else found.partitions,
        "copies": None if found is None else found.copies,
        "cleanup": topic.policy,
        "retention_days": None if topic.retention is None else topic.retention.days,
        "key": topic.key,
    }


def _call(settings: KafkaSettings, action: Callable[[KafkaSettings], Coroutine[Any, Any, _Result]]) -> _Result:
    try:
        with kafka_errors(settings):
            return asyncio.run(action(settings))
    except (TopicNotCreated, TopicsDiffer) as error:
        raise CommandFailed(str(error), DIFFERENT) from None
