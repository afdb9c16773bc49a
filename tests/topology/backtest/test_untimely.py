"""Activity that was recorded late or before its case, and migrations."""

from datetime import timedelta
from pathlib import Path

from shared.contracts.topics import ESCALATIONS
from shared.policy.digest import policy_sha256
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.backtest.helpers import BOTH, GUIDELINES, LIBRARY, OBJECTIVES, at, backtest, edition_of, found

CASE = f"{1:032x}"
MINUTE = timedelta(minutes=1)
QUICK = """
targets:
  - {plans: [premier_plus], priorities: [P1], milestone: first_response, target_seconds: 30m, hours: elapsed,
     promise: commitment}
"""


def test_a_reply_that_is_recorded_late_counts_from_its_own_time_and_takes_back_no_call(tmp_path: Path) -> None:
    """A reply of 12:20 by telephone that somebody enters at 13:40: in time, yet people were called meanwhile."""
    recording = Recording(LIBRARY)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.runs()
    recording.passes(100 * MINUTE)
    recording.record_activity("agent_replied", CASE, at=at("12:20"))
    recording.runs()
    result = backtest(recording, edition_of(tmp_path, QUICK.replace("30m", "10m")))
    (case,) = result.cases
    assert (result.counts["breached_before"], result.counts["breached_after"]) == (0, 1)
    assert len(case.before.calls) == 3
    assert result.counts["newly_called"] == 0


def test_activity_that_was_recorded_while_nobody_decided_the_request_counts(tmp_path: Path) -> None:
    """An hour in which the services were down: the reply was recorded, and applied once the case was there."""
    recording = Recording(LIBRARY)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.waits(20 * MINUTE)
    recording.record_activity("agent_replied", CASE)
    recording.waits(60 * MINUTE)
    recording.runs()
    assert found(backtest(recording, GUIDELINES)) == {"cases": 1, "open_before": 1, "open_after": 1}
    result = backtest(recording, edition_of(tmp_path, QUICK.replace("30m", "19m")))
    assert result.counts["newly_breached"] == 1


def test_activity_whose_case_did_not_come_in_time_does_not_count() -> None:
    """It was dead-lettered, so that nobody was answered."""
    recording = Recording(LIBRARY)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.record_activity("agent_replied", CASE)
    recording.runs(service="escalation")
    recording.passes(16 * MINUTE)
    recording.runs(service="router")
    recording.runs(service="escalation")
    recording.passes(120 * MINUTE)
    breached = [
        record for record in recording.published(ESCALATIONS) if b"clock.breached" in dict(record.headers)["ce_type"]
    ]
    assert len(breached) == 1
    result = backtest(recording, GUIDELINES)
    assert (result.counts["breached_before"], result.counts["affected"]) == (1, 0)


def test_only_what_was_decided_follows_a_migration() -> None:
    """A case that went over to an edition is, from then on, decided by it; traffic says nothing about editions."""
    recording = Recording(BOTH, routed_by=LIBRARY)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.runs()
    recording.passes(10 * MINUTE)
    migrated = {"edition": OBJECTIVES.edition, "policy_sha256": policy_sha256(OBJECTIVES)}
    recording.record_activity("policy_migrated", CASE, **migrated)
    recording.runs()
    recording.passes(20 * MINUTE)
    assert backtest(recording, OBJECTIVES, configured=BOTH).counts["promises_new"] == 0
    assert backtest(recording, GUIDELINES, configured=BOTH).counts["promises_gone"] == 1
    assert backtest(recording, OBJECTIVES, baseline=GUIDELINES, configured=BOTH).counts["promises_new"] == 1
    assert backtest(recording, GUIDELINES, baseline=GUIDELINES, configured=BOTH).counts["affected"] == 0


def test_activity_on_a_case_that_was_deleted_does_not_count() -> None:
    """Weeks after the end of a case, a message opens nothing."""
    recording = Recording(LIBRARY)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.runs()
    recording.passes(10 * MINUTE)
    recording.record_activity("closed", CASE)
    recording.runs()
    recording.passes(timedelta(days=31))
    recording.record_activity("reopened", CASE, to="open")
    recording.runs()
    assert found(backtest(recording, GUIDELINES)) == {"cases": 1}
