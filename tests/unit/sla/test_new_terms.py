"""New terms for a clock that is already counting: priority, plan and edition of a case may change."""

import pytest

from shared.business_time.calendar import BusinessCalendar
from shared.contracts.vocabulary import ActivityType
from shared.sla.clock import Terms
from shared.sla.effects import ClockBreached, ClockCancelled, ClockFulfilled
from tests.harness.desk import CHAIN, ClockDesk, terms
from tests.unit.sla.usual_terms import USUAL, WAITING, restated


@pytest.mark.parametrize("kind", ["reprioritised", "entitlement_refreshed"])
class TestNewTerms:
    """Re-prioritise, policy migration, entitlement_refreshed: recomputed from the original start."""

    def test_the_deadline_counts_from_the_original_start_with_pauses_kept(self, kind: ActivityType) -> None:
        """GLPI loses pending time when the urgency changes."""
        desk = ClockDesk({"restoration": terms(480, paused_by=USUAL)})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(40, "status_changed", to="open")
        [published] = desk.record_activity(60, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert published.due == desk.due("restoration") == 270
        assert restated(published.effect) == ("running", "running", kind)

    def test_hours_may_change_too(self, kind: ActivityType) -> None:
        """An outage that turns out to be one counts round the clock from the start."""
        desk = ClockDesk({"restoration": terms(600, "business")})
        desk.record_activity(60, kind, terms={"restoration": terms(600, "elapsed")})
        assert desk.due("restoration") == 600

    def test_already_late_is_one_breach_with_its_cause(self, kind: ActivityType) -> None:
        """Time alone did not make it late, so the event says what did; no warning follows it."""
        desk = ClockDesk({"restoration": terms(480)}, levels=CHAIN)
        [published] = desk.record_activity(300, kind, terms={"restoration": terms(240)})
        assert isinstance(published.effect, ClockBreached)
        assert (published.at, published.due, published.effect.cause) == (240, 240, kind)
        assert [(s.word, s.at) for s in desk.waits_until(1_000)] == [("raised", 240), ("raised", 360)]
        assert len(desk.published("breached")) == 1

    def test_after_a_downgrade_the_breach_stays_and_the_verdict_is_restated(self, kind: ActivityType) -> None:
        """What happened has happened; what is owed now is another thing."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.waits_until(250)
        [published] = desk.record_activity(300, kind, terms={"restoration": terms(480)})
        assert restated(published.effect) == ("breached", "running", kind)
        assert desk.clock("restoration").breached_at is not None
        [published] = desk.record_activity(400, "restored")
        assert isinstance(published.effect, ClockFulfilled)
        assert published.effect.met
        assert desk.clock("restoration").breached_at is not None

    def test_a_breach_that_no_timer_had_told_of_is_told_before_the_downgrade(self, kind: ActivityType) -> None:
        """A downgrade that overtakes a slow timer must not hide the miss."""
        desk = ClockDesk({"restoration": terms(240)})
        published = desk.record_activity(300, kind, terms={"restoration": terms(480)})
        assert [s.word for s in published] == ["breached", "restated"]
        assert published[0].at == 240

    def test_the_later_deadline_may_pass_as_well(self, kind: ActivityType) -> None:
        """Breached is said once for an instance; that the new deadline passed is a restatement."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.waits_until(250)
        desk.record_activity(300, kind, terms={"restoration": terms(480)})
        [published] = desk.waits_until(500)
        assert (published.at, restated(published.effect)) == (480, ("running", "breached", "deadline_passed"))
        assert desk.waits_until(5_000) == []

    def test_while_paused_the_target_changes_and_the_deadline_stays_none(self, kind: ActivityType) -> None:
        """It is read when the clock goes on."""
        desk = ClockDesk({"restoration": terms(480, paused_by=USUAL)})
        desk.record_activity(30, "status_changed", to=WAITING)
        assert desk.record_activity(60, kind, terms={"restoration": terms(240, paused_by=USUAL)}) == []
        assert desk.due("restoration") is None
        desk.record_activity(90, "status_changed", to="open")
        assert desk.due("restoration") == 300

    def test_while_paused_it_may_turn_out_to_have_been_late(self, kind: ActivityType) -> None:
        """More was used up before the pause than the new terms allow."""
        desk = ClockDesk({"restoration": terms(480, paused_by=USUAL)})
        desk.record_activity(300, "status_changed", to=WAITING)
        [published] = desk.record_activity(400, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert (published.word, published.at, published.due) == ("breached", 240, None)

    def test_statuses_that_pause_may_change(self, kind: ActivityType) -> None:
        """The present status is looked at again under the new terms, from then on."""
        desk = ClockDesk({"restoration": terms(480)})
        desk.record_activity(10, "status_changed", to=WAITING)
        [paused] = desk.record_activity(60, kind, terms={"restoration": terms(480, paused_by=[WAITING])})
        assert (paused.word, paused.at) == ("paused", 60)
        [resumed] = desk.record_activity(90, kind, terms={"restoration": terms(480)})
        assert (resumed.word, resumed.at) == ("resumed", 90)
        assert desk.due("restoration") == 510

    def test_a_milestone_left_out_keeps_its_terms(self, kind: ActivityType) -> None:
        """Only what is named changes."""
        desk = ClockDesk({"first_response": terms(60), "restoration": terms(480)})
        desk.record_activity(10, kind, terms={"restoration": terms(240)})
        assert desk.due("first_response") == 60

    def test_a_milestone_that_loses_its_target_is_cancelled(self, kind: ActivityType) -> None:
        """P3 promises no restoration."""
        desk = ClockDesk({"restoration": terms(240)}, levels=CHAIN)
        [published] = desk.record_activity(60, kind, terms={"restoration": terms(None)})
        assert isinstance(published.effect, ClockCancelled)
        assert published.effect.because == kind
        assert desk.waits_until(1_000) == []

    def test_a_milestone_that_gets_one_counts_from_the_submission(self, kind: ActivityType) -> None:
        """P1 promises one, with the pauses that it would have had."""
        desk = ClockDesk({"restoration": terms(None)})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(40, "status_changed", to="open")
        [published] = desk.record_activity(60, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert (published.short, published.due) == (("started", "restoration", 0), 270)

    def test_one_that_is_late_as_it_begins_is_breached_with_the_cause(self, kind: ActivityType) -> None:
        """An upgrade may come after what it promises is over."""
        desk = ClockDesk({})
        published = desk.record_activity(300, kind, terms={"restoration": terms(240)})
        assert [s.short for s in published] == [("started", "restoration", 0), ("breached", "restoration", 240)]
        assert isinstance(published[1].effect, ClockBreached)
        assert published[1].effect.cause == kind

    def test_one_that_begins_while_it_would_be_paused_begins_paused(self, kind: ActivityType) -> None:
        """Since the status changed, not since the upgrade."""
        desk = ClockDesk({})
        desk.record_activity(30, "status_changed", to=WAITING)
        published = desk.record_activity(300, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert [s.short for s in published] == [("started", "restoration", 0), ("paused", "restoration", 30)]
        desk.record_activity(400, "status_changed", to="open")
        assert desk.due("restoration") == 610

    def test_what_has_been_answered_is_not_promised_again(self, kind: ActivityType) -> None:
        """An upgrade after the reply does not ask for a first one."""
        desk = ClockDesk({})
        desk.record_activity(10, "agent_replied")
        desk.record_activity(20, "restored")
        assert desk.record_activity(60, kind, terms={"first_response": terms(60), "restoration": terms(60)}) == []

    def test_there_and_back_again_is_the_same_instance(self, kind: ActivityType) -> None:
        """P1, P3, P1: the clock that was cancelled goes on, and the time between counts."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(60, kind, terms={"restoration": terms(None)})
        desk.record_activity(70, "status_changed", to=WAITING)
        desk.record_activity(80, "status_changed", to="open")
        [published] = desk.record_activity(90, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert (published.short, published.due) == (("resumed", "restoration", 90), 250)

    def test_a_reply_owed_again_is_the_same_instance_only_if_it_is_the_same_reply(self, kind: ActivityType) -> None:
        """The customer still waits for the one, or has been answered meanwhile and waits for another."""
        desk = ClockDesk({"next_response": terms(60)})
        desk.record_activity(1, "customer_replied")
        desk.record_activity(2, kind, terms={"next_response": terms(None)})
        [published] = desk.record_activity(20, kind, terms={"next_response": terms(60)})
        assert (published.short, published.due) == (("resumed", "next_response", 20), 61)
        desk.record_activity(22, kind, terms={"next_response": terms(None)})
        desk.record_activity(23, "agent_replied")
        desk.record_activity(30, "customer_replied")
        [published] = desk.record_activity(40, kind, terms={"next_response": terms(60)})
        assert (published.short, published.due) == (("started", "next_response", 30), 90)
        assert desk.due("next_response", 2) == 90

    def test_an_update_owed_again_is_the_same_instance_only_if_nobody_has_updated(self, kind: ActivityType) -> None:
        """Each update starts the wait for the next one."""
        desk = ClockDesk({"periodic_update": terms(60)})
        desk.record_activity(2, kind, terms={"periodic_update": terms(None)})
        [published] = desk.record_activity(20, kind, terms={"periodic_update": terms(60)})
        assert (published.short, published.due) == (("resumed", "periodic_update", 20), 60)
        desk.record_activity(22, kind, terms={"periodic_update": terms(None)})
        desk.record_activity(23, "agent_replied")
        [published] = desk.record_activity(40, kind, terms={"periodic_update": terms(60)})
        assert (published.short, published.due) == (("started", "periodic_update", 23), 83)

    def test_terms_set_while_it_was_resolved_count_when_it_is_reopened(self, kind: ActivityType) -> None:
        """More had been used up by then than they allow: that is told as it is reopened, and not when a timer comes."""
        desk = ClockDesk({"restoration": terms(200, paused_by=USUAL)})
        desk.record_activity(100, "resolved")
        assert desk.record_activity(110, kind, terms={"restoration": terms(60, paused_by=USUAL)}) == []
        published = desk.record_activity(120, "reopened")
        assert [(each.word, each.at) for each in published if each.word == "breached"] == [("breached", 60)]

    def test_what_was_paused_before_it_lost_its_target_counts_when_it_is_back(self, kind: ActivityType) -> None:
        """The same instance has the same pauses; the time without a target is none."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(30, "status_changed", to="open")
        desk.record_activity(60, kind, terms={"restoration": terms(None)})
        desk.record_activity(90, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert desk.due("restoration") == 260

    def test_one_milestone_may_lose_its_target_while_another_gets_one(self, kind: ActivityType) -> None:
        """Each by itself, in whatever order they are named."""
        for names in (("first_response", "restoration"), ("restoration", "first_response")):
            desk = ClockDesk({"first_response": terms(60)})
            new = {"first_response": terms(None), "restoration": terms(240)}
            desk.record_activity(10, kind, terms={name: new[name] for name in names})
            assert desk.clock("first_response").stage == "cancelled"
            assert desk.due("restoration") == 240

    def test_another_calendar_counts_from_then_on_for_all_that_is_counted(self, kind: ActivityType) -> None:
        """Also for what starts later; without one the calendar stays."""
        later = BusinessCalendar.from_config({"timezone": "UTC", "hours": {"mon": [["11:00", "17:00"]]}})
        business: Terms = {"restoration": terms(60, "business")}
        for calendar, due in ((later, 180), (None, 60)):
            desk = ClockDesk(business)
            desk.record_activity(
                10, kind, terms={**business, "next_response": terms(60, "business")}, calendar=calendar
            )
            desk.record_activity(20, "customer_replied")
            assert (desk.due("restoration"), desk.due("next_response")) == (due, 180 if calendar else 80)

    def test_back_again_while_paused(self, kind: ActivityType) -> None:
        """The pause that began in between began then."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(60, kind, terms={"restoration": terms(None)})
        desk.record_activity(70, "status_changed", to=WAITING)
        [published] = desk.record_activity(90, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert published.short == ("paused", "restoration", 70)

    def test_an_unanswered_message_is_promised_an_answer(self, kind: ActivityType) -> None:
        """From when it came, not from the upgrade."""
        desk = ClockDesk({})
        desk.record_activity(10, "customer_replied")
        desk.record_activity(20, kind, terms={"next_response": terms(60), "periodic_update": terms(120)})
        assert (desk.due("next_response"), desk.due("periodic_update")) == (70, 120)
        desk = ClockDesk({})
        desk.record_activity(10, "customer_replied")
        desk.record_activity(15, "agent_replied")
        desk.record_activity(20, kind, terms={"next_response": terms(60), "periodic_update": terms(120)})
        assert [(c.milestone, c.started_at) for c in desk.clocks()] == [
            ("periodic_update", desk.clock("periodic_update").started_at)
        ]
        assert desk.due("periodic_update") == 135

    def test_a_fulfilled_clock_is_judged_by_the_goals_it_had(self, kind: ActivityType) -> None:
        """Jira judges history by current goals."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.record_activity(200, "restored")
        assert desk.record_activity(300, kind, terms={"restoration": terms(60)}) == []
        assert desk.due("restoration") == 240

    def test_a_closed_case_is_promised_nothing_anew(self, kind: ActivityType) -> None:
        """There is nobody to keep it to."""
        desk = ClockDesk({})
        desk.record_activity(10, "closed")
        assert desk.record_activity(20, kind, terms={"restoration": terms(240)}) == []
