"""Who is called about a clock and when, whatever moves its deadline: openings, acknowledgements, pauses, new terms."""

from itertools import pairwise
from typing import NamedTuple, get_args

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.hours import measured_micros
from shared.business_time.instants import MINUTE
from shared.business_time.spans import merged
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import ActivityType, Hours, Until
from shared.policy.chain import Chain, Step, amount_of
from shared.policy.model import EscalationLevel, LevelKind, Repeat
from shared.sla.clock import Clock
from shared.sla.effects import ClockWarned, EscalationRaised, EscalationSuppressed
from tests.harness.desk import ClockDesk, PublishedEffect, minute
from tests.harness.examples import examples

MILESTONE, WAITING = "restoration", "waiting_on_customer"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON = 60 * 24 * 1_500  # minutes: long after every call
SLIGHTLY = 0.001 / 60  # of a minute: a millisecond, so that a timer is past its instant
STEPS = 500

# Instants and lengths are often on the hour, so that they coincide.
lengths = st.one_of(st.sampled_from([15, 30, 60, 120, 240, 480, 1_440]), st.integers(1, 2_000))
instants = st.one_of(st.integers(0, 72).map(lambda hour: 60 * hour), st.integers(0, 4_500))

periods = st.sampled_from(
    [
        [],
        [["09:00", "17:00"]],
        [["09:00", "18:00"]],
        [["09:00", "14:00"], ["16:00", "19:00"]],
        [["20:00", "02:00"]],
        [["00:00", "24:00"]],
        [["12:00", "13:00"]],
    ]
)


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    """Some hours on some days of the week, in some zone, without some dates."""
    hours = {day: draw(periods) for day in DAYS}
    hours[draw(st.sampled_from(DAYS))] = [["09:00", "17:00"]]
    holidays = draw(st.lists(st.sampled_from([f"2026-11-{day}" for day in range(23, 30)]), unique=True, max_size=3))
    timezone = draw(st.sampled_from(["UTC", "Europe/Madrid", "Asia/Kolkata"]))
    return BusinessCalendar.from_config({"timezone": timezone, "hours": hours, "holidays": holidays})


@st.composite
def targets(draw: st.DrawFn) -> MilestoneTerms:
    """A target in any of the hours, also in business days."""
    hours = draw(st.none() | st.sampled_from(get_args(Hours)))
    paused_by = draw(st.sampled_from([(), (WAITING,)]))
    if hours is None:
        until = draw(st.sampled_from(get_args(Until)))
        days = draw(st.integers(1, 2))
        return MilestoneTerms(
            target_seconds=None,
            target_business_days=days,
            until=until,
            hours="business",
            promise="objective",
            paused_by=paused_by,
        )
    least = draw(st.none() | lengths) if hours == "elapsed_then_next_open" else None
    return MilestoneTerms(
        target_seconds=60 * draw(lengths),
        hours=hours,
        open_at_least=None if least is None else 60 * least,
        promise="objective",
        paused_by=paused_by,
    )


@st.composite
def ladders(draw: st.DrawFn) -> tuple[EscalationLevel, ...]:
    """Warnings and escalations at shares of the target and at distances from the deadline, some of them repeated."""
    repeats = st.none() | st.builds(Repeat, every_seconds=lengths.map(lambda each: 60 * each), times=st.integers(1, 3))
    distances = st.integers(0, 3) | lengths
    levels: list[EscalationLevel] = []

    def add(kind: LevelKind, shares: list[float], distance: str, least: int) -> None:
        """The next level: at a share, or at least so many minutes from the deadline."""
        share = draw(st.none() | st.sampled_from(shares))
        when = {"share": share} if share else {distance: 60 * (least + draw(distances))}
        level = {"kind": kind, "level": len(levels), "repeat": draw(repeats), "called": "team", **when}
        levels.append(EscalationLevel.model_validate(level))

    for _ in range(draw(st.integers(0, 3))):
        add("warning", [0.25, 0.5, 0.75, 0.9], "before_deadline_seconds", 1)
    for _ in range(draw(st.integers(0 if levels else 1, 3))):
        add("escalation", [1.0, 1.25, 1.5, 2.0], "after_deadline_seconds", 0)
    assume(any(ascends(levels, target) for target in (60, 480, 1_440)))
    return tuple(levels)


def ascends(levels: list[EscalationLevel], target: int) -> bool:
    """Whether each level comes after the one before it on a target of so many minutes: an edition that promises it and
    has such levels is one that loads.
    """
    return all(before < after for before, after in pairwise(amount_of(level, target * MINUTE) for level in levels))


class Happening(NamedTuple):
    """Something at a minute that arrives at another: an activity, or None for the levels of another edition."""

    at: int
    seen: int
    kind: ActivityType | None
    terms: MilestoneTerms | None = None
    to: str | None = None
    levels: tuple[EscalationLevel, ...] = ()


KINDS: tuple[ActivityType | None, ...] = ("acknowledged", "agent_replied", "status_changed", "reprioritised", None)


@st.composite
def happenings(draw: st.DrawFn, kinds: tuple[ActivityType | None, ...]) -> list[Happening]:
    """What happens to the case, by arrival; some of it arrives late."""
    found: list[Happening] = []
    for _ in range(draw(st.integers(0, 5))):
        at = draw(instants)
        seen = at + draw(st.sampled_from([0, 0, 0, 30, 600]))
        kind = draw(st.sampled_from(kinds))
        found.append(
            Happening(
                at,
                seen,
                kind,
                terms=draw(targets()) if kind == "reprioritised" else None,
                to=draw(st.sampled_from([WAITING, "open"])) if kind == "status_changed" else None,
                levels=draw(ladders()) if kind is None else (),
            )
        )
    return sorted(found, key=lambda happening: happening.seen)


class Call(NamedTuple):
    """A call as it was published: `behind` = its instant had passed when the last activity arrived."""

    level: int
    repetition: int
    at: float
    word: str
    behind: bool
    published: float


class Case:
    """A desk whose timers fire in time, one after the other; or, with `standstills`, only when something happens."""

    def __init__(self, desk: ClockDesk, *, standstills: bool) -> None:
        self.desk = desk
        self.now = 0.0
        self.calls: list[Call] = []
        self._standstills = standstills
        self._behind_until = 0.0

    def play(self, history: list[Happening]) -> None:
        """Let everything happen, then let every call be made."""
        for number, happening in enumerate(history):
            self._passes_until(happening.seen)
            self._apply(happening, f"{number:03}")
        self._passes_until(HORIZON)

    def _passes_until(self, minute_: float) -> None:
        if self._standstills:
            self._behind_until = minute_
        else:
            for _ in range(STEPS):
                due = self.desk.next_due
                if due is None or due + SLIGHTLY >= minute_:
                    break
                self._waits(max(self.now, due + SLIGHTLY))
            else:
                raise AssertionError("a timer fires without end")
        self._waits(max(self.now, minute_))

    def _waits(self, until: float) -> None:
        self.now = until
        self._take(self.desk.waits_until(until))

    def _apply(self, happening: Happening, name: str) -> None:
        if happening.kind is None:
            self.desk.policy = self.desk.policy._replace(chain=Chain(happening.levels))
            self.desk.waits_until(self.now - 1)  # computes its timer again
        else:
            given_terms = {MILESTONE: happening.terms} if happening.terms is not None else None
            milestone = MILESTONE if happening.kind == "acknowledged" else None
            published = self.desk.record_activity(
                happening.at,
                happening.kind,
                to=happening.to,
                terms=given_terms,
                milestone=milestone,
                seen=self.now,
                id=name,
            )
            assert not any(each.word in ("warned", "raised", "suppressed") for each in published), (
                "only time calls people"
            )
        self._behind_until = self.now

    def _take(self, published: list[PublishedEffect]) -> None:
        clock = self.desk.clock(MILESTONE)
        for each in published:
            if isinstance(each.effect, ClockWarned | EscalationRaised | EscalationSuppressed):
                level, repetition = each.effect.level, getattr(each.effect, "repetition", None) or 0
                self.calls.append(Call(level, repetition, each.at, each.word, each.at < self._behind_until, self.now))
                assert each.at < self.now, "a call is made once the wall clock is past its instant"
                assert_not_early(clock, self._step(clock, level, repetition), minute(each.at))

    def _step(self, clock: Clock, level: int, repetition: int) -> Step:
        steps = self.desk.policy.chain.steps(clock.target)
        return next(step for step in steps if (step.level, step.repetition) == (level, repetition))


def assert_not_early(clock: Clock, step: Step, at: int) -> None:
    """By the definition of each kind of hours: so much of it has passed, but for pauses and acknowledgements."""
    assert clock.terms.hours is not None
    still = merged([*clock.paused_spans, *clock.acknowledged])
    if step.amount <= 0:
        assert at >= clock.started_at
        assert not any(since <= at < until for since, until in clock.acknowledged)
        return
    if clock.terms.hours != "elapsed_then_next_open":
        assert (
            measured_micros(clock.started_at, at, clock.target, clock.terms.hours, clock.calendar, still) >= step.amount
        )
        return
    amount = min(step.amount, clock.target)
    assert measured_micros(clock.started_at, at, clock.target, "elapsed", None, still) >= amount
    if step.amount >= clock.target:
        due = clock.deadline()
        assert at >= due
        assert clock.calendar is not None
        assert clock.calendar.elapsed_micros(due, at, still) >= step.amount - clock.target


@st.composite
def cases(draw: st.DrawFn, *, kinds: tuple[ActivityType | None, ...] = KINDS, automated: bool | None = None) -> Case:
    """A case after what happened to it, with all of its calls made."""
    desk = ClockDesk(
        {MILESTONE: draw(targets())},
        levels=draw(ladders()),
        automated=draw(st.integers(0, 3)) > 0 if automated is None else automated,
        calendar=draw(calendars()),
    )
    case = Case(desk, standstills=draw(st.integers(0, 3)) == 0)
    case.play(draw(happenings(kinds)))
    return case


@settings(max_examples=examples(150), deadline=None)
@given(cases())
def test_calls_ascend_and_each_is_made_once(case: Case) -> None:
    """The first call of a level, then its repetitions, then the next level: never again, and never back."""
    places = [(call.level, call.repetition) for call in case.calls]
    assert all(before < after for before, after in pairwise(places)), case.calls


@settings(max_examples=examples(150), deadline=None)
@given(cases())
def test_no_two_calls_of_a_clock_come_at_one_instant(case: Case) -> None:
    """A deadline that moves takes the levels along with their distances. Only calls that are behind, since new terms or
    a late record moved their instants into the past or nobody was there to make them, are published together: their
    instants differ all the same.
    """
    for before, after in pairwise(case.calls):
        if before.published == after.published:
            assert after.behind
            assert before.at < after.at
        elif not after.behind:
            assert before.at < after.at


@settings(max_examples=examples(100), deadline=None)
@given(cases(kinds=("acknowledged", "agent_replied", "status_changed"), automated=True))
def test_no_level_is_left_out(case: Case) -> None:
    """Whatever delays the calls, on a target on which the levels ascend each of them is made in the end; but for a
    warning that is delayed beyond the deadline.
    """
    clock = case.desk.clock(MILESTONE)
    levels = case.desk.policy.chain.levels
    assume(clock.stage == "running")
    made = {call.level for call in case.calls if not call.repetition}
    fits = all(a < b for a, b in pairwise(amount_of(level, clock.target) for level in levels))
    event(f"the levels ascend: {fits}, calls: {len(case.calls)}")
    for level in levels:
        if (fits or level == levels[-1]) and (level.kind == "escalation" or not clock.acknowledged):
            assert level.level in made
