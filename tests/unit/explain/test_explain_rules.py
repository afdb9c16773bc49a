"""`frontline explain`: each number with the rule and the edition that it is from, whatever has changed since."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.structs import MilestoneTerms
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.model import EscalationLevel, Repeat
from tests.harness.shipped import shipped_library
from tests.topology.escalation.desk import LIBRARY, NEXT, TaskDesk, minutes
from tests.unit.explain.explained_case import ExplainedCase

BOTH = shipped_library("guidelines-2021", "objectives-2024")
TO_NEXT = {"edition": "objectives-2024", "policy_sha256": policy_sha256(NEXT.editions[0])}
BY_THE_TABLE = "table of response times; P1 is worked on all day"


def case_under(library: EditionLibrary = BOTH, **given: Any) -> ExplainedCase:
    """A case that the guidelines decided; escalation knows both editions."""
    return ExplainedCase(TaskDesk(library, routed_by=LIBRARY), **given)


def named(rule: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """A rule, its edition, and the type of the activity that made it count."""
    return rule["rule"], rule["edition"], rule["by"] and rule["by"]["type"]


def test_the_target_names_its_place_in_the_edition_with_what_is_written_there() -> None:
    """Who doubts "one hour" looks it up, and finds where the vendor says so."""
    rule = case_under().clock("first_response")["rules"]["target"]
    assert named(rule) == ("targets[0]", "guidelines-2021", None)
    assert (rule["source"], rule["note"], rule["policy_sha256"]) == (
        BY_THE_TABLE,
        LIBRARY.editions[0].targets[0].note,
        policy_sha256(LIBRARY.editions[0]),
    )
    assert rule["because"] == "P1 on plan Premier+, by the decision"
    assert LIBRARY.editions[0].targets[0].milestone == "first_response"


def test_how_a_clock_pauses_and_reopens_is_its_milestones_rule() -> None:
    """The same for every case of the edition."""
    clock = case_under().clock("restoration")
    assert (clock["paused_by"], clock["reopen"]) == (["waiting_on_customer", "resolved"], "resume")
    assert named(clock["rules"]["paused_by"]) == ("milestones.restoration", "guidelines-2021", None)
    assert clock["rules"]["reopen"] == clock["rules"]["paused_by"]


def test_when_a_milestone_begins_again_is_its_rule_in_the_edition_that_counts_now() -> None:
    """A restoration begins once, so that no rule is named; updates begin again, once an edition promises them."""
    case = case_under()
    assert case.clock("restoration")["rules"]["counts_from"] is None
    case.passes(minutes(10))
    case.record_activity("policy_migrated", **TO_NEXT)
    case.passes(minutes(10))
    case.record_activity("reprioritised", workaround="partial")
    clock = case.clock("periodic_update")
    assert (clock["starts"], clock["again"], clock["counts_from"]) == (
        "submitted",
        "at_fulfilment",
        "last_public_update",
    )
    assert named(clock["rules"]["counts_from"]) == ("milestones.periodic_update", "objectives-2024", "policy_migrated")
    line = "begins again when it is fulfilled; if it is promised later, it counts from the last public update: "
    assert line + "milestones.periodic_update of objectives-2024: policy migrated" in case.shown()


def test_after_a_reprioritisation_the_number_is_that_of_the_new_priority() -> None:
    """P1 became P2: another target of the same edition, since that activity."""
    case = case_under()
    case.passes(minutes(10))
    case.record_activity("reprioritised", workaround="partial", activity_id="the-call")
    rule = case.clock("first_response")["rules"]["target"]
    assert named(rule) == ("targets[2]", "guidelines-2021", "reprioritised")
    assert rule["by"] == {"activity_id": "the-call", "type": "reprioritised", "at": "2026-11-23T12:10:00Z"}
    assert rule["because"] == "P2 on plan Premier+, since the case was re-prioritised"
    found = case.explained()
    assert [(rule["priority"], *named(rule)) for rule in found["priority_rules"]] == [
        ("P1", "priority.outage_without_workaround", "guidelines-2021", None),
        ("P2", "priority.significant_or_partial_workaround", "guidelines-2021", "reprioritised"),
    ]
    assert (found["priority"], found["priority_rules"][1]["because"]) == ("P2", "P2 because workaround is partial")


def test_after_another_plan_the_number_is_that_of_the_plan() -> None:
    """The priority stays, and so does its rule."""
    case = case_under(plan="premier")
    case.passes(minutes(10))
    case.record_activity("entitlement_refreshed", plan="premier_plus")
    rule = case.clock("first_response")["rules"]["target"]
    assert named(rule) == ("targets[0]", "guidelines-2021", "entitlement_refreshed")
    assert rule["because"] == "P1 on plan Premier+, since the case was given another plan"
    assert len(case.explained()["priority_rules"]) == 1


def test_after_a_migration_every_number_is_the_other_editions() -> None:
    """Target, pausing, calendar, levels and waits; the decision's own answers stay with the edition that gave them."""
    case = case_under()
    case.passes(minutes(50))
    case.record_activity("policy_migrated", **TO_NEXT)
    clock = case.clock("first_response")
    assert {name: named(rule) for name, rule in clock["rules"].items() if rule} == {
        "target": ("targets[9]", "objectives-2024", "policy_migrated"),
        "paused_by": ("milestones.first_response", "objectives-2024", "policy_migrated"),
        "reopen": ("milestones.first_response", "objectives-2024", "policy_migrated"),
        "calendar": ("calendars.spain", "objectives-2024", "policy_migrated"),
    }
    assert [(call["state"], call["edition"]) for call in clock["calls"]] == [
        ("made", "guidelines-2021"),
        ("coming", "objectives-2024"),
        ("coming", "objectives-2024"),
    ]
    found = case.explained()
    assert found["channel_rule"]["edition"] == found["calendar_rule"]["edition"] == "guidelines-2021"
    assert found["customer_escalation"]["edition"] == "guidelines-2021"
    assert named(found["customer_escalation"]["waits"]) == ("customer_escalation", "objectives-2024", "policy_migrated")
    assert named(found["priority_rules"][-1])[1:] == ("objectives-2024", "policy_migrated")


def test_a_clock_that_had_stopped_keeps_the_rules_that_it_was_judged_by() -> None:
    """History is not judged by today's goals."""
    case = case_under()
    case.passes(minutes(10))
    case.record_activity("agent_replied")
    case.passes(minutes(1))
    case.record_activity("policy_migrated", **TO_NEXT)
    rules = case.clock("first_response")["rules"]
    assert named(rules["target"]) == ("targets[0]", "guidelines-2021", None)
    assert named(rules["calendar"]) == ("regional_hours.countries.ES", "guidelines-2021", None)
    assert named(case.clock("restoration")["rules"]["calendar"])[1] == "objectives-2024"


def test_terms_that_an_activity_gives_itself_are_by_no_edition() -> None:
    """Somebody promised it by hand; what they left alone is still by the edition."""
    case = case_under()
    by_hand = MilestoneTerms(target_seconds=600, hours="elapsed", promise="commitment")
    case.record_activity("reprioritised", milestones={"restoration": by_hand}, activity_id="by-hand")
    rules = case.clock("restoration")["rules"]
    for name in ("target", "paused_by", "reopen"):
        assert named(rules[name]) == ("reprioritised.milestones.restoration", None, "reprioritised")
    assert named(case.clock("first_response")["rules"]["target"]) == ("targets[0]", "guidelines-2021", None)


def test_a_breach_names_the_rule_of_the_deadline_that_was_missed() -> None:
    """Downgraded after the breach: the deadline in force is another one, and would not explain the instant."""
    case = case_under()
    case.passes(timedelta(hours=2))
    case.record_activity("reprioritised", impact="general")
    clock = case.clock("first_response")
    assert named(clock["rules"]["target"]) == ("targets[4]", "guidelines-2021", "reprioritised")
    assert named(clock["rules"]["breached_at"]) == ("targets[0]", "guidelines-2021", None)
    assert case.clock("restoration")["rules"]["breached_at"] is None
    assert case.clock("restoration")["stopped_by"]["type"] == "reprioritised"


@pytest.mark.parametrize(
    ("given", "rule", "calendar"),
    [
        ({}, "regional_hours.countries.ES", "spain"),
        ({"country": "PT"}, "regional_hours.regions.PT", "region-western-europe"),
        ({"country": None}, "regional_hours.default", "international"),
    ],
)
def test_the_calendar_names_the_rule_that_chose_it(given: dict[str, Any], rule: str, calendar: str) -> None:
    """With its zone, and the versions of what it is made of."""
    found = case_under(**given).explained()["calendar_rule"]
    assert (found["rule"], found["calendar"], found["edition"]) == (rule, calendar, "guidelines-2021")
    edition = LIBRARY.editions[0]
    assert found["timezone"] == edition.calendars[calendar].timezone
    assert found["holidays_version"] == edition.holidays_version
    assert found["tzdata_version"] == found["tzdata_version_here"] == edition.tzdata_version


def test_what_is_not_promised_names_what_stands_in_the_way() -> None:
    """The plan, the channel, or that no target is for such a case."""
    ways = {
        "plans.access.priority_response": case_under(plan="access"),
        "channels.help_center.staffed": case_under(channel="help_center"),
        "targets": case_under(impact="general"),
    }
    for place, case in ways.items():
        rule = case.explained()["milestones"]["restoration"]["decided_by"]
        assert named(rule) == (place, "guidelines-2021", None)
    assert rule["because"] == "plan Premier+ promises none for P3"


def test_every_call_is_told_with_its_level_its_instant_and_who_was_called() -> None:
    """One behind it, two before it: at three quarters, at the deadline, and half a target later."""
    case = case_under()
    case.passes(minutes(50))
    calls = case.clock("first_response")["calls"]
    assert [(call["rule"], call["share"], call["state"], call["at"], call["called"]) for call in calls] == [
        ("escalation_levels[0]", 0.75, "made", "2026-11-23T12:45:00Z", "case_tier"),
        ("escalation_levels[1]", 1.0, "coming", "2026-11-23T13:00:00Z", "tier2"),
        ("escalation_levels[2]", 1.5, "coming", "2026-11-23T13:30:00Z", "technical_account_manager"),
    ]
    assert [call["because"] for call in calls] == [
        "at 75% of the target",
        "at 100% of the target",
        "at 150% of the target",
    ]
    assert calls[0]["note"] == "The tier that holds the case."


def test_where_nobody_is_entitled_it_says_that_nobody_is_called_and_why() -> None:
    """Premier has no automated escalation: said before the deadline and after it."""
    case = case_under(plan="premier")
    for state, hours in (("coming", 0), ("suppressed", 2)):
        case.passes(timedelta(hours=hours))
        call = case.clock("first_response")["calls"][-1]
        assert (call["rule"], call["state"], call["called"], call["reason"]) == (
            "escalation_levels[1]",
            state,
            None,
            "not_entitled",
        )
        assert named(call["nobody_because"]) == ("plans.premier.automated_escalation", "guidelines-2021", None)


def test_calls_stand_still_with_their_clock_and_end_with_it() -> None:
    """Of a paused clock no instant can be told; a stopped one calls nobody any more."""
    case = case_under()
    case.passes(minutes(10))
    case.record_activity("status_changed", to="waiting_on_customer")
    assert {(call["state"], call["at"]) for call in case.clock("restoration")["calls"]} == {("standing_still", None)}
    case.record_activity("agent_replied")
    assert case.clock("first_response")["calls"] == []


def test_a_call_that_should_have_been_made_is_overdue() -> None:
    """Escalation is down, or slow: the explanation says so instead of promising it for the past."""
    case = case_under()
    case.desk.driver.now += minutes(50)
    [first, *others] = case.clock("first_response")["calls"]
    assert (first["state"], first["at"]) == ("overdue", "2026-11-23T12:45:00Z")
    assert {call["state"] for call in others} == {"coming"}


def with_levels(*levels: EscalationLevel) -> TaskDesk:
    """A desk whose edition has these levels."""
    edition = LIBRARY.editions[0].model_copy(update={"escalation_levels": levels})
    return TaskDesk(EditionLibrary([edition]))


def test_levels_before_and_after_the_deadline_and_their_repetitions_are_told() -> None:
    """Each in the words of the edition; the second call of a level is told apart from the first."""
    early = EscalationLevel(kind="warning", level=0, before_deadline_seconds=1800, called="case_tier")
    again = Repeat(every_seconds=600, times=2)
    late = EscalationLevel(kind="escalation", level=3, after_deadline_seconds=300, called="tier2", repeat=again)
    case = ExplainedCase(with_levels(early, late))
    case.passes(minutes(80))
    calls = case.clock("first_response")["calls"]
    assert [
        (call["rule"], call["repetition"], call["state"], call["at"][11:16], call["because"]) for call in calls
    ] == [
        ("escalation_levels[0]", 0, "made", "12:30", "30 min before the deadline"),
        (
            "escalation_levels[1]",
            0,
            "made",
            "13:05",
            "5 min after the deadline, and again every 10 min, 2 times at most",
        ),
        ("escalation_levels[1]", 1, "made", "13:15", "5 min after the deadline, call 2"),
        ("escalation_levels[1]", 2, "coming", "13:25", "5 min after the deadline, call 3"),
    ]
    assert calls[1]["repeat"] == {"every_seconds": 600, "times": 2}
    assert (calls[0]["before_deadline_seconds"], calls[1]["after_deadline_seconds"]) == (1800, 300)


def test_the_right_to_ask_names_its_condition_and_when_asking_is_of_use() -> None:
    """Before a day has gone by it is too early, and the answer says until when."""
    case = case_under()
    found = case.explained()["customer_escalation"]
    assert (found["may_ask"], found["rule"]) == (True, "customer_escalation.any_of[0]")
    assert found["because"] == "plan Premier or Premier+, the role admin and a licence is required, and that is met"
    assert (found["waits"]["after_submission_seconds"], found["waits"]["after_rejection_seconds"]) == (86400, 86400)
    assert found["now"] == {"possible": False, "reason": "too_early", "eligible_at": "2026-11-24T12:00:00Z"}
    case.passes(timedelta(hours=24))
    assert case.explained()["customer_escalation"]["now"] == {"possible": True, "reason": None, "eligible_at": None}


def test_what_was_asked_for_is_told_with_what_became_of_it() -> None:
    """Refused, then rejected, then waiting for its review."""
    case = case_under()
    case.record_activity("escalation_requested", activity_id="first")
    case.passes(timedelta(hours=25))
    case.record_activity("escalation_requested", activity_id="second")
    case.passes(minutes(30))
    case.record_activity("escalation_reviewed", accepted=False)
    after = case.explained()["customer_escalation"]["now"]
    assert after == {"possible": False, "reason": "recently_rejected", "eligible_at": "2026-11-25T13:30:00Z"}
    case.passes(timedelta(hours=24))
    case.record_activity("escalation_requested", activity_id="third")
    found = case.explained()["customer_escalation"]
    assert [(each["activity_id"], each["state"], each["reason"], each["eligible_at"]) for each in found["asked"]] == [
        ("first", "refused", "too_early", "2026-11-24T12:00:00Z"),
        ("second", "rejected", None, "2026-11-25T13:30:00Z"),
        ("third", "requested", None, None),
    ]
    assert found["asked"][1]["answered_at"] == "2026-11-24T13:30:00Z"
    assert found["now"] == {"possible": False, "reason": "already_requested", "eligible_at": None}


@pytest.mark.parametrize(
    ("given", "rule", "because"),
    [
        (
            {"plan": "access", "account_type": "pro"},
            "customer_escalation.any_of",
            "it needs plan Premier or Premier+ or an account of type Business+, Enterprise or Education; "
            "the plan is Access and the account is of type Pro",
        ),
        (
            {"request_type": "other"},
            "customer_escalation.requires",
            "such requests have none: it needs request type technical or billing; request type is other",
        ),
    ],
)
def test_who_may_not_ask_hears_what_is_missing(given: dict[str, Any], rule: str, because: str) -> None:
    """The rule that refuses, and in what it is not met."""
    found = case_under(**given).explained()["customer_escalation"]
    assert (found["may_ask"], found["rule"], found["because"]) == (False, rule, because)
    assert found["now"]["possible"] is False


def test_the_channel_names_its_access_rule() -> None:
    """With where the vendor says so, and what was chosen where it contradicts itself."""
    rule = case_under(plan="access", channel="phone").explained()["channel_rule"]
    assert (rule["rule"], rule["edition"], rule["because"]) == (
        "access.tier1.phone",
        "guidelines-2021",
        "phone is open at tier 1",
    )
    assert rule["source"].startswith("matrix: tier 1 (phone), access")
    assert rule["note"].startswith("The footnote leaves out API accounts")


def test_without_the_edition_the_rules_that_were_published_are_still_named() -> None:
    """What only the edition knows is null, not guessed."""
    found = case_under().explained(with_edition=False)
    assert (found["channel_rule"]["rule"], found["channels"], found["trace"]) == (None, None, [])
    assert [named(rule) for rule in found["priority_rules"]] == [
        ("priority.outage_without_workaround", "guidelines-2021", None)
    ]
    assert (found["calendar_rule"]["rule"], found["calendar_rule"]["edition"]) == (None, "guidelines-2021")
    assert found["milestones"]["restoration"]["decided_by"] is None
    assert (found["customer_escalation"]["may_ask"], found["customer_escalation"]["now"]) == (True, None)


def test_a_case_whose_calendar_its_edition_does_not_have_is_explained_without_clocks() -> None:
    """Escalation dead-letters such a case; what was decided can still be told."""
    found = case_under(calendar="mars").explained("es")
    assert (found["clocks"], found["timezone"], found["calendar"]) == (None, None, "mars")
    assert found["priority_because"].startswith("P1 porque")
