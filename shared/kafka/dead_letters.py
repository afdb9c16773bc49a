"""[pure] Dead letters: a record that could not be processed, kept byte for byte, with its cause in `dlt-*` headers."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.contracts.topics import DEAD_LETTER_SUFFIX
from shared.kafka.faults import KafkaFault
from shared.kafka.record import Headers, Output, Record

# They are appended in this order after the record's own headers. `parse` takes the last ones, so a record whose own
# headers have these names is still restored unchanged.
_NAMES = (
    *("dlt-cause", "dlt-message", "dlt-service", "dlt-topic", "dlt-partition", "dlt-offset", "dlt-timestamp"),
    *("dlt-at", "dlt-body", "dlt-unfired-from"),
)
_REPLAY_NAMES = ("dlt-replayed-offset", "dlt-replayed-at", "dlt-replayed-as")
_BODY_INLINE, _BODY_BY_REFERENCE = "inline", "by-reference"
_MESSAGE_LIMIT = 2_000  # characters; messages name fields and ids, which are short
_KEY_LIMIT = 32 * 1024  # bytes; a dead letter by reference leaves a longer key in the source topic, like the value


class NotADeadLetter(KafkaFault):
    """This record lacks some of the `dlt-*` headers: another program wrote it to a dead-letter topic."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be processed, with its cause.

    `record` is the original with its own topic, partition, offset, timestamp and headers. With `by_reference`, its
    value did not fit; it is read from that offset of the source topic, as long as that topic has it. So is a key beyond
    32 KiB. In dead letters of this version, `cause` is a `DeadLetterCause`; those of others may have other causes.
    `unfired_from` is what `caused_by` has in events: from when on the task had due timers that it had not fired yet.
    """

    cause: str
    message: str
    service: str
    at: datetime
    record: Record
    by_reference: bool = False
    unfired_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """A dead letter's record was written to its source topic again.

    `letter` is the offset of the dead letter in its partition, and `place` where the record is now:
    TOPIC:PARTITION:OFFSET. It is itself a record of the dead-letter topic, written in the same transaction.
    """

    letter: int
    at: datetime
    place: str


def topic_of(source_topic: str) -> str:
    """The dead-letter topic of a source topic."""
    return source_topic + DEAD_LETTER_SUFFIX


def to_output(dead_letter: DeadLetter) -> Output:
    """The record to produce: key, value, headers and partition of the original, plus the `dlt-*` headers."""
    source = dead_letter.record
    body = _BODY_BY_REFERENCE if dead_letter.by_reference else _BODY_INLINE
    values = (
        dead_letter.cause,
        dead_letter.message[:_MESSAGE_LIMIT],
        dead_letter.service,
        source.topic,
        str(source.partition),
        str(source.offset),
        str(source.timestamp_ms),
        _text(dead_letter.at),
        body,
        "" if dead_letter.unfired_from is None else _text(dead_letter.unfired_from),
    )
    causes = tuple((name, value.encode()) for name, value in zip(_NAMES, values, strict=True))
    if dead_letter.by_reference:
        key = source.key if len(source.key or b"") <= _KEY_LIMIT else None
        return Output(topic_of(source.topic), key, None, causes, source.partition)
    return Output(topic_of(source.topic), source.key, source.value, source.headers + causes, source.partition)


def replayed_to_output(replayed: Replayed, topic: str, partition: int) -> Output:
    """The record to produce beside the dead letter, to the dead-letter topic `topic`."""
    values = (str(replayed.letter), _text(replayed.at), replayed.place)
    headers = tuple((name, value.encode()) for name, value in zip(_REPLAY_NAMES, values, strict=True))
    return Output(topic, None, None, headers, partition)


def parse_replayed(record: Record) -> Replayed | None:
    """What `replayed_to_output` wrote; None if `record` is something else."""
    if tuple(name for name, _ in record.headers) != _REPLAY_NAMES:
        return None
    try:
        letter, at, place = (data.decode() for _, data in record.headers)
        return Replayed(int(letter), datetime.fromisoformat(at), place)
    except (ValueError, AttributeError):
        return None


def parse(key: bytes | None, value: bytes | None, headers: Headers) -> DeadLetter:
    """The dead letter that `to_output` wrote. Raises NotADeadLetter."""
    own, causes = headers[: -len(_NAMES)], headers[-len(_NAMES) :]
    if tuple(name for name, _ in causes) != _NAMES:
        raise NotADeadLetter(f"the last headers are {[name for name, _ in causes]}, expected {list(_NAMES)}")
    try:
        cause, message, service, topic, partition, offset, timestamp, at, body, unfired = (
            data.decode() for _, data in causes
        )
        record = Record(topic, int(partition), int(offset), int(timestamp), key, value, own)
        return DeadLetter(
            cause,
            message,
            service,
            datetime.fromisoformat(at),
            record,
            body == _BODY_BY_REFERENCE,
            datetime.fromisoformat(unfired) if unfired else None,
        )
    except (ValueError, AttributeError) as error:  # headers of other programs may have no value
        raise NotADeadLetter(f"a dlt-* header is not readable: {type(error).__name__}") from error


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
