"""What changes a clock that is already counting: new terms, reopening, and records that come late."""

import pytest
from msgspec.structs import replace

from shared.business_time.calendar import BusinessCalendar
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import ActivityType, Hours
from shared.sla.clock import Terms
from shared.sla.effects import ClockBreached, ClockCancelled, ClockFulfilled, ClockRestated
from tests.harness.desk import CHAIN, ClockDesk, terms

WAITING = "waiting_on_customer"
USUAL = [WAITING, "resolved"]


def business_days(number: int) -> MilestoneTerms:
    """A target of so many business days."""
    return replace(terms(None), reason=None, hours="business", target_business_days=number, paused_by=tuple(USUAL))


def restated(said: object) -> tuple[str, str, str]:
    """Old, new and cause of a Restated."""
    assert isinstance(said, ClockRestated)
    return said.old, said.new, said.cause


@pytest.mark.parametrize("kind", ["reprioritised", "entitlement_refreshed"])
class TestNewTerms:
    """Re-prioritise, policy migration, entitlement_refreshed: recomputed from the original start."""

    def test_the_deadline_counts_from_the_original_start_with_pauses_kept(self, kind: ActivityType) -> None:
        """GLPI loses pending time when the urgency changes."""
        desk = ClockDesk({"restoration": terms(480, paused_by=USUAL)})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(40, "status_changed", to="open")
        [said] = desk.record_activity(60, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert said.due == desk.due("restoration") == 270
        assert restated(said.effect) == ("running", "running", kind)

    def test_hours_may_change_too(self, kind: ActivityType) -> None:
        """An outage that turns out to be one counts round the clock from the start."""
        desk = ClockDesk({"restoration": terms(600, "business")})
        desk.record_activity(60, kind, terms={"restoration": terms(600, "elapsed")})
        assert desk.due("restoration") == 600

    def test_already_late_is_one_breach_with_its_cause(self, kind: ActivityType) -> None:
        """Time alone did not make it late, so the event says what did; no warning follows it."""
        desk = ClockDesk({"restoration": terms(480)}, levels=CHAIN)
        [said] = desk.record_activity(300, kind, terms={"restoration": terms(240)})
        assert isinstance(said.effect, ClockBreached)
        assert (said.at, said.due, said.effect.cause) == (240, 240, kind)
        assert [(s.word, s.at) for s in desk.waits_until(1_000)] == [("raised", 240), ("raised", 360)]
        assert len(desk.said("breached")) == 1

    def test_after_a_downgrade_the_breach_stays_and_the_verdict_is_restated(self, kind: ActivityType) -> None:
        """What happened has happened; what is owed now is another thing."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.waits_until(250)
        [said] = desk.record_activity(300, kind, terms={"restoration": terms(480)})
        assert restated(said.effect) == ("breached", "running", kind)
        assert desk.clock("restoration").breached_at is not None
        [said] = desk.record_activity(400, "restored")
        assert isinstance(said.effect, ClockFulfilled)
        assert said.effect.met
        assert desk.clock("restoration").breached_at is not None

    def test_a_breach_that_no_timer_had_told_of_is_told_before_the_downgrade(self, kind: ActivityType) -> None:
        """A downgrade that overtakes a slow timer must not hide the miss."""
        desk = ClockDesk({"restoration": terms(240)})
        said = desk.record_activity(300, kind, terms={"restoration": terms(480)})
        assert [s.word for s in said] == ["breached", "restated"]
        assert said[0].at == 240

    def test_the_later_deadline_may_pass_as_well(self, kind: ActivityType) -> None:
        """Breached is said once for an instance; that the new deadline passed is a restatement."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.waits_until(250)
        desk.record_activity(300, kind, terms={"restoration": terms(480)})
        [said] = desk.waits_until(500)
        assert (said.at, restated(said.effect)) == (480, ("running", "breached", "deadline_passed"))
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
        [said] = desk.record_activity(400, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert (said.word, said.at, said.due) == ("breached", 240, None)

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
        [said] = desk.record_activity(60, kind, terms={"restoration": terms(None)})
        assert isinstance(said.effect, ClockCancelled)
        assert said.effect.because == kind
        assert desk.waits_until(1_000) == []

    def test_a_milestone_that_gets_one_counts_from_the_submission(self, kind: ActivityType) -> None:
        """P1 promises one, with the pauses that it would have had."""
        desk = ClockDesk({"restoration": terms(None)})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(40, "status_changed", to="open")
        [said] = desk.record_activity(60, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert (said.short, said.due) == (("started", "restoration", 0), 270)

    def test_one_that_is_late_as_it_begins_is_breached_with_the_cause(self, kind: ActivityType) -> None:
        """An upgrade may come after what it promises is over."""
        desk = ClockDesk({})
        said = desk.record_activity(300, kind, terms={"restoration": terms(240)})
        assert [s.short for s in said] == [("started", "restoration", 0), ("breached", "restoration", 240)]
        assert isinstance(said[1].effect, ClockBreached)
        assert said[1].effect.cause == kind

    def test_one_that_begins_while_it_would_be_paused_begins_paused(self, kind: ActivityType) -> None:
        """Since the status changed, not since the upgrade."""
        desk = ClockDesk({})
        desk.record_activity(30, "status_changed", to=WAITING)
        said = desk.record_activity(300, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert [s.short for s in said] == [("started", "restoration", 0), ("paused", "restoration", 30)]
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
        [said] = desk.record_activity(90, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert (said.short, said.due) == (("resumed", "restoration", 90), 250)

    def test_a_reply_owed_again_is_the_same_instance_only_if_it_is_the_same_reply(self, kind: ActivityType) -> None:
        """The customer still waits for the one, or has been answered meanwhile and waits for another."""
        desk = ClockDesk({"next_response": terms(60)})
        desk.record_activity(1, "customer_replied")
        desk.record_activity(2, kind, terms={"next_response": terms(None)})
        [said] = desk.record_activity(20, kind, terms={"next_response": terms(60)})
        assert (said.short, said.due) == (("resumed", "next_response", 20), 61)
        desk.record_activity(22, kind, terms={"next_response": terms(None)})
        desk.record_activity(23, "agent_replied")
        desk.record_activity(30, "customer_replied")
        [said] = desk.record_activity(40, kind, terms={"next_response": terms(60)})
        assert (said.short, said.due) == (("started", "next_response", 30), 90)
        assert desk.due("next_response", 2) == 90

    def test_an_update_owed_again_is_the_same_instance_only_if_nobody_has_updated(self, kind: ActivityType) -> None:
        """Each update starts the wait for the next one."""
        desk = ClockDesk({"periodic_update": terms(60)})
        desk.record_activity(2, kind, terms={"periodic_update": terms(None)})
        [said] = desk.record_activity(20, kind, terms={"periodic_update": terms(60)})
        assert (said.short, said.due) == (("resumed", "periodic_update", 20), 60)
        desk.record_activity(22, kind, terms={"periodic_update": terms(None)})
        desk.record_activity(23, "agent_replied")
        [said] = desk.record_activity(40, kind, terms={"periodic_update": terms(60)})
        assert (said.short, said.due) == (("started", "periodic_update", 23), 83)

    def test_terms_set_while_it_was_resolved_count_when_it_is_reopened(self, kind: ActivityType) -> None:
        """More had been used up by then than they allow: that is told as it is reopened, and not when a timer comes."""
        desk = ClockDesk({"restoration": terms(200, paused_by=USUAL)})
        desk.record_activity(100, "resolved")
        assert desk.record_activity(110, kind, terms={"restoration": terms(60, paused_by=USUAL)}) == []
        said = desk.record_activity(120, "reopened")
        assert [(each.word, each.at) for each in said if each.word == "breached"] == [("breached", 60)]

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
        [said] = desk.record_activity(90, kind, terms={"restoration": terms(240, paused_by=USUAL)})
        assert said.short == ("paused", "restoration", 70)

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
        said = desk.record_activity(200, kind, to=to)
        assert [s.word for s in said] == ["resumed", "restated"] * 2
        assert restated(said[1].effect) == ("met", "running", kind)
        assert (desk.due("restoration"), desk.due("resolution")) == (340, 580)
        assert len(desk.clocks()) == 2

    def test_new_cycle_starts_a_new_instance_and_keeps_the_old(self) -> None:
        """Each time is promised on its own."""
        desk = ClockDesk({"resolution": terms(480, reopen="new_cycle")})
        desk.record_activity(100, "resolved")
        said = desk.record_activity(200, "reopened")
        assert [s.short for s in said] == [("started", "resolution", 200)]
        assert [(c.instance, c.stage) for c in desk.clocks()] == [(1, "fulfilled"), (2, "running")]
        assert desk.due("resolution", 2) == 680

    def test_into_a_pausing_status_it_stays_paused(self) -> None:
        """Reopened to wait for the customer: the pause goes on."""
        desk = ClockDesk({"resolution": terms(480, paused_by=USUAL)})
        desk.record_activity(100, "resolved")
        said = desk.record_activity(200, "status_changed", to=WAITING)
        assert [s.word for s in said] == ["paused", "restated"]
        desk.record_activity(300, "status_changed", to="open")
        assert desk.due("resolution") == 680

    def test_what_was_not_resolved_cannot_be_reopened(self) -> None:
        """A stray record does not undo a restoration."""
        desk = ClockDesk({"restoration": terms(240)})
        desk.record_activity(100, "restored")
        assert desk.record_activity(200, "reopened") == []

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
        said = desk.record_activity(110, "reopened")
        assert [s.short for s in said] == [("started", "periodic_update", 110), ("resumed", "resolution", 110)]
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
        [said] = desk.record_activity(50, "reprioritised", terms={"periodic_update": terms(60)})
        assert (said.short, said.due) == (("resumed", "periodic_update", 50), 90)


class TestVerdicts:
    """What was said of a clock stays so until something makes it otherwise, and then that is said."""

    def test_what_does_not_concern_a_clock_that_is_late_leaves_it_late(self) -> None:
        """Time alone has passed its deadline, which the activity says nothing about."""
        desk = ClockDesk({"restoration": terms(60, paused_by=USUAL)})
        desk.waits_until(61)
        assert desk.record_activity(70, "customer_replied") == []
        assert desk.record_activity(80, "status_changed", to="in_progress") == []
        assert (
            desk.record_activity(90, "reprioritised", terms={"first_response": terms(240)})[0].milestone
            == "first_response"
        )
        assert desk.said("restated") == []

    def test_new_terms_that_are_missed_as_well_are_no_second_breach(self) -> None:
        """It was late before, and is late still; only its deadline is another."""
        desk = ClockDesk({"restoration": terms(60)})
        desk.waits_until(61)
        [said] = desk.record_activity(100, "reprioritised", terms={"restoration": terms(80)})
        assert (said.due, restated(said.effect)) == (80, ("breached", "breached", "reprioritised"))

    def test_a_deadline_that_moves_to_this_very_instant_is_not_missed_yet(self) -> None:
        """As with any other: only past it."""
        for now, new in ((90, "running"), (91, "breached")):
            desk = ClockDesk({"restoration": terms(60, paused_by=USUAL)})
            desk.waits_until(61)
            desk.record_activity(50, "status_changed", to="open", seen=62, id="b")
            desk.record_activity(20, "status_changed", to=WAITING, seen=now, id="a")
            assert desk.due("restoration") == 90
            assert desk.said("restated")[-1].effect == desk.log[-1].effect
            assert restated(desk.log[-1].effect) == ("breached", new, "late_record")

    def test_a_later_deadline_that_is_missed_without_a_timer_is_told_by_the_stop(self) -> None:
        """It is fulfilled, and not met: nothing has to be restated, for nothing else was said since."""
        desk = ClockDesk({"restoration": terms(60)})
        desk.waits_until(61)
        desk.record_activity(70, "reprioritised", terms={"restoration": terms(240)})
        [said] = desk.record_activity(300, "restored")
        assert isinstance(said.effect, ClockFulfilled)
        assert not said.effect.met
        assert desk.record_activity(310, "internal_note") == []

    def test_of_two_activities_in_one_instant_neither_is_late(self) -> None:
        """The second was not overtaken: it is a cause by its own name."""
        desk = ClockDesk({"restoration": terms(60)})
        desk.waits_until(61)
        desk.record_activity(100, "agent_replied")
        [said] = desk.record_activity(100, "reprioritised", terms={"restoration": terms(240)})
        assert restated(said.effect) == ("breached", "running", "reprioritised")


class TestLateRecords:
    """Folded by event time, whenever they arrive; never edited silently."""

    def test_a_reply_in_time_that_arrives_late_is_met_and_the_breach_restated(self) -> None:
        """The mail gateway was slow, the agent was not."""
        desk = ClockDesk({"first_response": terms(60)})
        desk.waits_until(70)
        said = desk.record_activity(50, "agent_replied", seen=80)
        assert [s.word for s in said] == ["fulfilled", "restated"]
        assert restated(said[1].effect) == ("breached", "met", "late_record")
        assert desk.clock("first_response", at=1_000).breached_at is None

    def test_an_earlier_late_reply_corrects_the_stop(self) -> None:
        """The first of two replies arrives second: late becomes in time."""
        desk = ClockDesk({"first_response": terms(60)})
        desk.record_activity(70, "agent_replied")
        [said] = desk.record_activity(50, "agent_replied", seen=80)
        assert restated(said.effect) == ("breached", "met", "late_record")

    def test_a_pause_that_arrives_late_moves_the_deadline_and_takes_back_the_breach(self) -> None:
        """It was waiting for the customer all along."""
        desk = ClockDesk({"restoration": terms(60, paused_by=USUAL)})
        desk.waits_until(61)
        said = desk.record_activity(30, "status_changed", to=WAITING, seen=70)
        assert [s.word for s in said] == ["paused", "restated"]
        assert restated(said[1].effect) == ("breached", "running", "late_record")
        desk.record_activity(80, "status_changed", to="open")
        assert desk.due("restoration") == 110

    def test_a_late_record_that_changes_no_verdict_still_tells_the_new_deadline(self) -> None:
        """A published deadline is never moved silently."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(50, "status_changed", to=WAITING)
        desk.record_activity(100, "status_changed", to="open")
        [said] = desk.record_activity(80, "status_changed", to="open", seen=110)
        assert (said.due, restated(said.effect)) == (270, ("running", "running", "late_record"))

    def test_a_resolution_before_a_breach_that_was_told_takes_it_back(self) -> None:
        """Even days after."""
        desk = ClockDesk({"resolution": terms(60)}, levels=CHAIN)
        desk.waits_until(5_000)
        said = desk.record_activity(59, "resolved", seen=5_001)
        assert [s.word for s in said] == ["fulfilled", "restated"]
        assert len(desk.said("breached")) == 1

    def test_a_closing_that_arrives_late_takes_back_what_came_after(self) -> None:
        """The message was to a closed case: the clock that it started is cancelled, and says why."""
        desk = ClockDesk({"next_response": terms(60)})
        desk.record_activity(10, "customer_replied")
        [said] = desk.record_activity(5, "closed", seen=20)
        assert isinstance(said.effect, ClockCancelled)
        assert (said.at, said.effect.because) == (5, "late_record")
        assert desk.clocks() == []
        assert desk.next_due is None

    def test_an_instance_that_never_was_ends_as_what_it_was_and_may_come_back(self) -> None:
        """Its number is not given to another promise; each time it is a new generation."""
        desk = ClockDesk({"next_response": terms(60, promise="commitment")})
        desk.record_activity(10, "customer_replied")
        desk.record_activity(5, "closed", seen=20)
        desk.record_activity(6, "reopened", seen=30)
        said = [(s.word, s.at, s.due, s.effect.promise, s.effect.instance, s.effect.generation) for s in desk.log]
        assert said == [
            ("started", 10, 70, "commitment", 1, 1),
            ("cancelled", 5, 70, "commitment", 1, 2),
            ("started", 10, 70, "commitment", 1, 3),
        ]

    def test_a_reply_that_arrives_late_may_put_an_instance_in_between(self) -> None:
        """Instances are numbered by their start; what was called for the later one is not called again."""
        desk = ClockDesk({"periodic_update": terms(60)}, levels=CHAIN)
        desk.record_activity(10, "agent_replied")
        desk.record_activity(20, "agent_replied")
        desk.waits_until(81)
        called = [("warned", 65), ("raised", 80)]
        assert [(s.word, s.at) for s in desk.said("warned", "raised")] == called
        desk.record_activity(15, "agent_replied", seen=82)
        assert [(c.instance, c.stage) for c in desk.clocks()] == [
            (1, "fulfilled"),
            (2, "fulfilled"),
            (3, "fulfilled"),
            (4, "running"),
        ]
        desk.waits_until(109)
        assert [(s.word, s.at) for s in desk.said("warned", "raised")] == called
        desk.waits_until(111)
        assert [(s.word, s.at) for s in desk.said("warned", "raised")] == [*called, ("raised", 110)]

    def test_the_same_record_twice_is_one_record(self) -> None:
        """An id is an identity."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(10, "status_changed", to=WAITING, id="a")
        before = desk.case
        assert desk.record_activity(10, "status_changed", to=WAITING, id="a") == []
        assert desk.case == before

    def test_before_the_case_was_opened_nothing_happens(self) -> None:
        """A skewed clock gives the instant of the opening at best."""
        desk = ClockDesk({"first_response": terms(60)})
        [said] = desk.record_activity(-5, "agent_replied")
        assert said.short == ("fulfilled", "first_response", 0)


class TestGenerations:
    """A change of schedule is a new generation; what was said carries the one it belongs to."""

    def test_every_change_of_the_schedule_is_a_new_generation(self) -> None:
        """Start, pause, resume, new terms, stop."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(20, "status_changed", to="open")
        desk.record_activity(30, "reprioritised", terms={"restoration": terms(480, paused_by=USUAL)})
        desk.record_activity(40, "restored")
        assert [s.effect.generation for s in desk.log] == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize(
        "new",
        [
            terms(60, paused_by=USUAL),
            replace(terms(480, "elapsed_then_next_open", USUAL), open_at_least=3600),
            business_days(2),
        ],
    )
    def test_so_is_a_change_while_it_is_paused(self, new: MilestoneTerms) -> None:
        """No deadline shows it then: how long the target is, and how long the desk must be open, are the schedule."""
        before = terms(480, "elapsed_then_next_open", USUAL) if new.open_at_least else business_days(1)
        desk = ClockDesk({"restoration": before})
        desk.record_activity(10, "status_changed", to=WAITING)
        desk.record_activity(20, "reprioritised", terms={"restoration": new})
        desk.record_activity(30, "status_changed", to="open")
        assert [s.effect.generation for s in desk.log] == [1, 2, 4]

    def test_what_changes_nothing_leaves_the_generation(self) -> None:
        """Notes, and the clocks of other milestones."""
        desk = ClockDesk({"first_response": terms(60), "restoration": terms(240)})
        desk.record_activity(10, "internal_note")
        desk.record_activity(20, "agent_replied")
        [said] = desk.waits_until(241)
        assert said.effect.generation == 1

    def test_a_timer_that_a_change_made_stale_finds_nothing_to_do(self) -> None:
        """It fires by what is so now, not by what was when it was set."""
        desk = ClockDesk({"restoration": terms(240, paused_by=USUAL)})
        desk.record_activity(230, "status_changed", to=WAITING)
        assert desk.waits_until(241) == []
        desk.record_activity(250, "status_changed", to="open")
        assert desk.waits_until(260) == []
        assert [s.at for s in desk.waits_until(261)] == [260]


@pytest.mark.parametrize("hours", ["elapsed", "business", "elapsed_then_next_open"])
def test_pausing_and_resuming_keep_what_is_left(hours: Hours) -> None:
    """Resume continues, it does not restart (GLPI restarts the chain)."""
    desk = ClockDesk({"restoration": terms(240, hours, paused_by=[WAITING])})
    desk.record_activity(60, "status_changed", to=WAITING)
    used = desk.clock("restoration").used(0)
    desk.record_activity(120, "status_changed", to="open")
    assert desk.clock("restoration").used(desk.clock("restoration").since) == used
