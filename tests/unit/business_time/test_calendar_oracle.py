"""Random calendars, over many zones and the edges of daylight saving, against a judge that walks the wall clock.

Two thousand cases here, always the same; `make oracle` goes through a million.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.business_time.config import CalendarConfig
from tests.oracle.calendars import make_case
from tests.oracle.judging import judged
from tests.oracle.local_hours import Config

ORACLE = Path(__file__).parents[2] / "oracle"
SEEDS_PER_TEST, SEEDS = 10, 100
QUESTIONS = 20


@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS_PER_TEST))
def test_business_time_is_what_walking_the_wall_clock_gives(first: int) -> None:
    """No table, no shortcut and no bisection may change an answer by a microsecond."""
    for seed in range(first, first + SEEDS_PER_TEST):
        tally = judged(seed, QUESTIONS)
        assert tally.cases == QUESTIONS
        assert tally.differences == 0, "\n".join(tally.examples)


def test_the_judged_calendars_cover_many_zones() -> None:
    """A judge who only ever looks at one zone proves little."""
    assert len({key for seed in range(SEEDS) for key in _zones(make_case(seed).config)}) >= 25


def _zones(config: Config) -> Iterator[str]:
    for member in config.get("union", []):
        yield from _zones(member)
    if "timezone" in config:
        yield config["timezone"]


def test_the_judged_calendars_have_every_field() -> None:
    """What is never drawn is never judged."""
    drawn = {field for seed in range(SEEDS) for field in make_case(seed).config}
    assert drawn == CalendarConfig.model_fields.keys() - {"holiday_files"}  # of an edition alone


def test_the_judge_shares_no_code_with_what_it_judges() -> None:
    """A mistake that both made would be none: only those who ask both may know the product."""
    for path in ORACLE.glob("*.py"):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        imported = [node.module or "" for node in tree if isinstance(node, ast.ImportFrom)]
        knows_the_product = any(name.startswith(("shared", "services")) for name in imported)
        assert knows_the_product == (path.name in {"asking.py", "judging.py"}), path.name
