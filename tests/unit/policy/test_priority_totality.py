"""A priority table loads if and only if its last rule always holds and no alternative is covered by an earlier one."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.checks import find_contradictions
from shared.policy.condition import Condition
from shared.policy.document import Path
from shared.policy.durations import format_duration, parse_duration
from shared.policy.model import PriorityRule
from shared.policy.priority import priority_rule
from tests.harness.asking import situation
from tests.harness.examples import examples
from tests.unit.policy.small_edition import edition

SMALL = edition()
FIELDS: dict[str, tuple[str, ...]] = {name: tuple(field.values) for name, field in SMALL.fields.items()}
PLANS, PRIORITIES = tuple(SMALL.plans), tuple(SMALL.priorities)
Claim = tuple[str, ...]  # a plan, and a value of each field
CLAIMS: list[Claim] = list(product(PLANS, *FIELDS.values()))


def some(words: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """A few of the words."""
    return st.lists(st.sampled_from(words), min_size=1, unique=True).map(tuple)


CONDITIONS = st.builds(
    Condition,
    plans=st.none() | some(PLANS),
    fields=st.fixed_dictionaries({}, optional={name: some(values) for name, values in FIELDS.items()}),
)
RULES = st.builds(
    PriorityRule,
    id=st.uuids().map(str),
    priority=st.sampled_from(PRIORITIES),
    any_of=st.lists(CONDITIONS, min_size=1, max_size=3).map(tuple),
)


def meets(when: Condition, claim: Claim) -> bool:
    """An independent reading: each question that is asked gets an answer that is listed."""
    plan, *values = claim
    asked: Mapping[str, tuple[str, ...]] = when.fields
    said = dict(zip(FIELDS, values, strict=True))
    return (when.plans is None or plan in when.plans) and all(said[name] in words for name, words in asked.items())


@given(rules=st.lists(RULES, min_size=1, max_size=6).map(tuple))
@settings(max_examples=examples(200), deadline=None)
def test_a_table_is_refused_for_what_it_leaves_open_or_never_uses_and_for_nothing_else(
    rules: tuple[PriorityRule, ...],
) -> None:
    """Checked against trying every claim on every alternative; a claim is never without a priority."""
    alternatives = [
        (i, n, {c for c in CLAIMS if meets(when, c)}) for i, r in enumerate(rules) for n, when in enumerate(r.any_of)
    ]
    expected: set[Path] = {
        ("priority_rules", i, "any_of", n)
        for place, (i, n, claims) in enumerate(alternatives)
        if any(claims <= earlier for _, _, earlier in alternatives[:place])
    }
    if Condition() not in rules[-1].any_of:
        expected.add(("priority_rules", len(rules) - 1, "any_of"))
    words = ("plans", "account_types", "roles", "fields", "priorities")
    sections = {"priority_rules": rules, **{name: getattr(SMALL, name) for name in words}}
    assert {finding.path for finding in find_contradictions(sections)} == expected
    if not expected:
        table = SMALL.model_copy(update={"priority_rules": rules})
        for claim in CLAIMS:
            plan, *values = claim
            asked = situation(SMALL, plan=plan, fields=dict(zip(FIELDS, values, strict=True)))
            first = next(i for i, _, claims in alternatives if claim in claims)
            assert priority_rule(table, asked) is rules[first]


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
