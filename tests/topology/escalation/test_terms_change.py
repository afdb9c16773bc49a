"""The promises of an open case change only by an activity of this case: another plan, another edition."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.structs import MilestoneTerms
from shared.kafka.faults import TaskMustStop
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from tests.harness.shipped import shipped_library
from tests.topology.escalation.desk import CASE, LIBRARY, NEXT, TaskDesk, at, minutes

BOTH = shipped_library("guidelines-2021", "objectives-2024")
TO_NEXT = {"edition": "objectives-2024", "policy_sha256": policy_sha256(NEXT.editions[0])}


def desk_with(library: EditionLibrary = BOTH) -> TaskDesk:
    """Cases are routed by the guidelines; escalation knows both editions, unless `library` says otherwise."""
    return TaskDesk(library, routed_by=LIBRARY)


class LibraryWithTwin(EditionLibrary):
    """Has the first of its editions under a second digest as well, since nobody finds two that begin alike."""

    def __init__(self, editions: Iterable[Edition], twin: str) -> None:
        super().__init__(editions)
        self._twin = twin

    def by_digest(self, sha256: str) -> Edition | None:
        """The edition with that digest."""
        return self.editions[0] if sha256 == self._twin else super().by_digest(sha256)


def with_wrong_last_digit(sha256: str) -> str:
    """A digest that somebody has mistyped."""
    return sha256[:-1] + ("0" if sha256[-1] != "0" else "1")


def due(desk: TaskDesk, milestone: str, case_id: str = CASE) -> datetime | None:
    """The deadline that was published last."""
    published = [event for _, event in desk.events() if event.case_id == case_id and event.milestone == milestone]
    return published[-1].due_at if published else None


def promises(desk: TaskDesk) -> dict[str, str]:
    """The kind of promise that the latest event of each milestone speaks of."""
    return {event.milestone: event.promise for _, event in desk.events()}


def test_a_migration_counts_again_from_the_submission_by_the_other_edition() -> None:
    """P1 of Premier+: the same first response and restoration, as commitments, and hourly updates besides."""
    desk = desk_with()
    desk.opens(plan="premier_plus")
    desk.passes(minutes(30))
    assert promises(desk) == {"first_response": "objective", "restoration": "objective"}
    assert desk.record_activity("policy_migrated", **TO_NEXT) == [
        "first_response restated running running policy_migrated",
        "periodic_update started",
        "restoration restated running running policy_migrated",
    ]
    assert promises(desk) == {
        "first_response": "commitment",
        "restoration": "commitment",
        "periodic_update": "objective",
    }
    assert due(desk, "periodic_update") == at(1)


def test_a_migration_that_makes_a_case_late_is_one_breach_with_its_cause() -> None:
    """An update was owed an hour after the submission, by an edition that nobody had in mind then."""
    desk = desk_with()
    desk.opens(plan="premier_plus")
    desk.passes(minutes(55))
    desk.record_activity("agent_replied")
    desk.passes(minutes(95))
    assert desk.record_activity("policy_migrated", **TO_NEXT) == [
        "periodic_update started",
        "periodic_update breached policy_migrated",
        "restoration restated running running policy_migrated",
    ]


def test_what_was_judged_before_a_migration_stays_judged() -> None:
    """A reply that was in time is not judged by an edition that came later."""
    desk = desk_with()
    desk.opens(plan="premier", workaround="partial")  # P2: 4 open hours
    desk.passes(minutes(200))
    assert desk.record_activity("agent_replied") == ["first_response fulfilled in time"]
    desk.passes(minutes(1))  # in one instant, new terms come first
    assert not any("first_response" in published for published in desk.record_activity("policy_migrated", **TO_NEXT))


def test_later_changes_follow_the_edition_that_the_case_has_migrated_to() -> None:
    """A priority set afterwards is worth what the new edition promises for it; one set before, what the old one did."""
    desk = desk_with()
    desk.opens(plan="premier_plus")
    desk.record_activity("policy_migrated", **TO_NEXT)
    desk.passes(minutes(10))
    desk.record_activity("reprioritised", impact="general")
    terms = {milestone: due(desk, milestone) for milestone in ("first_response", "restoration")}
    other = TaskDesk(NEXT)
    other.opens(plan="premier_plus", impact="general")
    assert terms["first_response"] == due(other, "first_response")
    late = desk_with()
    late.opens(plan="premier_plus")
    late.passes(minutes(20))
    late.record_activity("reprioritised", impact="general", at=at(10 / 60))
    late.record_activity("policy_migrated", at=at(5 / 60), **TO_NEXT)
    assert {milestone: due(late, milestone) for milestone in ("first_response", "restoration")} == terms


def test_a_migration_brings_the_escalation_that_the_plan_has_there() -> None:
    """Whoever is called is a matter of the edition as much as of the plan."""
    (shipped,) = NEXT.editions
    premier = shipped.plans["premier"].model_copy(update={"automated_escalation": True})
    changed = shipped.model_copy(update={"plans": {**shipped.plans, "premier": premier}})
    desk = desk_with(EditionLibrary((*LIBRARY.editions, changed)))
    desk.opens(plan="premier")
    desk.record_activity("policy_migrated", edition=changed.edition, policy_sha256=policy_sha256(changed))
    assert "first_response raised 1 tier2" in desk.passes(minutes(61))
    assert not [published for published in desk.in_words() if "suppressed" in published]


def test_a_migration_survives_a_restart_without_the_edition_in_the_settings() -> None:
    """It is saved with the cases, as the first one was."""
    desk = desk_with()
    desk.opens(plan="premier_plus")
    desk.record_activity("policy_migrated", **TO_NEXT)
    desk.goes_on_with(LIBRARY)
    assert "periodic_update breached" in desk.passes(minutes(61))


def test_an_edition_that_nobody_has_dead_letters_the_migration_and_the_case_goes_on() -> None:
    """A client that names one must not stop everybody's clocks."""
    desk = desk_with(LIBRARY)
    desk.opens(plan="premier_plus")
    assert desk.record_activity("policy_migrated", **TO_NEXT) == []
    assert desk.dead_letter_causes == ["unknown_edition"]
    assert "first_response breached" in desk.passes(minutes(61))


@pytest.mark.parametrize("early", [False, True], ids=["after its case", "before its case"])
@pytest.mark.parametrize("library", [LIBRARY, BOTH], ids=["pinned by the case", "pinned by another migration"])
def test_a_migration_to_a_digest_with_a_wrong_last_digit_is_a_dead_letter(library: EditionLibrary, early: bool) -> None:
    """The digest begins like that of an edition that is saved already. The partition goes on."""
    desk = desk_with(library)
    saved = LIBRARY.editions[0] if library is LIBRARY else NEXT.editions[0]
    if library is BOTH:
        desk.opens("e" * 32, plan="premier_plus")
        desk.record_activity("policy_migrated", "e" * 32, **TO_NEXT)
    mistyped = {"edition": saved.edition, "policy_sha256": with_wrong_last_digit(policy_sha256(saved))}
    if early:
        desk.record_activity("policy_migrated", **mistyped)
        desk.opens(plan="premier_plus")
    else:
        desk.opens(plan="premier_plus")
        assert desk.record_activity("policy_migrated", **mistyped) == []
    assert desk.dead_letter_causes == ["unknown_edition"]
    assert "first_response breached" in desk.passes(minutes(61))


def test_two_editions_whose_digests_begin_alike_stop_the_task() -> None:
    """Cases could not tell them apart: going on would count some of them by the wrong edition."""
    digest = with_wrong_last_digit(policy_sha256(LIBRARY.editions[0]))
    desk = desk_with(LibraryWithTwin(LIBRARY.editions, digest))
    desk.opens(plan="premier_plus")
    with pytest.raises(TaskMustStop, match="begin alike: one must be edited"):
        desk.record_activity("policy_migrated", edition="its twin", policy_sha256=digest)


def test_a_refreshed_plan_brings_its_promises_and_its_escalation() -> None:
    """Premier becomes Premier+ in the middle of an outage: from now on somebody is called."""
    desk = TaskDesk()
    desk.opens(plan="premier")
    desk.passes(minutes(50))
    desk.record_activity("entitlement_refreshed", plan="premier_plus")
    assert [
        published for published in desk.passes(minutes(41)) if "raised" in published or "suppressed" in published
    ] == [
        "first_response raised 1 tier2",
        "first_response raised 2 technical_account_manager",
    ]


@pytest.mark.parametrize("plan", ["premier", "premier_plus"])
def test_a_plan_that_was_bought_late_counts_from_the_submission(plan: str) -> None:
    """Access promises nothing; what is bought an hour and a half later was due before: one breach, with its cause."""
    desk = TaskDesk()
    desk.opens(plan="access")
    assert desk.passes(minutes(90)) == []
    assert desk.record_activity("entitlement_refreshed", plan=plan) == [
        "first_response started",
        "first_response breached entitlement_refreshed",
        "restoration started",
    ]


def test_a_plan_that_ends_takes_its_promises_along() -> None:
    """Nothing is owed any more, and nobody is called."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    desk.passes(minutes(10))
    assert desk.record_activity("entitlement_refreshed", plan="access") == [
        "first_response cancelled entitlement_refreshed",
        "restoration cancelled entitlement_refreshed",
    ]
    assert desk.passes(timedelta(days=2)) == []


def test_terms_beside_a_plan_outrank_what_follows_from_it() -> None:
    """An admin who says both means the exception."""
    desk = TaskDesk()
    desk.opens(plan="premier")
    explicit = {"restoration": {"target_seconds": 600, "hours": "elapsed", "promise": "commitment"}}
    desk.record_activity("entitlement_refreshed", plan="premier_plus", milestones=terms(explicit))
    assert due(desk, "restoration") == at(1 / 6)


def test_terms_for_one_milestone_leave_the_others_unchanged() -> None:
    """Those of an earlier activity too: they replace what the policy says for the priority."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    exception = {"target_seconds": 600, "hours": "elapsed", "promise": "commitment"}
    desk.record_activity("reprioritised", milestones=terms({"restoration": exception}))
    desk.passes(minutes(1))
    desk.record_activity("reprioritised", milestones=terms({"first_response": exception}))
    assert due(desk, "first_response") == due(desk, "restoration") == at(1 / 6)


def test_a_migration_counts_by_the_calendar_of_the_other_edition() -> None:
    """Both editions have one of that name; theirs opens at another hour."""
    later = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("11:00", "18:00"),))
    (shipped,) = NEXT.editions
    calendar = shipped.calendars["spain"].model_copy(update={"hours": later})
    changed = shipped.model_copy(update={"calendars": {**shipped.calendars, "spain": calendar}})
    desk = desk_with(EditionLibrary((*LIBRARY.editions, changed)))
    desk.opens(plan="premier_plus", workaround="partial")  # P2: in open hours
    before = due(desk, "restoration")
    desk.record_activity("policy_migrated", edition=changed.edition, policy_sha256=policy_sha256(changed))
    after = due(desk, "restoration")
    assert before is not None
    assert after is not None
    assert (before.hour, after.hour) == (11, 13)


def terms(given: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Terms as the contract has them."""
    return {name: MilestoneTerms(**each) for name, each in given.items()}
