"""[pure] Reads from each published event what caused it: which record or timer, when, and at which source positions.

Every event that a task publishes has the time of its slice (`observed_at`), its cause (`caused_by`: a source record or
a timer), the offsets up to which the task had read its sources by then (`caused_by.positions`), and which due timers it
had left for a later slice (`caused_by.unfired_from`). From these a replay knows in which order, and at which instants,
the task processed its records.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

import msgspec

from services.replay.errors import ReplayError
from services.replay.log import FAR_FUTURE
from shared.contracts.topics import Topic
from shared.kafka.record import Headers, Output, Record
from shared.messages.reason import Reason

_LOOK_AHEAD = 3  # groups
_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)


class _CausedBy(msgspec.Struct, frozen=True, gc=False):
    partition: int
    topic: str | None = None
    offset: int | None = None
    timer: str | None = None
    generation: int | None = None
    positions: dict[str, int] | None = None
    unfired_from: datetime | None = None


class _Data(msgspec.Struct, frozen=True, gc=False):
    """The fields that the events of both services have in common."""

    case_id: str
    observed_at: datetime
    caused_by: _CausedBy
    policy_sha256: str | None = None
    edition: str | None = None
    tzdata_version: str | None = None


_data_decoder = msgspec.json.Decoder(_Data)


class PublishedEvent(NamedTuple):
    """An event in the log. `number` is its place in the task's order of publication."""

    record: Record
    id: str
    type: str
    case_id: str
    at: datetime
    cause: _CausedBy
    data: _Data
    number: int = 0


class UnusableEvent(ReplayError):
    """An event does not have the cause that a replay needs. `outdated`: it is valid, but of a version without it."""

    def __init__(self, reason: Reason, *, outdated: bool = False) -> None:
        super().__init__(reason.code)
        self.reason = reason
        self.outdated = outdated


def read_published(record: Record, source: str) -> PublishedEvent:
    """The event in a record of a service's sink; `source` is its expected `ce_source`. Raises UnusableEvent."""
    published_by = event_source(record)
    if published_by != source:
        raise UnusableEvent(Reason("replay.event.other_source", source=source, found=published_by[:100]))
    try:
        data = _data_decoder.decode(record.value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnusableEvent(Reason("replay.event.unreadable")) from None
    if data.observed_at.tzinfo is None or not _EARLIEST <= data.observed_at <= FAR_FUTURE:
        raise UnusableEvent(Reason("replay.event.bad_time"))
    return PublishedEvent(
        record, event_id(record), event_type(record), data.case_id, data.observed_at, data.caused_by, data
    )


def check_cause(event: PublishedEvent, partition: int, sources: tuple[Topic, ...]) -> None:
    """Raise UnusableEvent unless `caused_by` is a possible cause in the task of `partition`."""
    cause = event.cause
    if cause.partition != partition:
        raise UnusableEvent(Reason("replay.event.other_task", partition=cause.partition, task=partition))
    if (cause.topic is None or cause.offset is None) == (cause.timer is None):
        raise UnusableEvent(Reason("replay.event.record_or_timer"))
    if cause.unfired_from is not None and not cause.unfired_from.tzinfo:
        raise UnusableEvent(Reason("replay.event.bad_time"))
    if cause.positions is None:
        raise UnusableEvent(Reason("replay.event.no_positions"), outdated=True)
    if cause.topic is None:
        return
    if cause.topic not in (topic.name for topic in sources):
        raise UnusableEvent(Reason("replay.event.no_source", topic=cause.topic[:100]))
    if cause.topic in cause.positions:
        raise UnusableEvent(Reason("replay.event.own_position", topic=cause.topic))


class CauseGroup(NamedTuple):
    """Consecutive events of one task with the same cause and instant.

    `unfired_from`: the timers that were due from then on had not fired yet; None = all that were due at `at` had.
    """

    events: list[PublishedEvent]
    at: datetime
    topic: str | None  # topic and offset of the record that is the cause; None = the timers of one slice
    offset: int | None
    positions: Mapping[str, int]
    unfired_from: datetime | None = None


def group_by_cause(events: Iterable[PublishedEvent]) -> Iterator[CauseGroup]:
    """Events of one task, grouped by the record or the slice's timers that caused them.

    Positions never decrease. A group with larger positions than the two groups after it is wrong, and its positions
    are capped: otherwise one wrong event would make all events after it look wrong.
    """
    groups: deque[CauseGroup] = deque()
    for (topic, offset, at, positions), members in groupby(events, _cause):
        group = list(members)
        groups.append(CauseGroup(group, at, topic, offset, dict(positions), group[0].cause.unfired_from))
        if len(groups) == _LOOK_AHEAD:
            yield _with_capped_positions(groups)
    while groups:
        yield _with_capped_positions(groups)


def _with_capped_positions(groups: deque[CauseGroup]) -> CauseGroup:
    group, *following = groups
    groups.popleft()
    if len(following) < _LOOK_AHEAD - 1:
        return group
    most = {
        topic: max(other.positions.get(topic, position) for other in following)
        for topic, position in group.positions.items()
    }
    return group._replace(positions={topic: min(position, most[topic]) for topic, position in group.positions.items()})


def _cause(event: PublishedEvent) -> tuple[str | None, int | None, datetime, tuple[tuple[str, int], ...]]:
    cause = event.cause
    positions = dict(cause.positions or {})
    if cause.topic is not None and cause.offset is not None:
        positions[cause.topic] = cause.offset + 1
    return cause.topic, cause.offset, event.at, tuple(sorted(positions.items()))


def comparable_headers(headers: Headers) -> Headers:
    """The headers of an event that a replay must reproduce: all but the time of writing and the trace context."""
    return tuple(header for header in headers if header[0] not in ("ce_time", "traceparent"))


def event_id(event: Record | Output) -> str:
    """The id of an event, or "" if it has none."""
    return _header(event, "ce_id")


def event_type(event: Record | Output) -> str:
    """The type of an event, or "" if it has none."""
    return _header(event, "ce_type")


def event_source(event: Record | Output) -> str:
    """The `ce_source` of an event, "" if it has none."""
    return _header(event, "ce_source")


def _header(event: Record | Output, name: str) -> str:
    """A header as text. A foreign record may have a header without a value."""
    return next((value.decode(errors="replace") for known, value in event.headers if known == name and value), "")
