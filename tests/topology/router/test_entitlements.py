"""What a router task does with entitlements: which one counts for a case."""

from collections.abc import Callable
from datetime import datetime

import pytest

from shared.contracts.structs import EntitlementWithdrawn
from shared.contracts.topics import CASES, ENTITLEMENTS, REQUESTS
from shared.routing.entitlement_order import AHEAD
from tests.harness.asking import MONDAY_NOON, account, entitlement_set, request
from tests.topology.router.router_task import (
    DAY,
    TICK,
    Router,
    as_record,
    case_of,
    withdrawn,
)


def test_entitlements_of_a_slice_come_before_its_requests(router: Router) -> None:
    """A customer who buys and asks at once is known, whichever record was fetched first."""
    event = request(account_id="new", request_id="r2")
    asked = router.driver.record(REQUESTS, "new", *as_record(REQUESTS, "new", event))
    entitlement = entitlement_set(account(account_id="new"))
    bought = router.driver.record(ENTITLEMENTS, "new", *as_record(ENTITLEMENTS, "new", entitlement))
    router.driver.pipe_slice([asked, bought])
    assert case_of(router.driver.outputs(CASES)[0]).assigned_tier == "tier2"


def test_an_entitlement_that_is_older_than_the_known_one_is_superseded_and_counted(router: Router) -> None:
    """Also after a restart: the instant is in the changelog. It is no dead letter, since nobody has to act."""
    router.driver.restart()
    router.sets_entitlement(entitlement_set(account(plan="access"), set_at=MONDAY_NOON - TICK))
    case = router.asked(channel="web_ticket")
    assert case is not None
    assert (case.entitlement.plan, case.entitlement.offset) == ("premier_plus", 0)
    assert ([record.offset for record in router.superseded], router.dead_letter_causes) == ([1], [])


def test_a_superseded_entitlement_is_counted_once_its_transaction_has_committed(router: Router) -> None:
    """An aborted try counts nothing."""
    older = entitlement_set(account(plan="access"), set_at=MONDAY_NOON - DAY)
    record = router.driver.record(ENTITLEMENTS, "acme", *as_record(ENTITLEMENTS, "acme", older))
    router.driver.abort_slice([record])
    assert router.superseded == []
    router.driver.pipe_slice([record])
    assert router.superseded == [record]


@pytest.mark.parametrize("at", [MONDAY_NOON, MONDAY_NOON + TICK, MONDAY_NOON + AHEAD])
def test_an_entitlement_replaces_one_that_was_set_before_or_at_the_same_instant(router: Router, at: datetime) -> None:
    """Of two that are dated alike, the later record counts."""
    router.sets_entitlement(entitlement_set(account(plan="access"), set_at=at))
    case = router.asked(channel="web_ticket")
    assert case is not None
    assert (case.entitlement.plan, case.entitlement.offset) == ("access", 1)


def test_an_entitlement_from_the_future_counts_once_its_dead_letter_is_replayed_in_time(router: Router) -> None:
    """The message names the field. Until then the known entitlement counts."""
    fast = entitlement_set(account(plan="access"), set_at=MONDAY_NOON + AHEAD + TICK)
    router.sets_entitlement(fast, source="/acme/billing")
    case = router.asked()
    assert case is not None
    assert (case.entitlement.plan, router.dead_letter_causes) == ("premier_plus", ["from_the_future"])
    assert router.driver.dead_letters[0].message.startswith("set_at 2026-11-23T12:05:00.000001Z is too far ahead")
    router.driver.advance_to(MONDAY_NOON + TICK)
    router.sets_entitlement(fast, source="/acme/billing")
    case = router.asked(request_id="r2", received_at=MONDAY_NOON + TICK)
    assert case is not None
    assert (case.entitlement.plan, len(router.dead_letter_causes)) == ("access", 1)


def test_a_withdrawal_supersedes_an_older_set_that_arrives_later(router: Router) -> None:
    """It is remembered with its instant, with or without a tombstone, and after a restart."""
    router.sets_entitlement(withdrawn())
    router.tombstone()
    router.driver.restart()
    router.sets_entitlement(entitlement_set(account(), set_at=MONDAY_NOON - TICK))
    case = router.asked()
    assert case is not None
    assert (case.entitlement.standing, case.entitlement.offset) == ("withdrawn", 1)
    assert [record.offset for record in router.superseded] == [3]


def test_the_tombstone_of_a_withdrawal_is_not_counted_as_superseded(router: Router) -> None:
    """Every withdrawal by intake has one, dated in the millisecond before its event."""
    at = MONDAY_NOON + 400 * TICK
    router.sets_entitlement(EntitlementWithdrawn(account_id="acme", withdrawn_at=at))
    router.tombstone()
    assert router.superseded == []
    router.sets_entitlement(entitlement_set(account(plan="access"), set_at=at + TICK))
    case = router.asked()
    assert case is not None
    assert case.entitlement.plan == "access"


def test_a_bare_tombstone_does_not_withdraw_what_was_set_later(router: Router) -> None:
    """It counts by the timestamp of its record; a replayed one keeps that."""
    router.sets_entitlement(entitlement_set(account(plan="access"), set_at=MONDAY_NOON + TICK))
    router.tombstone()
    case = router.asked()
    assert case is not None
    assert (case.entitlement.plan, [record.offset for record in router.superseded]) == ("access", [2])


def test_a_case_keeps_the_entitlement_that_it_was_decided_with(router: Router) -> None:
    """Later records do not reach it: the event is out."""
    before = router.asked()
    router.sets_entitlement(withdrawn())
    assert before is not None
    assert before.entitlement.plan == "premier_plus"
    assert len(router.driver.outputs(CASES)) == 1


@pytest.mark.parametrize(
    ("after", "offset"),
    [
        (lambda router: router.sets_entitlement(withdrawn()), 1),
        (lambda router: (router.sets_entitlement(withdrawn()), router.tombstone()), 1),
        (lambda router: router.tombstone(), 1),
        (lambda router: (router.tombstone(), router.driver.restart()), 1),
    ],
    ids=["event", "event_then_tombstone", "bare_tombstone", "after_a_restart"],
)
def test_a_withdrawn_entitlement_is_distinguished_from_an_unknown_account(
    router: Router, after: Callable[[Router], object], offset: int
) -> None:
    """The agent who looks at it must know that there was one; a tombstone alone means the same."""
    after(router)
    case = router.asked()
    assert case is not None
    assert (case.assigned_tier, case.needs_triage, case.entitlement.standing) == ("self_service", True, "withdrawn")
    assert case.entitlement.offset == offset


def test_a_tombstone_of_an_unknown_account_is_a_withdrawal_too() -> None:
    """A router that reads a compacted topic late sees only the tombstone."""
    router = Router()
    router.tombstone()
    case = router.asked()
    assert case is not None
    assert case.entitlement.standing == "withdrawn"


def test_an_entitlement_can_come_back(router: Router) -> None:
    """A customer who returns is a customer."""
    router.sets_entitlement(withdrawn())
    router.tombstone()
    router.sets_entitlement(entitlement_set(account()))
    case = router.asked()
    assert case is not None
    assert (case.assigned_tier, case.entitlement.offset) == ("tier2", 3)
