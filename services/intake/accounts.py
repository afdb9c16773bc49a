"""The current entitlement of each account: a view of the compacted topic support.entitlements, kept as event bytes.

It accepts the records that the router accepts, by the same checks, and of those the same one counts. Where compaction
has deleted a record, only the router still knows it: the router's table decides requests.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.contracts import wire
from shared.contracts.structs import Account, EntitlementSet
from shared.kafka import entitlement_record
from shared.kafka.record import Record
from shared.kafka.record_checks import check_partition
from shared.routing.entitlement_order import Dated, verdict


class Accounts:
    """The view. `partition_of` is the partition of a key, `clock` the current instant, `ahead` how far that is ahead of
    true time, by which Kafka dates records.

    It keeps when an account was withdrawn, so that no older record brings it back: some 300 bytes for each, until the
    next start after compaction has deleted the account.
    """

    def __init__(
        self,
        partition_of: Callable[[bytes], int],
        clock: Callable[[], datetime],
        ahead: Callable[[], timedelta] = timedelta,
    ) -> None:
        self._partition_of = partition_of
        self._clock = clock
        self._ahead = ahead
        self._entitlements: dict[str, tuple[int, bytes]] = {}
        self._withdrawn: dict[str, Dated] = {}

    def __len__(self) -> int:
        return len(self._entitlements) + len(self._withdrawn)

    def clear(self) -> None:
        """Drop all accounts."""
        self._entitlements.clear()
        self._withdrawn.clear()

    def take(self, record: Record) -> None:
        """Apply one record of the topic. Raises PoisonRecord for a record that the router dead-letters."""
        check_partition(record, self._partition_of)
        stated = entitlement_record.read(record)
        dated = Dated(stated.at, record.offset)
        # After a restart the record is old. Its timestamp is nearer to the instant at which the router read it.
        ahead = self._ahead()
        clock = min(entitlement_record.written_at(record), self._clock() - ahead) + ahead
        outcome = verdict(self.known(stated.account_id), dated, clock, by_intake=stated.by_intake)
        if outcome == "from_the_future":
            raise stated.from_the_future
        if outcome == "superseded":
            return
        if isinstance(stated.event, EntitlementSet):
            self._withdrawn.pop(stated.account_id, None)
            self._entitlements[stated.account_id] = (record.offset, wire.encode(stated.event))
        else:
            self._entitlements.pop(stated.account_id, None)
            self._withdrawn[stated.account_id] = dated

    def known(self, account_id: str) -> Dated | None:
        """When the entitlement that counts was set or withdrawn, and by which record. None: the account is unknown."""
        found = self._entitlements.get(account_id)
        if found is None:
            return self._withdrawn.get(account_id)
        return Dated(wire.decode(EntitlementSet, found[1]).set_at, found[0])

    def find(self, account_id: str) -> Account | None:
        """The entitlement of the account, or None."""
        known = self._entitlements.get(account_id)
        return None if known is None else wire.decode(EntitlementSet, known[1]).account
