"""Reads the dead letters of a broker: each with its id, its cause, and when it was replayed."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from aiokafka.structs import TopicPartition

from shared.contracts.topics import DEAD_LETTER_SUFFIX, TOPICS
from shared.kafka import dead_letters
from shared.kafka.committed_reader import CommittedReader, committed_reader
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter, Replayed
from shared.kafka.faults import NoTopics
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

SOURCES = tuple(
    topic.name.removesuffix(DEAD_LETTER_SUFFIX) for topic in TOPICS if topic.name.endswith(DEAD_LETTER_SUFFIX)
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is: in a source topic, or in a dead-letter topic."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The inverse of `str`. Raises ValueError."""
        topic, partition, offset = text.rsplit(":", 2)
        place = cls(topic, int(partition), int(offset))
        if place.source not in SOURCES or place.partition < 0 or place.offset < 0:
            raise ValueError(text)
        return place

    @property
    def source(self) -> str:
        """The source topic: this one, or the one whose dead letters this topic has."""
        return self.topic.removesuffix(DEAD_LETTER_SUFFIX)

    @property
    def log(self) -> TopicPartition:
        """The partition with the dead letters of the records here: each has the partition of its record."""
        return TopicPartition(dead_letters.topic_of(self.source), self.partition)


@dataclass(frozen=True, slots=True)
class Found:
    """A record of a dead-letter topic, which is at `own`. If another program wrote it, `dead_letter` is None with a
    `problem`.

    `id` is the place of its source record. It is `own` if there is no such record, or if two dead letters have it, as
    of a topic that was created again.
    """

    own: Place
    dead_letter: DeadLetter | None
    problem: str = ""
    replays: tuple[Replayed, ...] = ()
    id: Place | None = None

    def __str__(self) -> str:
        return str(self.id or self.own)

    @property
    def source_place(self) -> Place | None:
        """The place of its record in the source topic; None if it names another topic or partition."""
        if self.dead_letter is None:
            return None
        record = self.dead_letter.record
        place = Place(record.topic, record.partition, record.offset)
        return place if place.topic == self.own.source and place.partition == self.own.partition else None


async def read_all(settings: KafkaSettings, sources: Sequence[str] = SOURCES) -> list[Found]:
    """Every dead letter of these source topics, up to the current end, partition by partition.

    Raises KafkaError, and NoTopics: Kafka also hides topics from a principal that has no right to them.
    """
    async with committed_reader(settings) as reader:
        places = await reader.partitions(dead_letters.topic_of(source) for source in sources)
        if not places:
            raise NoTopics
        return [found for topic in places.values() for place in topic for found in await _partition(reader, place)]


async def read_some(settings: KafkaSettings, places: Collection[Place]) -> dict[Place, list[Found]]:
    """The dead letters at each of `places`, which may be their own places or those of their records.

    None is there or has been deleted: an empty list. Several, if the records at that place were not always the same.
    Raises KafkaError.
    """
    wanted: dict[TopicPartition, list[Place]] = defaultdict(list)
    for place in places:
        wanted[place.log].append(place)
    answers: dict[Place, list[Found]] = {place: [] for place in places}
    async with committed_reader(settings) as reader:
        there = await reader.partitions({log.topic for log in wanted})
        for log in sorted(wanted.keys() & {each for of_topic in there.values() for each in of_topic}):
            found = await _partition(reader, log)
            for place in wanted[log]:
                answers[place] = [each for each in found if place in (each.own, each.source_place)]
    return answers


async def _partition(reader: CommittedReader, log: TopicPartition) -> list[Found]:
    """The dead letters of one partition, in their order."""
    found: list[Found] = []
    replays: dict[int, list[Replayed]] = defaultdict(list)
    async for record in reader.read(await reader.spans([log])):
        if (replayed := dead_letters.parse_replayed(record)) is not None:
            replays[replayed.letter].append(replayed)
        else:
            found.append(found_in(record))
    count = Counter(each.source_place for each in found)
    return [
        replace(
            each,
            replays=tuple(replays[each.own.offset]),
            id=each.source_place if count[each.source_place] == 1 else each.own,
        )
        for each in found
    ]


def found_in(record: Record) -> Found:
    """What a record of a dead-letter topic is. What it says nothing of: when it was replayed, and its id."""
    own = Place(record.topic, record.partition, record.offset)
    try:
        dead_letter = dead_letters.parse(record.key, record.value, record.headers)
    except NotADeadLetter as error:
        return Found(own, None, str(error))
    return Found(own, dead_letter)
