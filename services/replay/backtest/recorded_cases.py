"""[pure] Reads the cases and the activity of one partition of a log, by case."""

from collections.abc import Iterable, Iterator

from services.replay.log import Log
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.contracts.topics import ACTIVITY, CASES, dead_letter
from shared.kafka import dead_letters, serde
from shared.kafka.dead_letters import NotADeadLetter
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record


def numbers_by_key(log: Log, topic: str, partition: int) -> dict[bytes, list[int]]:
    """The numbers of a partition's records by their key."""
    found: dict[bytes, list[int]] = {}
    for number, record in enumerate(log.records(topic, partition)):
        found.setdefault(record.key or b"", []).append(number)
    return found


def cases(log: Log, partition: int) -> Iterator[CaseRouted]:
    """The cases of a partition; of one that was decided twice the first, as escalation has it."""
    seen: set[bytes] = set()
    for record in log.records(CASES.name, partition):
        if record.key not in seen and (case := case_of(record)) is not None:
            seen.add(record.key or b"")
            yield case


def case_of(record: Record) -> CaseRouted | None:
    """The case of a record; None if it is none, or filed under another key."""
    try:
        event = serde.decode(record)[1]
    except PoisonRecord:
        return None
    return event if isinstance(event, CaseRouted) and record.key == event.case_id.encode() else None


def same_request(one: CaseRouted, other: CaseRouted) -> bool:
    """Whether two decisions are of the same record: two accounts may have used one request id."""
    return (one.caused_by.partition, one.caused_by.offset) == (other.caused_by.partition, other.caused_by.offset)


def expired_activity(log: Log, partition: int) -> set[int]:
    """The offsets of the activity whose case did not come in time, so that it never counted."""
    found: set[int] = set()
    for record in log.records(dead_letter(ACTIVITY).name, partition):
        try:
            letter = dead_letters.parse(record.key, record.value, record.headers)
        except NotADeadLetter:
            continue
        if letter.cause == "unknown_case":
            found.add(letter.record.offset)
    return found


def activity_of(log: Log, partition: int, numbers: Iterable[int], expired: set[int]) -> Iterator[ActivityRecorded]:
    """The activity in the records with these numbers, but for the `expired`, and what is no activity of its key."""
    for number in numbers:
        record = log.record(ACTIVITY.name, partition, number)
        if record.offset in expired:
            continue
        try:
            event = serde.decode(record)[1]
        except PoisonRecord:
            continue
        if isinstance(event, ActivityRecorded) and record.key == event.case_id.encode():
            yield event
