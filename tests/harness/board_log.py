"""A recorded log as Kafka has it, for the board: each record at its own offset, and records between them that are none.

What a record is caused by is a place, so each has to keep its own. In the place of each control marker there is a
record that cannot be read, in one of the ways that other programs have found.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from services.board.edition_shelf import EditionShelf
from services.board.store.schema import UNKNOWN, connect
from services.board.store.stored_record import NUMBERS, TOPICS
from services.board.store.writer import Writer
from shared.business_time.instants import to_micros
from shared.contracts.topics import EDITIONS, Topic
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics
from shared.wall_clock import utc_now
from tests.harness.intake import ID_SECRET, api_keys
from tests.harness.recording import Recording
from tests.harness.sign_in import token_hosts

COMPARED = (
    "case_id, account_id, client, requester_id, requester, subject, received_at, edition, plan, channel, tier, triage, "
    "state, status, priority, milestone, started_at, due_at, order_at, paused, breached, asked, assigned_to, last_at, "
    "turn, changes_at, ended_at, stored"
)
_ROWS = f"SELECT {COMPARED} FROM cases WHERE order_at < {UNKNOWN} ORDER BY case_id"
AT_ONCE = 400

# (key, value, headers) of records that are none
_NONE_OF_OURS: tuple[tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]], ...] = (
    (None, b"{}", []),
    (b"", None, []),
    (b"\xff\xfe", b"not JSON", [("ce_type", b"\xff\xfe\xfd"), ("ce_id", None)]),
    (None, b"", [("content-type", None)]),
    (None, b"x" * 100_000, [("\u2603", b"\x00")]),
    (b"\xc3", None, [("ce_specversion", b"1.0"), ("ce_type", None)]),
)


def of_board(recording: Recording) -> list[Record]:
    """What the board reads of a recording, as it was written: each partition in its order."""
    found = [record for record in recording.all_records() if record.topic in NUMBERS]
    return sorted(found, key=lambda each: each.timestamp_ms)  # stable, so partitions keep their order


class BoardLog:
    """Topics of its own on the broker, to which a recording is written."""

    def __init__(self, bootstrap: str, recording: Recording) -> None:
        self.settings = KafkaSettings(
            kafka_bootstrap=bootstrap, partitions=recording.partitions, namespace=f"b{uuid4().hex[:8]}"
        )
        self.records, self.recording = of_board(recording), recording
        self._ends: dict[tuple[str, int], int] = {}
        self._others = cycle(_NONE_OF_OURS)
        self.others = 0  # records that are none of ours, as written

    async def prepare(self) -> None:
        """Make the topics."""
        await apply_topics(self.settings, TOPICS)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a board of these topics."""
        return {
            "FRONTLINE_KAFKA_BOOTSTRAP": self.settings.kafka_bootstrap,
            "FRONTLINE_NAMESPACE": self.settings.namespace,
            "FRONTLINE_PARTITIONS": str(self.settings.partitions),
            "FRONTLINE_API_KEYS": api_keys(),
            "FRONTLINE_TOKEN_HOSTS": token_hosts(),
            "FRONTLINE_ID_SECRET": ID_SECRET,
        }

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[AIOKafkaProducer]:
        """One that keeps the order, and goes on after an outage."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, enable_idempotence=True, linger_ms=2
        )
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    async def write(self, records: Sequence[Record], per_second: float = float("inf")) -> None:
        """Write records, acknowledged on return; at that pace."""
        clock = asyncio.get_running_loop().time
        async with self.producer() as producer:
            began = clock()
            for start in range(0, len(records), AT_ONCE if per_second == float("inf") else 10):
                part = records[start : start + (AT_ONCE if per_second == float("inf") else 10)]
                await asyncio.sleep(max(0.0, began + start / per_second - clock()))
                await asyncio.gather(
                    *[await self._send(producer, *each) for record in part for each in self._with(record)]
                )

    async def write_none(self, topic: Topic, count: int) -> None:
        """Write so many long records to each partition that are none. Behind them offsets are others than recorded."""
        async with self.producer() as producer:
            for partition in range(self.settings.partitions):
                for _ in range(count):
                    await (await self._send(producer, topic.name, partition, None, b"x", b"x" * 100_000, []))
                    self.others += 1

    def _with(self, record: Record) -> Iterator[tuple[str, int, int | None, bytes | None, bytes | None, Any]]:
        place = record.topic, record.partition
        for _ in range(self._ends.get(place, 0), record.offset):
            self.others += 1
            key, value, headers = next(self._others)
            if record.topic == EDITIONS.name:
                key = key or b"\xff"  # Kafka takes no record without a key for a compacted topic
            yield *place, None, key, value, headers
        self._ends[place] = record.offset + 1
        yield *place, record.timestamp_ms, record.key, record.value, list(record.headers)

    async def _send(self, producer: AIOKafkaProducer, topic: str, partition: int, at: int | None, key: bytes | None,
                    value: bytes | None, headers: Any) -> Any:  # fmt: skip
        name = self.settings.names.physical(topic)
        return await producer.send(name, value, key, partition, timestamp_ms=at, headers=headers)

    def expected(self, folder: Path, records: Sequence[Record] | None = None) -> tuple[list[Any], list[Any]]:
        """The rows and the clocks that these records give, all of them if none are named, by now."""
        file = folder / f"{uuid4().hex}.sqlite"
        writer, now = Writer(connect(file, writes=True), EditionShelf()), to_micros(utc_now())
        writer.take(self.records if records is None else records, now)
        while writer.pass_time(now):
            pass
        cases, clocks = rows_of(file)
        assert cases, "nothing is expected: whatever a board has would be compared with that"
        assert clocks
        return cases, clocks

    @property
    def of_cases(self) -> int:
        """How many records belong to cases."""
        return sum(record.topic != EDITIONS.name for record in self.records)


def rows_of(file: Path) -> tuple[list[Any], list[Any]]:
    """What a board's file says of each case, and of each clock."""
    board = connect(file)
    try:
        board.execute("BEGIN")
        cases = [dict(row) for row in board.execute(_ROWS)]
        clocks = [tuple(row) for row in board.execute(
            "SELECT case_id, clocks.milestone, instance, promise, target, stage, clocks.started_at, clocks.due_at, "
            "stopped_at, breached_at, outcome, outcome_at FROM clocks JOIN cases USING (case_no) ORDER BY 1, 2, 3"
        )]  # fmt: skip
        return cases, clocks
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return [], []  # it is being made
    finally:
        board.close()
