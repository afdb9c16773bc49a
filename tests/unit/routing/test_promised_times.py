"""What a decision promises and when it is due, or why it promises nothing."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from shared.business_time.config import CalendarConfig
from shared.contracts import wire
from shared.contracts.vocabulary import OpenedBy
from shared.policy.deadlines import has_target
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import IMPACTS, MONDAY_NOON, PLANS, PRIORITIES, request
from tests.harness.shipped import shipped_edition
from tests.unit.routing.decisions import entitlement, with_

FRIDAY_EVENING = datetime(2026, 11, 20, 17, tzinfo=UTC)  # 18:00 in Madrid, where business hours end
IMPACT_FOR: dict[str, str] = {"P1": "down", "P2": "significant", "P3": "general", "P4": "information"}


@pytest.mark.parametrize("plan", ["premier", "premier_plus"])
@pytest.mark.parametrize(
    ("priority", "first", "restoration"),
    [
        # Monday 12:00Z is 13:00 in Madrid, open 09:00 to 18:00
        ("P1", "2026-11-23T13:00:00Z", "2026-11-23T16:00:00Z"),
        ("P2", "2026-11-23T16:00:00Z", "2026-11-24T11:00:00Z"),
        ("P3", "2026-11-24T12:00:00Z", None),
        ("P4", "2026-11-24T12:00:00Z", None),
    ],
)
def test_paid_support_is_promised_the_targets_of_the_table(
    guidelines: Rulebook, plan: str, priority: str, first: str, restoration: str | None
) -> None:
    """P1 round the clock, P2 in regional business hours, P3 and P4 within a day and answered in business hours."""
    decision = route(request(impact=IMPACT_FOR[priority]), entitlement(plan=plan), guidelines, MONDAY_NOON)
    milestones = decision.milestones
    assert milestones["first_response"].due_at == datetime.fromisoformat(first)
    assert milestones["restoration"].due_at == (datetime.fromisoformat(restoration) if restoration else None)
    if restoration is None:
        assert milestones["restoration"].reason == "not_promised"


def test_business_hours_wait_for_monday_and_the_clock_does_not(guidelines: Rulebook) -> None:
    """The same Friday evening: P1 is due within the hour, P2 on Monday at one, and P3 not before P2."""
    due = {
        priority: route(request(impact=IMPACT_FOR[priority]), entitlement(), guidelines, FRIDAY_EVENING)
        .milestones["first_response"]
        .due_at
        for priority in PRIORITIES
    }
    assert due["P1"] == FRIDAY_EVENING + timedelta(hours=1)
    assert due["P2"] == due["P3"] == due["P4"] == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_no_target_says_why(guidelines: Rulebook) -> None:
    """ "Nothing promised" has three causes, and the customer's next question depends on which."""

    def reasons(asked: str, plan: str, impact: str = "down") -> set[str | None]:
        decision = route(request(channel=asked, impact=impact), entitlement(plan=plan), guidelines, MONDAY_NOON)
        terms = (decision.milestones[name] for name in ("first_response", "restoration"))
        return {each.reason for each in terms if each.target_seconds is None}

    assert reasons("web_ticket", "access") == {"no_priority_response"}
    assert reasons("help_center", "premier_plus") == {"self_service"}
    assert reasons("help_center", "access") == {"self_service"}
    assert reasons("web_ticket", "premier", "general") == {"not_promised"}
    assert reasons("web_ticket", "premier") == set()


def test_first_response_and_restoration_are_always_stated(any_edition: Rulebook) -> None:
    """A reader must not have to tell "not promised" from "forgotten"."""
    for plan, impact, channel in product(PLANS, IMPACTS, ("web_ticket", "help_center")):
        decision = route(request(channel=channel, impact=impact), entitlement(plan=plan), any_edition, MONDAY_NOON)
        for milestone in ("first_response", "restoration"):
            terms = decision.milestones[milestone]
            assert (not has_target(terms)) == (terms.reason is not None) == (terms.due_at is None)


def test_an_edition_may_promise_updates_and_commitments(objectives: Rulebook) -> None:
    """The second edition's promises differ in kind and number, and need no other code."""
    p1 = route(request(), entitlement(), objectives, MONDAY_NOON).milestones
    assert (p1["first_response"].promise, p1["restoration"].promise) == ("commitment", "commitment")
    assert p1["periodic_update"].due_at == MONDAY_NOON + timedelta(hours=1)
    premier = route(request(), entitlement(plan="premier"), objectives, MONDAY_NOON).milestones
    assert (premier["first_response"].promise, premier["restoration"].promise) == ("commitment", "objective")
    access = route(request(), entitlement(plan="access"), objectives, MONDAY_NOON).milestones
    assert (access["first_response"].promise, access["first_response"].target_seconds) == ("objective", 4 * 3600)


def test_next_response_has_no_deadline_yet() -> None:
    """Its clock starts at the customer's next message, which nobody has written."""
    edition = shipped_edition("guidelines-2021")
    target = edition.targets[0].model_copy(update={"milestone": "next_response"})
    rules = Rulebook(edition.model_copy(update={"targets": (target, *edition.targets)}))
    terms = route(request(), entitlement(), rules, MONDAY_NOON).milestones["next_response"]
    assert (terms.target_seconds, terms.due_at) == (3600, None)


def test_a_calendar_that_never_opens_has_no_deadline_but_a_decision() -> None:
    """Such a calendar is legal; the request is decided all the same."""
    edition = shipped_edition("guidelines-2021")
    calendars = edition.calendars | {"never": CalendarConfig(timezone="Europe/Madrid", hours={})}
    rules = Rulebook(edition.model_copy(update={"calendars": calendars}))
    decision = route(request(impact="significant"), entitlement(calendar="never"), rules, MONDAY_NOON)
    assert (decision.calendar, decision.milestones["first_response"].due_at) == ("never", None)
    assert decision.milestones["first_response"].target_seconds == 4 * 3600


@pytest.mark.parametrize(("opened_by", "reason"), [("customer", None), ("agent", "opened_by_agent")])
def test_an_agent_who_opens_a_case_owes_no_first_response(
    guidelines: Rulebook, opened_by: OpenedBy, reason: str | None
) -> None:
    """Where the edition says that only the customer's submission starts it."""
    milestones = guidelines.edition.model_dump()["milestones"]
    milestones["first_response"]["opened_by"] = ["customer"]
    rules = with_(guidelines.edition, milestones=milestones)
    decision = route(request(opened_by=opened_by), entitlement(), rules, MONDAY_NOON)
    assert decision.milestones["first_response"].reason == reason
    assert decision.milestones["restoration"].target_seconds == 4 * 3600


def test_a_milestone_says_exactly_what_its_readers_are_told(guidelines: Rulebook) -> None:
    """Consumers compare these objects whole; how a clock pauses is the edition's business, which the case pins."""
    milestones = json.loads(wire.encode(route(request(), entitlement(), guidelines, MONDAY_NOON)))["milestones"]
    assert {name: set(told) for name, told in milestones.items()} == {
        "first_response": {"target_seconds", "hours", "promise", "due_at"},
        "restoration": {"target_seconds", "hours", "promise", "due_at"},
    }


@pytest.mark.parametrize(
    ("name", "fields_", "received", "due"),
    [
        # Friday 18:00 in Madrid: 24 h end on Saturday, the desk opens on Monday 09:00 and has been open 4 h at 13:00.
        ("guidelines-2021", {"impact": "general"}, "2026-11-27T17:00:00Z", "2026-11-30T12:00:00Z"),
        # Friday 09:00: 24 h end on Saturday, the desk was open 9 h by then.
        ("guidelines-2021", {"impact": "general"}, "2026-11-27T08:00:00Z", "2026-11-30T08:00:00Z"),
        ("guidelines-2021", {"workaround": "partial"}, "2026-11-27T17:00:00Z", "2026-11-30T12:00:00Z"),
        # The end of the next business day: Friday is day 0, also after its closing hour has begun to strike.
        ("objectives-2024", {"impact": "general"}, "2026-11-27T15:00:00Z", "2026-11-30T17:00:00Z"),
        ("objectives-2024", {"impact": "general"}, "2026-11-27T17:00:00Z", "2026-12-01T17:00:00Z"),
    ],
)
def test_the_deadline_of_a_decision_is_that_of_its_terms(
    name: str, fields_: dict[str, str], received: str, due: str
) -> None:
    """Open at least, business days and all: the clock that starts at the submission has the same."""
    rules = Rulebook(shipped_edition(name))
    decision = route(request(channel="web_ticket", **fields_), entitlement(), rules, datetime.fromisoformat(received))
    assert decision.milestones["first_response"].due_at == datetime.fromisoformat(due)
