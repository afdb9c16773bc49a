"""A clock that a test may advance: how `frontline up --test-clock` moves the time of every service at once.

Everything is in one folder, which `up` makes and names to each service (FRONTLINE_TEST_CLOCK). Without that setting a
service has a plain WatchedClock, and nothing of this module runs.

1. The file `ahead` says how many microseconds the clock is ahead of true time. A process reads it when it makes its
   clock, so one that is restarted comes up with the advanced time.
2. Intake leads: `advance` writes a greater number. Every other service follows: it looks at the file every few
   milliseconds, takes the number over, wakes its tasks, and writes the number to a file of its own name.
3. Intake takes the number over last, once every follower has. So nothing that it dates is in the future of its reader.
4. If a follower does not take it in time, because it cannot be restarted for instance, intake keeps its time and the
   call fails. A repetition counts from where intake is, so it asks for the same number and not for more.

Only the instants of readings are advanced. The clock is watched for jumps by true time, Kafka's records are dated by
true time (`timestamp_ms`), and a timer that an advance has passed over is late only since then (`late`).
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.observability import logs
from shared.watched_clock import Reading, WatchedClock

LOOK_SECONDS = 0.005  # between two looks at a file
TAKEN_WITHIN = (
    30.0  # seconds for every follower to take an advance; to restart one takes two or three on a quiet machine
)
_AHEAD = "ahead"
_PART = ".part"  # of a file that is being written
_MICROSECOND = timedelta(microseconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)

_log = logs.get_logger()


class NotTaken(Exception):
    """Some services have not taken the new time. `services` names them."""

    def __init__(self, services: Collection[str]) -> None:
        super().__init__(f"the test clock was not taken by {', '.join(services)}")
        self.services = tuple(services)


@dataclass(frozen=True, slots=True)
class AdvancedReading(Reading):
    """A reading that is `ahead` of true time. `arrived`: the event time at which the latest advance was taken."""

    ahead: timedelta
    arrived: datetime

    @property
    def timestamp_ms(self) -> int:
        """The true time, in milliseconds since 1970 UTC: Kafka refuses records that are dated ahead of its clock."""
        return round((self.now - self.ahead).timestamp() * 1000)

    def late(self, due: datetime) -> float:
        """For how many seconds a timer has been due: none of those that an advance passed over at once."""
        return Reading.late(self, max(due, self.arrived))


class AdvanceableClock(WatchedClock):
    """A watched clock, ahead of true time by what the files in `folder` say. It only ever moves forwards."""

    def __init__(self, folder: Path, tolerance: timedelta, settle: timedelta) -> None:
        super().__init__(tolerance, settle)
        self._folder = folder
        self._turn = asyncio.Lock()  # of several advances each counts, one after the other
        self._arrived = _NEVER
        self._take(_read(folder / _AHEAD))

    def read(self) -> AdvancedReading:
        """The time now."""
        true = super().read()
        return AdvancedReading(true.now + self.ahead, true.steady, true.drift, self.ahead, self._arrived)

    def warn(self, service: str) -> None:
        """Say in the log that this process is not for production."""
        _log.warning(
            "TEST CLOCK: a test may advance the time of this process; never set FRONTLINE_TEST_CLOCK in production",
            action="clock.test",
            service=service,
            ahead_seconds=self.ahead.total_seconds(),
        )

    async def follow(self, service: str, advanced: Callable[[], object]) -> None:
        """Take every advance over, call `advanced`, and acknowledge it, as `service`; until cancelled."""
        self.warn(service)
        _write(self._folder / service, self.ahead)
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            ahead = _read(self._folder / _AHEAD)
            if ahead > self.ahead:
                self._take(ahead)
                advanced()
                _write(self._folder / service, ahead)

    async def advance(self, by: timedelta) -> datetime:
        """Advance the clock of every service; returns the new time once all have taken it.

        Raises NotTaken if some have not within TAKEN_WITHIN seconds. A repetition of the call then counts once.
        """
        async with self._turn:
            ahead = max(self.ahead + by, _read(self._folder / _AHEAD))
            if ahead > self.ahead:
                _write(self._folder / _AHEAD, ahead)
                await self._until_taken(ahead)
                self._take(ahead)
            return self.read().now

    async def _until_taken(self, ahead: timedelta) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + TAKEN_WITHIN
        while behind := [file.name for file in _followers(self._folder) if _read(file) < ahead]:
            if loop.time() >= until:
                raise NotTaken(behind)
            await asyncio.sleep(LOOK_SECONDS)

    def _take(self, ahead: timedelta) -> None:
        if ahead > self.ahead:
            self.ahead = ahead
            self._arrived = super().read().now + ahead


def prepare(folder: Path, followers: Collection[str]) -> None:
    """Make the folder of a clock, which every one of these services has to follow. An earlier one keeps its time."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in _followers(folder):
        file.unlink()
    for name in followers:
        (folder / name).touch()


def ahead_of(folder: Path) -> timedelta:
    """How far the clock of this folder is ahead of true time; 0 while it has not been advanced, or is gone."""
    return _read(folder / _AHEAD)


def _followers(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.name != _AHEAD and file.suffix != _PART)


def _read(file: Path) -> timedelta:
    """The number in a file; 0 while there is none."""
    try:
        return int(file.read_bytes() or b"0") * _MICROSECOND
    except FileNotFoundError:
        return timedelta()


def _write(file: Path, ahead: timedelta) -> None:
    """Write a file as a whole, so that nobody reads a part of the number."""
    part = file.with_name(file.name + _PART)
    part.write_bytes(str(ahead // _MICROSECOND).encode())
    part.replace(file)
