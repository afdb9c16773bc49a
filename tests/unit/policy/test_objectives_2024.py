"""The second edition: objectives for access, commitments for the paid plans, and a rhythm of updates."""

from itertools import product

import pytest

from shared.policy.model import Edition
from tests.harness.asking import PLANS, PRIORITIES
from tests.unit.policy.test_guidelines_2021 import promises_to

HOUR = 3600
TWICE_A_WEEK = 22.5 * HOUR  # of business hours
# business days, and until when
NEXT_DAY, DAILY, WEEKLY = (1, "end_of_day"), (1, "same_time"), (5, "same_time")

Promise = tuple[float | tuple[int, str], str, str]
# (plan, priority) -> first_response, restoration, periodic_update
EXPECTED: dict[tuple[str, str], tuple[Promise | None, Promise | None, Promise]] = {
    ("access", "P1"): ((4 * HOUR, "elapsed", "objective"), None, (24 * HOUR, "elapsed", "objective")),
    ("access", "P2"): ((8 * HOUR, "business", "objective"), None, (TWICE_A_WEEK, "business", "objective")),
    ("access", "P3"): (None, None, (WEEKLY, "business", "objective")),
    ("access", "P4"): (None, None, (WEEKLY, "business", "objective")),
    ("premier", "P1"): (
        (1 * HOUR, "elapsed", "commitment"),
        (4 * HOUR, "elapsed", "objective"),
        (1 * HOUR, "elapsed", "objective"),
    ),
    ("premier", "P2"): (
        (4 * HOUR, "business", "commitment"),
        (8 * HOUR, "business", "objective"),
        (DAILY, "business", "objective"),
    ),
    ("premier", "P3"): ((NEXT_DAY, "business", "commitment"), None, (TWICE_A_WEEK, "business", "objective")),
    ("premier", "P4"): ((NEXT_DAY, "business", "commitment"), None, (WEEKLY, "business", "objective")),
    ("premier_plus", "P1"): (
        (1 * HOUR, "elapsed", "commitment"),
        (4 * HOUR, "elapsed", "commitment"),
        (1 * HOUR, "elapsed", "objective"),
    ),
    ("premier_plus", "P2"): (
        (4 * HOUR, "business", "commitment"),
        (8 * HOUR, "business", "commitment"),
        (DAILY, "business", "objective"),
    ),
    ("premier_plus", "P3"): ((NEXT_DAY, "business", "commitment"), None, (TWICE_A_WEEK, "business", "objective")),
    ("premier_plus", "P4"): ((NEXT_DAY, "business", "commitment"), None, (WEEKLY, "business", "objective")),
}


@pytest.mark.parametrize(("plan", "priority"), list(product(PLANS, PRIORITIES)))
def test_a_case_is_promised_what_its_plan_and_priority_say(plan: str, priority: str, objectives: Edition) -> None:
    """Only the edition distinguishes objectives from commitments: a missed objective breaks no contract."""
    terms = promises_to(objectives, plan, priority).terms
    for milestone, expected in zip(
        ("first_response", "restoration", "periodic_update"), EXPECTED[plan, priority], strict=True
    ):
        each = terms[milestone]
        if expected is None:
            assert (each.target_seconds, each.reason) == (None, "not_promised")
        else:
            length = each.target_seconds or (each.target_business_days, each.until)
            assert (length, each.hours, each.promise) == expected
    assert set(terms) == {"first_response", "restoration", "periodic_update"}


def test_a_target_that_stands_for_words_says_which(objectives: Edition) -> None:
    """'Next business day', 'daily' and 'twice a week' are numbers here: the words are kept beside them."""
    for target in objectives.targets:
        worded = target.milestone == "periodic_update" or target.priorities == ("P3", "P4")
        assert (target.note is not None) == worded, target


def test_everything_but_the_targets_is_as_in_the_guidelines(objectives: Edition, guidelines: Edition) -> None:
    """It extends them: who may ask where did not change."""
    own = {"edition", "title", "effective_from", "source", "notes", "targets"}
    assert objectives.model_dump(exclude=own) == guidelines.model_dump(exclude=own)


def test_the_editions_came_into_force_on_new_years_days(objectives: Edition, guidelines: Edition) -> None:
    """`effective_from` against the request's receipt chooses the edition."""
    starts = [edition.effective_from.isoformat() for edition in (guidelines, objectives)]
    assert starts == ["2021-01-01T00:00:00+00:00", "2024-01-01T00:00:00+00:00"]


def test_the_demo_edition_differs_in_the_targets_of_p1_alone(shipped: dict[str, Edition]) -> None:
    """Demonstrations must show the rules that ship."""
    demo, guidelines = shipped["demo"], shipped["guidelines-2021"]
    own = {"edition", "title", "source", "targets"}
    assert demo.model_dump(exclude=own) == guidelines.model_dump(exclude=own)
    for plan, priority in product(PLANS, PRIORITIES):
        terms, real = (promises_to(edition, plan, priority).terms for edition in (demo, guidelines))
        if priority == "P1" and plan != "access":
            assert all((each.target_seconds or 0) < 60 for each in terms.values())
        else:
            assert terms == real
