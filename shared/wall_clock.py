"""The one place that reads the system clock. Everything else takes `now` or `at` as an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The instant it is, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the place
