"""How the system runs now: what the board's file says, what Kafka says, and how far the board is."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.board.freshness import Freshness
from services.board.operations.kafka_watch import KafkaWatch, Seen
from services.board.service import Service
from services.board.store import timers
from services.board.store.case_rows import FAILED
from services.board.store.timers import Lateness, TimerKind, Unfired
from shared.business_time.instants import Micros, from_micros, to_micros
from shared.contracts.base import format_instant
from shared.kafka.dead_letter_index import Listed
from shared.messages.reason import Reason

UNFIRED_AFTER = timedelta(seconds=10)  # a breach takes less than this to be noticed, published and read
LATE = 5_000_000  # microseconds: a timer that fired later than this in the last hour is worth a word
BEHIND = 1000  # records: more than this is worth a word even while they become fewer
OLD = 10.0  # seconds: a board that is older is worth a word; its pages say it from one second on
SHOWN = 20  # clocks that are named
IN_TABLE = 10_000  # clocks in a table
SIZE = 50  # dead letters on a page
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SECOND = 1_000_000
_SHARED = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class State:
    """How the system runs. `hour` and `day` are the lateness of timers that fired within them.

    `shown` is how fresh the board's file is, and `age` how old that may be, in seconds; None = it was never complete.
    `failed` = cases whose row could not be worked out, since the board started.
    """

    now: datetime
    hour: Mapping[TimerKind, Lateness]
    day: Mapping[TimerKind, Lateness]
    unfired: int
    clocks: Sequence[Unfired]
    age: float | None
    shown: Freshness | None
    remaining: int | None
    failed: int
    kafka: Seen

    @property
    def is_old(self) -> bool:
        """Whether what the board shows is older than it should be."""
        return self.shown is not None and self.shown.is_old

    @property
    def has_all_letters(self) -> bool:
        """Whether the dead letters are all that there are."""
        return not (self.kafka.letters_hidden or self.kafka.unread or self.kafka.passed_over)

    @property
    def behind(self) -> Mapping[str, int]:
        """How many records each service has not taken."""
        return {name: sum(each.behind for each in lag) for name, lag in (self.kafka.lag or {}).items()}

    @property
    def troubles(self) -> Sequence[Reason]:
        """What somebody has to look at, the worst first; nothing = all is quiet."""
        return [*self._of_kafka(), *self._of_timers(), *self._of_services(), *self._of_board(), *self._of_letters()]

    def _of_kafka(self) -> Iterator[Reason]:
        if self.kafka.away_since is not None:
            yield Reason("operations.trouble.kafka")
        for each in self.kafka.topics:
            yield Reason("operations.trouble.topic", problem=Reason(each.code, **each.facts))

    def _of_timers(self) -> Iterator[Reason]:
        if self.unfired:
            yield Reason("operations.trouble.unfired", count=self.unfired)
        latest = max((each.latest for each in self.hour.values()), default=0)
        if latest > LATE:
            yield Reason("operations.trouble.late", seconds=latest // _SECOND)

    def _of_services(self) -> Iterator[Reason]:
        for name, behind in self.behind.items():
            if name in self.kafka.standing:
                yield Reason("operations.trouble.standing", service=name, count=behind)
            elif behind > BEHIND:
                yield Reason("operations.trouble.behind", service=name, count=behind)
        for name, tasks in self.kafka.tasks.items():
            if stopped := sum(not each.is_quiet for each in tasks):
                yield Reason("operations.trouble.tasks", service=name, count=stopped)

    def _of_board(self) -> Iterator[Reason]:
        if self.age is None:
            yield Reason("operations.trouble.reading")
        elif self.age > OLD:
            yield Reason("operations.trouble.board")
        if self.failed:
            yield Reason("operations.trouble.failed", count=self.failed)

    def _of_letters(self) -> Iterator[Reason]:
        if self.kafka.letters_hidden:
            yield Reason("operations.trouble.hidden")
        elif self.kafka.unread:
            yield Reason("operations.letters.unread")
        if self.kafka.pending:
            yield Reason("operations.trouble.letters", count=len(self.kafka.pending))


class Operations:
    """Looks at how the system runs."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.kafka = KafkaWatch(service.settings)
        self._one_at_a_time = asyncio.Lock()
        self._state: State | None = None
        self._until = 0.0  # of the monotonic clock: as long as that counts

    async def look(self, *, anew: bool = False) -> State:
        """How it runs now, or ran two seconds ago: readers share a look. `anew`: Kafka is asked in any case."""
        async with self._one_at_a_time:
            if anew or self._state is None or time.monotonic() > self._until:
                self._state = await self._look(anew=anew)
                self._until = time.monotonic() + _SHARED
            return self._state

    async def unfired(self) -> Sequence[Unfired]:
        """More of the clocks that are due and were not noticed than the page names: ten thousand at most."""
        return (await self._unfired(self._service.freshness, IN_TABLE))[1]

    async def _unfired(self, shown: Freshness | None, at_most: int) -> tuple[int, Sequence[Unfired]]:
        """How many clocks are due and were not noticed, and some of them. Before the file was ever complete there are
        none: the cases that it has are not those that there are.
        """
        if shown is None:
            return 0, []
        return await self._service.readers.ask(timers.unfired, to_micros(shown.as_of - UNFIRED_AFTER), at_most)

    async def _look(self, *, anew: bool) -> State:
        service, now = self._service, self._service.clock()
        kafka = await self.kafka.look(anew=anew)
        hour, day = [await service.readers.ask(timers.lateness, to_micros(now - span)) for span in (_HOUR, _DAY)]
        age, shown = service.reading.age(), service.freshness
        unfired, clocks = await self._unfired(shown, SHOWN)
        return State(
            now=now,
            hour=hour,
            day=day,
            unfired=unfired,
            clocks=clocks,
            age=age,
            shown=shown,
            remaining=service.reading.remaining,
            failed=_failed(),
            kafka=kafka,
        )


class UnknownPlace(Exception):
    """No dead letter has this place."""


def page_of(
    letters: Sequence[Listed], after: str | None, *, pending: bool = False
) -> tuple[Sequence[Listed], str | None]:
    """So many of them behind the one with that place of its own; and the place that the next page begins behind.

    `pending`: of those that were not replayed, also behind one that was. Raises UnknownPlace if none has that place.
    """
    start = 0
    if after is not None:
        places = (number for number, each in enumerate(letters, 1) if str(each.found.own) == after)
        start = next(places, 0)
        if not start:
            raise UnknownPlace
    behind = [each for each in letters[start:] if not (pending and each.found.replays)]
    page = behind[:SIZE]
    return page, (str(page[-1].found.own) if len(behind) > SIZE else None)


def answer_of(state: State, after: str | None, *, pending: bool) -> dict[str, Any]:
    """The same as JSON data: `troubles` are codes, times are RFC 3339, lengths are seconds. Raises UnknownPlace."""
    kafka = state.kafka
    letters, following = page_of(kafka.letters, after, pending=pending)
    return {
        "at": format_instant(state.now),
        "troubles": [each.code for each in state.troubles],
        "timers": {"last_hour": _lateness(state.hour), "last_day": _lateness(state.day)},
        "due_but_unfired": {
            "for_more_than_seconds": UNFIRED_AFTER.total_seconds(),
            "count": state.unfired if state.age is not None else None,
            "clocks": [_clock(each) for each in state.clocks],
        },
        "kafka": {"asked_at": _instant(kafka.asked_at), "away_since": _instant(kafka.away_since)},
        "lag": {name: _lag(state, name) for name in kafka.lag or {}},
        "tasks": {name: [each.answer for each in tasks] for name, tasks in kafka.tasks.items()},
        "topics": [{"code": each.code, **each.facts} for each in kafka.topics],
        "board": {"age_seconds": state.age, "remaining_offsets": state.remaining, "cases_failed": state.failed},
        "dead_letters": {
            "count": len(kafka.letters),
            "pending": len(kafka.pending),
            "complete": state.has_all_letters,
            "letters": [about(each) for each in letters],
            "next": following,
        },
    }


def answer_of_letters(state: State, *, pending: bool) -> list[dict[str, Any]]:
    """All dead letters as JSON data, or those that were not replayed."""
    return [about(each) for each in (state.kafka.pending if pending else state.kafka.letters)]


def about(listed: Listed) -> dict[str, Any]:
    """A dead letter as JSON data, without its content: as `frontline dead-letters list --json` has it."""
    found = listed.found
    letter = found.dead_letter
    data: dict[str, Any] = {
        "id": str(found),
        "dead_letter": str(found.own),
        "replayed": [{"at": format_instant(each.at), "as": each.place} for each in found.replays],
    }
    if letter is None:
        return data | {"problem": found.problem}
    return data | {
        "cause": letter.cause,
        "message": letter.message,
        "service": letter.service,
        "at": format_instant(letter.at),
        "topic": letter.record.topic,
        "partition": letter.record.partition,
        "offset": letter.record.offset,
        "bytes": listed.size,
        "by_reference": letter.by_reference,
    }


def _lateness(of: Mapping[TimerKind, Lateness]) -> dict[str, Any]:
    return {
        kind: {
            "count": each.timers,
            "p50_seconds": _seconds(each, each.half),
            "p99_seconds": _seconds(each, each.most),
            "max_seconds": _seconds(each, each.latest),
        }
        for kind, each in of.items()
    }


def _seconds(of: Lateness, micros: Micros) -> float | None:
    return micros / _SECOND if of.timers else None


def _clock(clock: Unfired) -> dict[str, Any]:
    return {**clock._asdict(), "due_at": format_instant(from_micros(clock.due_at))}


def _lag(state: State, name: str) -> dict[str, Any]:
    partitions = [
        {
            "topic": each.topic,
            "partition": each.partition,
            "committed": each.committed,
            "end": each.end,
            "behind": each.behind,
        }
        for each in (state.kafka.lag or {})[name]
    ]
    return {"behind": state.behind[name], "standing_still": name in state.kafka.standing, "partitions": partitions}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else format_instant(at.astimezone(UTC))


def _failed() -> int:
    samples = (sample for metric in FAILED.collect() for sample in metric.samples)
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))
