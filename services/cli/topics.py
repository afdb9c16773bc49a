"""`frontline topics`: lists and creates the topics of the registry, compares them, accepts the loss of records."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from services.cli.kafka_errors import kafka_errors
from services.cli.options import BAD_INPUT, CommandFailed, Json, Kafka, kafka_settings, language_of, report
from shared.contracts.topics import MIN_INSYNC, TASK_SOURCES, TASK_STORES, TOPICS, Topic
from shared.kafka.admin import TopicLayout
from shared.kafka.faults import TopicsDiffer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import Drift, TopicNotCreated, apply_topics, check_topics, topic_layouts, update_topics
from shared.messages.catalogues import messages_in
from shared.messages.messages import Messages
from shared.streams.accept_topic import accept_loss
from shared.streams.errors import Fenced

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
def accept(
    topic: Annotated[str, Parameter(help="Its name.")],
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Only show what would be lost.")] = False,
    kafka: Kafka = None,
    as_json: Json = False,
) -> int:
    """Accept that records of a topic are lost, and let the tasks that stopped for it continue.

    - The topic was deleted and created again (`TopicRecreated`): they continue at its beginning.
    - Retention deleted records before they were read (`OffsetLost`): they continue at the beginning of the log.
    - The log is shorter than what was read (`OffsetLost`): they continue at the first record written since, else at
      its end.

    It prints each partition with the offsets that are lost. Partitions whose tasks can continue are not touched, so a
    second call changes nothing, and it asks for no confirmation. Tasks continue by themselves; restart services that
    ran when the topic was deleted.
    """
    try:
        readers, settings = _readers(topic), kafka_settings(kafka)
        done = {
            service: _call(
                settings,
                partial(accept_loss, topic=source, group=service, stores=TASK_STORES[service], dry_run=dry_run),
            )
            for service, source in readers.items()
        }
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        losses = {service: [asdict(loss) for loss in found] for service, found in done.items()}
        print(msgspec.json.encode({"topic": topic, "accepted": not dry_run, "partitions": losses}).decode())
    else:
        for service, found in done.items():
            lines = [f"{service} {topic}[{loss.partition}] {loss}" for loss in found]
            print("\n".join(lines) or f"{service} {topic}: nothing is lost, every task can continue")
    return DONE


def _readers(name: str) -> dict[str, Topic]:
    """The topic by each service whose tasks read it. Raises CommandFailed if no task does."""
    readers = {service: topic for service, sources in TASK_SOURCES.items() for topic in sources if topic.name == name}
    if not readers:
        raise CommandFailed(f"no task reads {name}: restart the services instead", BAD_INPUT)
    return readers


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
    except (TopicNotCreated, TopicsDiffer, Fenced) as error:
        raise CommandFailed(str(error), DIFFERENT) from None
