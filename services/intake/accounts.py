"""What each account owns now: a view of the compacted topic support.entitlements, kept as the bytes of its events."""

from shared.contracts import wire
from shared.contracts.structs import Account, EntitlementSet, EntitlementWithdrawn
from shared.kafka import serde
from shared.kafka.record import Record


class Accounts:
    """The view. Older records than what is known of an account change nothing, so what was just written stays."""

    def __init__(self) -> None:
        self._owned: dict[str, tuple[int, bytes]] = {}
        self._withdrawn: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._owned)

    def clear(self) -> None:
        """Forget everything."""
        self._owned.clear()
        self._withdrawn.clear()

    def take(self, record: Record) -> None:
        """Read one record of the topic. Raises PoisonRecord for what is no event of it."""
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
        """The data of an `entitlement.set` at this offset."""
        known = self._owned.get(account_id)
        if offset > max(known[0] if known else -1, self._withdrawn.get(account_id, -1)):
            self._withdrawn.pop(account_id, None)
            self._owned[account_id] = (offset, data)

    def withdraw(self, account_id: str, offset: int) -> None:
        """The account owns nothing since this offset."""
        known = self._owned.get(account_id)
        if known is None or offset > known[0]:
            self._owned.pop(account_id, None)
            self._withdrawn[account_id] = max(offset, self._withdrawn.get(account_id, -1))

    def find(self, account_id: str) -> Account | None:
        """What the account owns, or None."""
        known = self._owned.get(account_id)
        return None if known is None else wire.decode(EntitlementSet, known[1]).account
