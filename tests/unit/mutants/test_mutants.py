"""The regression tests of other products' defects are awake: each fails when its defect is brought back."""

import ast
import json
import os
import subprocess
import sys
from functools import cache
from typing import TypeGuard

import pytest

from tests.unit.mutants.table import MUTANTS, ROOT, Mutant

PRODUCTS = ("chatwoot", "dbt_zendesk", "frappe", "glpi", "itop", "jira", "oncall", "osticket", "zammad")

each_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)


@pytest.fixture(scope="module")
def endings(request: pytest.FixtureRequest) -> dict[str, str]:
    """How the test of each mutant ends that is asked for in this run, by its name, which is its id in pytest."""
    asked = [str(item.callspec.id) for item in request.session.items if _tries(item)]
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    run = subprocess.run(
        [sys.executable, "-m", "tests.unit.mutants.trial", *asked],
        cwd=ROOT, env=quiet, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return dict(json.loads(line) for line in run.stdout.splitlines())


def _tries(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and item.originalname == test_a_defect_that_comes_back_is_noticed.__name__


@each_mutant
def test_a_defect_that_comes_back_is_noticed(mutant: Mutant, endings: dict[str, str]) -> None:
    """By an assertion, or by running on where the defect is to do so; not by a mutant that cannot be imported."""
    assert endings[mutant.name] == ("ran on" if mutant.for_ever else "failed")


@each_mutant
def test_a_mutant_is_still_a_mutant(mutant: Mutant) -> None:
    """Its sound text is in the module, once; or it would rot while its test goes on passing."""
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.sound) == 1
    assert mutant.mutated != mutant.sound


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_test_that_names_a_product_has_a_mutant(product: str) -> None:
    """And every mutant a test that names its product."""
    named = {test for test in defect_tests() if f"::test_{product}_" in test}
    assert named == {mutant.fails for mutant in MUTANTS if mutant.product == product}


def test_the_test_of_a_defect_is_named_after_the_rule_that_holds() -> None:
    """A green report must not state what is false: `test_PRODUCT_defect_` and then our rule."""
    assert [test for test in defect_tests() if "_defect_" not in test] == []


def test_every_product_is_known() -> None:
    """No file of mutants is forgotten, no test about another product."""
    assert {mutant.product for mutant in MUTANTS} == set(PRODUCTS)
    assert [test for test in defect_tests() if not test.split("::test_")[1].startswith(PRODUCTS)] == []


@cache
def defect_tests() -> frozenset[str]:
    """The tests in the modules of others' defects."""
    return frozenset(
        f"{path.relative_to(ROOT).as_posix()}::{node.name}"
        for path in (ROOT / "tests").rglob("test_defects_of_others.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )
