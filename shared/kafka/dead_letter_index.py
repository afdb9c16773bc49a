"""An index of all dead letters without their content, which reads only what is new: for whoever lists them often."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from aiokafka.structs import TopicPartition

from shared.kafka import dead_letters
from shared.kafka.committed_reader import CommittedReader, Span, committed_reader
from shared.kafka.dead_letter_log import SOURCES, Found, found_in
from shared.kafka.dead_letters import Replayed
from shared.kafka.faults import NoTopics
from shared.kafka.settings import KafkaSettings

_HEADERS, _HEADER = 64, 200  # of a record: how many are kept, and bytes of each value
KEPT = 10_000  # dead letters of a partition, the newest: a kilobyte each


@dataclass(frozen=True, slots=True)
class Listed:
    """A dead letter whose record has no key and no value here, only its size in bytes; None = it had no value."""

    found: Found
    size: int | None


@dataclass(slots=True)
class _Partition:
    next: int = 0
    passed_over: int = 0  # older ones than are kept
    letters: dict[int, Listed] = field(default_factory=dict)  # by their offset, in order
    replays: dict[int, list[Replayed]] = field(default_factory=lambda: defaultdict(list))


class DeadLetterIndex:
    """The dead letters of a Kafka as of the last `refresh`. One `refresh` at a time."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._partitions: dict[TopicPartition, _Partition] = {}

    @property
    def passed_over(self) -> int:
        """How many dead letters were found beyond those that are kept."""
        return sum(partition.passed_over for partition in self._partitions.values())

    def forget(self, topic: str) -> None:
        """The topic is another one of that name: what it had before is gone, whatever its offsets are now."""
        self._partitions = {place: each for place, each in self._partitions.items() if place.topic != topic}

    async def refresh(self) -> None:
        """Read what is new, and forget what Kafka has deleted. Raises KafkaError, and NoTopics: they cannot be seen."""
        async with committed_reader(self._settings) as reader:
            topics = await reader.partitions(dead_letters.topic_of(source) for source in SOURCES)
            if not topics:
                raise NoTopics
            spans = await reader.spans([place for places in topics.values() for place in places])
            here = {span.place for span in spans}
            self._partitions = {place: each for place, each in self._partitions.items() if place in here}
            for span in spans:
                await self._read(reader, span)

    async def _read(self, reader: CommittedReader, span: Span) -> None:
        partition = self._partitions.setdefault(span.place, _Partition())
        if span.end < partition.next:  # another topic of that name, or one that has lost its end
            partition = self._partitions[span.place] = _Partition()
        for offset in [offset for offset in partition.letters if offset < span.start]:
            del partition.letters[offset]
            partition.replays.pop(offset, None)
        async for record in reader.read([replace(span, start=max(span.start, partition.next))]):
            partition.next = record.offset + 1  # so that reading which is given up goes on from there
            if (replayed := dead_letters.parse_replayed(record)) is not None:
                partition.replays[replayed.letter].append(replayed)
                continue
            partition.letters[record.offset] = _without_content(found_in(record))
            if len(partition.letters) > KEPT:
                oldest = next(iter(partition.letters))
                del partition.letters[oldest]
                partition.replays.pop(oldest, None)
                partition.passed_over += 1
        partition.next = span.end

    def newest_first(self) -> Sequence[Listed]:
        """All of them, with when each was replayed; those that are none, of other programs, at the end."""
        all_of_them = [each for partition in self._partitions.values() for each in _with_ids(partition)]
        return sorted(all_of_them, key=_age, reverse=True)


def _age(listed: Listed) -> tuple[float, str]:
    letter = listed.found.dead_letter
    return (0.0 if letter is None else letter.at.timestamp()), str(listed.found.own)


def _with_ids(partition: _Partition) -> Iterator[Listed]:
    count = Counter(listed.found.source_place for listed in partition.letters.values())
    for offset, listed in partition.letters.items():
        found = listed.found
        known = found.source_place if count[found.source_place] == 1 else found.own
        replays = tuple(partition.replays.get(offset, ()))
        yield replace(listed, found=replace(found, id=known, replays=replays))


def _without_content(found: Found) -> Listed:
    letter = found.dead_letter
    if letter is None:
        return Listed(found, None)
    value = letter.record.value
    headers = tuple((name, (data or b"")[:_HEADER]) for name, data in letter.record.headers[:_HEADERS])
    record = replace(letter.record, key=None, value=None, headers=headers)
    return Listed(replace(found, dead_letter=replace(letter, record=record)), None if value is None else len(value))
