"""Where a case stands after its history: what a customer may ask for depends on it."""

from dataclasses import replace

import pytest

from shared.contracts.vocabulary import ActivityType, StatusKind
from shared.policy.case_rules import CaseRules
from shared.sla.clock import Activity, CaseClocks, CasePolicy
from shared.sla.sla_clock import status_kind_at
from tests.harness.shipped import shipped_rules

Deed = ActivityType | tuple[ActivityType, str]


def history(*deeds: Deed) -> list[Activity]:
    """Activity in the order in which it happened; of a change of status, also to which."""
    split = [deed if isinstance(deed, tuple) else (deed, None) for deed in deeds]
    return [Activity(at, kind, f"{at:02}", to) for at, (kind, to) in enumerate(split)]


@pytest.mark.parametrize(
    ("deeds", "expected"),
    [
        ((), "open"),
        (("agent_replied", "customer_replied", "internal_note", "reprioritised"), "open"),
        (("restored",), "open"),
        (("resolved",), "resolved"),
        ((("status_changed", "resolved"),), "resolved"),
        (("resolved", "agent_replied"), "resolved"),
        (("resolved", "reopened"), "open"),
        (("resolved", ("status_changed", "waiting_on_customer")), "waiting"),
        ((("status_changed", "waiting_on_customer"), "agent_replied"), "waiting"),
        ((("status_changed", "waiting_on_customer"), "customer_replied"), "open"),
        (("resolved", "customer_replied"), "open"),
        (("closed", "customer_replied"), "closed"),
        (("closed",), "closed"),
        (("withdrawn",), "closed"),
        ((("status_changed", "closed"),), "closed"),
        ((("status_changed", "withdrawn"),), "closed"),
        (("resolved", "closed"), "closed"),
        (("closed", "resolved"), "closed"),
        (("closed", "reopened"), "open"),
        (("closed", "reopened", "resolved"), "resolved"),
    ],
)
def test_the_last_word_on_a_case_is_where_it_stands(deeds: tuple[Deed, ...], expected: StatusKind) -> None:
    """Notes leave it there; a closed case stays closed until somebody reopens it."""
    assert standing(history(*deeds), len(deeds)) == expected


@pytest.mark.parametrize(("to", "counts_as"), [("Parked", "resolved"), ("Shelved", "closed"), ("Asked", "waiting")])
def test_a_status_that_ended_by_itself_no_longer_counts(to: str, counts_as: StatusKind) -> None:
    """Nobody has to report that it ended; until then it counts, and whoever asks about an earlier instant learns it."""
    rules = replace(shipped_rules(), statuses={to: counts_as})
    parked = [Activity(10, "status_changed", "1", to, until=50)]
    assert [standing(parked, at, rules) for at in (9, 10, 49, 50)] == ["open", counts_as, counts_as, "open"]


def standing(history: list[Activity], at: int, rules: CaseRules | None = None) -> StatusKind:
    """What the status of a case without any promise counts as, submitted at 0."""
    policy = CasePolicy({}, None, rules or shipped_rules())
    return status_kind_at(policy, CaseClocks(0, history=tuple(history)), at)
