"""The current entitlement of each account: a view of the compacted topic support.entitlements, kept as event bytes."""

from shared.contracts import wire
from shared.contracts.structs import Account, EntitlementSet, EntitlementWithdrawn
from shared.kafka import serde
from shared.kafka.record import Record


class Accounts:
    """The view. A record older than the known one of its account changes nothing, so a write of this process stays."""

    def __init__(self) -> None:
        self._entitlements: dict[str, tuple[int, bytes]] = {}
        self._withdrawn: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._entitlements)

    def clear(self) -> None:
        """Drop all accounts."""
        self._entitlements.clear()
        self._withdrawn.clear()

    def take(self, record: Record) -> None:
        """Apply one record of the topic. Raises PoisonRecord for a record that is no event of this topic."""
        if record.key is None:
            return
        if serde.is_tombstone(record):
            self.withdraw(record.key.decode(errors="replace"), record.offset)
            self._withdrawn.pop(record.key.decode(errors="replace"), None)
            return
        envelope, data = serde.read(record)
        if envelope.type == EntitlementSet.TYPE:
            self.set(wire.decode(EntitlementSet, data).account.account_id, record.offset, data)
        elif envelope.type == EntitlementWithdrawn.TYPE:
            self.withdraw(wire.decode(EntitlementWithdrawn, data).account_id, record.offset)

    def set(self, account_id: str, offset: int, data: bytes) -> None:
        """Apply the data of an `entitlement.set` at this offset."""
        known = self._entitlements.get(account_id)
        if offset > max(known[0] if known else -1, self._withdrawn.get(account_id, -1)):
            self._withdrawn.pop(account_id, None)
            self._entitlements[account_id] = (offset, data)

    def withdraw(self, account_id: str, offset: int) -> None:
        """Apply a withdrawal at this offset: the account has no entitlement from then on."""
        known = self._entitlements.get(account_id)
        if known is None or offset > known[0]:
            self._entitlements.pop(account_id, None)
            self._withdrawn[account_id] = max(offset, self._withdrawn.get(account_id, -1))

    def find(self, account_id: str) -> Account | None:
        """The entitlement of the account, or None."""
        known = self._entitlements.get(account_id)
        return None if known is None else wire.decode(EntitlementSet, known[1]).account
