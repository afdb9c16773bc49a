"""The phases of a task: which may follow which."""

import re
from collections import defaultdict
from itertools import pairwise, product

import pytest

from shared.streams import task_phase
from shared.streams.errors import IllegalTransition
from shared.streams.task_phase import TRANSITIONS, Phase, check_transition


def _drawn() -> dict[Phase, set[Phase]]:
    """The transitions in the picture of the module's docstring: `a | b ──> c ──> d`, then two blanks and a remark."""
    drawn: dict[Phase, set[Phase]] = defaultdict(set)
    for line in (task_phase.__doc__ or "").splitlines():
        if "──>" in line:
            chain = [[Phase(name) for name in step.split(" | ")] for step in re.split("  +", line)[0].split(" ──> ")]
            for before, after in pairwise(chain):
                for source, target in product(before, after):
                    drawn[source].add(target)
    return drawn


def test_the_picture_is_the_table() -> None:
    """A picture that nothing compares is wrong after the second change."""
    assert _drawn() == {phase: set(after) for phase, after in TRANSITIONS.items() if after}
    assert set(TRANSITIONS) == set(Phase)


@pytest.mark.parametrize(("before", "after"), list(product(Phase, Phase)), ids=str)
def test_a_transition_that_is_not_in_the_table_is_refused_by_name(before: Phase, after: Phase) -> None:
    """A task that runs although it was fenced, or without a restore, would write what it does not know."""
    if after in TRANSITIONS[before]:
        check_transition(3, before, after)
        return
    with pytest.raises(IllegalTransition, match=f"task 3 cannot go from phase {before} to {after}"):
        check_transition(3, before, after)


def test_a_task_runs_only_after_it_was_restored() -> None:
    """Every way to `running` passes through all steps of a takeover."""
    ways = {target: {source for source in Phase if target in TRANSITIONS[source]} for target in Phase}
    assert ways[Phase.RUNNING] == {Phase.CATCHING_UP}
    assert ways[Phase.CATCHING_UP] == {Phase.RESTORING}
    assert ways[Phase.RESTORING] == {Phase.TAKING_OVER}
