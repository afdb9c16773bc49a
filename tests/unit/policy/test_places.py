"""Which rule of an edition decided: its place, so that whoever doubts a number can look it up."""

import re
from itertools import product

import pytest

from shared.contracts.vocabulary import MILESTONES, PLANS, PRIORITIES
from shared.policy.chain import Chain
from shared.policy.model import Edition
from shared.policy.promises import promised, promised_by
from shared.policy.regional import calendar_for


def test_the_place_of_a_promise_holds_what_is_promised(shipped: dict[str, Edition]) -> None:
    """For every plan and priority of every edition: the target at that place is the one that the case was given."""
    for edition, plan, priority, staffed in product(shipped.values(), PLANS, PRIORITIES, (True, False)):
        terms = promised(edition, plan, priority, staffed=staffed)
        for milestone in MILESTONES:
            by = promised_by(edition, plan, priority, milestone, staffed=staffed)
            found = re.fullmatch(r"targets\[(\d+)\]", by.place)
            given = terms.get(milestone)
            assert (found is not None) == (given is not None and given.target_seconds is not None)
            if found is not None:
                assert given is not None
                target = edition.targets[int(found[1])]
                assert target is by.target
                assert (target.milestone, target.target_seconds) == (milestone, given.target_seconds)
                assert plan in target.plans
                assert priority in target.priorities


def test_where_nothing_is_promised_the_place_is_what_stands_in_the_way(guidelines: Edition) -> None:
    """Nobody answers there; the plan has no priority response; or no target is for such a case."""
    assert promised_by(guidelines, "premier", "P1", "restoration", staffed=False) == ("channels", None)
    place = "plans.access.priority_response"
    assert promised_by(guidelines, "access", "P1", "restoration", staffed=True) == (place, None)
    assert promised_by(guidelines, "premier", "P3", "restoration", staffed=True) == ("targets", None)


@pytest.mark.parametrize(
    ("country", "name", "rule"),
    [
        ("ES", "spain", "regional_hours.countries.ES"),
        ("PT", "region-western-europe", "regional_hours.regions.PT"),
        ("AQ", "international", "regional_hours.default"),
        (None, "international", "regional_hours.default"),
    ],
)
def test_the_calendar_of_a_country_is_its_own_its_regions_or_the_default(
    guidelines: Edition, country: str | None, name: str, rule: str
) -> None:
    """In this order, and the rule names the one that applied."""
    assert calendar_for(guidelines.regional_hours, country) == (name, rule)


def test_a_level_is_found_by_its_number(guidelines: Edition) -> None:
    """Events have the number of a level; its index in the edition leads to its rule."""
    chain = Chain(guidelines.escalation_levels)
    assert [chain.place_of(level.level) for level in guidelines.escalation_levels] == [0, 1, 2]
    assert chain.place_of(7) is None
