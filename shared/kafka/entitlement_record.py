"""[pure] Reads a record of support.entitlements.v1: what it says of which account, and as of which instant.

The router and the view of intake read the topic with this function, so that both refuse the same records.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared.contracts.base import format_instant
from shared.contracts.contacts import named_again
from shared.contracts.structs import Account, EntitlementSet, EntitlementWithdrawn
from shared.contracts.vocabulary import INTAKE_SOURCE
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.kafka.record_checks import check_key, checked_key

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


class EntitlementRecord(NamedTuple):
    """What a record says. No `event`: it is a bare tombstone, and `at` is the timestamp of the record."""

    account_id: str
    account: Account | None  # None: it has no entitlement
    at: datetime
    event: EntitlementSet | EntitlementWithdrawn | None
    by_intake: bool = False

    @property
    def from_the_future(self) -> PoisonRecord:
        """The error for a record that is dated too far ahead."""
        what = "the timestamp" if self.event is None else "withdrawn_at" if self.account is None else "set_at"
        return PoisonRecord(
            "from_the_future",
            f"{what} {format_instant(self.at)} is too far ahead of the clock: correct the clock of the writer",
        )


def read(record: Record) -> EntitlementRecord:
    """What `record` says. Raises PoisonRecord with the cause of its dead letter."""
    key = checked_key(record)
    if serde.is_tombstone(record):
        return EntitlementRecord(key.decode(), None, written_at(record), None)
    envelope, event = serde.decode(record)
    if isinstance(event, EntitlementSet):
        found = EntitlementRecord(event.account.account_id, event.account, event.set_at, event)
    elif isinstance(event, EntitlementWithdrawn):
        found = EntitlementRecord(event.account_id, None, event.withdrawn_at, event)
    else:
        raise PoisonRecord("unexpected_type", f"{envelope.type} has no place on {record.topic}")
    check_key(key, found.account_id, "account_id")
    if found.account is not None and (again := named_again(found.account.contacts)):
        raise PoisonRecord("malformed_event", f"account.contacts.{again[0]}.requester_id: is named twice")
    return found._replace(by_intake=envelope.source == INTAKE_SOURCE)


def written_at(record: Record) -> datetime:
    """The timestamp of the record, limited to the instants that a datetime can hold."""
    try:
        return _EPOCH + timedelta(milliseconds=record.timestamp_ms)
    except OverflowError:
        return _LAST if record.timestamp_ms > 0 else _EPOCH
