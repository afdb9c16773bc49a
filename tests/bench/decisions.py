"""What is asked of routing in the benchmark: a decision like one before, the first of its kind, and its event.

The goal of a decision is what one took before editions had vocabularies of their own. The first of its kind took as
long as any other then, and takes longer now.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

import msgspec

from services.cli.demo.traffic import Ask, varied
from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.contracts.structs import Account, CausedBy, SupportRequestSubmitted
from shared.policy.files import load_edition
from shared.policy.model import Edition
from shared.routing.decision_event import case_routed
from shared.routing.entitlement import Entitlement, covered, terms_of
from shared.routing.outlines import Outlines
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.bench.measure import Question, WrongAnswer
from tests.harness.asking import MONDAY_NOON, account, request, requester

DECISION_GOAL, FIRST_GOAL, EVENT_GOAL = 6.0, 12.0, 5.0  # microseconds
_STREAM = 20_000  # requests
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

    stream = _decided_stream(Rulebook(rules.edition))
    return [
        Question("entitlement", lambda: covered(terms, asked.requester, rules.edition, MONDAY_NOON, 7), entitlement),
        Question("decision", lambda: route(asked, entitlement, rules, MONDAY_NOON), decision, DECISION_GOAL),
        Question("decision, the demo's requests", lambda: next(stream), True, DECISION_GOAL),
        Question("decision, first of its kind", first_of_its_kind, decision, FIRST_GOAL),
        Question(
            "its event",
            lambda: case_routed(asked, decision, rules.edition, observed_at=MONDAY_NOON, caused_by=cause),
            event,
            EVENT_GOAL,
        ),
        Question("decision, another day", lambda: route(asked, entitlement, rules, later).priority, "P1"),
    ]


def _decided_stream(rules: Rulebook) -> Iterator[bool]:
    """Decides the demo's varied requests, which come again and again; True for each with the right priority."""
    asks = list(islice(varied("bench"), _STREAM))
    asked = [(_request(ask), _entitlement(ask, rules.edition), ask.expected_priority) for ask in asks]
    for each, entitlement, priority in cycle(asked):
        if (found := route(each, entitlement, rules, MONDAY_NOON).priority) != priority:
            raise WrongAnswer(f"{each.fields} has priority {found}, not {priority}")
        yield True


def _request(ask: Ask) -> SupportRequestSubmitted:
    who, body = ask.body["requester"], ask.body
    return request(
        channel=body["channel"],
        language=body["language"],
        requester=requester(who["role"], who["licensed"]),
        **body["fields"],
    )


def _entitlement(ask: Ask, edition: Edition) -> Entitlement:
    name = ask.body["account_id"]
    held = msgspec.convert({"account_id": name, **DEMO_ACCOUNTS[name]}, Account)
    return covered(terms_of(held), _request(ask).requester, edition, MONDAY_NOON, 7)
