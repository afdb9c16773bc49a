"""When two conditions can hold of the same case, and when one holds wherever the other does."""

from typing import Any

import pytest

from shared.policy.condition import Condition, Wanted, wanted
from tests.harness.shipped import shipped_edition

EDITION = shipped_edition("guidelines-2021")


def condition(**keys: Any) -> Wanted:
    """A condition in the words of the guidelines."""
    return wanted(EDITION, Condition(**keys))


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ({}, {}, True),
        ({"plans": ["premier"]}, {}, True),
        ({"plans": ["premier"]}, {"plans": ["access"]}, False),
        ({"plans": ["premier"]}, {"roles": ["member"]}, True),
        ({"roles": ["admin"]}, {"roles": ["member"]}, True),  # an admin counts as a member
        ({"account_types": ["pro"]}, {"account_types": ["business"]}, False),
        ({"licensed": True}, {"licensed": False}, False),
        ({"paid": True}, {"paid": True}, True),
        ({"channels": ["chat"]}, {"channels": ["phone"]}, False),
        ({"countries": ["ES"]}, {"countries": ["MX"]}, False),
        ({"languages": ["es"]}, {"languages": ["en"]}, False),
        ({"languages": ["es"]}, {"languages": ["en", "es-MX"]}, True),  # a case in es-MX
        ({"languages": ["es-MX"]}, {"languages": ["ES"]}, True),
        ({"languages": ["es-MX"]}, {"languages": ["es-ES"]}, False),
        ({"languages": ["es"]}, {}, True),
        ({"fields": {"impact": ["down"]}}, {"fields": {"impact": ["general"]}}, False),
        ({"fields": {"impact": ["down"]}}, {"fields": {"environment": ["beta"]}}, True),
    ],
)
def test_two_conditions_meet_if_a_case_can_meet_both(one: dict[str, Any], other: dict[str, Any], meet: bool) -> None:
    """Whichever is asked about the other. Targets of different cases are no contradiction."""
    assert condition(**one).meets(condition(**other)) is meet
    assert condition(**other).meets(condition(**one)) is meet
