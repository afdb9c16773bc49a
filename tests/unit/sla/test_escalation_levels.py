"""Who is called when: warnings before, levels after, each once, and nobody for nothing."""

from itertools import pairwise
from typing import Any

import pytest

from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import Hours
from shared.policy.chain import Chain
from shared.policy.model import EscalationLevel, Repeat
from shared.sla.effects import ClockWarned, EscalationRaised, EscalationSuppressed
from tests.harness.desk import CHAIN, ClockDesk, PublishedEffect, level, terms
from tests.unit.sla.usual_terms import WAITING


def test_the_chain_of_a_clock_in_order() -> None:
    """A warning at three quarters, level 1 at the deadline, level 2 half a target later."""
    desk = ClockDesk({"restoration": terms(240)}, levels=CHAIN)
    published = [s for at in (100, 181, 200, 241, 300, 361, 9_000) for s in desk.waits_until(at)]
    assert [s.short for s in published] == [
        ("warned", "restoration", 180),
        ("breached", "restoration", 240),
        ("raised", "restoration", 240),
        ("raised", "restoration", 360),
    ]
    warned, _, first, second = (s.effect for s in published)
    assert isinstance(warned, ClockWarned)
    assert (warned.level, warned.called, warned.share) == (0, "case_tier", 0.75)
    assert isinstance(first, EscalationRaised)
    assert isinstance(second, EscalationRaised)
    assert (first.level, first.called) == (1, "tier2")
    assert (second.level, second.called) == (2, "technical_account_manager")


def test_after_downtime_everything_overdue_fires_in_order() -> None:
    """OnCall's escalation waiting for 09:00 never continued after a restart; here nothing is skipped."""
    desk = ClockDesk({"first_response": terms(60), "restoration": terms(240)}, levels=CHAIN)
    published = desk.waits_until(10_000)
    assert [(s.word, s.milestone, s.at) for s in published] == [
        ("warned", "first_response", 45),
        ("breached", "first_response", 60),
        ("raised", "first_response", 60),
        ("raised", "first_response", 90),
        ("warned", "restoration", 180),
        ("breached", "restoration", 240),
        ("raised", "restoration", 240),
        ("raised", "restoration", 360),
    ]
    assert desk.next_due is None


def test_what_falls_due_in_one_instant_has_one_order() -> None:
    """What is furthest along comes last, breaches before calls, and milestones in the order that all lists have."""
    desk = ClockDesk({"resolution": terms(60), "restoration": terms(60), "first_response": terms(80)}, levels=CHAIN)
    published = desk.waits_until(61)
    assert [(s.word, s.milestone, s.at) for s in published] == [
        ("warned", "restoration", 45),
        ("warned", "resolution", 45),
        ("warned", "first_response", 60),
        ("breached", "restoration", 60),
        ("breached", "resolution", 60),
        ("raised", "restoration", 60),
        ("raised", "resolution", 60),
    ]


def test_a_case_has_one_timer_across_its_milestones() -> None:
    """The earliest of warnings, deadlines and levels."""
    desk = ClockDesk({"first_response": terms(60), "restoration": terms(100)}, levels=CHAIN)
    due = []
    while (at := desk.next_due) is not None:
        due.append(at)
        assert desk.waits_until(at) == []
        assert desk.waits_until(at + 0.001)
    assert due == [45, 60, 75, 90, 100, 150]


def test_a_level_fires_once_for_a_clock_instance() -> None:
    """GLPI sends hundreds of mails after level 2, Zammad notifies again after every midnight."""
    desk = ClockDesk({"restoration": terms(60)}, levels=CHAIN)
    for at in range(50, 5_000, 50):
        desk.waits_until(at)
    assert [s.word for s in desk.published("warned", "breached", "raised")] == [
        "warned",
        "breached",
        "raised",
        "raised",
    ]


@pytest.mark.parametrize(
    ("hours", "instants"),
    [
        pytest.param("elapsed", [900, 1200, 1200, 1800], id="round the clock"),
        # 8 open hours a day from 09:00; 20 of them end at 13:00 on Wednesday
        pytest.param("business", [1440 + 420, 2 * 1440 + 240, 2 * 1440 + 240, 3 * 1440 + 360], id="business hours"),
        # the warning to the deadline before it moved to an opening; after it, 10 open hours end at 11:00 on Wednesday
        pytest.param("elapsed_then_next_open", [900, 1440, 1440, 2 * 1440 + 120], id="then the next opening"),
    ],
)
def test_levels_count_in_the_milestones_own_hours(hours: Hours, instants: list[float]) -> None:
    """Never deadline minus wall time: GLPI's level before the deadline comes at 00:00."""
    desk = ClockDesk({"restoration": terms(1200, hours)}, levels=CHAIN)
    published = desk.waits_until(100_000)
    assert [s.at for s in published] == instants
    assert [s.word for s in published] == ["warned", "breached", "raised", "raised"]


def test_without_entitlement_the_breach_is_the_same_and_one_suppression_is_said() -> None:
    """Premier is breached as Premier+ is; it has not bought the call, and that is said once."""
    desk = ClockDesk({"restoration": terms(60)}, levels=CHAIN, automated=False)
    published = desk.waits_until(10_000)
    assert [s.short for s in published] == [
        ("warned", "restoration", 45),
        ("breached", "restoration", 60),
        ("suppressed", "restoration", 60),
    ]
    suppressed = published[-1].effect
    assert isinstance(suppressed, EscalationSuppressed)
    assert (suppressed.level, suppressed.reason) == (1, "not_entitled")
    assert desk.next_due is None


def test_the_chain_is_paused_with_its_clock_and_goes_on_with_it() -> None:
    """Continues, not restarts: what was said is not said again, what is left comes later."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])}, levels=CHAIN)
    desk.waits_until(70)
    desk.record_activity(70, "status_changed", to=WAITING)
    assert desk.waits_until(1_000) == []
    desk.record_activity(1_000, "status_changed", to="open")
    assert desk.next_due == 1_020
    assert [s.short for s in desk.waits_until(5_000)] == [("raised", "restoration", 1_020)]


def test_what_was_overdue_when_the_clock_paused_fires_when_it_goes_on() -> None:
    """A level that a slow timer had not fired yet is not lost."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])}, levels=CHAIN)
    assert [s.word for s in desk.record_activity(70, "status_changed", to=WAITING)] == ["breached", "paused"]
    assert desk.waits_until(100) == []
    desk.record_activity(100, "status_changed", to="open")
    assert [(s.word, s.at) for s in desk.waits_until(101)] == [("raised", 60)]


def test_nobody_is_called_after_the_clock_stopped() -> None:
    """Not even for what was overdue: the customer has been helped."""
    desk = ClockDesk({"restoration": terms(60)}, levels=CHAIN)
    published = desk.record_activity(100, "restored")
    assert [s.word for s in published] == ["breached", "fulfilled"]
    assert desk.next_due is None
    assert desk.waits_until(1_000) == []


def test_no_warning_comes_after_its_breach() -> None:
    """A promise that was cut short can be late without ever having been at three quarters."""
    desk = ClockDesk({"restoration": terms(600)}, levels=CHAIN)
    desk.record_activity(100, "reprioritised", terms={"restoration": terms(60)})
    assert [s.word for s in desk.waits_until(10_000)] == ["raised", "raised"]


def test_a_warning_that_new_terms_make_overdue_fires_at_once() -> None:
    """As long as the deadline is still ahead, it is worth saying."""
    desk = ClockDesk({"restoration": terms(600)}, levels=CHAIN)
    desk.record_activity(100, "reprioritised", terms={"restoration": terms(120)})
    assert desk.next_due == 90
    assert [s.short for s in desk.waits_until(101)] == [("warned", "restoration", 90)]


def test_levels_that_fired_stay_fired_under_new_terms() -> None:
    """Once per instance and level, whatever the target has become."""
    desk = ClockDesk({"restoration": terms(60)}, levels=CHAIN)
    desk.waits_until(61)
    desk.record_activity(70, "reprioritised", terms={"restoration": terms(240)})
    assert [(s.word, s.at) for s in desk.waits_until(10_000)] == [("restated", 240), ("raised", 360)]


def test_every_instance_has_its_own_chain() -> None:
    """The next answer is another promise."""
    desk = ClockDesk({"next_response": terms(60)}, levels=CHAIN[:2])
    desk.record_activity(0, "customer_replied")
    desk.waits_until(100)
    desk.record_activity(100, "agent_replied")
    desk.record_activity(200, "customer_replied")
    assert [(s.word, s.at) for s in desk.waits_until(1_000)] == [("warned", 245), ("breached", 260), ("raised", 260)]


def test_several_warnings_and_levels_are_data() -> None:
    """The chain is what the policy says."""
    chain = (level(0, 0.5, "case_tier"), level(1, 1.0, "tier1_lead"), level(2, 1.5, "tier2"), level(3, 2.0, "tier2"))
    desk = ClockDesk({"restoration": terms(60)}, levels=chain)
    published = desk.waits_until(1_000)
    assert [(s.word, s.at) for s in published] == [
        ("warned", 30),
        ("breached", 60),
        ("raised", 60),
        ("raised", 90),
        ("raised", 120),
    ]
    assert [s.effect.level for s in published if isinstance(s.effect, EscalationRaised)] == [1, 2, 3]


def test_the_kind_of_promise_is_in_everything_that_is_said() -> None:
    """A missed objective is never reported as a broken contract."""
    desk = ClockDesk(
        {"first_response": terms(60, promise="commitment"), "restoration": terms(60, promise="objective")}, levels=CHAIN
    )
    desk.waits_until(1_000)
    assert {(s.milestone, s.effect.promise) for s in desk.log} == {
        ("first_response", "commitment"),
        ("restoration", "objective"),
    }


def calls(desk: ClockDesk) -> list[tuple[str, float, int, int]]:
    """What was called: word, minute, level, repetition."""
    return [(s.word, s.at, *_which(s)) for s in desk.published("warned", "raised")]


def _which(published: PublishedEffect) -> tuple[int, int]:
    assert isinstance(published.effect, ClockWarned | EscalationRaised)
    return published.effect.level, published.effect.repetition or 0


HALF_AN_HOUR_BEFORE = level(0, None, "case_tier", before_deadline_seconds=30 * 60)
LATER = level(2, None, "technical_account_manager", after_deadline_seconds=90 * 60)


@pytest.mark.parametrize(
    ("hours", "warned", "raised"),
    [
        ("elapsed", 570, 690),
        ("business", 1440 + 90, 1440 + 210),  # the office closes at 480 and opens at 1440
        ("elapsed_then_next_open", 570, 1440 + 90),  # to the deadline before it moved; after it, open time
    ],
)
def test_a_level_may_come_so_long_before_or_after_the_deadline(hours: Hours, warned: float, raised: float) -> None:
    """At the start plus the target less so long, in the milestone's hours: never the deadline minus wall time."""
    desk = ClockDesk({"restoration": terms(600, hours)}, levels=(HALF_AN_HOUR_BEFORE, LATER))
    desk.waits_until(100_000)
    assert calls(desk) == [("warned", warned, 0, 0), ("raised", raised, 2, 0)]
    [warning] = desk.published("warned")
    assert isinstance(warning.effect, ClockWarned)
    assert warning.effect.share == 570 / 600


def test_a_level_no_time_after_the_deadline_comes_at_it() -> None:
    """To the microsecond, as one at the whole of the target does."""
    desk = ClockDesk({"restoration": terms(60)}, levels=(level(1, None, "tier2", after_deadline_seconds=0),))
    assert [s.short for s in desk.waits_until(61)] == [("breached", "restoration", 60), ("raised", "restoration", 60)]


def test_a_warning_longer_before_the_deadline_than_the_target_comes_at_once() -> None:
    """There is less time than the warning wants: better now than never."""
    desk = ClockDesk({"first_response": terms(20)}, levels=(HALF_AN_HOUR_BEFORE,))
    assert desk.waits_until(0) == []
    assert [s.short for s in desk.waits_until(0.001)] == [("warned", "first_response", 0)]


EVERY_TEN_MINUTES = Repeat(every_seconds=600, times=3)


def test_a_level_that_repeats_calls_again_until_the_next_one_takes_over() -> None:
    """Then the next one calls; what is left of the repetitions is not made up for."""
    first = level(1, 1.0, "tier1_lead", repeat=EVERY_TEN_MINUTES)
    second = level(2, None, "tier2", after_deadline_seconds=25 * 60)
    desk = ClockDesk({"restoration": terms(60)}, levels=(first, second))
    for at in range(0, 500, 7):
        desk.waits_until(at)
    assert calls(desk) == [("raised", 60, 1, 0), ("raised", 70, 1, 1), ("raised", 80, 1, 2), ("raised", 85, 2, 0)]


def test_the_last_level_repeats_as_often_as_it_says_and_no_more() -> None:
    """GLPI sends hundreds of mails after level 2."""
    desk = ClockDesk({"restoration": terms(60)}, levels=(level(1, 1.0, "tier2", repeat=EVERY_TEN_MINUTES),))
    desk.waits_until(100_000)
    assert [(s.at, _which(s)) for s in desk.published("raised")] == [
        (60, (1, 0)),
        (70, (1, 1)),
        (80, (1, 2)),
        (90, (1, 3)),
    ]


def test_a_warning_repeats_until_the_deadline() -> None:
    """No warning follows its breach."""
    desk = ClockDesk({"restoration": terms(60)}, levels=(level(0, 0.75, "case_tier", repeat=EVERY_TEN_MINUTES),))
    desk.waits_until(100_000)
    assert calls(desk) == [("warned", 45, 0, 0), ("warned", 55, 0, 1)]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0.75, [(30, 0, 0), (40, 0, 1), (45, 1, 0)], id="before the second repetition"),
        pytest.param(2 / 3, [(30, 0, 0), (40, 1, 0)], id="as the first would come"),
    ],
)
def test_a_warning_that_repeats_gives_way_to_the_next_one(share: float, expected: list[tuple[float, int, int]]) -> None:
    """As a level does to a level; and nobody is called twice for one instant."""
    second = EscalationLevel(kind="warning", level=1, share=share, called="tier2")
    desk = ClockDesk({"restoration": terms(60)}, levels=(level(0, 0.5, "case_tier", repeat=EVERY_TEN_MINUTES), second))
    desk.waits_until(100_000)
    assert calls(desk) == [("warned", *each) for each in expected]


def test_repetitions_stand_still_with_their_clock_and_go_on_with_it() -> None:
    """Continued, not restarted: those that were made are not made again."""
    chain = (level(1, 1.0, "tier2", repeat=EVERY_TEN_MINUTES),)
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])}, levels=chain)
    desk.waits_until(71)
    desk.record_activity(75, "status_changed", to=WAITING)
    assert desk.waits_until(1_000) == []
    desk.record_activity(1_005, "status_changed", to="open")
    desk.waits_until(100_000)
    assert [s.at for s in desk.published("raised")] == [60, 70, 80 + 930, 90 + 930]


def test_repetitions_stop_with_their_clock() -> None:
    """Nobody is called for what is done."""
    desk = ClockDesk({"restoration": terms(60)}, levels=(level(1, 1.0, "tier2", repeat=EVERY_TEN_MINUTES),))
    desk.waits_until(65)
    desk.record_activity(66, "restored")
    assert desk.waits_until(100_000) == []


def test_without_automated_escalation_repetitions_are_suppressed_with_their_level() -> None:
    """Said once for a clock instance, however often somebody would have been called."""
    chain = (level(1, 1.0, "tier2", repeat=EVERY_TEN_MINUTES), level(2, 3.0, "tier2"))
    desk = ClockDesk({"restoration": terms(60)}, levels=chain, automated=False)
    desk.waits_until(100_000)
    assert [s.at for s in desk.published("suppressed")] == [60]
    assert desk.published("raised") == []


def warning(number: int, share: float | None = None, **when: Any) -> EscalationLevel:
    """A warning, also one that is not the first."""
    return EscalationLevel(kind="warning", level=number, share=share, called="case_tier", **when)


LEAD_AT_ONE_AND_A_HALF = level(3, 1.5, "tier1_lead")


@pytest.mark.parametrize(
    ("levels", "target", "expected"),
    [
        pytest.param(
            (HALF_AN_HOUR_BEFORE, level(1, 1.0, "tier2")), 60, [(0, 30), (1, 60)], id="as the edition means it"
        ),
        pytest.param(
            (warning(0, 0.5), warning(1, before_deadline_seconds=1800)), 61, [(0, 30.5), (1, 31)], id="in time"
        ),
        pytest.param((warning(0, 0.5), warning(1, before_deadline_seconds=1800)), 60, [(1, 30)], id="at one instant"),
        pytest.param((warning(0, 0.5), warning(1, before_deadline_seconds=1800)), 40, [(1, 10)], id="overtaken"),
        pytest.param(
            (warning(0, before_deadline_seconds=7200), warning(1, before_deadline_seconds=3600)),
            30,
            [(1, 0)],
            id="both before the start",
        ),
        pytest.param((LATER, LEAD_AT_ONE_AND_A_HALF), 180, [(3, 270)], id="after the deadline, at one instant"),
        pytest.param((LATER, LEAD_AT_ONE_AND_A_HALF), 60, [(3, 90)], id="after the deadline, overtaken"),
        pytest.param(
            (level(1, 1.0, "tier2"), LATER, LEAD_AT_ONE_AND_A_HALF), 60, [(1, 60), (3, 90)], id="only that one"
        ),
    ],
)
def test_a_level_that_would_not_come_before_the_next_one_makes_way_for_it(
    levels: tuple[EscalationLevel, ...], target: int, expected: list[tuple[int, float]]
) -> None:
    """On a target that the edition does not promise, but new terms give by hand: nobody is called twice for one
    instant, and nobody of a lower level after somebody of a higher one.
    """
    desk = ClockDesk({"restoration": terms(10_000)}, levels=levels)
    desk.record_activity(0, "reprioritised", terms={"restoration": terms(target)})
    desk.waits_until(100_000)
    assert [(number, at) for _, at, number, _ in calls(desk)] == expected


def test_business_days_on_which_two_levels_would_come_at_one_instant_call_once() -> None:
    """Half of sixteen open hours, and eight hours before the deadline."""
    a_day = MilestoneTerms(
        target_seconds=None, target_business_days=1, until="end_of_day", hours="business", promise="objective"
    )
    desk = ClockDesk({"restoration": a_day}, levels=(warning(0, 0.5), warning(1, before_deadline_seconds=8 * 3600)))
    assert desk.due("restoration") == 1440 + 480
    desk.waits_until(100_000)
    assert [(at, number) for _, at, number, _ in calls(desk)] == [(480, 1)]


def test_no_lower_level_calls_after_a_higher_one() -> None:
    """The levels of another edition, by which there is one between: the case is with the higher one already."""
    desk = ClockDesk({"restoration": terms(60)}, levels=(level(1, 1.0, "tier1_lead"), level(3, 1.5, "tier2")))
    desk.waits_until(91)
    later = (level(1, 1.0, "tier1_lead"), level(2, 1.25, "tier2"), level(3, 1.5, "tier2"), level(4, 2.0, "tier2"))
    desk.policy = desk.policy._replace(chain=Chain(later))
    desk.waits_until(1_000)
    assert [(at, number) for _, at, number, _ in calls(desk)] == [(60, 1), (90, 3), (120, 4)]


def test_a_level_calls_no_more_once_the_next_one_was_reached_also_under_new_terms() -> None:
    """A longer target moves the next level away, and there would be room for the repetitions again."""
    chain = (level(1, 1.0, "tier1_lead", repeat=EVERY_TEN_MINUTES), level(2, 1.25, "tier2"))
    desk = ClockDesk({"restoration": terms(60)}, levels=chain)
    desk.waits_until(76)
    desk.record_activity(76, "reprioritised", terms={"restoration": terms(240)})
    desk.waits_until(1_000)
    assert calls(desk) == [("raised", 60, 1, 0), ("raised", 70, 1, 1), ("raised", 75, 2, 0)]


def test_one_suppression_also_where_the_lowest_level_makes_way() -> None:
    """It is said of the first one that would have called, and once, whichever is the first under new terms."""
    desk = ClockDesk({"restoration": terms(60)}, levels=(LATER, LEAD_AT_ONE_AND_A_HALF), automated=False)
    desk.waits_until(91)
    assert [
        (s.at, s.effect.level) for s in desk.published("suppressed") if isinstance(s.effect, EscalationSuppressed)
    ] == [(90, 3)]
    desk.record_activity(100, "reprioritised", terms={"restoration": terms(600)})
    desk.waits_until(10_000)
    assert len(desk.published("suppressed")) == 1


def test_a_warning_at_the_start_waits_for_an_acknowledgement_of_that_instant() -> None:
    """Nobody is called while somebody has taken the call."""
    desk = ClockDesk({"restoration": terms(20)}, levels=(HALF_AN_HOUR_BEFORE,))
    desk.record_activity(0, "acknowledged", milestone="restoration")
    assert desk.waits_until(19) == []
    assert [s.word for s in desk.waits_until(1_000)] == ["breached"]


@pytest.mark.parametrize("target", [60, 10, 1_000])
def test_the_calls_of_a_target_ascend_in_level_and_amount(target: int) -> None:
    """Also on a target that was given to one case by hand, on which a level overtakes the one before it."""
    for levels in (
        (HALF_AN_HOUR_BEFORE, level(1, 1.0, "tier2")),
        (warning(0, 0.9), warning(1, before_deadline_seconds=600)),
    ):
        steps = Chain(levels).steps(target * 60_000_000)
        assert all(a.level < b.level and a.amount < b.amount for a, b in pairwise(steps))
