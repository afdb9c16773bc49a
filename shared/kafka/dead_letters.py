"""[pure] Dead letters: a record that could not be processed, kept byte for byte, with its cause in `dlt-*` headers."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.contracts.topics import DEAD_LETTER_SUFFIX
from shared.kafka.faults import KafkaFault
from shared.kafka.record import Headers, Output, Record

# The order in which they are appended after the record's own headers; reading goes backwards from the end, so that a
# record that came with headers of these names is still given back as it was.
_NAMES = ("dlt-cause", "dlt-message", "dlt-service", "dlt-topic", "dlt-partition", "dlt-offset", "dlt-at", "dlt-body")
_BODY_INLINE, _BODY_BY_REFERENCE = "inline", "by-reference"
_MESSAGE_LIMIT = 2_000  # characters; a message names fields and ids, it never needs more
_KEY_LIMIT = 32 * 1024  # bytes; by reference, a longer key stays with the value


class NotADeadLetter(KafkaFault):
    """This record has no complete set of `dlt-*` headers: somebody else wrote it to a dead-letter topic."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What happened to a record, and the record itself.

    `record` is the original with its own topic, partition, offset and headers. With `by_reference` its value did not
    fit and has to be read at that place in the source topic, while that topic still has it; so has a key beyond 32 KiB.
    `cause` is a `DeadLetterCause` in those that this version writes; another version may have written other words.
    """

    cause: str
    message: str
    service: str
    at: datetime
    record: Record
    by_reference: bool = False


def topic_of(source_topic: str) -> str:
    """The dead-letter topic of a source topic."""
    return source_topic + DEAD_LETTER_SUFFIX


def to_output(letter: DeadLetter) -> Output:
    """The record to produce: same key, value, headers and partition as the original, plus the cause."""
    source = letter.record
    body = _BODY_BY_REFERENCE if letter.by_reference else _BODY_INLINE
    values = (
        letter.cause,
        letter.message[:_MESSAGE_LIMIT],
        letter.service,
        source.topic,
        str(source.partition),
        str(source.offset),
        letter.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        body,
    )
    causes = tuple((name, value.encode()) for name, value in zip(_NAMES, values, strict=True))
    if letter.by_reference:
        key = source.key if len(source.key or b"") <= _KEY_LIMIT else None
        return Output(topic_of(source.topic), key, None, causes, source.partition)
    return Output(topic_of(source.topic), source.key, source.value, source.headers + causes, source.partition)


def parse(key: bytes | None, value: bytes | None, headers: Headers, timestamp_ms: int = -1) -> DeadLetter:
    """Read a dead letter back. Raises NotADeadLetter."""
    own, causes = headers[: -len(_NAMES)], headers[-len(_NAMES) :]
    if tuple(name for name, _ in causes) != _NAMES:
        raise NotADeadLetter(f"the last headers are {[name for name, _ in causes]}, expected {list(_NAMES)}")
    try:
        cause, message, service, topic, partition, offset, at, body = (data.decode() for _, data in causes)
        record = Record(topic, int(partition), int(offset), timestamp_ms, key, value, own)
        return DeadLetter(cause, message, service, datetime.fromisoformat(at), record, body == _BODY_BY_REFERENCE)
    except (ValueError, AttributeError) as error:  # a header of somebody else's may have no value
        raise NotADeadLetter(f"a dlt-* header is not readable: {type(error).__name__}") from error
