"""[pure] Instants as whole microseconds since 1970-01-01T00:00Z: exact, compact, and fast to compare and add."""

from datetime import UTC, datetime, timedelta

from shared.business_time.errors import NaiveInstant, OutOfRange

Micros = int  # an instant, or a length, in microseconds

SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE
DAY: Micros = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def length(span: timedelta) -> Micros:
    """`span` in microseconds."""
    return (span.days * 86_400 + span.seconds) * SECOND + span.microseconds


EARLIEST: Micros = length(datetime(2, 1, 1, tzinfo=UTC) - _EPOCH)
LATEST: Micros = length(datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH)


def to_micros(at: datetime, field: str = "") -> Micros:
    """The instant of an aware datetime in any zone. Raises NaiveInstant or OutOfRange with `field`."""
    if at.utcoffset() is None:
        raise NaiveInstant(f"{at.isoformat()} has no zone: write an offset, or Z for UTC", field)
    micros = length(at - _EPOCH)
    if not EARLIEST <= micros < LATEST:
        raise OutOfRange(f"{at.isoformat()} is outside the years 2 to 9998", field)
    return micros


def from_micros(micros: Micros) -> datetime:
    """The datetime in UTC. Raises OutOfRange."""
    if not EARLIEST <= micros <= LATEST:
        raise OutOfRange("the result is outside the years 2 to 9998")
    return _EPOCH + timedelta(microseconds=micros)
