"""Reads the log of a running system and judges it, once the system has had time to finish what it has begun."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiokafka.errors import KafkaError

from services.replay.log_from_kafka import read_log
from services.replay.recorded_log import RecordedLog
from shared.contracts.topics import DEAD_LETTER_SUFFIX
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.policy.editions import EditionLibrary
from shared.wall_clock import utc_now
from tests.fault.checker import records_of, replay_violations, violations
from tests.fault.client_history import Call
from tests.fault.log_history import Place, history_of
from tests.fault.violation import Violation

SETTLE_SECONDS = 90.0
_AGAIN = 2.0
# What is in flight may violate these for a while. Other violations are final.
_IN_TIME = frozenset(
    {
        "one_decision_for_each_request",
        "everything_is_consumed",
        "poison_is_dead_lettered",
        "acknowledged_activity_counts",
        "no_miss_is_lost",
        "acknowledged_is_in_the_log",
    }
)


@dataclass(frozen=True)
class Judged:
    """What an earlier verdict has judged: its cases, and the dead letters and unreadable records that were there."""

    cases: frozenset[str] = frozenset()
    dead_letters: frozenset[Place] = frozenset()
    unreadable: frozenset[Place] = frozenset()


NOTHING = Judged()


@dataclass
class Verdict:
    """The violations, and the log that has them; the caller closes the log."""

    violations: list[Violation]
    log: RecordedLog
    requests: int
    events: int

    def judged(self) -> Judged:
        """For a later verdict about the same topics."""
        records = list(records_of(self.log))
        history = history_of((), records, ended=utc_now())
        cases = {logged.event.request_id for logged in history.requests} | {
            each.event.case_id for each in history.cases
        }
        letters = {_place(record) for record in records if record.topic.endswith(DEAD_LETTER_SUFFIX)}
        return Judged(frozenset(cases), frozenset(letters), frozenset(history.unreadable))


async def verdict(
    settings: KafkaSettings,
    calls: Sequence[Call],
    seen: Mapping[Place, datetime],
    editions: EditionLibrary,
    *,
    before: Judged = NOTHING,
) -> Verdict:
    """Judge the log as soon as nothing is in flight, at the latest after SETTLE_SECONDS.

    After an earlier verdict only what came later is judged, and the log is not replayed: a topic has been deleted.
    """
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while True:
        late = asyncio.get_running_loop().time() > deadline
        try:
            ended = utc_now()
            log = await read_log(settings, lambda _done, _total: None)
        except KafkaError:
            if late:
                raise
            await asyncio.sleep(_AGAIN)
            continue
        history = history_of(
            calls,
            _without(records_of(log), before),
            ended=ended,
            seen=seen,
            consumed=log.extent.consumed,
            without_cases=before.cases,
            without_unreadable=before.unreadable,
        )
        found = violations(history)
        if late or not _IN_TIME.intersection(violation.invariant for violation in found):
            if before is NOTHING:
                found += await asyncio.to_thread(replay_violations, log, editions)
            return Verdict(found, log, len(history.cases), len(history.escalations))
        log.close()
        await asyncio.sleep(_AGAIN)


def _without(records: Iterable[Record], before: Judged) -> Iterable[Record]:
    return (record for record in records if _place(record) not in before.dead_letters)


def _place(record: Record) -> Place:
    return record.topic, record.partition, record.offset
