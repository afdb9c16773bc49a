"""What a router task does with a request that it has decided before."""

from datetime import timedelta

import pytest

from services.router.deduplication import KEPT_FOR
from shared.contracts.topics import CASES, REQUESTS
from tests.harness.asking import MONDAY_NOON, request
from tests.topology.router.router_task import DAY, TICK, Router, as_record


def test_a_resubmission_is_dropped_and_counted(router: Router) -> None:
    """The client that did not get our answer asks again; it must not get two cases."""
    router.asked()
    assert router.asked(received_at=MONDAY_NOON + DAY - TICK) is None
    assert (router.resubmitted, router.dead_letter_causes, len(router.driver.outputs(CASES))) == (1, [], 1)


def test_a_resubmission_in_the_same_transaction_is_dropped_too(router: Router) -> None:
    """The store has not seen the first yet, but the overlay has. An aborted try of the transaction counts none."""
    twice = [router.driver.record(REQUESTS, "acme", *as_record(REQUESTS, "acme", request())) for _ in range(2)]
    router.driver.abort_slice(twice)
    router.driver.pipe_slice(twice)
    assert (router.resubmitted, len(router.driver.outputs(CASES))) == (1, 1)


def test_a_resubmission_is_dropped_after_a_restart(router: Router) -> None:
    """The entries are in the changelog, not in the process."""
    router.asked()
    router.driver.restart()
    assert router.asked(received_at=MONDAY_NOON + timedelta(hours=1)) is None
    assert router.resubmitted == 1


@pytest.mark.parametrize("later", [DAY, 2 * DAY, KEPT_FOR, 30 * DAY, -DAY, -30 * DAY])
def test_a_known_id_is_never_decided_again_however_far_apart(router: Router, later: timedelta) -> None:
    """Escalation refuses the second case of one id, so a second decision would be a request without clocks."""
    router.asked()
    assert router.asked(received_at=MONDAY_NOON + later) is None
    assert router.asked(received_at=MONDAY_NOON + later, submission_digest="d2") is None
    assert (router.resubmitted, router.dead_letter_causes, len(router.driver.outputs(CASES))) == (1, ["conflict"], 1)


def test_an_id_is_known_for_as_long_as_it_can_be_used(router: Router) -> None:
    """Two days: the day of the first receipt and the next one; an hour more, since two intakes have two clocks."""
    router.asked()
    for hours in (12, 24, 36, 48, 49):
        other = MONDAY_NOON + timedelta(hours=hours) - TICK
        router.asked(request_id=f"other{hours}", received_at=other)
        router.driver.advance_to(router.driver.now + TICK)
        assert router.asked(received_at=other) is None
    assert router.resubmitted == 5


def test_other_content_under_a_known_id_is_a_conflict(router: Router) -> None:
    """Which of the two was meant is for the client to say; the first stands."""
    router.asked()
    assert router.asked(submission_digest="d2", received_at=MONDAY_NOON + timedelta(hours=1)) is None
    assert router.dead_letter_causes == ["conflict"]
    assert router.asked(received_at=MONDAY_NOON + timedelta(hours=2)) is None
    assert (router.resubmitted, len(router.driver.outputs(CASES))) == (1, 1)


def test_old_entries_are_deleted_as_the_log_moves_on(router: Router) -> None:
    """The process and the changelog hold about two days, not everything that ever was."""
    for number in range(5):
        router.asked(request_id=f"early{number}", received_at=MONDAY_NOON + number * TICK)
    router.asked(request_id="late", received_at=MONDAY_NOON + KEPT_FOR + 2 * TICK)
    router.driver.advance_to(router.driver.now + TICK)
    assert len(router.driver.stores["requests"]) == 3
    assert set(router.driver.changelogs["requests"]) == {b"early3", b"early4", b"late", b"\x00offsets"}
    assert router.driver.processor.next_due() is None


def test_old_entries_are_deleted_after_a_restart_too(router: Router) -> None:
    """The index is rebuilt from the changelog."""
    router.asked(request_id="early")
    router.driver.restart()
    router.asked(request_id="late", received_at=MONDAY_NOON + KEPT_FOR)
    router.driver.advance_to(router.driver.now + TICK)
    assert router.driver.stores["requests"].get(b"early") is None


def test_entries_of_a_backlog_are_not_deleted_by_the_wall_clock(router: Router) -> None:
    """After three days of standing still, a request and its resubmission of an hour later are still one."""
    router.driver.sleep_until(MONDAY_NOON + 3 * DAY)
    assert router.asked() is not None
    assert router.asked(received_at=MONDAY_NOON + timedelta(hours=1)) is None
