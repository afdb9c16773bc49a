"""Which part of a log is compared, and which instant is the end."""

from datetime import timedelta

from shared.policy.model import Edition
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.backtest.helpers import GUIDELINES, LIBRARY, OBJECTIVES, at, backtest, codes, found


def two_days() -> Recording:
    """A case at noon and one an hour later, which nobody answers; then an entitlement 90 minutes after the first."""
    recording = Recording(LIBRARY)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.runs()
    recording.passes(timedelta(hours=1))
    recording.asks(2)
    recording.runs()
    recording.passes(timedelta(minutes=30))
    recording.sets_entitlement(account())
    recording.runs()
    return recording


def test_the_end_of_the_recording_is_the_clock() -> None:
    """The deadline of the second case is 14:00: half an hour after the last record."""
    result = backtest(two_days(), GUIDELINES)
    assert result.as_of - at("13:30") == timedelta(milliseconds=1)  # the end of its millisecond
    assert found(result) == {
        **{"cases": 2, "breached_before": 1, "breached_after": 1},
        **{"open_before": 3, "open_after": 3},
    }


def test_the_end_may_be_moved() -> None:
    """Into the future: what would be missed if nothing happened any more; into the past: what was known then."""
    later = backtest(two_days(), GUIDELINES, as_of=at("14:00") + timedelta(microseconds=1))
    assert (later.counts["breached_after"], later.counts["open_after"]) == (2, 2)
    at_it = backtest(two_days(), GUIDELINES, as_of=at("14:00"))
    assert (at_it.counts["breached_after"], at_it.counts["open_after"]) == (1, 3)
    earlier = backtest(two_days(), GUIDELINES, as_of=at("12:30"))
    assert found(earlier) == {"cases": 1, "open_before": 2, "open_after": 2}


def test_activity_after_the_end_has_not_happened() -> None:
    """A reply at 13:30 does not answer a clock that is looked at as of 12:30."""
    recording = two_days()
    recording.record_activity("agent_replied", f"{1:032x}")
    recording.runs()
    result = backtest(recording, GUIDELINES, as_of=at("12:30"))
    assert found(result) == {"cases": 1, "open_before": 2, "open_after": 2}


def test_since_counts_by_the_receipt_of_the_request() -> None:
    """The instant itself is in; entitlements from before it count all the same."""
    result = backtest(two_days(), OBJECTIVES, since=at("13:00"))
    assert [each.before.case.case_id for each in result.cases] == [f"{2:032x}"]
    assert (result.counts["cases"], codes(result)) == (1, {})
    assert backtest(two_days(), OBJECTIVES, since=at("13:00") + timedelta(microseconds=1)).counts["cases"] == 0


def test_a_resubmission_after_since_is_no_case_of_its_own() -> None:
    """Its first submission came before."""
    recording = two_days()
    recording.asks(1)
    recording.runs()
    result = backtest(recording, GUIDELINES, baseline=GUIDELINES, since=at("13:15"))
    assert (result.counts["cases"], codes(result)) == (0, {})


def test_a_log_without_records_has_nothing_to_compare() -> None:
    """As a namespace that nobody uses has it."""
    result = backtest(Recording(LIBRARY), GUIDELINES)
    assert (found(result), result.events, result.cases) == ({}, 0, ())


def test_progress_counts_every_event_to_the_last() -> None:
    """With one fold of the requests, or two."""
    for baseline in (None, OBJECTIVES):
        seen = _progress_of(baseline)
        assert seen[-1][0] <= seen[-1][1]
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        assert len({total for _, total in seen}) == 1


def _progress_of(baseline: Edition | None) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    backtest(two_days(), GUIDELINES, baseline=baseline, progress=lambda done, total: seen.append((done, total)))
    return seen
