"""Where a case stands after its history: what a customer may ask for depends on it."""

import pytest

from shared.contracts.vocabulary import ActivityType
from shared.sla.clock import Activity
from shared.sla.order import case_status
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
        (("resolved", ("status_changed", "waiting_on_customer")), "open"),
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
def test_the_last_word_on_a_case_is_where_it_stands(deeds: tuple[Deed, ...], expected: str) -> None:
    """Replies and notes leave it there; a closed case stays closed until somebody reopens it."""
    assert case_status(shipped_rules(), history(*deeds)) == expected
