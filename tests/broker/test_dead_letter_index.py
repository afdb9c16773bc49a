"""The index of dead letters says what reading all of them says, without content, and reads only what is new."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from shared.contracts.topics import ACTIVITY
from shared.kafka import dead_letter_index, dead_letters
from shared.kafka.dead_letter_index import DeadLetterIndex
from shared.kafka.dead_letter_log import Found, read_all
from shared.kafka.dead_letter_replay import replayer
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.faults import NoTopics
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics
from shared.wall_clock import utc_now


class Letters:
    """Dead letters in topics that nobody else uses."""

    def __init__(self, settings: KafkaSettings, producer: AIOKafkaProducer) -> None:
        self.settings, self._producer = settings, producer

    async def write(self, offset: int, value: bytes | None = b"what a customer wrote") -> None:
        """One of the record of activity at that offset."""
        record = Record(ACTIVITY.name, 0, offset, -1, b"key", value, (("ce_type", b"t"), ("own", b"x" * 500)))
        output = dead_letters.to_output(DeadLetter("a_cause", "why", "escalation", utc_now(), record))
        topic = self.settings.names.physical(output.topic)
        await self._producer.send_and_wait(
            topic, output.value, key=output.key, partition=0, headers=list(output.headers)
        )

    async def foreign(self) -> None:
        """A record of another program."""
        topic = self.settings.names.physical(dead_letters.topic_of(ACTIVITY.name))
        await self._producer.send_and_wait(topic, b"hello", partition=0)


@pytest_asyncio.fixture
async def letters(bootstrap: str) -> AsyncIterator[Letters]:
    """Topics of its own, of one partition."""
    settings = KafkaSettings(kafka_bootstrap=bootstrap, namespace=f"index-{uuid4().hex[:8]}", partitions=1)
    await apply_topics(settings)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    yield Letters(settings, producer)
    await producer.stop()


def bare(found: Found) -> Found:
    """Without its content."""
    if found.dead_letter is None:
        return found
    record = found.dead_letter.record
    headers = tuple((name, (data or b"")[:200]) for name, data in record.headers)
    short = replace(record, key=None, value=None, headers=headers)
    return replace(found, dead_letter=replace(found.dead_letter, record=short))


async def same(index: DeadLetterIndex, letters: Letters) -> bool:
    """Whether the index, once refreshed, has what the log has."""
    await index.refresh()
    listed = {str(each.found.own): each.found for each in index.newest_first()}
    return listed == {str(each.own): bare(each) for each in await read_all(letters.settings)}


async def test_the_index_has_what_the_log_has_however_it_grows(letters: Letters) -> None:
    """Letters, replays, records of others, and two letters of one record, which then have no id but their own place."""
    index = DeadLetterIndex(letters.settings)
    assert await same(index, letters)
    await letters.write(1)
    await letters.write(2, None)
    await letters.foreign()
    assert await same(index, letters)
    assert [each.size for each in index.newest_first()] == [None, 21, None]
    (first,) = [each for each in await read_all(letters.settings) if str(each) == f"{ACTIVITY.name}:0:1"]
    async with replayer(letters.settings, utc_now) as replays:
        await replays.replay(first)
    assert await same(index, letters)
    await letters.write(1)
    assert await same(index, letters)


async def test_only_so_many_are_kept_the_newest(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said how many are not there."""
    monkeypatch.setattr(dead_letter_index, "KEPT", 3)
    index = DeadLetterIndex(letters.settings)
    for offset in range(5):
        await letters.write(offset)
    await index.refresh()
    found = [each.found.dead_letter for each in index.newest_first()]
    assert [letter.record.offset for letter in found if letter] == [4, 3, 2]
    assert index.passed_over == 2


async def test_topics_that_cannot_be_seen_are_not_an_empty_index(letters: Letters) -> None:
    """Nobody has made them, or there is no right to read them."""
    with pytest.raises(NoTopics):
        await DeadLetterIndex(letters.settings.model_copy(update={"namespace": "nobody"})).refresh()
