"""What holds of every history, whatever its order of arrival and whenever timers get their turn."""

from datetime import timedelta
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time.instants import from_micros
from shared.sla.clock import Activity, Clock
from shared.sla.effects import ClockBreached, ClockFulfilled, ClockRestated
from tests.harness.desk import CHAIN, OFFICE, ClockDesk, PublishedEffect, minute, minutes, terms
from tests.harness.examples import examples
from tests.unit.sla.histories import (
    LAST,
    MILESTONES,
    WAITING,
    histories,
    play,
    plays,
    promises,
    some_terms,
)


def verdict(clock: Clock) -> str:
    """What is to be said of a clock."""
    if clock.late:
        return "breached"
    return "met" if clock.stage == "fulfilled" else "running"


class Reader:
    """Somebody who knows of one clock only what was published about it."""

    def __init__(self) -> None:
        self.stage, self.verdict = "gone", "running"
        self.due: float | None = None

    def read(self, published: PublishedEffect) -> None:
        """Take in one event."""
        effect = published.effect
        self.due = published.due
        self.stage = {"started": "running", "resumed": "running"}.get(
            published.word, published.word if published.word in ("paused", "fulfilled", "cancelled") else self.stage
        )
        if isinstance(effect, ClockBreached):
            self.verdict = "breached"
        elif isinstance(effect, ClockRestated):
            assert effect.old == self.verdict
            self.verdict = effect.new
        elif isinstance(effect, ClockFulfilled) and self.verdict == "running":
            self.verdict = "met" if effect.met else "breached"


def readers(desk: ClockDesk) -> dict[tuple[str, int], Reader]:
    """One for each clock that was ever published."""
    found: dict[tuple[str, int], Reader] = {}
    for each in desk.log:
        found.setdefault((each.milestone, each.effect.instance), Reader()).read(each)
    return found


@settings(max_examples=examples(100), deadline=None)
@given(plays())
def test_who_reads_the_events_knows_the_clocks(played: tuple[ClockDesk, list[int]]) -> None:
    """Nothing about a clock changes silently: its stage, verdict and deadline follow from what was published."""
    desk, _ = played
    known = readers(desk)
    for clock in desk.clocks(at=LAST):
        reader = known.pop((clock.milestone, clock.instance))
        assert (reader.stage, reader.verdict, reader.due) == (clock.stage, verdict(clock), minutes(clock.due_at))
    assert {reader.stage for reader in known.values()} <= {"cancelled"}  # instances that never were


@settings(max_examples=examples(60), deadline=None)
@given(promises, histories, st.randoms(use_true_random=False), st.lists(st.integers(0, 120), min_size=10, max_size=10))
def test_the_order_of_arrival_changes_no_final_verdict(promised, history, random, pace) -> None:  # type: ignore[no-untyped-def]  # as drawn
    """Folded by event time: whoever was slow, mail or machine, the verdict is the same."""
    in_time, shuffled = ClockDesk(promised, levels=CHAIN), ClockDesk(promised, levels=CHAIN)
    play(in_time, history, sorted(range(len(history)), key=lambda n: history[n][0]), pace[: len(history)])
    order = list(range(len(history)))
    random.shuffle(order)
    play(shuffled, history, order, pace[: len(history)])
    assert in_time.clocks(at=LAST) == shuffled.clocks(at=LAST)
    verdicts = [
        {key: r.verdict for key, r in readers(d).items() if r.stage != "cancelled"} for d in (in_time, shuffled)
    ]
    assert verdicts[0] == verdicts[1]


@settings(max_examples=examples(100), deadline=None)
@given(plays())
def test_once_and_in_order(played: tuple[ClockDesk, list[int]]) -> None:
    """A breach once for an instance, a level once for an instance, no warning after the breach."""
    desk, _ = played
    seen: set[tuple[object, ...]] = set()
    for each in desk.published("breached", "warned", "raised", "suppressed"):
        key = (each.word, each.milestone, each.effect.instance, getattr(each.effect, "level", None))
        assert key not in seen
        if each.word == "warned":
            assert ("breached", each.milestone, each.effect.instance, None) not in seen
        seen.add(key)
    if not desk.policy.automated:
        assert desk.published("raised") == []


@settings(max_examples=examples(60), deadline=None)
@given(promises, histories, st.lists(st.integers(0, 120), min_size=10, max_size=10))
def test_nothing_is_said_early_and_no_timer_is_forgotten(promised, history, pace) -> None:  # type: ignore[no-untyped-def]  # as drawn
    """A timer fires past its instant, and when all have fired none is overdue."""
    desk = ClockDesk(promised, levels=CHAIN)
    now = 0
    for number, (at, kind, to, new_terms) in enumerate(history):
        now = max(now + pace[number], at)
        if desk.next_due is not None:
            assert desk.waits_until(desk.next_due) == [] or desk.next_due < now
        assert all(each.at < now for each in desk.waits_until(now))
        assert desk.next_due is None or desk.next_due >= now
        desk.record_activity(at, kind, to=to, terms=new_terms, seen=now, id=str(number))
    desk.waits_until(LAST)
    assert desk.next_due is None or desk.next_due >= LAST


spans = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 600)), max_size=5)


@settings(max_examples=examples(60), deadline=None)
@given(some_terms.filter(lambda t: t.target_seconds is not None), spans)
def test_pausing_and_resuming_conserve_business_time(promised, pauses) -> None:  # type: ignore[no-untyped-def]  # as drawn
    """What is used up at the deadline is the target, however often the clock stood still."""
    promised = msgspec.structs.replace(promised, paused_by=(WAITING,))
    desk = ClockDesk({"resolution": promised})
    for start, length in pauses:
        begun = (minutes(desk.case.seen_until) or 0) + start
        desk.record_activity(begun, "status_changed", to=WAITING)
        desk.record_activity(begun + length + 0.5, "status_changed", to="open")
    clock = desk.clock("resolution")
    assert clock.due_at is not None
    assert clock.used(clock.due_at) == promised.target_seconds * 1_000_000
    if promised.hours == "business":
        paused = [(from_micros(a), from_micros(b)) for a, b in clock.paused_spans]
        start, due = from_micros(clock.started_at), from_micros(clock.due_at)
        assert OFFICE.elapsed(start, due, paused) == timedelta(seconds=promised.target_seconds)


@settings(max_examples=examples(50), deadline=None)
@given(plays())
def test_instances_do_not_overlap_and_stop_in_order(played: tuple[ClockDesk, list[int]]) -> None:
    """One promise of a kind at a time; only the last instance can be live."""
    desk, _ = played
    for milestone in MILESTONES:
        found = [clock for clock in desk.clocks() if clock.milestone == milestone]
        assert [clock.instance for clock in found] == list(range(1, len(found) + 1))
        for before, after in pairwise(found):
            assert not before.live
            assert before.stopped_at is not None
            assert before.stopped_at <= after.started_at


def test_activity_that_no_clock_cares_about_is_not_remembered() -> None:
    """A million open cases stay small."""
    desk = ClockDesk({"first_response": terms(60)})
    desk.record_activity(1, "internal_note")
    desk.record_activity(2, "escalation_requested")
    desk.record_activity(3, "agent_replied", id="x")
    assert desk.case.history == (Activity(minute(3), "agent_replied", "x"),)
