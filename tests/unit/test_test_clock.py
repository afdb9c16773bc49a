"""The clock that a test may advance: every service takes the time, forwards only, and true time stays what it is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared import test_clock
from shared.test_clock import AdvanceableClock, NotTaken, ahead_of, prepare
from shared.wall_clock import utc_now
from tests.harness.processes import eventually

HOUR, A_MOMENT = timedelta(hours=1), timedelta(seconds=10)
ZERO = timedelta()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clock that two services follow."""
    prepare(tmp_path / "clock", ["escalation", "router"])
    return tmp_path / "clock"


def clock_at(folder: Path) -> AdvanceableClock:
    """The clock of one process."""
    return AdvanceableClock(folder, timedelta(seconds=1), timedelta(seconds=30))


@asynccontextmanager
async def following(folder: Path, *services: str, advanced: Callable[[], object] = bool) -> AsyncIterator[None]:
    """Processes of these services."""
    tasks = [asyncio.create_task(clock_at(folder).follow(service, advanced)) for service in services]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def is_ahead(clock: AdvanceableClock, by: timedelta) -> bool:
    """Whether readings are ahead of true time by so much."""
    return by <= clock.read().now - utc_now() + A_MOMENT < by + 2 * A_MOMENT


async def test_an_advance_is_answered_once_every_service_has_taken_it(folder: Path) -> None:
    """Before that, a test would look for events that cannot be there yet. Tasks that sleep are woken."""
    leader, woken = clock_at(folder), []
    advancing = asyncio.create_task(leader.advance(HOUR))
    async with following(folder, "router", advanced=lambda: woken.append(1)):
        await eventually(lambda: bool(woken), 5, "the router has taken the time")
        assert not advancing.done()
        assert is_ahead(leader, ZERO), "intake comes last: nobody may read what it dates in the future"
        escalation = clock_at(folder)
        assert is_ahead(escalation, HOUR), "a process that starts meanwhile comes up with the time"
        async with following(folder, "escalation"):
            now = await asyncio.wait_for(advancing, 5)
    assert now - leader.read().now < ZERO
    assert is_ahead(leader, HOUR)


async def test_advances_that_come_together_all_count_and_0_only_asks(folder: Path) -> None:
    """Each is answered with a time that has its own share in it."""
    leader = clock_at(folder)
    before = leader.read().now
    async with following(folder, "router", "escalation"):
        times = await asyncio.gather(*(leader.advance(HOUR) for _ in range(3)), leader.advance(ZERO))
    assert [round((time - before) / HOUR) for time in times] == [1, 2, 3, 3]
    assert ahead_of(folder) > timedelta()


async def test_an_advance_that_a_service_does_not_take_fails_and_its_repetition_counts_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gets 503 repeats the call; a day that became two would fail a test that is right."""
    monkeypatch.setattr(test_clock, "TAKEN_WITHIN", 0.05)
    leader = clock_at(folder)
    async with following(folder, "router"):
        for _ in range(2):
            with pytest.raises(NotTaken) as failed:
                await leader.advance(HOUR)
            assert failed.value.services == ("escalation",)
        assert is_ahead(leader, ZERO)
        monkeypatch.setattr(test_clock, "TAKEN_WITHIN", 5)
        async with following(folder, "escalation"):
            await leader.advance(HOUR)
    assert is_ahead(leader, HOUR)
    assert is_ahead(clock_at(folder), HOUR)


async def test_readings_go_on_with_the_watch_and_date_kafkas_records_by_true_time(folder: Path) -> None:
    """Kafka refuses records that are dated ahead, and a jump of days must not stop the timers."""
    leader = clock_at(folder)
    async with following(folder, "router", "escalation"):
        await leader.advance(1000 * HOUR)
    reading = leader.read()
    assert (reading.steady, abs(reading.drift) < 1) == (True, True)
    assert abs(reading.timestamp_ms / 1000 - utc_now().timestamp()) < 10
    assert leader.ahead == 1000 * HOUR
    assert leader.read().now >= reading.now


async def test_a_timer_that_an_advance_has_passed_over_is_late_only_since_then(folder: Path) -> None:
    """It could not fire earlier: lateness is for promises that were not kept, also in metrics."""
    leader = clock_at(folder)
    before = leader.read().now
    async with following(folder, "router", "escalation"):
        await leader.advance(24 * HOUR)
    started_again = clock_at(folder)
    for reading in (leader.read(), started_again.read()):
        assert 0 <= reading.late(before + HOUR) < 10
        assert reading.late(reading.now - timedelta(microseconds=1)) <= 1e-6
        assert reading.late(reading.now + HOUR) == 0


async def test_a_process_says_in_its_log_that_it_is_not_for_production(folder: Path) -> None:
    """A setting that came to the wrong place must be found at once."""
    with capture_logs() as logged:
        async with following(folder, "router"):
            await eventually(lambda: bool(logged), 5, "it is logged")
    assert [(line["action"], line["log_level"]) for line in logged] == [("clock.test", "warning")]


async def test_a_folder_that_is_used_again_keeps_its_time_and_waits_for_its_services_anew(folder: Path) -> None:
    """What `up --data` kept is dated by that time. Whether an earlier run has taken it says nothing of this one."""
    async with following(folder, "router", "escalation"):
        await clock_at(folder).advance(HOUR)
    prepare(folder, ["router"])
    assert sorted(path.name for path in folder.iterdir()) == ["ahead", "router"]
    leader = clock_at(folder)
    assert is_ahead(leader, HOUR)
    advancing = asyncio.create_task(leader.advance(HOUR))
    async with following(folder, "router"):
        await asyncio.wait_for(advancing, 5)
    assert is_ahead(leader, 2 * HOUR)
