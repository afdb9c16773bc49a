"""The ledger of a clock: every instant of its run is counted or not, and each pause is some event's doing."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time.instants import from_micros, length
from shared.explain.clock_ledger import ledger_of
from shared.sla.clock import Clock
from shared.sla.order import recorded_by
from tests.harness.desk import ClockDesk, minute, terms
from tests.harness.examples import examples
from tests.unit.sla.histories import LAST, plays


def counted(clock: Clock, at: int) -> int:
    """The time that the ledger of a clock says has counted."""
    return sum(length(entry.end - entry.start) for entry, _ in ledger_of(clock, at) if entry.counted)


@settings(max_examples=examples(100), deadline=None)
@given(plays(), st.integers(0, LAST))
def test_what_counted_adds_up_to_the_target_or_to_what_is_used(played: tuple[ClockDesk, list[int]], at: int) -> None:
    """Up to the deadline it is the target, to the microsecond; of a paused clock, what it has used up so far."""
    desk, _ = played
    now = max([minute(at), *(activity.at for activity in desk.case.history)])
    for clock in desk.clocks():
        assert counted(clock, now) == (clock.used(now) if clock.due_at is None else clock.target)


@settings(max_examples=examples(100), deadline=None)
@given(plays())
def test_a_ledger_has_no_gaps_and_each_pause_has_its_event(played: tuple[ClockDesk, list[int]]) -> None:
    """It begins with the clock and ends with the deadline; what paused had happened by then, in such a status."""
    desk, _ = played
    known = {"": desk.case.opened_at} | {activity.id: activity.at for activity in desk.case.history}
    for clock in desk.clocks():
        ledger = list(ledger_of(clock, minute(LAST)))
        end = minute(LAST) if clock.due_at is None else clock.due_at
        assert [entry.start for entry, _ in ledger[:1]] == [from_micros(clock.started_at)][: len(ledger)]
        assert [entry.end for entry, _ in ledger[-1:]] == [from_micros(end)][: len(ledger)]
        assert all(one.end == other.start for (one, _), (other, _) in pairwise(ledger))
        for entry, pause in ledger:
            assert (entry.reason == "paused") == (pause is not None)
            if pause is not None:
                assert known[recorded_by(pause.by)] <= pause.start
                assert from_micros(pause.start) <= entry.start <= entry.end <= from_micros(pause.end)
                assert pause.status


def test_two_pauses_that_touch_are_two_intervals() -> None:
    """Resumed and paused again in one instant: each half hour is the doing of another event."""
    desk = ClockDesk({"resolution": terms(60, paused_by=["waiting_on_customer"])})
    desk.record_activity(10, "status_changed", to="waiting_on_customer", id="a")
    desk.record_activity(40, "status_changed", to="open", id="b")
    desk.record_activity(40, "status_changed", to="waiting_on_customer", id="c")
    desk.record_activity(70, "status_changed", to="open", id="d")
    ledger = list(ledger_of(desk.clock("resolution"), minute(70)))
    assert [(length(entry.end - entry.start) // 60_000_000, pause and pause.by) for entry, pause in ledger] == [
        (10, None),
        (30, "a"),
        (30, "c"),
        (50, None),
    ]


def test_a_clock_that_was_answered_and_goes_on_was_paused_by_its_answer() -> None:
    """Restored at minute 10, resolved at 30, reopened at 50: it stood still since it was restored, not since 30."""
    desk = ClockDesk({"restoration": terms(60)})
    desk.record_activity(10, "restored", id="a")
    desk.record_activity(30, "resolved", id="b")
    desk.record_activity(50, "reopened", id="c")
    [pause] = desk.clock("restoration").pauses
    assert (pause.start, pause.end, pause.status, pause.by) == (minute(10), minute(50), "restored", "a")


def test_a_pause_that_new_terms_begin_names_the_status_that_was_there() -> None:
    """The case waited for the customer since minute 5, but only since minute 20 does that stop the clock."""
    desk = ClockDesk({"resolution": terms(60)})
    desk.record_activity(5, "status_changed", to="waiting_on_customer", id="a")
    desk.record_activity(
        20, "reprioritised", terms={"resolution": terms(90, paused_by=["waiting_on_customer"])}, id="b"
    )
    *_, (entry, pause) = ledger_of(desk.clock("resolution"), minute(30))
    assert (entry.start, entry.reason) == (from_micros(minute(20)), "paused")
    assert pause is not None
    assert (pause.status, pause.by) == ("waiting_on_customer", "a")
