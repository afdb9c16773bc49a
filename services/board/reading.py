"""Keeps the board's file up to date with the log.

1. The topics have to be right, and those that the file is a view of (`sources`).
2. Reading begins where the file says, which has the offsets of what it has (`store/writer.py`).
3. At the start, records are only stored; their cases are worked out once the topics were read to their end. Then the
   board has caught up. The same begins again after a gap, in which nothing was read: of a case whose answer is not
   read yet, a row would say that a promise was broken which was kept.
4. Each batch is one transaction. Whatever fails in it ends the process: a later batch must not be taken in its place.
5. The file knows which moment it has all of (`store/complete.py`). So until the board has caught up, and while Kafka
   is unavailable, it shows what it has, and as of when. Only a file that was never complete shows nothing.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from prometheus_client import Gauge

from services.board.edition_shelf import EditionShelf
from services.board.faults import AnotherLog
from services.board.freshness import STALE, LeftToDo
from services.board.store.complete import AsOf
from services.board.store.lock import locked
from services.board.store.retention import Keeping
from services.board.store.schema import connect, unusable
from services.board.store.stored_record import TOPICS
from services.board.store.writer import Writer
from shared.business_time.instants import SECOND, Micros, to_micros
from shared.cancellation import end_if_cancelled
from shared.kafka.batch_reader import BatchReader
from shared.kafka.faststream_client import KafkaUnreachable, TopicsMissing, partitions_of
from shared.kafka.faults import TopicsDiffer
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_watch import TopicWatch
from shared.observability.health import Readiness
from shared.observability.logs import get_logger
from shared.wall_clock import utc_now

REMAINING = Gauge("frontline_board_remaining_offsets", "Offsets that are left to read, as of the last answer of Kafka")
LEFT_TO_WORK_OUT = Gauge("frontline_board_cases_to_work_out", "Cases whose rows wait for the board to catch up")
CAUGHT_UP = Gauge("frontline_board_caught_up", "1 while rows follow each record; 0 while they wait until all is read")
AGE = Gauge("frontline_board_age_seconds", "How old what the board shows may be; -1 = it was never complete")

NAMES = tuple(topic.name for topic in TOPICS)
LOOK_EVERY = 0.25  # seconds between two looks at how far reading is
PASS_TIME_EVERY = 1.0
NOTE_EVERY = 1_000_000  # microseconds between two notes of which moment the file has all of
SILENT = 5.0  # seconds without any answer of Kafka: then nothing is being read
SWEEP_EVERY = 3600.0
RETRY_EVERY = 1.0
REPORT_EVERY = 5.0  # seconds between two lines about catching up
AT_ONCE = 500  # cases that are worked out in one transaction
ANSWER_SECONDS = 5.0
_AWAY = (KafkaError, KafkaUnreachable, TopicsDiffer, TopicsMissing, OSError, TimeoutError)
_T = TypeVar("_T")


class Reading:
    """Reads without end. `changed` is called with the ids of the cases that look different now; None = any may.

    `keeping` None = nothing is deleted here.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        file: Path,
        keeping: Keeping | None,
        editions: EditionShelf,
        clock: Callable[[], datetime],
        readiness: Readiness,
        changed: Callable[[Sequence[str] | None], None],
    ) -> None:
        self._kafka, self._file, self._keeping, self._editions = kafka, file, keeping, editions
        self._clock, self._readiness, self._changed = clock, readiness, changed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="board-writer")
        self._watch = TopicWatch(kafka, "board", NAMES, readiness)
        self._reader = BatchReader(kafka, "frontline-board", self._take)
        self._log = get_logger()
        self._interrupted = False
        self._looked_at = utc_now()
        self._gap = False  # nothing was read for a while, and what was written meanwhile is not read yet
        self._noted = 0  # the last moment that was noted in the file, as `AsOf.true`
        self.caught_up = asyncio.Event()  # once since the start; a gap does not clear it
        self.left: LeftToDo | None = None  # to read or to work out; None = Kafka does not answer
        self.as_of: AsOf | None = None  # what is shown has everything up to then; None = it was never complete
        CAUGHT_UP.set(0)
        AGE.set_function(lambda: -1.0 if (age := self.age()) is None else age)
        readiness.set("view", False, "has not read its topics up to their end yet")

    def age(self) -> float | None:
        """How many seconds old what the board shows may be; None = it was never complete."""
        return None if self.as_of is None else max(0.0, utc_now().timestamp() - self.as_of.true / SECOND)

    @property
    def remaining(self) -> int | None:
        """How many offsets are left to read, as of the last answer of Kafka; None = it has not answered."""
        return self._reader.remaining

    async def run(self) -> None:
        """Read until cancelled. Raises BoardFault, and whatever a transaction fails with."""
        with locked(self._file):
            await self._run()

    async def _run(self) -> None:
        self._writer = await self._in_thread(lambda: Writer(connect(self._file, writes=True), self._editions))
        try:
            self.as_of = await self._in_thread(self._writer.hold)
            while True:
                try:
                    await self._follow()
                except* _AWAY as away:
                    self.left = None
                    self._report_interruption(away.exceptions[0])
                end_if_cancelled()
                await asyncio.sleep(RETRY_EVERY)
        finally:
            await self._watch.close()
            await self._in_thread(self._writer.close)
            self._thread.shutdown()

    async def _follow(self) -> None:
        """Read until something is wrong with Kafka or its topics."""
        await self._watch.look()
        self._watch.check()
        starts = await self._starts()
        self._interrupted = False
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch.run())
            group.create_task(self._watch.until_changed())
            group.create_task(self._reader.run(starts))
            group.create_task(self._follow_progress())
            group.create_task(self._pass_time())
            if self._keeping is not None:
                group.create_task(self._sweep(self._keeping))

    async def _starts(self) -> dict[TopicPartition, int]:
        """Where each partition is to be read from. Raises AnotherLog if the file is a view of other topics."""
        ids = {name: self._watch.ids[name] for name in NAMES}
        known = await self._in_thread(self._writer.sources)
        others = sorted(name for name, topic_id in known.items() if ids.get(name) != topic_id)
        if others:
            raise AnotherLog(
                f"{self._file} is a view of topics that are not there any more, or of another Kafka "
                f"({', '.join(others)}): run `frontline board rebuild`, or name another file in FRONTLINE_BOARD_FILE"
            )
        await self._in_thread(partial(self._writer.follow, ids))
        counts = await partitions_of(self._kafka, NAMES, ANSWER_SECONDS)
        read = await self._in_thread(self._writer.offsets)
        places = [TopicPartition(name, number) for name in NAMES for number in range(counts[name])]
        return {place: read.get(place, 0) for place in places}

    async def _take(self, records: Sequence[Record]) -> None:
        self._look_for_gap()
        now, behind = to_micros(self._clock()), self._gap and self._is_stale()
        take = self._hold_and_take if behind else self._writer.take
        if behind and not self._writer.holds:
            CAUGHT_UP.set(0)
            self._readiness.set("view", False, "reads what was written while it could not")
            self._log.info("Behind the log: rows wait until the board has read on", action="board.behind")
        taking = asyncio.ensure_future(self._in_thread(partial(take, records, now)))
        taking.add_done_callback(self._tell)
        await asyncio.shield(taking)  # where Kafka goes away meanwhile: what is stored then is told all the same

    def _hold_and_take(self, records: Sequence[Record], now: Micros) -> list[str]:
        """In one go of the writer's thread: were the end of catching up between them, no row would wait any more."""
        self._writer.hold()
        return self._writer.take(records, now)

    def _tell(self, taking: "asyncio.Future[list[str]]") -> None:
        if not taking.cancelled() and taking.exception() is None and (changed := taking.result()):
            self._changed(changed)

    async def _follow_progress(self) -> None:
        """Notice when the board has caught up, and since when it has not."""
        reported = time.monotonic()
        while True:
            self._look_for_gap()
            left, as_of = self._reader.remaining, self._moment()
            if left is not None:
                REMAINING.set(left)
            self.left = None if left is None or self._is_silent() else ("offsets", left)
            if left == 0 and as_of is not None:
                if self._writer.holds:
                    await self._catch_up(as_of)
                self.as_of = as_of
                self._gap = self._gap and self._is_stale()  # the ends may be those of before the gap
                if as_of.true >= self._noted + NOTE_EVERY:
                    await self._note(as_of)
            elif self._writer.holds and time.monotonic() - reported > REPORT_EVERY:
                reported = time.monotonic()
                self._log.info(f"Catching up: {left} offsets to go", action="board.catching_up", remaining=left)
            await asyncio.sleep(LOOK_EVERY)

    def _moment(self) -> AsOf | None:
        """When Kafka last said where the topics end, by both clocks; None while it has not."""
        asked_at = self._reader.asked_at_ms()
        if asked_at is None:
            return None
        true = datetime.fromtimestamp(asked_at / 1000, UTC)
        if self.as_of is not None and self.as_of.true == to_micros(true):
            return self.as_of  # the two clocks are not read in one instant: what is known does not move by that
        return AsOf(to_micros(true), to_micros(self._clock() - (utc_now() - true)))

    def _is_silent(self) -> bool:
        answered_at = self._reader.answered_at_ms()
        return answered_at is not None and utc_now().timestamp() - answered_at / 1000 > SILENT

    def _look_for_gap(self) -> None:
        """Whether this process was frozen, or Kafka silent. A board that is merely slow reads on, and its rows with it:
        they would wait for as long as more comes than it can take.
        """
        now = utc_now()
        if (now - self._looked_at).total_seconds() > STALE or self._is_silent():
            self._gap = True
        self._looked_at = now

    def _is_stale(self) -> bool:
        age = self.age()
        return age is not None and age > STALE

    async def _note(self, as_of: AsOf) -> None:
        await self._in_thread(partial(self._writer.note, as_of))
        self._noted = as_of.true

    async def _catch_up(self, as_of: AsOf) -> None:
        """Work out the cases whose records were only stored. Records that come meanwhile are stored as well."""
        left, reported = 1, time.monotonic()
        while left:
            now = to_micros(self._clock())
            _, left = await self._in_thread(partial(self._writer.work_out, now, AT_ONCE))
            LEFT_TO_WORK_OUT.set(left)
            self.left = "cases", left
            if time.monotonic() - reported > REPORT_EVERY:
                reported = time.monotonic()
                self._log.info(f"Catching up: {left} cases to work out", action="board.catching_up", cases=left)
        await self._in_thread(partial(self._writer.catch_up, as_of, to_micros(self._clock())))
        self._noted = as_of.true
        self.as_of = as_of
        self.caught_up.set()
        CAUGHT_UP.set(1)
        self._readiness.set("view", True, "caught up")
        self._log.info("The board has caught up with the log", action="board.caught_up")
        self._changed(None)

    async def _pass_time(self) -> None:
        """Statuses that end by themselves: nobody reports that, and of what is stale nobody knows it."""
        await self.caught_up.wait()
        while True:
            if not self._is_stale():
                changed = await self._in_thread(partial(self._writer.pass_time, to_micros(self._clock())))
                if changed:
                    self._changed(changed)
            await asyncio.sleep(PASS_TIME_EVERY)

    async def _sweep(self, keeping: Keeping) -> None:
        """Delete what is kept no longer, so that nothing of it is left in the file. Other transactions go between."""
        await self.caught_up.wait()
        while True:
            swept, more = False, True
            while more:
                now = to_micros(self._clock())
                changed, more = await self._in_thread(partial(self._writer.sweep, keeping, now))
                swept |= more
                if changed:
                    self._changed(changed)
            if swept:
                await self._forget_copies()
                self._log.info("Deleted what is kept no longer", action="board.swept")
            await asyncio.sleep(SWEEP_EVERY)

    async def _forget_copies(self) -> None:
        more = await self._in_thread(partial(self._writer.merge_words, first=True))
        while more:
            more = await self._in_thread(partial(self._writer.merge_words, first=False))
        while True:
            if await self._in_thread(self._writer.shorten_log):
                return
            await asyncio.sleep(PASS_TIME_EVERY)  # somebody reads: a little later nobody does

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        """Call it in the thread of the file's one connection that writes. Raises UnusableFile."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, call)
        except sqlite3.Error as error:
            if (told := unusable(self._file, error)) is not None:
                raise told from error
            raise

    def _report_interruption(self, error: BaseException) -> None:
        if not self._interrupted:
            self._interrupted = True
            self._log.warning(
                "Reading interrupted: the board shows what it has, and goes on at the same offsets",
                action="board.interrupted",
                error=str(error),
            )
