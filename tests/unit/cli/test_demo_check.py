"""The demo's check must see every way in which a run can be wrong; a check that cannot fail checks nothing."""

import json
from typing import Any

import pytest

from services.cli.decide import decider
from services.cli.demo import check
from services.cli.demo.traffic import Ask, coverage
from services.cli.logged_event import LoggedEvent
from shared.contracts import wire
from shared.policy.editions import EditionLibrary
from shared.routing.entitlement import covered, terms_of
from shared.routing.rulebook import Rulebook
from tests.harness.asking import MONDAY_NOON, account, fields, request
from tests.harness.decided import decided
from tests.harness.shipped import shipped_edition

ASK = coverage("run")[0]
PRIORITY = {"P1": "down", "P2": "significant"}
ANSWERS = decider(EditionLibrary.single(shipped_edition("guidelines-2021")))


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    """The edition whose escalation levels are expected."""
    return Rulebook(shipped_edition("guidelines-2021"))


def case(
    case_id: str = "c1", *, priority: str = "P1", plan: str = "premier_plus", country: str = "ES", **given: Any
) -> dict[str, Any]:
    """A case as it is in the log."""
    asked = request(request_id=case_id, impact=PRIORITY[priority], **given)
    rules = Rulebook(shipped_edition("guidelines-2021"))
    entitlement = covered(terms_of(account(plan=plan, country=country)), asked.requester, rules.edition, MONDAY_NOON, 7)
    event = decided(asked, entitlement, rules, MONDAY_NOON)
    data: dict[str, Any] = json.loads(wire.encode(event))
    return data


def answer(country: str = "ES", language: str = "en", **given: Any) -> dict[str, Any]:
    """What `frontline decide` answers for the same person, who asks the same."""
    person = {"requester_id": "u1", "role": "admin", "licensed": True}
    asked = {"channel": "phone", "fields": fields(), "language": language}
    held = {
        "account_id": "acme",
        "plan": "premier_plus",
        "account_type": "enterprise",
        "paid": True,
        "country": country,
    }
    line = {"account": held, "requester": person, "request": asked}
    found: dict[str, Any] = json.loads(json.dumps(ANSWERS(line | {"at": "2026-11-23T12:00:00Z"})))
    return found | given


def happened(*kinds: tuple[str, int], case_id: str = "c1", milestone: str = "first_response") -> list[LoggedEvent]:
    """These events of a milestone of the case, each with an id of its own."""
    return [
        LoggedEvent(f"{case_id}-{milestone}-{n}", kind, {"case_id": case_id, "milestone": milestone, "level": level})
        for n, (kind, level) in enumerate(kinds)
    ]


PREMIER_PLUS = [
    (check.WARNED, 0),
    (check.BREACHED, 0),
    (check.RAISED, 1),
    (check.RAISED, 2),
]
PREMIER = [(check.WARNED, 0), (check.BREACHED, 0), (check.SUPPRESSED, 1)]
RESTORATION = happened(*PREMIER_PLUS, milestone="restoration")


def test_a_promise_kept_track_of_is_no_difference(rules: Rulebook) -> None:
    """The right outcome must pass, for both plans."""
    assert check.event_differences([case()], happened(*PREMIER_PLUS) + RESTORATION, rules) == []
    both = happened(*PREMIER) + happened(*PREMIER, milestone="restoration")
    assert check.event_differences([case(plan="premier")], both, rules) == []


@pytest.mark.parametrize("missing", range(4))
def test_a_missing_event_is_seen(missing: int, rules: Rulebook) -> None:
    """Each of the four: a lost one is a broken promise."""
    kinds = [kind for n, kind in enumerate(PREMIER_PLUS) if n != missing]
    assert len(check.event_differences([case()], happened(*kinds) + RESTORATION, rules)) == 1


@pytest.mark.parametrize("twice", range(4))
def test_a_doubled_event_is_seen(twice: int, rules: Rulebook) -> None:
    """Once means once."""
    assert (
        len(check.event_differences([case()], happened(*PREMIER_PLUS, PREMIER_PLUS[twice]) + RESTORATION, rules)) == 1
    )


def test_an_escalation_without_entitlement_is_seen(rules: Rulebook) -> None:
    """Premier has no automated escalation: raising one is wrong, and so is not saying that it was suppressed."""
    events = happened(*PREMIER_PLUS) + happened(*PREMIER, milestone="restoration")
    assert len(check.event_differences([case(plan="premier")], events, rules)) == 3


def test_any_event_for_a_case_without_promises_is_seen(rules: Rulebook) -> None:
    """Plan access has no promises, so no event is expected."""
    events = happened(("frontline.clock.started.v1", 0))
    assert len(check.event_differences([case(plan="access")], events, rules)) == 1


def test_an_event_id_used_twice_is_seen(rules: Rulebook) -> None:
    """Consumers drop repeats by id; two facts under one id lose one of them."""
    first, *rest = happened(*PREMIER_PLUS)
    clash = [first, *(LoggedEvent(first.id, event.type, event.data) for event in rest)]
    assert check.event_differences([case()], clash + RESTORATION, rules) == [f"event id {first.id} was used 4 times"]


@pytest.mark.parametrize("times", [0, 2])
def test_a_request_not_decided_exactly_once_is_seen(times: int) -> None:
    """Lost and doubled decisions are the two ways in which exactly-once fails."""
    decided = [LoggedEvent(str(n), "frontline.case.routed.v1", {"case_id": "r1"}) for n in range(times)]
    assert len(check.not_decided_once({"r1": ASK}, decided)) == 1


def test_a_decision_of_nobodys_request_is_seen() -> None:
    """A case that nobody asked for would be answered, and billed, to somebody."""
    decided = [LoggedEvent("1", "frontline.case.routed.v1", {"case_id": "r2"})]
    assert len(check.not_decided_once({}, decided)) == 1


def test_a_decision_other_than_decide_says_is_seen(rules: Rulebook) -> None:
    """The log and the command line must give one answer; ids and instants of the case are no part of it."""
    ask = Ask(ASK.key, ASK.body, "P1")
    assert check.decision_differences(ask, case(), answer(), rules) == []
    assert len(check.decision_differences(ask, case(), answer(assigned_channel="chat"), rules)) == 1
    assert len(check.decision_differences(Ask(ASK.key, ASK.body, "P2"), case(), answer(), rules)) == 1


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_language_of_an_answer_is_no_difference(language: str, rules: Rulebook) -> None:
    """In Japan one number is unverified, with a remark in the language of the request; the log has none."""
    logged, answered = case(country="JP", language=language), answer(country="JP", language=language)
    assert any(number.get("unverified") for number in answered["phone_numbers"])
    assert check.decision_differences(Ask(ASK.key, ASK.body, "P1"), logged, answered, rules) == []


@pytest.mark.parametrize(
    "change",
    [
        {"assigned_tier": "tier1"},
        {"priority": "P2"},
        {"open_channels": ["help_center"]},
        {"calendar": "madrid"},
        {"escalation": {"automated": False, "technical_account_manager": True, "customer_requested": True}},
        {"priority_rule": "otherwise"},
        {"requested_channel": "chat"},
        {"needs_triage": True},
        {"policy_sha256": "0" * 64},
    ],
)
def test_an_event_with_another_decision_is_seen(change: dict[str, Any], rules: Rulebook) -> None:
    """Each part of the decision that the event carries, and each claim that the rest of the decision follows from."""
    assert check.decision_differences(Ask(ASK.key, ASK.body, "P1"), case() | change, answer(), rules) != []


@pytest.mark.parametrize("says", [{"due_at": "2026-11-23T13:00:01Z"}, {"reason": "self_service"}, {}])
def test_an_event_with_another_promise_is_seen(says: dict[str, str], rules: Rulebook) -> None:
    """Another deadline, none, or none yet."""
    event = case()
    event["milestones"]["first_response"] = says
    assert check.decision_differences(Ask(ASK.key, ASK.body, "P1"), event, answer(), rules) != []


def test_another_reason_is_seen(rules: Rulebook) -> None:
    """`frontline decide` adds sentences to the codes that follow from the log; the codes must be the same."""
    expected = answer()
    expected["trace"][-1]["reason"] = "calendar.no_country"
    assert len(check.decision_differences(Ask(ASK.key, ASK.body, "P1"), case(), expected, rules)) == 1
