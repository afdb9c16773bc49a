"""The clock of a service with callers: what dates its answers, and what dates the records that Kafka gets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.kafka.settings import KafkaSettings
from shared.wall_clock import utc_now
from shared.web.service_clock import ServiceClock

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
_CLOSE = timedelta(minutes=1)


def settings(test_clock: Path | None = None) -> KafkaSettings:
    """With a clock that a test may advance, if there is a folder for it."""
    return KafkaSettings(kafka_bootstrap="127.0.0.1:1", test_clock=test_clock)


def test_a_given_clock_dates_answers_and_not_the_records_of_kafka() -> None:
    """Kafka compares the time of a record with its own clock, and refuses what is far from it."""
    clock = ServiceClock("board", settings(), lambda: MONDAY)
    assert clock.now() == MONDAY
    assert abs(datetime.fromtimestamp(clock.timestamp_ms / 1000, UTC) - utc_now()) < _CLOSE


def test_only_a_system_for_tests_has_a_clock_that_can_be_advanced(tmp_path: Path) -> None:
    """In production nothing may move the time of the promises."""
    assert ServiceClock("board", settings()).test is None
    assert ServiceClock("board", settings(tmp_path)).test is not None


async def test_an_advance_moves_answers_and_not_the_records_of_kafka(tmp_path: Path) -> None:
    """A promise of next Monday is reached in a moment; Kafka stays at true time."""
    clock = ServiceClock("intake", settings(tmp_path))
    assert clock.test is not None
    await clock.test.advance(timedelta(days=7))
    assert clock.ahead == timedelta(days=7)
    assert abs(clock.now() - timedelta(days=7) - utc_now()) < _CLOSE
    assert abs(datetime.fromtimestamp(clock.timestamp_ms / 1000, UTC) - utc_now()) < _CLOSE
