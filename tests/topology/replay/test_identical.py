"""A replay reproduces the published events byte for byte, in one situation after the other."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.registry import TYPES
from shared.contracts.structs import EditionPublished, MilestoneTerms
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, dead_letter
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from tests.harness.asking import MONDAY_NOON, account, contact, requester
from tests.harness.recording import Recording
from tests.harness.shipped import with_report
from tests.topology.replay.helpers import BOTH, LIBRARY, NEXT, identical, replay, tally_of, types

TO_NEXT: dict[str, Any] = {"edition": "objectives-2024", "policy_sha256": policy_sha256(NEXT.editions[0])}
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def recording() -> Recording:
    """An account that owns everything, and nothing asked yet."""
    made = Recording(LIBRARY)
    made.sets_entitlement(account())
    made.runs()
    return made


def causes_in(recording: Recording) -> list[str]:
    """The causes of all dead letters."""
    topics = map(dead_letter, (ENTITLEMENTS, REQUESTS, CASES, ACTIVITY))
    return [dict(record.headers)["dlt-cause"].decode() for topic in topics for record in recording.published(topic)]


def test_a_plain_case(recording: Recording) -> None:
    """Asked, decided, answered, restored and resolved."""
    case = recording.asks()
    recording.runs()
    for kind in ("agent_replied", "customer_replied", "restored", "resolved", "closed"):
        recording.passes(5 * MINUTE)
        recording.record_activity(kind, case)
        recording.runs()
    assert {"clock.started", "clock.fulfilled"} <= set(types(recording, ESCALATIONS))
    assert identical(replay(recording), recording)


def test_twice_gives_the_same_digests(recording: Recording) -> None:
    """Nothing of when, where or how often it is replayed gets in."""
    recording.asks()
    recording.runs()
    recording.passes(DAY)
    first, second = replay(recording), replay(recording)
    assert (first.digest, first.tallies) == (second.digest, second.tallies)
    assert first.digest == first.published_digest


def test_every_plan_role_and_channel(recording: Recording) -> None:
    """Decisions of all kinds: accounts with contacts, unknown and anonymous ones, every channel."""
    recording.sets_entitlement(
        account([contact("u1", "member", False)], account_id="listed", plan="access", country=None)
    )
    number = 0
    for account_id in ("acme", "listed", "unknown", None):
        for channel in ("phone", "web_ticket", "chat", "bot"):
            for who in (requester(), requester("member", False, "u2")):
                number += 1
                recording.asks(number, account_id=account_id, channel=channel, requester=who)
    recording.asks(number + 1, authenticated_by="anonymous")
    recording.runs()
    assert len(recording.published(CASES)) == number + 1
    assert identical(replay(recording), recording)


def test_an_entitlement_that_changes_between_requests(recording: Recording) -> None:
    """Each case has been decided with what was known then, though all of it was written before any was decided."""
    for number, plan in enumerate(("access", "premier", "premier_plus"), 1):
        recording.asks(number)
        recording.runs()
        recording.sets_entitlement(account(plan=plan))
    recording.asks(9)
    recording.runs()
    assert identical(replay(recording), recording)


def test_a_withdrawn_account_and_one_that_comes_back(recording: Recording) -> None:
    """The event, its tombstone, and a purchase afterwards."""
    recording.withdraws("acme")
    recording.asks(1)
    recording.runs()
    recording.sets_entitlement(account(plan="premier"))
    recording.asks(2)
    recording.runs()
    assert identical(replay(recording), recording)


def test_warnings_breaches_and_levels_as_time_goes_by(recording: Recording) -> None:
    """Timers, each in its own time."""
    recording.asks()
    recording.runs()
    recording.passes(3 * DAY)
    assert {"clock.warned", "clock.breached", "escalation.raised"} <= set(types(recording, ESCALATIONS))
    assert identical(replay(recording), recording)


def test_a_herd_after_downtime(recording: Recording) -> None:
    """Everything overdue fires at one instant, in due order, slice by slice, with records in between."""
    for number in range(1, 41):
        recording.asks(number, impact=("down", "significant")[number % 2], received_at=recording.now - number * SECOND)
    recording.runs()
    recording.restarts()
    recording.waits(2 * DAY)
    recording.record_activity("agent_replied", f"{7:032x}")
    recording.runs()
    assert types(recording, ESCALATIONS).count("clock.breached") > 70
    assert identical(replay(recording), recording)


def test_a_reply_that_came_before_a_timer_had_fired(recording: Recording) -> None:
    """The record is processed in the slice in which the timer is due."""
    case = recording.asks()
    recording.runs()
    recording.waits(61 * MINUTE)
    recording.record_activity("agent_replied", case)
    recording.runs()
    assert identical(replay(recording), recording)


@pytest.mark.parametrize("late_case", [False, True], ids=["case_comes", "case_does_not_come_in_time"])
def test_activity_that_came_before_its_case(recording: Recording, late_case: bool) -> None:
    """It waits, and is applied with the case or dead-lettered; a case without clocks produces no event."""
    for number, plan in enumerate(("premier_plus", "access"), 1):
        recording.sets_entitlement(account(account_id=plan, plan=plan))
        recording.record_activity("agent_replied", f"{number:032x}")
        recording.record_activity("internal_note", f"{number:032x}")
    recording.waits(SECOND)
    recording.runs()
    recording.passes((16 if late_case else 5) * MINUTE)
    for number, plan in enumerate(("premier_plus", "access"), 1):
        recording.asks(number, account_id=plan, received_at=recording.now - DAY)
    recording.runs()
    recording.passes(DAY)
    assert ("unknown_case" in causes_in(recording)) == late_case
    result = replay(recording)
    assert identical(result, recording)
    assert tally_of(result, "escalation").dead_letters == len(causes_in(recording))


def test_early_activity_in_a_backlog(recording: Recording) -> None:
    """Both services were down for hours: activity waits from when it was processed, not from when it was written."""
    recording.record_activity("agent_replied", f"{1:032x}")
    recording.waits(MINUTE)
    recording.asks(1, received_at=recording.now - 5 * MINUTE)
    recording.waits(3 * 60 * MINUTE)
    recording.slice("escalation", 0)
    recording.slice("escalation", 1)
    recording.waits(SECOND)
    recording.runs()
    assert causes_in(recording) == []
    assert identical(replay(recording), recording)


def test_activity_that_still_waits_for_its_case(recording: Recording) -> None:
    """It waits at the end of the log, and is not dead-lettered there."""
    recording.record_activity("agent_replied", f"{1:032x}")
    recording.runs()
    recording.waits(10 * MINUTE)
    recording.record_activity("agent_replied", "closed")
    recording.runs()
    result = replay(recording)
    assert identical(result, recording)
    assert tally_of(result, "escalation").not_yet_processed == 0


def test_late_activity_and_what_is_restated(recording: Recording) -> None:
    """A reply that was in time is recorded after the breach."""
    case = recording.asks()
    recording.runs()
    replied = recording.now + 30 * MINUTE
    recording.passes(2 * 60 * MINUTE)
    recording.record_activity("agent_replied", case, at=replied)
    recording.runs()
    assert "clock.restated" in types(recording, ESCALATIONS)
    assert identical(replay(recording), recording)


def changes() -> list[tuple[str, dict[str, Any]]]:
    """What may change the terms of an open case."""
    explicit = MilestoneTerms(target_seconds=600, hours="elapsed", promise="commitment")
    return [
        ("reprioritised", {"impact": "general"}),
        ("reprioritised", {"milestones": {"restoration": explicit}}),
        ("entitlement_refreshed", {"plan": "access"}),
        ("policy_migrated", TO_NEXT),
    ]


@pytest.mark.parametrize(("kind", "given"), changes())
@pytest.mark.parametrize("plan", ["access", "premier", "premier_plus"])
def test_terms_that_change_on_an_open_case(kind: str, given: dict[str, Any], plan: str) -> None:
    """Another priority, plan or edition; and once more, late, dated before earlier records."""
    recording = Recording(BOTH, routed_by=LIBRARY)
    recording.sets_entitlement(account(plan=plan))
    case = recording.asks()
    recording.runs()
    begun = recording.now
    recording.passes(40 * MINUTE)
    recording.record_activity(kind, case, **given)
    recording.runs()
    recording.passes(DAY)
    recording.record_activity("reprioritised", case, impact="significant", at=begun + 10 * MINUTE)
    recording.runs()
    recording.passes(DAY)
    assert identical(replay(recording, configured=BOTH), recording)


def test_an_edition_that_became_known_too_late() -> None:
    """The migration was dead-lettered; that the edition is available now does not change that."""
    recording = Recording(LIBRARY)
    recording.sets_entitlement(account())
    case = recording.asks()
    recording.runs()
    recording.passes(MINUTE)
    recording.record_activity("policy_migrated", case, **TO_NEXT)
    recording.runs()
    recording.library = BOTH
    recording.restarts("escalation")
    recording.passes(MINUTE)
    recording.record_activity("policy_migrated", case, **TO_NEXT)
    recording.runs()
    recording.passes(DAY)
    assert causes_in(recording) == ["unknown_edition"]
    assert identical(replay(recording), recording)


def test_resubmissions_and_conflicts(recording: Recording) -> None:
    """Dropped silently, also a day later; dead-lettered; and decided again once no id of intake can be so old."""
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.asks(1)
    recording.asks(1, submission_digest="other")
    recording.asks(2)
    recording.asks(2)
    recording.runs()
    recording.passes(26 * 60 * MINUTE)
    recording.asks(1)
    recording.runs()
    assert causes_in(recording) == ["conflict"]
    recording.passes(60 * 60 * MINUTE)
    recording.asks(3)
    recording.runs()
    recording.passes(MINUTE)
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    assert sorted(causes_in(recording)) == ["conflict", "duplicate_case"]
    result = replay(recording)
    assert identical(result, recording)
    assert (tally_of(result, "router").published, tally_of(result, "router").dead_letters) == (4, 1)


def test_a_request_repeated_in_the_slice_in_which_its_entry_expires(recording: Recording) -> None:
    """Entries expire at the beginning of a slice: a record that moves the log's time deletes none in its own slice."""
    old = recording.now
    recording.asks(1)
    recording.runs()
    recording.waits(26 * 60 * MINUTE)
    recording.asks(2)
    recording.asks(1, received_at=old)
    recording.runs()
    assert len(recording.published(CASES)) == 2
    assert identical(replay(recording), recording)


def test_records_that_cannot_be_processed(recording: Recording) -> None:
    """Dead letters of every topic, with and without a key, on the wrong partition, and in between what can be."""
    case = recording.asks(1)
    recording.runs()
    for topic in (ENTITLEMENTS, REQUESTS, ACTIVITY):
        for partition in range(recording.partitions):
            recording.write_bytes(topic, b"acme", b"not an event", partition=partition)
            recording.write_bytes(topic, None, b"{}", partition=partition)
    recording.record_activity("escalation_reviewed", case, accepted=True)
    recording.record_activity("agent_replied", case, at=recording.now - DAY)
    recording.asks(2)
    recording.runs()
    causes = {"malformed_event", "wrong_partition", "no_escalation_requested", "bad_activity_time"}
    assert set(causes_in(recording)) == causes
    result = replay(recording)
    assert identical(result, recording)
    assert sum(tally.dead_letters for tally in result.tallies) == len(causes_in(recording))


def test_an_escalation_that_the_customer_asks_for(recording: Recording) -> None:
    """Refused, requested, rejected, refused again, accepted."""
    case = recording.asks()
    recording.runs()
    for days, kind, given in (
        (0, "escalation_requested", {}),
        (1, "escalation_requested", {}),
        (0, "escalation_reviewed", {"accepted": False}),
        (0, "escalation_requested", {}),
        (1, "escalation_requested", {}),
        (0, "escalation_reviewed", {"accepted": True}),
    ):
        recording.passes(days * DAY + MINUTE)
        recording.record_activity(kind, case, **given)
        recording.runs()
    assert {f"escalation.{word}" for word in ("refused", "requested", "rejected", "accepted")} <= set(
        types(recording, ESCALATIONS)
    )
    assert identical(replay(recording), recording)


def test_an_expired_case_and_its_late_activity(recording: Recording) -> None:
    """30 days after it was closed; then activity is dead-lettered, and 60 days later it is early again."""
    case = recording.asks()
    recording.runs()
    recording.record_activity("closed", case)
    recording.runs()
    for days in (31, 61):
        recording.passes(days * DAY)
        recording.record_activity("agent_replied", case)
        recording.runs()
    recording.passes(DAY)
    assert causes_in(recording) == ["case_gone", "unknown_case"]
    assert identical(replay(recording), recording)


def test_every_type_of_event() -> None:
    """A new type needs a test of its replay: paused and reopened, requested and withdrawn, all of them."""
    first = EditionLibrary.single(with_report())
    both = EditionLibrary([*first.editions, *NEXT.editions])
    recording = Recording(first)
    recording.sets_entitlement(account())
    recording.runs()
    recording.withdraws("former")
    case, other = recording.asks(1), recording.asks(2)
    recording.runs()
    happens: tuple[tuple[timedelta, str, dict[str, Any]], ...] = (
        (MINUTE, "internal_note", {}),
        (MINUTE, "bot_replied", {}),
        (MINUTE, "handed_over", {"to": "tier2"}),
        (MINUTE, "assigned", {"to": "u7"}),
        (MINUTE, "acknowledged", {"milestone": "restoration"}),
        (MINUTE, "status_changed", {"to": "waiting_on_customer"}),
        (10 * MINUTE, "customer_replied", {}),
        (MINUTE, "status_changed", {"to": "open"}),
        (MINUTE, "entitlement_refreshed", {"plan": "premier"}),
        (MINUTE, "policy_migrated", TO_NEXT),
        (MINUTE, "reprioritised", {"impact": "significant"}),
        (MINUTE, "escalation_requested", {}),
        (2 * DAY, "escalation_requested", {}),
        (MINUTE, "escalation_reviewed", {"accepted": False}),
        (2 * DAY, "escalation_requested", {}),
        (MINUTE, "escalation_reviewed", {"accepted": True}),
        (MINUTE, "agent_replied", {"activity_id": "f" * 32}),
        (MINUTE, "reply_retracted", {"retracts": "f" * 32}),
        (MINUTE, "restored", {}),
        (MINUTE, "resolved", {}),
        (MINUTE, "milestone_reached", {"milestone": "report"}),
        (DAY, "reopened", {}),
        (MINUTE, "agent_replied", {}),
        (MINUTE, "closed", {}),
        (MINUTE, "customer_replied", {}),
        (MINUTE, "reopened", {}),
        (MINUTE, "closed", {}),
    )
    recording.library = both
    recording.restarts("escalation")
    for span, kind, given in happens:
        recording.passes(span)
        recording.record_activity(kind, case, **given)
        recording.runs()
    recording.record_activity("agent_replied", case, at=MONDAY_NOON + 5 * MINUTE)
    recording.record_activity("withdrawn", other)
    recording.runs()
    assert causes_in(recording) == []
    seen = {dict(record.headers).get("ce_type", b"").decode() for record in recording.all_records()}
    by_no_task = {EditionPublished.TYPE}  # from the configuration, when the router starts
    assert set(TYPES) - by_no_task <= seen
    assert identical(replay(recording, configured=both), recording)


def test_records_not_yet_processed_are_counted(recording: Recording) -> None:
    """The log has records beyond the committed offsets; no event follows from them yet."""
    recording.asks(1)
    recording.runs()
    recording.asks(2)
    recording.asks(3)
    recording.record_activity("agent_replied", f"{1:032x}")
    result = replay(recording)
    assert identical(result, recording)
    assert [tally.not_yet_processed for tally in result.tallies] == [2, 1]


def test_without_committed_offsets_the_positions_in_events_count(recording: Recording) -> None:
    """A group that was idle for a week has none; whether the records after the last event were consumed is unknown."""
    recording.asks(1)
    recording.runs()
    recording.passes(DAY)
    recording.asks(2)
    result = replay(recording, consumed=False)
    assert identical(result, recording)
    assert tally_of(result, "router").not_yet_processed == 1


@pytest.mark.parametrize("timers", [0, 1])
@pytest.mark.parametrize("late", [False, True])
def test_a_reply_that_was_read_before_the_timer_that_was_due(recording: Recording, timers: int, late: bool) -> None:
    """Timers pause while the wall clock has jumped, and a slice fires only so many of a herd; records are read all the
    same. A reply in time then ends the clock without a breach, and a late one publishes the breach itself.
    """
    cases = [recording.asks(number) for number in range(1, 7)]
    recording.runs()
    recording.passes(25 * MINUTE)
    recording.waits(3 * DAY)
    at = recording.now - (MINUTE if late else 3 * DAY)
    for partition in range(recording.partitions):
        recording.write_bytes(ACTIVITY, b"x", b"no event", partition=partition)
    for case in cases:
        recording.record_activity("agent_replied", case, at=at, recorded_at=at)
    for partition in range(recording.partitions):
        for _ in range(7):
            recording.slice("escalation", partition, at_most=1, timers=timers)
    recording.passes(30 * DAY)
    breached = types(recording, ESCALATIONS).count("clock.breached")
    assert breached >= (6 if late else 0)
    assert identical(replay(recording), recording)
    assert any(b"unfired_from" in (record.value or b"") for record in recording.published(ESCALATIONS))
