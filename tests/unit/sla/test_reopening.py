"""What reopening a case does to its clocks."""

from dataclasses import replace

import pytest

from shared.contracts.vocabulary import ActivityType
from shared.policy.milestones import MilestoneTable
from tests.harness.desk import CHAIN, ClockDesk, terms
from tests.harness.shipped import shipped_rules
from tests.unit.sla.usual_terms import USUAL, WAITING, restated


class TestReopen:
    """Any status after resolved reopens."""

    @pytest.mark.parametrize(
        ("kind", "to"),
        [("reopened", None), ("reopened", "in_progress"), ("status_changed", "open"), ("status_changed", "anything")],
    )
    def test_resume_takes_the_time_resolved_as_a_pause(self, kind: ActivityType, to: str | None) -> None:
        """The default: the case was mended for a while."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL), "resolution": terms(480, paused_by=USUAL)})
        desk.record_activity(100, "resolved")
        published = desk.record_activity(200, kind, to=to)
        assert [s.word for s in published] == ["resumed", "restated"] * 2
        assert restated(published[1].effect) == ("met", "running", kind)
        assert (desk.due("restoration"), desk.due("resolution")) == (340, 580)
        assert len(desk.clocks()) == 2

    def test_new_cycle_starts_a_new_instance_and_keeps_the_old(self) -> None:
        """Each time is promised on its own."""
        desk = ClockDesk({"resolution": terms(480, reopen="new_cycle")})
        desk.record_activity(100, "resolved")
        published = desk.record_activity(200, "reopened")
        assert [s.short for s in published] == [("started", "resolution", 200)]
        assert [(c.instance, c.stage) for c in desk.clocks()] == [(1, "fulfilled"), (2, "running")]
        assert desk.due("resolution", 2) == 680

    def test_into_a_pausing_status_it_stays_paused(self) -> None:
        """Reopened to wait for the customer: the pause goes on."""
        desk = ClockDesk({"resolution": terms(480, paused_by=USUAL)})
        desk.record_activity(100, "resolved")
        published = desk.record_activity(200, "status_changed", to=WAITING)
        assert [s.word for s in published] == ["paused", "restated"]
        desk.record_activity(300, "status_changed", to="open")
        assert desk.due("resolution") == 680

    def test_after_a_restoration_only_reopened_owes_it_again(self) -> None:
        """The service works again while the case stays open: neither a status nor a message says that it is down."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.record_activity(100, "restored")
        desk.record_activity(110, "status_changed", to="in_progress")
        desk.record_activity(120, "customer_replied")
        assert desk.clock("restoration").stage == "fulfilled"
        published = desk.record_activity(200, "reopened")
        assert [s.word for s in published] == ["resumed", "restated"]
        assert restated(published[1].effect) == ("met", "running", "reopened")
        assert desk.due("restoration") == 340

    def test_a_relapse_begins_a_new_cycle_where_the_terms_say_so(self) -> None:
        """Each outage is promised on its own."""
        desk = ClockDesk({"restoration": terms(240, reopen="new_cycle")})
        desk.record_activity(100, "restored")
        published = desk.record_activity(200, "reopened")
        assert [s.short for s in published] == [("started", "restoration", 200)]
        assert desk.due("restoration", 2) == 440

    def test_a_relapse_owes_what_its_row_says_and_nothing_that_is_live(self) -> None:
        """The row of the edition decides, and not the name of a milestone: a first response is never owed again."""
        given = {name: terms(480) for name in ("first_response", "restoration", "resolution", "periodic_update")}
        desk = ClockDesk(given)
        desk.record_activity(50, "agent_replied")
        desk.record_activity(100, "restored")
        assert [s.short for s in desk.record_activity(200, "reopened")] == [
            ("resumed", "restoration", 200),
            ("restated", "restoration", 200),
        ]
        assert (desk.due("resolution"), desk.due("periodic_update", 2)) == (480, 530)

    def test_a_row_that_is_never_reopened_stays_answered_after_a_relapse(self) -> None:
        """`reopened: never` in the table of an edition."""
        rows = dict(shipped_rules().milestones)
        rows["restoration"] = rows["restoration"].model_copy(update={"reopened": "never"})
        desk = ClockDesk({"restoration": terms(240)}, rules=replace(shipped_rules(), milestones=MilestoneTable(rows)))
        desk.record_activity(100, "restored")
        assert desk.record_activity(200, "reopened") == []

    def test_a_relapse_after_a_late_restoration_keeps_the_breach(self) -> None:
        """What was late stays late, and is not breached twice."""
        desk = ClockDesk({"restoration": terms(60)})
        desk.waits_until(80)
        desk.record_activity(85, "restored")
        assert [s.word for s in desk.record_activity(100, "reopened")] == ["resumed"]
        assert "breached" not in [s.word for s in desk.waits_until(1_000)]

    def test_a_relapse_that_is_reported_late_counts_from_its_instant(self) -> None:
        """The order of event times decides, whichever arrived first."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.record_activity(100, "restored")
        desk.waits_until(300)
        desk.record_activity(200, "reopened")
        assert desk.due("restoration") == 340

    def test_a_restoration_resumes_from_where_it_stopped(self) -> None:
        """Restored at 100, resolved at 150: the time since it worked again is not counted."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.record_activity(100, "restored")
        desk.record_activity(150, "resolved")
        desk.record_activity(200, "reopened")
        assert desk.due("restoration") == 340

    def test_a_breach_stays_a_breach(self) -> None:
        """Reopening does not forgive it, nor repeat it."""
        desk = ClockDesk({"resolution": terms(60)}, levels=CHAIN)
        desk.waits_until(80)
        desk.record_activity(85, "resolved")
        assert [s.word for s in desk.record_activity(100, "reopened")] == ["resumed"]
        assert [(s.word, s.at) for s in desk.waits_until(1_000)] == [("raised", 105)]

    @pytest.mark.parametrize("ended", ["closed", "withdrawn"])
    def test_a_case_closed_by_mistake_goes_on_when_it_is_reopened(self, ended: ActivityType) -> None:
        """Promises are not lost to a wrong click; the first response alone never re-arms."""
        desk = ClockDesk(
            {"first_response": terms(60), "resolution": terms(480), "periodic_update": terms(60)}, levels=CHAIN[:1]
        )
        desk.record_activity(10, ended)
        published = desk.record_activity(110, "reopened")
        assert [s.short for s in published] == [("started", "periodic_update", 110), ("resumed", "resolution", 110)]
        assert desk.due("resolution") == 580
        assert desk.clock("first_response").stage == "cancelled"

    def test_resolving_what_is_closed_changes_nothing(self) -> None:
        """Closed is closed."""
        desk = ClockDesk({"resolution": terms(480)})
        desk.record_activity(10, "closed")
        assert desk.record_activity(20, "resolved") == []
        assert desk.clock("resolution").stage == "cancelled"

    def test_terms_that_came_while_it_was_resolved_hold_from_the_reopening(self) -> None:
        """A milestone that was never promised before starts there; one that was goes on under the new terms."""
        desk = ClockDesk({"resolution": terms(480)})
        desk.record_activity(100, "resolved")
        desk.record_activity(150, "reprioritised", terms={"restoration": terms(60), "resolution": terms(240)})
        desk.record_activity(200, "reopened")
        assert (desk.due("restoration"), desk.due("resolution")) == (260, 340)

    def test_what_was_done_before_the_reopening_is_to_be_done_again(self) -> None:
        """An upgrade after it promises a restoration, counted from the submission; the time resolved is a pause."""
        desk = ClockDesk({"resolution": terms(480)})
        desk.record_activity(100, "resolved")
        desk.record_activity(200, "reopened")
        desk.record_activity(210, "reprioritised", terms={"restoration": terms(240, paused_by=USUAL)})
        assert desk.due("restoration") == 340

    def test_a_new_cycle_that_loses_its_target_and_gets_it_back_is_the_same_cycle(self) -> None:
        """It does not start from the submission again, beside the cycle that has been answered."""
        cycle = terms(240, reopen="new_cycle")
        desk = ClockDesk({"restoration": cycle})
        desk.record_activity(100, "resolved")
        desk.record_activity(200, "reopened")
        desk.record_activity(210, "reprioritised", terms={"restoration": terms(None)})
        desk.record_activity(220, "reprioritised", terms={"restoration": cycle})
        assert [(c.instance, c.stage) for c in desk.clocks()] == [(1, "fulfilled"), (2, "running")]
        assert desk.due("restoration", 2) == 440

    def test_a_target_that_comes_back_only_after_the_reopening_counts_from_there(self) -> None:
        """What was answered before was answered."""
        desk = ClockDesk({"restoration": terms(240), "first_response": terms(60)})
        desk.record_activity(100, "closed")
        desk.record_activity(110, "reprioritised", terms={"restoration": terms(None), "first_response": terms(None)})
        desk.record_activity(200, "reopened")
        desk.record_activity(220, "reprioritised", terms={"restoration": terms(240), "first_response": terms(60)})
        assert [(c.milestone, c.instance, c.stage) for c in desk.clocks()] == [
            ("first_response", 1, "cancelled"),
            ("restoration", 1, "cancelled"),
            ("restoration", 2, "running"),
        ]
        assert desk.due("restoration", 2) == 440

    def test_the_wait_for_news_begins_anew_with_the_reopening(self) -> None:
        """Also if news are promised only some time later."""
        desk = ClockDesk({"periodic_update": terms(60)})
        desk.record_activity(10, "closed")
        desk.record_activity(30, "reopened")
        assert desk.due("periodic_update", 2) == 90
        desk.record_activity(40, "reprioritised", terms={"periodic_update": terms(None)})
        [published] = desk.record_activity(50, "reprioritised", terms={"periodic_update": terms(60)})
        assert (published.short, published.due) == (("resumed", "periodic_update", 50), 90)
