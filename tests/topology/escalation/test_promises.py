"""What is published as time goes by: warnings, breaches and levels, each once, in order, and never early."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.base import format_instant
from shared.contracts.structs import MilestoneTerms
from tests.topology.escalation.desk import CASE, TaskDesk, at, minutes

TICK = timedelta(microseconds=1)


@pytest.fixture
def desk() -> TaskDesk:
    """A task of escalation at Monday noon."""
    return TaskDesk()


def test_a_premier_plus_p1_is_warned_breached_and_escalated_level_by_level(desk: TaskDesk) -> None:
    """The promise of the highest plan: a warning at 75 %, the breach and level 1 at the deadline, level 2 at 150 %."""
    assert desk.opens(plan="premier_plus") == ["first_response started", "restoration started"]
    assert desk.passes(minutes(45)) == []
    assert desk.passes(TICK) == ["first_response warned 0 case_tier"]
    assert desk.passes(minutes(15) - TICK) == []
    assert desk.passes(TICK) == ["first_response breached", "first_response raised 1 tier2"]
    assert desk.passes(minutes(30)) == ["first_response raised 2 technical_account_manager"]
    assert desk.passes(timedelta(hours=10)) == [
        "restoration warned 0 case_tier",
        "restoration breached",
        "restoration raised 1 tier2",
        "restoration raised 2 technical_account_manager",
    ]
    assert desk.passes(timedelta(days=365)) == []


def test_a_premier_p1_is_suppressed_once_and_then_silent(desk: TaskDesk) -> None:
    """The same breach for all; only whoever is entitled is escalated, and the log says why nobody was called."""
    desk.opens(plan="premier")
    assert desk.passes(timedelta(hours=3)) == [
        "first_response warned 0 case_tier",
        "first_response breached",
        "first_response suppressed 1 not_entitled",
    ]


def test_an_access_case_says_nothing_but_is_known(desk: TaskDesk) -> None:
    """Nothing is promised to it, so nothing can be missed; its activity is not that of an unknown case. That it is
    closed is published of every case: nobody could see it otherwise.
    """
    assert desk.opens(plan="access") == []
    assert desk.record_activity("agent_replied") == []
    assert desk.record_activity("reprioritised", impact="general") == []
    assert desk.record_activity("closed") == ["closed closed"]
    assert desk.passes(timedelta(days=3)) == []
    assert desk.dead_letter_causes == []


def test_a_reply_in_time_fulfils_and_calls_nobody(desk: TaskDesk) -> None:
    """A warning can be acted upon in time, and then nobody is called."""
    desk.opens()
    desk.passes(minutes(50))
    assert desk.record_activity("agent_replied") == ["first_response fulfilled in time"]
    assert desk.record_activity("resolved") == ["restoration fulfilled in time"]
    assert desk.passes(timedelta(days=29)) == []


def test_a_reply_at_the_very_deadline_is_in_time(desk: TaskDesk) -> None:
    """A target of an hour is met by an answer after an hour; a timer at that instant must not have fired."""
    desk.opens()
    desk.passes(minutes(60))
    assert desk.record_activity("agent_replied") == ["first_response fulfilled in time"]


def test_a_late_reply_is_a_breach_even_if_no_timer_fired(desk: TaskDesk) -> None:
    """The verdict is by event time: downtime turns no miss into a hit. An answered case calls nobody."""
    desk.driver.advance_to(at(2))
    desk.record_activity("agent_replied", at=at(1) + TICK)
    assert desk.opens(received_at=at(0)) == [
        "first_response started",
        "restoration started",
        "first_response breached",
        "first_response fulfilled late",
    ]
    assert desk.passes(minutes(30)) == []


def test_a_case_that_is_routed_late_has_its_deadline_from_its_submission(desk: TaskDesk) -> None:
    """The customer has waited since then, whatever was slow."""
    desk.driver.advance_to(at(2))
    desk.opens(received_at=at(0))
    assert desk.passes(TICK) == [
        "first_response warned 0 case_tier",
        "first_response breached",
        "first_response raised 1 tier2",
        "first_response raised 2 technical_account_manager",
    ]


def test_after_downtime_everything_overdue_fires_once_in_the_order_of_its_instants(desk: TaskDesk) -> None:
    """Nothing is skipped, and over all cases the order is the one in which it would have happened."""
    names = {f"{number:032x}": plan for number, plan in enumerate(("premier_plus", "premier", "premier_plus"), 1)}
    for number, (case_id, plan) in enumerate(names.items()):
        desk.driver.advance_to(at(number / 6))
        desk.opens(case_id, plan=plan)
    before = len(desk.driver.produced)
    desk.sleeps(timedelta(hours=3))
    late = list(desk.events(desk.driver.produced[before:]))
    assert len(late) == 4 + 3 + 4 + 2  # first responses; and the restoration of the first two is warned of
    assert [event.at for _, event in late] == sorted(event.at for _, event in late)
    assert {event.observed_at for _, event in late} == {desk.driver.now}
    assert len({envelope.identity for envelope, _ in late}) == len(late)
    assert desk.sleeps(timedelta(0)) == []


def test_timers_of_one_instant_all_fire(desk: TaskDesk) -> None:
    """Two cases may be due in the same microsecond, and one clock may have two things due at once."""
    first, second = "a" * 32, "b" * 32
    desk.opens(first)
    desk.opens(second)
    desk.passes(minutes(46))
    assert desk.passes(minutes(15)) == ["first_response breached", "first_response raised 1 tier2"] * 2


def test_a_paused_clock_waits_and_goes_on(desk: TaskDesk) -> None:
    """Time in which the customer is waited for does not count, and a timer set before the pause does not fire."""
    desk.opens()
    desk.record_activity("agent_replied")
    desk.passes(timedelta(hours=2))
    assert desk.record_activity("status_changed", to="waiting_on_customer") == [
        "restoration paused waiting_on_customer"
    ]
    assert desk.passes(timedelta(days=30)) == []
    assert desk.record_activity("status_changed", to="open") == ["restoration resumed open"]
    assert desk.passes(timedelta(hours=1)) == []
    assert desk.passes(TICK) == ["restoration warned 0 case_tier"]


def test_a_timer_of_an_earlier_generation_does_not_fire(desk: TaskDesk) -> None:
    """Re-prioritised to P3, the hour of a P1 is nobody's deadline any more; downgraded terms have their own."""
    desk.opens()
    published = desk.record_activity("reprioritised", impact="general")
    assert "restoration cancelled reprioritised" in published
    assert desk.passes(timedelta(hours=17)) == []
    assert desk.passes(timedelta(hours=7, microseconds=1)) == [
        "first_response warned 0 case_tier",
        "first_response breached",
        "first_response raised 1 tier2",
    ]
    priorities = [event.priority for _, event in desk.events()]
    assert priorities == ["P1"] * 2 + ["P3"] * (len(priorities) - 2)


def test_new_terms_that_are_the_old_ones_say_nothing(desk: TaskDesk) -> None:
    """Down instead of critical is P1 all the same, before and after the breach: there is nothing to restate."""
    desk.opens(impact="critical")
    assert desk.record_activity("reprioritised", impact="down") == []
    desk.passes(minutes(61))
    assert desk.record_activity("reprioritised", impact="critical") == []
    assert desk.passes(minutes(30)) == ["first_response raised 2 technical_account_manager"]


def test_an_upgrade_that_makes_a_case_late_is_a_breach_with_its_cause(desk: TaskDesk) -> None:
    """The clock counts from the submission under the new target too."""
    desk.opens(impact="general")
    desk.passes(timedelta(hours=5))
    published = desk.record_activity("reprioritised", impact="down")
    assert "first_response breached reprioritised" in published
    assert "restoration started" in published
    assert "restoration breached reprioritised" in published
    assert not [words for words in published if "raised" in words]
    assert "first_response raised 1 tier2" in desk.passes(TICK)


def test_a_reply_in_time_that_is_recorded_late_restates_the_breach(desk: TaskDesk) -> None:
    """The breach was published already: the event shows that the record was late, and not the reply."""
    desk.opens()
    desk.passes(minutes(61))
    assert desk.record_activity("agent_replied", at=at(0.5)) == [
        "first_response fulfilled in time",
        "first_response restated breached met late_record",
    ]


def test_terms_set_by_hand_replace_those_of_the_policy(desk: TaskDesk) -> None:
    """An administrator can promise something else to one case."""
    desk.opens(plan="access")
    terms = MilestoneTerms(target_seconds=3600, hours="elapsed", promise="objective")
    assert desk.record_activity("reprioritised", milestones={"first_response": terms}) == ["first_response started"]
    assert desk.passes(minutes(61)) == [
        "first_response warned 0 case_tier",
        "first_response breached",
        "first_response suppressed 1 not_entitled",
    ]


def test_a_re_prioritisation_inherits_omitted_fields_by_event_time_whichever_arrives_first() -> None:
    """One says the impact, the other the workaround: the order of arrival must not change what the case is promised."""

    def applied(*order: int) -> tuple[list[str], str]:
        desk = TaskDesk()
        desk.opens()
        desk.passes(minutes(30))
        says: list[dict[str, Any]] = [
            {"impact": "significant", "at": at(0.2)},
            {"workaround": "full", "at": at(0.3)},
            {"impact": "down", "at": at(0.4)},
        ]
        for number in order:
            desk.record_activity("reprioritised", activity_id=f"a{number}", **says[number])
        desk.passes(timedelta(days=5))
        events = [event for _, event in desk.events()]
        return sorted(set(desk.in_words()) - {w for w in desk.in_words() if "restated" in w}), events[-1].priority

    in_order = applied(0, 1, 2)
    assert in_order[1] == "P3"
    assert applied(2, 0, 1)[1] == applied(1, 2, 0)[1] == applied(2, 1, 0)[1] == "P3"


def test_business_hours_count_in_the_calendar_of_the_case(desk: TaskDesk) -> None:
    """P2 in Spain on Monday at 13:00 local: four open hours on, 17:00; the warning at three quarters of them, 16:00."""
    desk.opens(workaround="partial")
    assert desk.passes(timedelta(hours=3)) == []
    assert desk.passes(TICK) == ["first_response warned 0 case_tier"]
    assert desk.passes(timedelta(hours=1)) == ["first_response breached", "first_response raised 1 tier2"]
    # Two open hours after that deadline, one of them on Tuesday from 09:00, is level 2; and 75 % of the restoration.
    assert desk.passes(timedelta(hours=17) - TICK) == []
    assert desk.passes(TICK) == ["restoration warned 0 case_tier", "first_response raised 2 technical_account_manager"]


def test_events_say_what_made_them_and_belong_to_the_trace_of_their_case(desk: TaskDesk) -> None:
    """Replay follows `caused_by`; people follow the trace."""
    desk.opens()
    desk.record_activity("agent_replied")
    desk.passes(timedelta(hours=3, seconds=1))
    (_, started), _, (_, fulfilled), (envelope, warned) = desk.events()
    assert (started.caused_by.topic, started.caused_by.offset) == ("support.cases.v1", 0)
    assert (fulfilled.caused_by.topic, fulfilled.caused_by.offset) == ("support.activity.v1", 0)
    assert (warned.caused_by.timer, warned.caused_by.generation) == (CASE, warned.generation)
    assert warned.caused_by.positions == {"support.cases.v1": 1, "support.activity.v1": 1}
    assert envelope.traceparent is not None
    assert envelope.traceparent == started_trace(desk)
    assert envelope.subject == CASE
    assert format_instant(warned.at) == "2026-11-23T15:00:00Z"


def started_trace(desk: TaskDesk) -> str | None:
    """The trace of the first event."""
    return next(desk.events())[0].traceparent


def test_the_lateness_of_each_timer_is_measured(desk: TaskDesk) -> None:
    """From the instant at which it was due to the instant of the slice that fires it."""
    desk.opens()
    desk.sleeps(minutes(47))
    assert desk.driver.lateness == [minutes(2)]
