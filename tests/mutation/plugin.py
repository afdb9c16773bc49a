"""For `make mutants`: a pytest plugin under which each mutant meets tests that have seen nothing before it.

mutmut runs the suite once and then forks for each mutant. Calendars that test modules make when they are imported, and
tables that were kept, would come from the sound code and hide a mutant; so everything of ours is imported anew.
"""

import os
import resource
import sys

import pytest
from hypothesis import is_hypothesis_test

MEMORY = 4 << 30  # bytes: a mutant that collects for ever fails, and the machine goes on
# Mutated modules; the tests that judge them; what is imported anew, because it is mutated or made by what is mutated.
JUDGES = (
    ("shared.business_time.", ("tests/unit/business_time", "tests/unit/policy"), ("shared.business_time",)),
    ("shared.sla.terms_in_force.", ("tests/topology", "tests/unit/explain"), ()),
    ("shared.policy.chain.", ("tests/unit/sla", "tests/unit/policy"), ("shared.policy.chain",)),
    ("", ("tests/unit/sla",), ("shared.policy.chain",)),
)
ALWAYS_ANEW = ("tests", "services", "shared.sla", "shared.routing", "shared.explain")


def pytest_load_initial_conftests(args: list[str]) -> None:
    """Leave out the tests of other layers, and forget what was imported, before anything is imported again."""
    mutant = os.environ.get("MUTANT_UNDER_TEST", "")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    if "__mutmut_" not in mutant:  # all the tests, to see which of them calls what
        return
    judges, anew = next((judges, anew) for prefix, judges, anew in JUDGES if mutant.startswith(prefix))
    tests = [arg for arg in args if arg.startswith("tests/")]
    if chosen := [test for test in tests if test.startswith(judges)]:
        args[:] = [arg for arg in args if arg not in tests or arg in chosen]
    for name in list(sys.modules):
        if name != __name__ and any(name == each or name.startswith(f"{each}.") for each in (*ALWAYS_ANEW, *anew)):
            del sys.modules[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first failure ends a run: tables before properties, properties before the judge who walks the wall clock."""

    def slowness(item: pytest.Item) -> int:
        drawn = is_hypothesis_test(getattr(item, "obj", None)) or "Machine" in item.nodeid
        return 2 if "oracle" in item.nodeid else int(drawn)

    items.sort(key=slowness)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A module that a mutant keeps from being imported is a failure like any other; mutmut takes it for an abort."""
    if session.exitstatus == pytest.ExitCode.INTERRUPTED and session.testsfailed:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
