"""[pure] What every record needs before its content counts: a readable key, the key of its event, its key's partition.

Tasks and views call the same checks, so that a view shows what the tasks accept.
"""

from collections.abc import Callable

from shared.contracts.identifiers import SENTENCES, identifier_fault
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record


def check_partition(record: Record, partition_of: Callable[[bytes], int]) -> None:
    """Refuse a record that is not on the partition of its key, where its readers look for it."""
    if record.key is None:
        return
    belongs = partition_of(record.key)
    if belongs != record.partition:
        raise PoisonRecord(
            "wrong_partition",
            f"this key belongs on partition {belongs}, not {record.partition}: "
            "the producer has to partition by murmur2 (librdkafka: partitioner=murmur2_random)",
        )


def checked_key(record: Record) -> bytes:
    """The key of a record that needs one: an identifier in UTF-8."""
    if not record.key:
        raise PoisonRecord("malformed_event", f"a record of {record.topic} needs a key")
    try:
        check_id(record.key.decode(), "the key")
    except UnicodeDecodeError:
        raise PoisonRecord("malformed_event", "the key is not UTF-8") from None
    return record.key


def check_id(text: str, what: str) -> bytes:
    """Ids go into headers, stores and lists that people read. The message does not repeat them."""
    fault = identifier_fault(text)
    if fault is not None:
        raise PoisonRecord("malformed_event", f"{what}: {SENTENCES[fault]}")
    return text.encode()


def check_key(key: bytes, text: str, what: str) -> None:
    """Readers find records by key; under a key that differs from the event it would not be found."""
    if key != text.encode():
        raise PoisonRecord("wrong_key", f"the key of this record has to be its {what}")
