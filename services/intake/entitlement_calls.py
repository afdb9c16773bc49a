"""Publishes what calls say of an account's entitlement, dated so that a call replaces everything before it.

A call is dated after the entitlement that the view knows. The view may be some milliseconds behind: then another
instance, whose clock is ahead, may have published a later instant that it does not show yet. So a call is answered once
the view has read its record. If an earlier record supersedes it, it is published again, with a later instant.
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from services.intake.accounts import Accounts
from services.intake.entitlement import entitlement_withdrawn
from services.intake.errors import KafkaUnavailable
from services.intake.publisher import RETRY_AFTER, Publisher
from shared.contracts.structs import EntitlementSet, EntitlementWithdrawn, Event
from shared.contracts.topics import ENTITLEMENTS, Topic
from shared.kafka import serde
from shared.kafka.faststream_client import Written
from shared.kafka.tail import Tail
from shared.routing.entitlement_order import instant_of_call
from shared.web.errors import CatchingUp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_Stated = TypeVar("_Stated", EntitlementSet, EntitlementWithdrawn)


class Publish(Protocol):
    """Publishes an event: `Service.publish`."""

    async def __call__(
        self, topic: Topic, key: str, event: Event, *, event_id: str, subject: str, at: datetime, parent: str | None
    ) -> Written:
        """Return the place of its record. Raises NotAcknowledged."""


class EntitlementCalls:
    """Sets and withdraws entitlements.

    `timeout` is in seconds, for each step: waiting for the view after a start, and until it shows the record. The
    publisher has its own: if this one contained it, the publisher would be cancelled and notice no outage. `ahead` is
    how far `clock` is ahead of true time, by which Kafka dates records.
    """

    def __init__(
        self,
        publisher: Publisher,
        publish: Publish,
        accounts: Accounts,
        tail: Tail,
        *,
        timeout: float,
        clock: Callable[[], datetime],
        ahead: Callable[[], timedelta] = timedelta,
    ) -> None:
        self._publisher = publisher
        self._publish = publish
        self._accounts = accounts
        self._tail = tail
        self._timeout = timeout
        self.clock = clock
        self._ahead = ahead

    async def set(self, account_id: str, event_at: Callable[[datetime], EntitlementSet], parent: str | None) -> None:
        """Publish the event that `event_at` makes for its instant. Raises CatchingUp or NotAcknowledged."""
        await self._until_it_counts(account_id, event_at, parent)

    async def withdraw(self, account_id: str, parent: str | None) -> None:
        """Publish a withdrawal: first the event, for readers of the topic; then the tombstone, so that compaction
        deletes the account. Raises CatchingUp or NotAcknowledged.
        """
        event, position = await self._until_it_counts(
            account_id, lambda at: entitlement_withdrawn(account_id=account_id, at=at), parent
        )
        known = self._accounts.known(account_id)
        if known is None or known.offset > position.offset:
            return  # the account was set again meanwhile, and compaction keeps only the last record
        # In the millisecond of the event, or before: a later tombstone would supersede what is set directly after it.
        timestamp_ms = (event.withdrawn_at - self._ahead() - _EPOCH) // _MILLISECOND
        await self._publisher.publish(serde.tombstone(ENTITLEMENTS, account_id), timestamp_ms=timestamp_ms)

    async def _until_it_counts(
        self, account_id: str, event_at: Callable[[datetime], _Stated], parent: str | None
    ) -> tuple[_Stated, Written]:
        if self._publisher.connected:  # else publishing refuses at once
            await self._caught_up()
        loop = asyncio.get_running_loop()
        read_by = None
        while True:
            known = self._accounts.known(account_id)
            now = self.clock()
            event = event_at(instant_of_call(known.at if known else None, now))
            position = await self._publish(
                ENTITLEMENTS,
                account_id,
                event,
                event_id=secrets.token_hex(16),
                subject=account_id,
                at=now,
                parent=parent,
            )
            read_by = read_by or loop.time() + self._timeout
            try:
                async with asyncio.timeout_at(read_by):
                    await self._tail.read_past(ENTITLEMENTS, position.partition, position.offset)
            except TimeoutError:
                raise self._slow() from None
            known = self._accounts.known(account_id)
            if known is not None and known.offset >= position.offset:
                return event, position
            if loop.time() >= read_by:
                raise self._slow()

    def _slow(self) -> KafkaUnavailable:
        return KafkaUnavailable("refusal.kafka_slow", seconds=self._timeout, retry_after=RETRY_AFTER)

    async def _caught_up(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._tail.caught_up.wait()
        except TimeoutError:
            raise CatchingUp("refusal.reading_entitlements", retry_after=RETRY_AFTER) from None
