"""The clocks follow the rows of the edition's table of milestones, whatever a milestone is called."""

from typing import Any, get_args

from shared.business_time.instants import to_micros
from shared.contracts.vocabulary import ActivityType
from shared.policy.case_rules import CaseRules
from shared.policy.condition import Situation
from shared.policy.milestones import MilestoneRow, MilestoneTable
from shared.policy.promises import CaseKind, promised
from shared.sla.clock import Activity, CasePolicy, Clock
from shared.sla.fold import fold
from tests.harness.desk import OFFICE, OPENED, minute, terms
from tests.harness.shipped import guidelines, shipped_rules

SHIPPED = guidelines().milestones


def row(**given: Any) -> MilestoneRow:
    """A row with these fields."""
    return MilestoneRow(**given)


def clocks(milestone: str, of_it: MilestoneRow, *happened: tuple[float, ActivityType]) -> list[Clock]:
    """The clocks of a case that promises one milestone, which is what `of_it` says."""
    policy = CasePolicy({milestone: terms(60)}, OFFICE, CaseRules(MilestoneTable({**SHIPPED, milestone: of_it})))
    history = [Activity(minute(at), kind, f"{number}") for number, (at, kind) in enumerate(happened)]
    return fold(policy, to_micros(OPENED), "open", history)


def test_activity_that_starts_or_fulfils_a_milestone_is_remembered() -> None:
    """What is not remembered can neither start nor stop a clock."""
    relevant = shipped_rules().relevant
    assert {"agent_replied", "customer_replied", "restored", "resolved"} <= relevant
    assert set(get_args(ActivityType)) - relevant == {
        "internal_note",
        "escalation_requested",
        "escalation_reviewed",
        "bot_replied",
        "assigned",
        "handed_over",
    }
    handed_over = row(starts="handed_over", fulfilled_by=("agent_replied",))
    assert "handed_over" in CaseRules(MilestoneTable({"human_answer": handed_over})).relevant


def test_a_milestone_that_an_activity_starts_counts_from_it() -> None:
    """A report that is due after the resolution is a row and not code."""
    report = row(starts="resolved", fulfilled_by=("agent_replied",))
    assert clocks("first_response", report) == []
    (clock,) = clocks("first_response", report, (5, "agent_replied"), (30, "resolved"), (40, "agent_replied"))
    assert (clock.started_at, clock.stage, clock.stopped_at) == (minute(30), "fulfilled", minute(40))


def test_what_starts_a_milestone_comes_before_what_fulfils_it_at_the_same_instant() -> None:
    """Whichever activity that is: a message and its answer in one batch must not leave a clock running."""
    rule = row(starts="internal_note", fulfilled_by=("agent_replied",), again="at_next_start")
    (clock,) = clocks("next_response", rule, (5, "agent_replied"), (5, "internal_note"))
    assert (clock.started_at, clock.stage, clock.stopped_at) == (minute(5), "fulfilled", minute(5))


def test_what_also_fulfils_a_milestone_keeps_its_place_among_those_that_stop() -> None:
    """Else a row with `starts: resolved` would move the resolution before the reopening of the same instant."""
    report = row(starts="resolved", fulfilled_by=("agent_replied",))
    table = MilestoneTable({**SHIPPED, "first_response": report})
    assert "resolved" not in table.only_start
    assert MilestoneTable(SHIPPED).only_start == {"customer_replied"}


def test_the_rows_say_which_milestones_are_stated_without_a_target() -> None:
    """A customer who is promised nothing sees why: for these milestones, and for no other."""
    edition = guidelines()
    stated = [milestone for milestone, rule in SHIPPED.items() if rule.always_stated]
    assert stated == ["first_response", "restoration"]
    nobody = Situation("access", "free", "member", False, False, "help_center", None, None, {})
    for priority in edition.priorities:
        assert list(promised(edition, CaseKind(nobody, priority, "self_service")).terms) == stated


def test_a_milestone_that_never_starts_again_has_one_clock_however_often_its_start_happens() -> None:
    """`again: never`."""
    once = row(starts="customer_replied", fulfilled_by=("agent_replied",))
    happened: list[tuple[float, ActivityType]] = [
        (5, "customer_replied"),
        (6, "agent_replied"),
        (7, "customer_replied"),
    ]
    assert len(clocks("next_response", once, *happened)) == 1
    assert len(clocks("next_response", once.model_copy(update={"again": "at_next_start"}), *happened)) == 2


def test_a_milestone_that_starts_again_at_its_fulfilment_is_always_owed() -> None:
    """`again: at_fulfilment`, by whatever activity."""
    rule = row(starts="submitted", fulfilled_by=("restored",), again="at_fulfilment")
    first, second = clocks("restoration", rule, (10, "restored"))
    assert (first.stage, second.stage, second.started_at) == ("fulfilled", "running", minute(10))


def test_reopening_the_case_touches_a_stopped_clock_only_if_its_row_says_so() -> None:
    """`reopened: never` for a first response, which is never owed twice."""
    rule = SHIPPED["resolution"]
    (resumed,) = clocks("resolution", rule, (10, "resolved"), (20, "reopened"))
    (stopped,) = clocks("resolution", rule.model_copy(update={"reopened": "never"}), (10, "resolved"), (20, "reopened"))
    assert (resumed.stage, stopped.stage) == ("running", "fulfilled")


def test_reopening_starts_no_clock_that_waits_for_an_activity() -> None:
    """It starts when that activity happens."""
    rule = row(starts="customer_replied", fulfilled_by=("resolved",), reopened="resume")
    assert clocks("resolution", rule, (10, "resolved"), (20, "reopened")) == []


def test_terms_of_a_milestone_without_a_row_promise_nothing() -> None:
    """A later version may have written them; the milestones that the table has go on as before."""
    rules = CaseRules(MilestoneTable({"resolution": SHIPPED["resolution"]}))
    policy = CasePolicy({"first_response": terms(60), "resolution": terms(60)}, OFFICE, rules)
    change = Activity(minute(5), "reprioritised", "1", terms={"first_response": terms(30), "resolution": terms(90)})
    (clock,) = fold(policy, to_micros(OPENED), "open", [change])
    assert (clock.milestone, clock.due_at) == ("resolution", minute(90))
