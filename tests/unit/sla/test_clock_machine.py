"""A case as it is lived through, step by step, with everything that may happen to it, in time or late.

After each step the rules that hold always are checked, against what was published and against a judge that walks
through the minutes one by one and shares no arithmetic with the clocks.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.business_time.instants import MINUTE, from_micros
from shared.contracts.vocabulary import ActivityType
from shared.policy.model import EscalationLevel, Repeat
from shared.sla.clock import Activity
from shared.sla.effects import ClockWarned, EscalationRaised, EscalationSuppressed
from shared.sla.fold import fold
from tests.harness.desk import CHAIN, ClockDesk, level, minute, minutes, terms
from tests.harness.examples import examples
from tests.unit.sla.histories import some_terms
from tests.unit.sla.test_clock_properties import readers, verdict

STATUSES = ("open", "waiting_on_customer", "on_hold", "resolved")
MILESTONES: tuple[str, ...] = ("first_response", "next_response", "periodic_update", "restoration", "resolution")
DAYS = 4 * 24 * 60  # minutes that a case is lived through at most, but for its end

CHAINS: tuple[tuple[EscalationLevel, ...], ...] = (
    CHAIN,
    (
        level(0, None, "case_tier", before_deadline_seconds=30 * 60, repeat=Repeat(every_seconds=600, times=2)),
        level(1, 1.0, "tier1_lead", repeat=Repeat(every_seconds=900, times=3)),
        level(2, None, "technical_account_manager", after_deadline_seconds=40 * 60),
    ),
)


class CaseMachine(RuleBasedStateMachine):
    """One case, its wall clock in minutes."""

    @initialize(
        promised=st.dictionaries(st.sampled_from(MILESTONES), some_terms, min_size=1),
        chain=st.sampled_from(CHAINS),
        automated=st.booleans(),
        status=st.sampled_from(STATUSES[:3]),
    )
    def opens(self, promised, chain, automated, status) -> None:  # type: ignore[no-untyped-def]  # as drawn
        """The case is submitted and routed at once."""
        self.desk = ClockDesk(promised, levels=chain, automated=automated, status=status)
        self.now = 0.0
        self.heard: list[Activity] = []
        self.breached: set[tuple[str, int]] = set()

    @rule(span=st.one_of(st.integers(1, 30), st.integers(1, 1_000)))
    def time_passes(self, span: int) -> None:
        """Timers fire: each after its instant, none of them later than now."""
        self.now = min(self.now + span, DAYS)
        published = self.desk.waits_until(self.now)
        assert all(each.at < self.now for each in published)
        assert [each.at for each in published] == sorted(each.at for each in published)
        assert self.desk.waits_until(self.now) == []

    @rule(
        kind=st.sampled_from(["agent_replied", "customer_replied", "restored", "resolved", "closed", "internal_note"])
    )
    def something_happens(self, kind: ActivityType) -> None:
        """Now, and it is heard of now."""
        self._hears(self.now, kind)

    @rule(status=st.sampled_from(STATUSES))
    def its_status_changes(self, status: str) -> None:
        """To one that may pause it, resolve it, or open it again."""
        self._hears(self.now, "status_changed", to=status)

    @rule(promised=st.dictionaries(st.sampled_from(MILESTONES), some_terms, min_size=1))
    def its_terms_change(self, promised) -> None:  # type: ignore[no-untyped-def]  # as drawn
        """Longer or shorter, in other hours, or gone."""
        self._hears(self.now, "reprioritised", terms=promised)

    @precondition(lambda self: self.now > 1)
    @rule(
        ago=st.floats(0.01, 1),
        kind=st.sampled_from(["agent_replied", "customer_replied", "restored", "status_changed"]),
        status=st.sampled_from(STATUSES),
    )
    def something_is_heard_of_late(self, ago: float, kind: ActivityType, status: str) -> None:
        """It happened before what was acted upon already."""
        at = round(self.now * (1 - ago))
        self._hears(at, kind, to=status if kind == "status_changed" else None)

    def _hears(self, at: float, kind: ActivityType, **given: object) -> None:
        number = f"{len(self.heard):03}"
        self.heard.append(Activity(minute(at), kind, number, **given))  # type: ignore[arg-type]  # as drawn
        self.desk.record_activity(at, kind, seen=self.now, id=number, **given)  # type: ignore[arg-type]  # as drawn

    @invariant()
    def whoever_reads_the_events_knows_the_clocks(self) -> None:
        """Nothing is rewritten silently. What time alone has made late is said by its timer, later."""
        known = readers(self.desk)
        for clock in self.desk.clocks():
            reader = known.pop((clock.milestone, clock.instance))
            assert (reader.stage, reader.due) == (clock.stage, minutes(clock.due_at))
            if clock.late or clock.stage == "fulfilled" or clock.due_at is None or clock.due_at >= minute(self.now):
                assert clock.stage == "cancelled" or reader.verdict == verdict(clock)
        assert {reader.stage for reader in known.values()} <= {"cancelled"}

    @invariant()
    def each_call_is_made_once_and_no_warning_follows_its_breach(self) -> None:
        """For a clock, a level and a repetition; ascending within a level."""
        seen: set[tuple[object, ...]] = set()
        for each in self.desk.log:
            clock = (each.milestone, each.effect.instance)
            if isinstance(each.effect, ClockWarned | EscalationRaised | EscalationSuppressed):
                repetition = getattr(each.effect, "repetition", None) or 0
                assert (*clock, each.effect.level, repetition) not in seen
                assert not repetition or (*clock, each.effect.level, repetition - 1) in seen
                assert not (isinstance(each.effect, ClockWarned) and (*clock, "breached") in seen)
                seen.add((*clock, each.effect.level, repetition))
            elif each.word == "breached":
                assert (*clock, "breached") not in seen
                seen.add((*clock, "breached"))

    @invariant()
    def a_deadline_is_where_its_target_is_used_up(self) -> None:
        """Pausing and resuming conserve the time of the milestone's hours, whatever happened in between."""
        for clock in self.desk.clocks():
            if clock.due_at is not None and clock.terms.hours != "elapsed_then_next_open" and clock.stage == "running":
                assert clock.used(clock.due_at) == clock.target

    @invariant()
    def the_order_of_arrival_changes_nothing(self) -> None:
        """What was heard, folded from the other end, gives the same clocks."""
        again = fold(self.desk.policy, minute(0), self.desk.case.status, reversed(self.heard))
        assert again == self.desk.clocks()

    @invariant()
    def a_clock_that_may_still_be_late_is_waited_for(self) -> None:
        """Else nobody would ever say so."""
        running = [clock for clock in self.desk.clocks() if clock.stage == "running" and not clock.late]
        undecided = {(c.milestone, c.instance) for c in running} - self._said_breached()
        assert not undecided or self.desk.next_due is not None

    def _said_breached(self) -> set[tuple[str, int]]:
        return {(each.milestone, each.effect.instance) for each in self.desk.published("breached", "restated")}


class ResolutionMachine(RuleBasedStateMachine):
    """One case with a resolution that is promised once; it waits, is resolved, closed and reopened at will."""

    @initialize(
        promised=st.integers(1, 900),
        hours=st.sampled_from(["elapsed", "business"]),
        paused_by=st.lists(st.sampled_from(STATUSES), unique=True, max_size=2),
        status=st.sampled_from(STATUSES[:3]),
    )
    def opens(self, promised, hours, paused_by, status) -> None:  # type: ignore[no-untyped-def]  # as drawn
        """The case is submitted."""
        self.desk = ClockDesk({"resolution": terms(promised, hours, paused_by)}, status=status)
        self.paused_by = set(paused_by)
        self.status = status
        self.hours = hours
        self.now = 0
        self.counted = 0  # minutes, by looking at each

    @rule(span=st.one_of(st.integers(0, 30), st.integers(1, 1_000)))
    def time_passes(self, span: int) -> None:
        """The judge looks at each minute: is the office open, and does the case neither wait nor rest?"""
        for each in range(self.now, self.now + span):
            local = from_micros(minute(each))
            is_open = self.hours == "elapsed" or (local.weekday() < 5 and 9 <= local.hour < 17)
            self.counted += is_open and self.status not in {*self.paused_by, "resolved", "closed"}
        self.now += span
        self.desk.waits_until(self.now)

    @rule(status=st.sampled_from([*STATUSES, "closed"]))
    def its_status_changes(self, status: str) -> None:
        """A minute is not looked at before all that happens in it has happened."""
        self.desk.record_activity(self.now, "status_changed", to=status)
        if not (self.status == "closed" and status == "resolved"):
            self.status = status
        self.time_passes(1)

    @invariant()
    def the_judge_counts_the_same(self) -> None:
        """Pausing and resuming, resolving and reopening conserve business time."""
        assert self.desk.clock("resolution").used(minute(self.now)) == self.counted * MINUTE

    @invariant()
    def late_is_what_is_used_up_beyond_the_target(self) -> None:
        """A clock that runs says it by its deadline, one that stands still by what it has used."""
        clock = self.desk.clock("resolution", at=self.now)
        if clock.live:
            assert clock.late == (self.counted * MINUTE > clock.target) or clock.breached_at is not None
            assert (clock.breached_at is not None) >= (self.counted * MINUTE > clock.target)


TestCaseMachine = CaseMachine.TestCase
TestCaseMachine.settings = settings(max_examples=examples(100), stateful_step_count=30, deadline=None)
TestResolutionMachine = ResolutionMachine.TestCase
TestResolutionMachine.settings = settings(max_examples=examples(100), stateful_step_count=30, deadline=None)
