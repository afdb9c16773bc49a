"""[pure] Compares the editions of the log with those that the replayed tasks publish, by digest.

Several tasks publish the same edition, and compaction keeps any one of its records. So each record must be what a task
publishes under its key, and each published edition must have a record. They are not counted among the events.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from services.escalation.publishing import SOURCE as ESCALATION
from services.replay.comparison import Comparison
from services.replay.editions import read_edition
from services.replay.log import FAR_FUTURE, Log
from services.replay.recorded_causes import event_source
from services.router.published_editions import SOURCE as ROUTER
from shared.contracts.topics import EDITIONS, TASK_SOURCES
from shared.kafka.edition_record import edition_record
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Output, Record
from shared.messages.reason import Reason
from shared.policy.published_edition import UnusableEdition, edition_published


class ReplayedEditions(NamedTuple):
    """What the replayed tasks of one service publish, by key; the log must have those that are `required`."""

    comparison: Comparison
    outputs: Mapping[bytes, Output]
    required: AbstractSet[bytes]


def compare_editions(log: Log, router: ReplayedEditions, escalation: ReplayedEditions) -> None:
    """Compare both ways."""
    keys: set[bytes] = set()
    for partition in range(log.partitions):
        for record in log.records(EDITIONS.name, partition):
            keys.add(record.key or b"")
            _compare(log, record, router if event_source(record) == ROUTER else escalation)
    for service in (router, escalation):
        for key, output in service.outputs.items():
            if key not in keys and key in service.required:
                service.comparison.missing_edition(output)


def _compare(log: Log, record: Record, service: ReplayedEditions) -> None:
    output = service.outputs.get(record.key or b"")
    if output is not None:
        service.comparison.match_edition(record, output)
    elif damage := _damage(record):
        service.comparison.unexpected(record, damage)
    elif _is_from_silent_record(log, record, service.comparison):
        again = edition_record(
            edition_published(read_edition(record)),
            source=ESCALATION,
            at=FAR_FUTURE,
            traceparent=None,
            partitions=log.partitions,
        )
        service.comparison.match_edition(record, again)
    elif not _has_lost_records(log, service.comparison):
        service.comparison.unexpected(record, Reason("replay.unused_edition"))


def _damage(record: Record) -> Reason | None:
    try:
        read_edition(record)
    except (PoisonRecord, UnusableEdition) as error:
        return Reason("replay.unusable_edition", problem=str(error))
    return None


def _has_lost_records(log: Log, comparison: Comparison) -> bool:
    """Whether records may be deleted for which the service used the edition."""
    tally = comparison.tally
    return bool(tally.not_replayable) or any(
        log.start(topic.name, partition) > 0
        for topic in TASK_SOURCES[tally.service]
        for partition in range(log.partitions)
    )


def _is_from_silent_record(log: Log, record: Record, comparison: Comparison) -> bool:
    """Whether escalation may have published the edition for a migration that the replay has not processed.

    The migration of a case that is promised nothing has no other event. At the end of a log without committed offsets
    the edition alone says that it was consumed.
    """
    service = comparison.tally.service
    return event_source(record) != ROUTER and any(
        log.consumed(service, topic.name, partition) is None
        for topic in TASK_SOURCES[service]
        for partition in range(log.partitions)
    )
