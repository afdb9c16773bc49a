"""[pure] Which entitlement of an account counts: the one with the later instant, in whatever order the records come.

The instant of an entitlement is its `set_at`, that of a withdrawal its `withdrawn_at`, and that of a bare tombstone its
record's timestamp. Of two with the same instant the later record counts. So the result is that of sorting all records
of the account by (instant, offset), and a record that is replayed weeks later does not replace a newer one.

A record that is dated far ahead would supersede all later ones until its instant has come, so it is refused.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

AHEAD = timedelta(minutes=5)  # how far a writer's clock may be ahead of the reader's
# Intake dates a call 1 µs after the entitlement that it knows, which may be AHEAD of its own clock already. The rest is
# for the difference between its clock and the reader's, so that a call that was acknowledged is never refused.
CALL_AHEAD = 2 * AHEAD
_TICK = timedelta(microseconds=1)  # the resolution of instants

Verdict = Literal["replaces", "superseded", "from_the_future"]


class Dated(NamedTuple):
    """What is said of an account by one record: its instant, and its offset in support.entitlements.v1."""

    at: datetime
    offset: int


def verdict(known: Dated | None, stated: Dated, clock: datetime, *, by_intake: bool) -> Verdict:
    """What a record does to an account of which `known` counts so far; None: nothing is known.

    `clock` is the reader's. `by_intake`: the record is an event of intake. The known record itself is superseded too.
    """
    if known is not None and stated <= known:
        return "superseded"
    if stated.at - clock > (CALL_AHEAD if by_intake else AHEAD):
        return "from_the_future"
    return "replaces"


def instant_of_call(known: datetime | None, clock: datetime) -> datetime:
    """How intake dates a call: at `clock`, or directly after the known entitlement if that is not earlier.

    So a call replaces what was known when it came, also when another writer's clock is ahead of this one.
    """
    return clock if known is None or known < clock else known + _TICK
