"""A priority table loads if and only if it answers every combination and has no idle rule."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.vocabulary import ENVIRONMENTS, IMPACTS, PRIORITIES, WORKAROUNDS
from shared.policy.checks import find_contradictions
from shared.policy.document import Path
from shared.policy.durations import format_duration, parse_duration
from shared.policy.model import PriorityCondition, PriorityRule
from shared.policy.priority import priority_rule
from tests.unit.policy.small_edition import edition

CLAIMS = list(product(IMPACTS, WORKAROUNDS, ENVIRONMENTS))
SMALL = edition()


def some(names: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...] | None]:
    """Nothing asked, or a few of the names."""
    return st.none() | st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple)


CONDITIONS = st.builds(
    PriorityCondition, impacts=some(IMPACTS), workarounds=some(WORKAROUNDS), environments=some(ENVIRONMENTS)
)
RULES = st.builds(
    PriorityRule,
    id=st.uuids().map(str),
    priority=st.sampled_from(PRIORITIES),
    any_of=st.lists(CONDITIONS, min_size=1, max_size=3).map(tuple),
)


def meets(when: PriorityCondition, claim: tuple[str, str, str]) -> bool:
    """An independent reading: each question that is asked gets an answer that is listed."""
    asked = (when.impacts, when.workarounds, when.environments)
    return all(listed is None or said in listed for said, listed in zip(claim, asked, strict=True))


@given(rules=st.lists(RULES, min_size=1, max_size=6).map(tuple))
@settings(max_examples=200, deadline=None)
def test_a_table_is_refused_for_what_it_leaves_open_or_never_uses_and_for_nothing_else(
    rules: tuple[PriorityRule, ...],
) -> None:
    """Total and unambiguous, checked against trying every claim on every rule."""
    alternatives = [(i, n, when) for i, rule in enumerate(rules) for n, when in enumerate(rule.any_of)]
    first = {claim: next((at for at in alternatives if meets(at[2], claim)), None) for claim in CLAIMS}
    used = {at[:2] for at in first.values() if at is not None}
    expected: set[Path] = {("priority_rules", i, "any_of", n) for i, n, _ in alternatives if (i, n) not in used}
    if None in first.values():
        expected.add(("priority_rules",))
    assert {finding.path for finding in find_contradictions({"priority_rules": rules})} == expected
    if not expected:
        table = SMALL.model_copy(update={"priority_rules": rules})
        for claim, at in first.items():
            assert at is not None
            assert priority_rule(table, *claim) is rules[at[0]]


@given(seconds=st.integers(min_value=0, max_value=10**9))
def test_a_duration_is_read_as_it_was_written(seconds: int) -> None:
    """What `policy show` prints can be typed into a file."""
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("30m", 1800), ("1h", 3600), ("2d", 172_800), ("22h 30m", 81_000), ("1h30m", 5400), (" 1m ", 60)],
)
def test_a_duration_may_be_written_in_units(text: str, seconds: int) -> None:
    """Nobody should count the zeros of 86400."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "h", "1", "1 h", "30m 1h", "1h 1h", "-1h", "1.5h", "1w", "٣h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Also a bare number in quotes, whose unit would be a guess."""
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)
