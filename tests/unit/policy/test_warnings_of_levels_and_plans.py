"""Levels that call nobody, repetitions that are never made and plans without promises are warnings."""

import pytest

from tests.unit.policy.section import section
from tests.unit.policy.small_edition import FILE, SMALL, changed, line_of
from tests.unit.policy.warned import LEVELS, QUIET, levels, shown

REPEATED = ", repeat: {every_seconds: 30m, times: 5}}\n"
NEXT = "  - {kind: escalation, level: 2, after_deadline_seconds: %s, called: tier2}\n"


@pytest.mark.parametrize(
    ("after", "warned"), [("20m", True), ("30m", True), ("30m 1s", False), ("2h", False)], ids=lambda each: str(each)
)
def test_a_repetition_that_is_never_made_is_named(after: str, warned: bool) -> None:
    """The next level ends the repetitions of the one before it; where it always comes first, there are none."""
    text = levels(LEVELS.replace("called: tier2}\n", "called: tier2" + REPEATED) + NEXT % after)
    line = line_of("times: 5", text)
    sentence = "is never made: on every target, level 2 comes first"
    expected = [f"{FILE}:{line}: warning: escalation_levels[1].repeat: {sentence}"] if warned else []
    assert shown(text) == expected


def test_a_repetition_that_is_made_on_one_target_is_no_warning() -> None:
    """Levels at a share come later on a longer target: 30 minutes fit into half of an hour, but not of 90 seconds."""
    text = levels(LEVELS.replace("tier2}\n", "tier2, repeat: {every_seconds: 20m, times: 1}}\n")
                  + "  - {kind: escalation, level: 2, share: 1.5, called: tier2}\n")  # fmt: skip
    assert shown(text) == []


@pytest.mark.parametrize(("every", "warned"), [("1h", False), ("20h", True)])
def test_a_target_in_business_days_is_as_long_as_the_desk_is_open(every: str, warned: bool) -> None:
    """Two business days are some twenty open hours and not 48: what would fit into two whole days is never made."""
    text = levels(LEVELS.replace("tier2}\n", f"tier2, repeat: {{every_seconds: {every}, times: 1}}}}\n")
                  + "  - {kind: escalation, level: 2, share: 1.5, called: tier2}\n")  # fmt: skip
    days = "targets:\n  - {milestone: first_response, target_business_days: 2, hours: business, promise: objective}\n"
    found = shown(changed(section("targets", text), days, text))
    assert any("repeat: is never made: on every target, level 2 comes first" in each for each in found) is warned, found


def test_a_repetition_of_a_warning_ends_at_the_deadline() -> None:
    """Also where no level comes after it."""
    text = levels(LEVELS.replace("called: case_tier}\n", "called: case_tier, repeat: {every_seconds: 2h, times: 1}}\n"))
    (found,) = shown(text)
    assert "escalation_levels[0].repeat: is never made: on every target, the next level or the deadline" in found


def test_levels_that_call_nobody_are_named() -> None:
    """Escalations need a plan with automated escalation; whoever reads the levels believes that somebody is called."""
    (found,) = shown(changed("automated_escalation: true", "automated_escalation: false", QUIET))
    assert "escalation_levels[1]: calls nobody, nor does any later level" in found
    (found,) = shown(SMALL)
    assert "no plan that has targets has automated_escalation" in found
    assert shown(changed(section("targets", QUIET), "targets: []\n", QUIET)) == []
    only_warnings = changed(LEVELS.splitlines(keepends=True)[1], "", SMALL)
    assert shown(only_warnings) == []


def test_a_plan_that_includes_the_access_of_another_and_not_its_promises_is_named() -> None:
    """`includes` opens channels; who adds a better plan believes that it has the promises of the lesser one as well."""
    better = "  platinum: {name: {es: p, en: p}, includes: premier, priority_response: true}\naccount_types:"
    (found,) = shown(changed("account_types:", better, QUIET))
    assert "plans.platinum.includes: brings no promises: premier has targets, and platinum has none" in found
    for_all = changed("plans: [premier, premier_plus]\n    priorities: [P3]", "priorities: [P3]", QUIET)
    assert shown(changed("account_types:", better, for_all)) == []
