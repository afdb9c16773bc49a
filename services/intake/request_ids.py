"""Gives each call its request id: the id of a repeated call is that of the first one, from whatever intake.

An id has the UTC day of the first receipt, so that of an Idempotency-Key changes at midnight. Intake looks for the key
among the ids of yesterday, today and tomorrow, made by any of the secrets (`known_ids.py`), and makes a new id only if
none is known. So it must know every id that was acknowledged before the call:

1. After a start, it has first to read the ids of two days. Meanwhile an unknown key is refused.
2. In the first minutes of a day, another instance may have acknowledged an id of yesterday a moment ago. So the topic
   is read up to its end before an unknown key gets an id of today.

A call without a key of its own cannot be a repeated one.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta

from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge

from services.intake.known_ids import KnownIds
from services.intake.publisher import Publisher
from services.intake.used_keys import UsedKeys
from shared.contracts import wire
from shared.contracts.request_ids import request_id
from shared.contracts.structs import SupportRequestSubmitted
from shared.contracts.topics import REQUESTS
from shared.kafka import serde
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.kafka.tail import Tail, Yesterday
from shared.observability.logs import get_logger
from shared.web.errors import CatchingUp

KNOWN = Gauge("frontline_intake_known_request_ids", "Request ids of yesterday and today that intake knows")
FORGOTTEN = Counter(
    "frontline_intake_request_ids_forgotten_total",
    "Request ids that intake dropped early because there were too many: a repeated call may get another id",
)

# For so long after midnight, an instance with a slower clock or a slow call may still use an id of the day before.
AFTER_MIDNIGHT = timedelta(minutes=2)
READ_SECONDS = 2.0  # how long a call waits for the end of the topic
RETRY_AFTER = 2
LOOK_EVERY = 5.0
_ONE_DAY = timedelta(days=1)


class RequestIds:
    """The ids of the calls of one intake, made and recognised by `secrets`; the first makes new ones.

    At most `limit` ids are known. `tail` reads them from `kafka`. `clock` returns the current instant. A call that
    `publisher` is going to refuse anyway waits for nothing.
    """

    def __init__(
        self,
        secrets: Sequence[bytes],
        limit: int,
        kafka: KafkaSettings,
        publisher: Publisher,
        clock: Callable[[], datetime],
    ) -> None:
        self._secrets = secrets
        self._publisher = publisher
        self._clock = clock
        self._log = get_logger()
        self._warned: date | None = None
        self.known = KnownIds(limit, self._forgotten)
        self.keys = UsedKeys(self.known.is_known, "refusal.key_of_another_request")
        self.tail = Tail("request_ids", kafka, ((REQUESTS, Yesterday(limit)),), self._take, publisher.watch)
        self._reading = asyncio.Lock()
        self._begun, self._finished = 0, 0  # numbers of the readings up to the end
        self._read_at: datetime | None = None  # when the latest finished one began
        KNOWN.set_function(lambda: len(self.known))

    async def run(self) -> None:
        """Read the ids without end; once a day up to the end of the topic, so that later calls need not wait."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.tail.run())
            group.create_task(self._read_every_day())

    def clear(self) -> None:
        """Drop all ids, because they are those of another Kafka."""
        self.known.clear()
        self._read_at = None
        self.tail.caught_up.clear()

    def new(self, client: str, account_id: str | None, key: str, now: datetime) -> str:
        """The id that a call gets whose key nobody has used."""
        return request_id(self._secrets[0], client=client, account_id=account_id, key=key, day=_day(now))

    async def of(self, client: str, account_id: str | None, key: str, now: datetime) -> str:
        """The id of a call with a key of its own at `now`. Raises CatchingUp while that cannot be said.

        It does not give control away between finding that no id is known and its return.
        """
        candidates = [
            request_id(secret, client=client, account_id=account_id, key=key, day=_day(now) + days * _ONE_DAY)
            for days in (-1, 0, 1)
            for secret in self._secrets
        ]
        found = self._find(candidates, now)
        if found is None and not self._publisher.connected:
            return self.new(client, account_id, key, now)
        if found is None and not self.tail.caught_up.is_set():
            raise CatchingUp("refusal.reading_keys", retry_after=RETRY_AFTER)
        if found is None and not self._is_complete(now):
            await self._read_to_end(now)
            found = self._find(candidates, now)
        return found or self.new(client, account_id, key, now)

    def _find(self, candidates: Sequence[str], now: datetime) -> str | None:
        in_flight = next((each for each in candidates if self.keys.is_in_flight(each)), None)
        return in_flight or self.known.first_known(candidates, _day(now))

    def _is_complete(self, now: datetime) -> bool:
        """Whether the topic was read up to its end after the last id of yesterday can have been acknowledged."""
        return self._read_at is not None and self._read_at >= _settled(now)

    async def _read_every_day(self) -> None:
        await self.tail.caught_up.wait()
        while True:
            now = self._clock()
            if now >= _settled(now) and not self._is_complete(now):
                with suppress(CatchingUp):
                    await self._read_to_end(now)
            await asyncio.sleep(LOOK_EVERY)

    async def _read_to_end(self, now: datetime) -> None:
        """Wait until everything is read that the topic has now. Calls that wait together share one reading."""
        arrived = self._begun
        try:
            async with asyncio.timeout(READ_SECONDS), self._reading:
                if self._finished > arrived:  # it began after this call
                    return
                self._begun += 1
                number = self._begun
                await self.tail.read_to_end()
                self._finished, self._read_at = number, now
        except (KafkaError, TimeoutError):
            raise CatchingUp("refusal.reading_keys", retry_after=RETRY_AFTER) from None

    def accepted(self, event: SupportRequestSubmitted, now: datetime) -> None:
        """Kafka has acknowledged `event`."""
        self.known.accepted(event.request_id, event.submission_digest, _day(now))

    def maybe_written(self, event: SupportRequestSubmitted, now: datetime) -> None:
        """Kafka has not acknowledged `event`, but may have it."""
        self.known.maybe_written(event.request_id, _day(now))

    def _take(self, record: Record) -> None:
        envelope, data = serde.read(record)
        if envelope.type == SupportRequestSubmitted.TYPE:
            self.accepted(wire.decode(SupportRequestSubmitted, data), self._clock())

    def _forgotten(self, day: date) -> None:
        FORGOTTEN.inc()
        if self._warned != day:
            self._warned = day
            self._log.warning(
                "Too many request ids: the oldest of them are dropped, so a call that is repeated after midnight may "
                "become a second request. Raise FRONTLINE_KNOWN_REQUEST_IDS",
                action="request_ids.forgotten",
                day=day.isoformat(),
            )


def _settled(now: datetime) -> datetime:
    """The instant of this day from which on nobody uses an id of the day before for the first time."""
    return datetime.combine(_day(now), time(), UTC) + AFTER_MIDNIGHT


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()
