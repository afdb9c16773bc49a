"""Milestones of a company's own, replies that are taken back, calls that somebody has taken, calendars of a target."""

from dataclasses import replace

from shared.business_time.calendar import BusinessCalendar
from shared.contracts.structs import MilestoneTerms
from shared.policy.case_rules import CaseRules
from shared.policy.milestones import MilestoneRow, MilestoneTable
from shared.sla.clock import Mark
from shared.sla.effects import ClockWarned, EscalationRaised
from shared.sla.levels import calls_left
from tests.harness.desk import CHAIN, ClockDesk, terms
from tests.harness.shipped import shipped_rules


def rules_with(milestone: str, **row: object) -> CaseRules:
    """The shipped rules with a row more."""
    table = MilestoneTable({**shipped_rules().milestones, milestone: MilestoneRow.model_validate(row)})
    return replace(shipped_rules(), milestones=table)


def test_a_report_is_owed_after_the_resolution_until_it_is_reached() -> None:
    """A row and no code: `starts: resolved`, `fulfilled_by: [milestone_reached]`."""
    rules = rules_with("report", starts="resolved", fulfilled_by=["milestone_reached"])
    desk = ClockDesk({"report": terms(60)}, rules=rules)
    assert [each.short for each in desk.record_activity(10, "resolved")] == [("started", "report", 10)]
    assert [each.short for each in desk.record_activity(40, "milestone_reached", milestone="report")] == [
        ("fulfilled", "report", 40)
    ]


def test_reaching_one_milestone_does_not_reach_another() -> None:
    """The activity names which one."""
    rules = rules_with("report", starts="submitted", fulfilled_by=["milestone_reached"])
    table = MilestoneTable({**rules.milestones, "plan_of_action": rules.milestones["report"]})
    desk = ClockDesk({"report": terms(60), "plan_of_action": terms(60)}, rules=replace(rules, milestones=table))
    desk.record_activity(10, "milestone_reached", milestone="plan_of_action")
    assert (desk.clock("report").stage, desk.clock("plan_of_action").stage) == ("running", "fulfilled")


def test_a_status_may_start_a_milestone() -> None:
    """`starts:` a status of the desk."""
    rules = rules_with(
        "vendor_answer", starts="Waiting for vendor", fulfilled_by=["agent_replied"], again="at_next_start"
    )
    desk = ClockDesk({"vendor_answer": terms(60)}, rules=rules)
    desk.record_activity(10, "status_changed", to="Waiting for vendor")
    desk.record_activity(20, "agent_replied")
    desk.record_activity(30, "status_changed", to="Waiting for vendor")
    assert [(clock.instance, clock.stage) for clock in desk.clocks()] == [(1, "fulfilled"), (2, "running")]


def test_a_reply_that_is_taken_back_counts_as_never_sent() -> None:
    """zammad/zammad#3642: it was made private, or went to the wrong case. The published verdict is restated."""
    desk = ClockDesk({"first_response": terms(60)})
    desk.record_activity(10, "agent_replied", id="reply")
    published = desk.record_activity(20, "reply_retracted", retracts="reply")
    assert [each.word for each in published] == ["resumed", "restated"]
    assert desk.due("first_response") == 60
    assert [each.short for each in desk.waits_until(100)] == [("breached", "first_response", 60)]


def test_another_reply_still_counts_when_one_is_taken_back() -> None:
    """Only the reply that was taken back goes."""
    desk = ClockDesk({"first_response": terms(60)})
    desk.record_activity(10, "agent_replied", id="one")
    desk.record_activity(30, "agent_replied", id="two")
    desk.record_activity(40, "reply_retracted", retracts="one")
    assert (desk.clock("first_response").stage, desk.clock("first_response").late) == ("fulfilled", False)


def test_an_acknowledged_milestone_calls_nobody_while_its_clock_runs_on() -> None:
    """Somebody has taken the call: the chain stops, the breach does not."""
    desk = ClockDesk({"restoration": terms(60)}, levels=CHAIN)
    desk.waits_until(50)
    desk.record_activity(50, "acknowledged", milestone="restoration")
    assert [each.short for each in desk.waits_until(100)] == [("breached", "restoration", 60)]


def test_the_chain_goes_on_after_an_agreed_silence_with_its_distances() -> None:
    """An hour of silence after the acknowledgement at 50: level 1 comes ten minutes of the target later, and level 2
    half a target after it."""
    desk = ClockDesk({"restoration": terms(60)}, levels=CHAIN)
    desk.waits_until(50)
    desk.record_activity(50, "acknowledged", milestone="restoration")
    assert [each.short for each in desk.waits_until(1_000)] == [
        ("breached", "restoration", 60),
        ("raised", "restoration", 120),
        ("raised", "restoration", 150),
    ]


def test_a_warning_that_an_acknowledgement_delays_beyond_the_deadline_is_not_given() -> None:
    """Whether its timers fire in time or, after a standstill, all at once: no warning follows a breach."""
    for instants in ((70, 200), (200,)):
        desk = ClockDesk({"restoration": terms(60)}, levels=CHAIN)
        desk.record_activity(10, "acknowledged", milestone="restoration")
        words = [each.word for at in instants for each in desk.waits_until(at)]
        assert words == ["breached", "raised", "raised"]


def test_a_call_that_is_never_made_is_not_left_either() -> None:
    """Whoever lists what is still to come (`frontline explain`) and the clock itself go by one rule. An acknowledgement
    delays the warning at three quarters by an hour: beyond the deadline of the short targets, and to the very deadline
    of four hours, where it is still in time."""
    for target, levels in {60: [1, 2], 239: [1, 2], 240: [0, 1, 2], 480: [0, 1, 2]}.items():
        desk = ClockDesk({"restoration": terms(target)}, levels=CHAIN)
        desk.record_activity(10, "acknowledged", milestone="restoration")
        left = calls_left(desk.policy, desk.clock("restoration"), Mark("restoration", 1))
        assert [step.level for step in left] == levels, target
        made = [each.effect for each in desk.waits_until(5_000)]
        assert [call.level for call in made if isinstance(call, ClockWarned | EscalationRaised)] == levels


def test_no_timer_is_set_for_a_call_that_is_never_made() -> None:
    """Each timer of an acknowledged case finds something to publish: it would wake the task for nothing otherwise."""
    for acknowledged_at in (1, 10, 44, 46, 59):
        desk = ClockDesk({"restoration": terms(60), "first_response": terms(50)}, levels=CHAIN)
        desk.waits_until(acknowledged_at)
        desk.record_activity(acknowledged_at, "acknowledged", milestone="restoration")
        while desk.next_due is not None:
            due = desk.next_due
            assert [each.at for each in desk.waits_until(due + 0.1)][:1] == [due]


def test_a_sign_from_agents_prolongs_the_silence() -> None:
    """A reply that does not answer the milestone, or another acknowledgement, within the agreed time."""
    desk = ClockDesk({"restoration": terms(60)}, levels=CHAIN)
    desk.waits_until(50)
    desk.record_activity(50, "acknowledged", milestone="restoration")
    desk.record_activity(100, "agent_replied")
    desk.record_activity(150, "acknowledged", milestone="restoration")
    assert [each.at for each in desk.waits_until(1_000) if each.word == "raised"] == [220, 250]


def test_an_acknowledgement_is_for_its_milestone_alone() -> None:
    """Who looks after the restoration has not answered the customer."""
    desk = ClockDesk({"restoration": terms(60), "first_response": terms(60)}, levels=CHAIN)
    desk.record_activity(1, "acknowledged", milestone="restoration")
    assert {each.milestone for each in desk.waits_until(60.5) if each.word in ("warned", "raised")} == {
        "first_response"
    }


def test_a_target_counts_by_its_own_calendar() -> None:
    """24x7 beside 24x5 beside 9x5 in one case."""
    night = BusinessCalendar.from_config({"timezone": "UTC", "hours": {"mon": [["20:00", "24:00"]]}})
    own = MilestoneTerms(target_seconds=3600, hours="business", promise="objective", calendar="night")
    desk = ClockDesk(
        {"first_response": terms(60, "business"), "restoration": own, "resolution": terms(60)},
        calendars={"night": night},
    )
    assert [desk.due(name) for name in ("first_response", "restoration", "resolution")] == [60, 12 * 60, 60]


def test_new_terms_may_name_another_calendar() -> None:
    """Re-prioritised: the count goes on from the original start, by the calendar that the new terms name."""
    night = BusinessCalendar.from_config({"timezone": "UTC", "hours": {"mon": [["20:00", "24:00"]]}})
    own = MilestoneTerms(target_seconds=3600, hours="business", promise="objective", calendar="night")
    desk = ClockDesk({"restoration": terms(60)}, calendars={"night": night})
    desk.record_activity(10, "reprioritised", terms={"restoration": own})
    assert desk.due("restoration") == 12 * 60
