"""Which rule of an edition decided: its place, so that whoever doubts a number can look it up."""

import re
from itertools import product

import pytest

from shared.policy.chain import Chain
from shared.policy.deadlines import has_target
from shared.policy.model import Edition
from shared.policy.promises import CaseKind, promised
from shared.policy.regional import calendar_by_rule, calendar_for
from tests.harness.asking import PLANS, PRIORITIES, situation
from tests.unit.policy.small_edition import SMALL, changed, edition
from tests.unit.policy.test_guidelines_2021 import promises_to


def test_the_place_of_a_promise_holds_what_is_promised(shipped: dict[str, Edition]) -> None:
    """For every plan and priority of every edition: the target at that place is the one that the case was given."""
    for each, plan, priority, channel in product(shipped.values(), PLANS, PRIORITIES, ("phone", "bot")):
        promises = promises_to(each, plan, priority, channel, "tier1" if channel == "phone" else "self_service")
        for milestone in each.milestones:
            by = promises.promised_by(milestone)
            found = re.fullmatch(r"targets\[(\d+)\]", by.place)
            given = promises.terms.get(milestone)
            assert (found is not None) == (given is not None and has_target(given))
            if found is not None:
                assert given is not None
                target = each.targets[int(found[1])]
                assert target is by.target
                assert (target.milestone, target.target_seconds) == (milestone, given.target_seconds)
                assert plan in (target.plans or ())
                assert priority in (target.priorities or ())


def test_where_nothing_is_promised_the_place_is_what_stands_in_the_way(guidelines: Edition) -> None:
    """Nobody answers there; the plan has no priority response; or no target is for such a case."""
    nowhere = promises_to(guidelines, "premier", "P1", "bot", "self_service")
    assert nowhere.promised_by("restoration") == ("channels", None)
    place = "plans.access.priority_response"
    assert promises_to(guidelines, "access", "P1").promised_by("restoration") == (place, None)
    assert promises_to(guidelines, "premier", "P3").promised_by("restoration") == ("targets", None)


def test_the_first_target_whose_condition_holds_counts() -> None:
    """A condition may ask for anything; a later target is for whoever the earlier ones are not for."""
    text = changed(
        "targets:\n",
        "targets:\n"
        "  - {channels: [phone], languages: [es], milestone: first_response, target_seconds: 5m, hours: elapsed,"
        " promise: objective}\n"
        "  - {channels: [phone], milestone: first_response, target_seconds: 10m, hours: elapsed, promise: objective}\n",
    )
    each = edition(text)

    def first_response(**given: object) -> tuple[int | None, str]:
        promises = promised(each, CaseKind(situation(each, **{"plan": "premier", **given}), "P1", "tier1"))
        return promises.terms["first_response"].target_seconds, promises.promised_by("first_response").place

    assert first_response(channel="phone", language="es-MX") == (300, "targets[0]")
    assert first_response(channel="phone", language="en") == (600, "targets[1]")
    assert first_response(channel="phone", language=None) == (600, "targets[1]")
    assert first_response(channel="phone", plan="access", language="est") == (600, "targets[1]")
    assert first_response(channel="chat", language="es") == (3600, "targets[2]")
    assert first_response(channel="chat", language="es", plan="access") == (None, "targets")


def test_what_starts_with_the_customers_submission_is_not_owed_to_a_case_that_an_agent_opened() -> None:
    """They have spoken with the customer already; the reason says so, and other milestones are as promised."""
    each = edition(changed("    always_stated: true", "    always_stated: true\n    opened_by: [customer]"))
    asked = situation(each, plan="premier", channel="phone")
    by_customer = promised(each, CaseKind(asked, "P1", "tier1", "customer"))
    by_agent = promised(each, CaseKind(asked, "P1", "tier1", "agent"))
    assert by_customer.terms["first_response"].target_seconds == 3600
    assert by_agent.terms["first_response"].reason == "opened_by_agent"
    assert by_agent.promised_by("first_response").place == "milestones.first_response.opened_by"


def test_a_calendar_rule_that_holds_outranks_the_country(guidelines: Edition) -> None:
    """The first one, whatever it asks about; its place names it."""
    rules = (
        "  rules: [{id: gold, any_of: [{plans: [premier]}, {languages: [es]}], calendar: spain}]\n  default: south\n"
    )
    each = edition(changed("  default: south\n", rules, SMALL))
    found = calendar_by_rule(each, situation(each, plan="premier"))
    assert found is not None
    assert (found.name, found.rule, found.id) == ("spain", "regional_hours.rules[0]", "gold")
    assert calendar_by_rule(each, situation(each, plan="access", language="es-MX")) == found
    assert calendar_by_rule(each, situation(each, plan="access")) is None
    assert calendar_by_rule(guidelines, situation(guidelines)) is None


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
    found = calendar_for(guidelines.regional_hours, country)
    assert (found.name, found.rule, found.id) == (name, rule, None)


def test_a_level_is_found_by_its_number(guidelines: Edition) -> None:
    """Events have the number of a level; its index in the edition leads to its rule."""
    chain = Chain(guidelines.escalation_levels)
    assert [chain.place_of(level.level) for level in guidelines.escalation_levels] == [0, 1, 2]
    assert chain.place_of(7) is None
