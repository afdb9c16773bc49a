"""One mistake made in the small edition, and what is said of it."""

from typing import NamedTuple


class Slip(NamedTuple):
    """`old` written as `new`; the mistake is on the line with `at` (by default, the first line of `new`)."""

    old: str
    new: str
    field: str
    message: str
    allowed: str | None = None
    at: str | None = None
