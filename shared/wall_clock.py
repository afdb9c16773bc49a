"""The one place that reads the system clock. Everything else takes `now` or `at` as an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one module that reads the system clock
