"""A clock that Kafka refused is wrong for a while, or until somebody sets it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.clock_check import CHECK, ClockCheck
from shared.observability.health import Readiness

PAUSE = timedelta(seconds=30)
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def readiness() -> Readiness:
    """With another check that holds, as in a service."""
    readiness = Readiness()
    readiness.set("kafka", True)
    return readiness


@pytest.fixture
def check(readiness: Readiness) -> ClockCheck:
    """A clock that Kafka has refused at START, when the monotonic clock showed zero."""
    check = ClockCheck(readiness, PAUSE)
    assert not check.is_wrong(START, 0 * SECOND)
    check.refused(START, 0 * SECOND)
    return check


@pytest.mark.parametrize(
    ("wall", "steady", "wrong"),
    [(0, 0, True), (29, 29, True), (29.5, 29, True), (30, 30, False), (-7195, 5, False), (7205, 5, False)],
    ids=["at once", "within the pause", "adjusted slowly", "after it", "set back", "set forward"],
)
def test_a_refused_clock_is_wrong_for_a_pause_or_until_it_is_set(
    check: ClockCheck, readiness: Readiness, wall: float, steady: float, wrong: bool
) -> None:
    """The pause spares Kafka and callers; whoever sets the clock must not wait for its end."""
    assert check.is_wrong(START + wall * SECOND, steady * SECOND) is wrong
    assert readiness.ready is not wrong


def test_after_the_pause_the_next_record_decides(check: ClockCheck, readiness: Readiness) -> None:
    """Nothing else can: no answer of Kafka has its time."""
    assert not check.is_wrong(START + 31 * SECOND, 31 * SECOND)
    check.refused(START + 31 * SECOND, 31 * SECOND)
    assert check.is_wrong(START + 32 * SECOND, 32 * SECOND)
    assert CHECK in readiness.report()["checks"]
    assert not check.is_wrong(START + 62 * SECOND, 62 * SECOND)
    check.accepted()
    assert readiness.ready
    assert not check.is_wrong(START + 63 * SECOND, 63 * SECOND)


def test_the_log_has_the_first_refusal_and_the_first_acceptance(
    check: ClockCheck, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clock that is wrong all night is one line."""
    for minute in range(1, 10):
        check.refused(START + minute * 60 * SECOND, minute * 60 * SECOND)
    for _ in range(3):
        check.accepted()
    log = "".join(capsys.readouterr())
    assert log.count("clock.accepted") == 1
    assert log.count("clock.refused") == 0, "the fixture's own was the first"
