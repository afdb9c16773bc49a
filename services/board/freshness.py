"""[pure] How old what the board shows is, and what its pages say of that."""

from datetime import datetime
from typing import Literal, NamedTuple

OLD = 1.0  # seconds: what is older says so
# Seconds: what is older says of a clock only what was known then. It counts nothing down, since nobody knows here
# whether the promise was kept meanwhile.
STALE = 5.0

LeftToDo = tuple[Literal["offsets", "cases"], int]


class Freshness(NamedTuple):
    """What is shown has everything up to `as_of`, by the clock of the service.

    `left` is what there is to read or to work out before it is up to date; None = the board waits for Kafka.
    """

    as_of: datetime
    is_old: bool
    is_stale: bool
    left: LeftToDo | None

    @property
    def said(self) -> "Freshness | None":
        """What a page says of it: nothing while what it shows is up to date."""
        return self if self.is_old else None


def freshness(as_of: datetime, age: float, left: LeftToDo | None) -> Freshness:
    """What pages say of what is `age` seconds old. Without anything left to do, what is missing is Kafka's answer."""
    is_stale = age > STALE
    return Freshness(as_of, age > OLD, is_stale, left if is_stale and left is not None and left[1] else None)
