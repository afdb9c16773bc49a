"""A request is decided again with the entitlement that the router knew then."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.contracts.topics import ENTITLEMENTS
from shared.kafka.record import Record
from shared.routing.entitlement_order import CALL_AHEAD
from tests.harness.asking import account, contact
from tests.harness.recording import Recording
from tests.topology.backtest.helpers import GUIDELINES, LIBRARY, OBJECTIVES, at, backtest, codes, found


def changing_accounts() -> Recording:
    """An account is upgraded, then its entitlement ends; there is a request at each stage, and one before all."""
    recording = Recording(LIBRARY, partitions=1)
    recording.asks(1)
    recording.runs()
    for number, plan in enumerate(("access", "premier", "premier_plus"), 2):
        recording.passes(timedelta(minutes=1))
        recording.sets_entitlement(account([contact("u1", "member")], plan=plan))
        recording.runs()
        recording.asks(number)
        recording.runs()
    recording.passes(timedelta(minutes=1))
    recording.withdraws("acme")
    recording.runs()
    recording.asks(5)
    recording.runs()
    return recording


def compacted(recording: Recording) -> list[Record]:
    """The log with nothing but the last record of the account."""
    entitlements = recording.published(ENTITLEMENTS)
    return [each for each in recording.all_records() if each not in entitlements[:-1]]


def test_every_request_has_the_entitlement_of_its_time() -> None:
    """Whatever the account has now."""
    result = backtest(changing_accounts(), GUIDELINES)
    assert (result.counts["affected"], codes(result), result.counts["cases"]) == (0, {}, 5)
    # An account without an entitlement counts as access.
    assert {plan: counts["cases"] for plan, counts in result.tally.by_plan.items()} == {
        "access": 3,
        "premier": 1,
        "premier_plus": 1,
    }


def test_an_entitlement_that_compaction_deleted_is_that_of_the_case() -> None:
    """The topic keeps the last one only: each case pins the one that it was decided with."""
    recording = changing_accounts()
    records = compacted(recording)
    assert backtest(recording, GUIDELINES, records).counts["affected"] == 0
    whole, rest = (backtest(recording, OBJECTIVES, given) for given in (None, records))
    assert whole.counts == rest.counts
    assert [each.difference for each in whole.cases] == [each.difference for each in rest.cases]
    assert whole.counts["affected"] > 0


def old_dead_letter(recording: Recording) -> None:
    """An entitlement of last month is in the log again."""
    recording.sets_entitlement(account(plan="access"), recording.now - timedelta(days=30))


def fast_clock(recording: Recording) -> None:
    """An entitlement is refused, since it is dated too far ahead. Its time comes before the next request."""
    recording.sets_entitlement(account(plan="access"), recording.now + CALL_AHEAD + timedelta(minutes=1))
    recording.runs()
    recording.passes(timedelta(minutes=30))


@pytest.mark.parametrize("happens", [old_dead_letter, fast_clock])
@pytest.mark.parametrize("lost", [False, True], ids=["whole", "compacted"])
def test_an_entitlement_that_did_not_count_then_does_not_count_now(
    happens: Callable[[Recording], None], lost: bool
) -> None:
    """Whether it was superseded or refused, and also if compaction has left only that record."""
    recording = Recording(LIBRARY, partitions=1)
    recording.sets_entitlement(account([contact("u1", "member")]))
    recording.runs()
    recording.passes(timedelta(minutes=1))
    happens(recording)
    recording.runs()
    recording.asks(1)
    recording.runs()
    result = backtest(recording, GUIDELINES, compacted(recording) if lost else None)
    assert (result.counts["affected"], codes(result)) == (0, {})
    assert {plan: counts["cases"] for plan, counts in result.tally.by_plan.items()} == {"premier_plus": 1}


def test_an_entitlement_that_came_after_the_decision_does_not_count() -> None:
    """It was written before the request, and the router read it later."""
    recording = Recording(LIBRARY, partitions=1)
    recording.asks(1)
    recording.runs()
    recording.sets_entitlement(account())
    records = recording.all_records()
    earlier = [
        Record(each.topic, each.partition, each.offset, each.timestamp_ms - 60_000, each.key, each.value, each.headers)
        if each.topic == ENTITLEMENTS.name
        else each
        for each in records
    ]
    assert found(backtest(recording, GUIDELINES, earlier)) == {"cases": 1}


def test_a_request_that_nobody_decided_has_the_entitlements_that_were_written_before_it() -> None:
    """With a baseline by name; a request in the same millisecond comes after the entitlement."""
    recording = Recording(LIBRARY, partitions=1)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.waits(timedelta(minutes=1))
    recording.sets_entitlement(account(plan="access"))
    result = backtest(recording, GUIDELINES, baseline=GUIDELINES, as_of=at("12:30"))
    assert {plan: counts["cases"] for plan, counts in result.tally.by_plan.items()} == {"premier_plus": 1}


def test_a_request_id_that_two_accounts_used_is_the_case_that_was_opened_first() -> None:
    """The accounts may be on different partitions, of which the log does not say which was first; the cases do."""
    for accounts in (("acme", "unknown"), ("unknown", "acme")):
        recording = Recording(LIBRARY)
        recording.sets_entitlement(account(plan="premier"))
        for account_id in accounts:
            recording.asks(1, account_id=account_id)
            recording.runs()
        result = backtest(recording, GUIDELINES)
        assert (result.counts["cases"], result.counts["affected"], codes(result)) == (1, 0, {})
        assert set(result.tally.by_account) == {accounts[0]}
