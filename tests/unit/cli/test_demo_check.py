"""The demo's check must see every way in which a run can be wrong; a check that cannot fail checks nothing."""

from typing import Any

import pytest

from services.cli.demo import check
from services.cli.demo.traffic import coverage
from services.cli.logged_event import LoggedEvent
from shared.policy.files import load_edition
from shared.policy.model import Edition

ASK = coverage("run")[0]
P1 = {"target_seconds": 6, "due_at": "2026-11-23T10:00:06Z"}
NONE = {"target_seconds": None, "due_at": None, "reason": "not_promised"}


@pytest.fixture(scope="module")
def edition() -> Edition:
    """The edition whose escalation levels are expected."""
    return load_edition("guidelines-2021")


def case(case_id: str = "c1", *, priority: str = "P1", automated: bool = True, promised: bool = True) -> dict[str, Any]:
    """As much of a case as the check looks at."""
    return {
        "case_id": case_id,
        "priority": priority,
        "milestones": {"first_response": P1 if promised else NONE, "restoration": NONE},
        "escalation": {"automated": automated},
    }


def happened(*kinds: tuple[str, int], case_id: str = "c1") -> list[LoggedEvent]:
    """These events of the case's first response, each with an id of its own."""
    return [
        LoggedEvent(f"{case_id}-{n}", kind, {"case_id": case_id, "milestone": "first_response", "level": level})
        for n, (kind, level) in enumerate(kinds)
    ]


PREMIER_PLUS = [
    (check.WARNED, 0),
    (check.BREACHED, 0),
    (check.RAISED, 1),
    (check.RAISED, 2),
]
PREMIER = [(check.WARNED, 0), (check.BREACHED, 0), (check.SUPPRESSED, 1)]


def test_a_promise_kept_track_of_is_no_difference(edition: Edition) -> None:
    """The right outcome must pass, for both plans."""
    assert check.event_differences([case()], happened(*PREMIER_PLUS), edition) == []
    assert check.event_differences([case(automated=False)], happened(*PREMIER), edition) == []


@pytest.mark.parametrize("missing", range(4))
def test_a_missing_event_is_seen(missing: int, edition: Edition) -> None:
    """Each of the four: a lost one is a broken promise."""
    kinds = [kind for n, kind in enumerate(PREMIER_PLUS) if n != missing]
    assert len(check.event_differences([case()], happened(*kinds), edition)) == 1


@pytest.mark.parametrize("twice", range(4))
def test_a_doubled_event_is_seen(twice: int, edition: Edition) -> None:
    """Once means once."""
    assert len(check.event_differences([case()], happened(*PREMIER_PLUS, PREMIER_PLUS[twice]), edition)) == 1


def test_an_escalation_without_entitlement_is_seen(edition: Edition) -> None:
    """Premier has no automated escalation: raising one is wrong, and so is not saying that it was suppressed."""
    assert len(check.event_differences([case(automated=False)], happened(*PREMIER_PLUS), edition)) == 3


def test_any_event_for_a_case_without_promises_is_seen(edition: Edition) -> None:
    """Plan access has no promises, so no event is expected."""
    events = happened(("frontline.clock.started.v1", 0))
    assert len(check.event_differences([case(promised=False)], events, edition)) == 1


def test_an_event_id_used_twice_is_seen(edition: Edition) -> None:
    """Consumers drop repeats by id; two facts under one id lose one of them."""
    first, *rest = happened(*PREMIER_PLUS)
    clash = [first, *(LoggedEvent(first.id, event.type, event.data) for event in rest)]
    assert check.event_differences([case()], clash, edition) == [f"event id {first.id} was used 4 times"]


@pytest.mark.parametrize("times", [0, 2])
def test_a_request_not_decided_exactly_once_is_seen(times: int) -> None:
    """Lost and doubled decisions are the two ways in which exactly-once fails."""
    decided = [LoggedEvent(str(n), "frontline.case.routed.v1", {"request_id": "r1"}) for n in range(times)]
    assert len(check.not_decided_once({"r1": ASK}, decided)) == 1


def test_a_decision_of_nobodys_request_is_seen() -> None:
    """A case that nobody asked for would be answered, and billed, to somebody."""
    decided = [LoggedEvent("1", "frontline.case.routed.v1", {"request_id": "r2"})]
    assert len(check.not_decided_once({}, decided)) == 1


def test_a_decision_other_than_decide_says_is_seen() -> None:
    """The log and the command line must give one answer; ids and instants of the case are no part of it."""
    decided = {"request_id": "r1", "decided_at": "…", "priority": ASK.expected_priority, "assigned_channel": "chat"}
    answer = {"priority": ASK.expected_priority, "assigned_channel": "chat"}
    assert check.decision_differences(ASK, decided, answer) == []
    assert len(check.decision_differences(ASK, decided, {**answer, "assigned_channel": "phone"})) == 1
    assert len(check.decision_differences(ASK, {**decided, "priority": "P9"}, {**answer, "priority": "P9"})) == 1


def test_sentences_for_people_are_no_difference() -> None:
    """`frontline decide` adds sentences to the codes of the log; only a different code is a difference."""
    step = {"rule": "calendar", "outcome": True, "reason": "calendar.named", "facts": {"calendar": "spain"}}
    logged = {**case(), "request_id": "r1", "priority": ASK.expected_priority, "trace": [step], "country": "ES"}
    in_words = {**step, "because": "spain, because the entitlement names it"}
    expected = {name: value for name, value in logged.items() if name not in ("case_id", "request_id", "country")}
    expected |= {"trace": [in_words], "priority_because": "P1 because …", "notes": []}
    assert check.decision_differences(ASK, logged, expected) == []
    other = {**logged, "trace": [{**step, "reason": "calendar.no_country"}]}
    assert len(check.decision_differences(ASK, other, expected)) == 1
    noted = {**expected, "notes": [{"code": "note.tariffs", "text": "It may cost more."}]}
    assert len(check.decision_differences(ASK, logged, noted)) == 1
