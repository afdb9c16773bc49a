"""What is asked of routing in the benchmark: a decision like one before, the first of its kind, and its event."""

from datetime import UTC, datetime, timedelta

from shared.contracts.structs import CausedBy
from shared.policy.files import load_edition
from shared.routing.decision_event import case_routed
from shared.routing.entitlement import covered, terms_of
from shared.routing.outlines import Outlines
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.bench.measure import Question
from tests.harness.asking import MONDAY_NOON, account, request, requester

DECISION_GOAL, EVENT_GOAL = 6.0, 5.0  # microseconds
DUE = {
    "first_response": datetime(2026, 11, 23, 13, tzinfo=UTC),
    "restoration": datetime(2026, 11, 23, 16, tzinfo=UTC),
}


def questions() -> list[Question]:
    """An outage on the phone for a Premier+ account, decided by the edition of the seed."""
    rules = Rulebook(load_edition("guidelines-2021"))
    asked, terms = request(), terms_of(account())
    entitlement = covered(terms, requester(), rules.edition, MONDAY_NOON, 7)
    for _ in range(2):  # an outline is kept from its second use on
        decision = route(asked, entitlement, rules, MONDAY_NOON)
    if {name: each.due_at for name, each in decision.milestones.items()} != DUE:
        raise AssertionError(f"the benchmark expects other deadlines than {decision.milestones}")
    cause = CausedBy(partition=0, topic="support.requests.v1", offset=7)
    event = case_routed(asked, decision, rules.edition, observed_at=MONDAY_NOON, caused_by=cause)
    later = MONDAY_NOON + timedelta(days=1)

    def first_of_its_kind() -> object:
        rules.outlines = Outlines()
        return route(asked, entitlement, rules, MONDAY_NOON)

    return [
        Question("entitlement", lambda: covered(terms, asked.requester, rules.edition, MONDAY_NOON, 7), entitlement),
        Question("decision", lambda: route(asked, entitlement, rules, MONDAY_NOON), decision, DECISION_GOAL),
        Question("decision, first of its kind", first_of_its_kind, decision),
        Question(
            "its event",
            lambda: case_routed(asked, decision, rules.edition, observed_at=MONDAY_NOON, caused_by=cause),
            event,
            EVENT_GOAL,
        ),
        Question("decision, another day", lambda: route(asked, entitlement, rules, later).priority, "P1"),
    ]
